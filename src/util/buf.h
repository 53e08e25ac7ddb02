/* Growing bytes with one owner. Errors stick: after a failed allocation all
 * further appends do nothing and `failed` says so, so that a text can be built
 * in many steps and checked once. */
#ifndef UTIL_BUF_H
#define UTIL_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/str.h"

struct buf {
	char *p;
	size_t n;    /* bytes in use */
	size_t room; /* bytes allocated */
	bool failed; /* an allocation failed; p and n are as before it */
};

#define BUF_INIT ((struct buf){ 0 })

void buf_clear(struct buf *b); /* frees; leaves it as BUF_INIT */
/* Forgets the content and `failed`, keeps the memory. */
void buf_reset(struct buf *b);

/* Room for `n` more bytes behind the content, not yet counted in b->n;
 * NULL: out of memory. */
char *buf_reserve(struct buf *b, size_t n);

void buf_add(struct buf *b, const void *p, size_t n);
void buf_add_str(struct buf *b, struct str s);
void buf_add_char(struct buf *b, char c);
void buf_add_uint(struct buf *b, uint64_t v); /* decimal */
void buf_add_int(struct buf *b, int64_t v);   /* decimal */
__attribute__((format(printf, 2, 3))) void buf_addf(struct buf *b,
						    const char *format, ...);

static inline struct str
buf_str(const struct buf *b) /* borrowed until the next change */
{
	return (struct str){ b->p, b->n };
}

/* The content, NUL-terminated, now the caller's to free(); the buffer is empty
 * then. NULL when it had failed or the terminator does not fit. */
char *buf_take(struct buf *b);

#endif
