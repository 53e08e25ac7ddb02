/* A script's arguments, put together by one thread and sent by another. */
#ifndef REDIS_ARGS_H
#define REDIS_ARGS_H

#include "util/buf.h"

struct args {
	struct buf text;  /* all of them, end to end */
	struct buf ends;  /* size_t each: where they end */
};

void args_clear(struct args *a);
/* What does not fit in memory shows in args_failed. */
void args_add(struct args *a, struct str s);
void args_add_uint(struct args *a, uint64_t v);
enum { ARGS_KEY_BYTES = 16 };
/* 16 hexadecimal digits; 0 is "", none. */
void args_add_key(struct args *a, uint64_t key);

static inline bool
args_failed(const struct args *a)
{
	return a->text.failed || a->ends.failed;
}

static inline size_t
args_count(const struct args *a)
{
	return a->ends.n / sizeof(size_t);
}

struct str args_get(const struct args *a, size_t i); /* borrowed */

void args_put_key(char *p, uint64_t key); /* without an end */
/* 0: not of that form. */
uint64_t args_read_key(struct str s);

#endif
