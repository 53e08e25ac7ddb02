/* Growth is by half, which lets the allocator reuse what was freed before,
 * and never less than BUF_FIRST: most of our texts are one message with its answer. */
#include "util/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { BUF_FIRST = 256 };

void
buf_clear(struct buf *b)
{
	free(b->p);
	*b = BUF_INIT;
}

void
buf_reset(struct buf *b)
{
	b->n = 0;
	b->failed = false;
}

/* Makes room for `want` bytes in all. */
static bool
grow(struct buf *b, size_t want)
{
	size_t room = b->room + b->room / 2;
	char *p;

	if (room < BUF_FIRST)
		room = BUF_FIRST;
	if (room < want)
		room = want;
	p = realloc(b->p, room);
	if (!p)
		return false;
	b->p = p;
	b->room = room;
	return true;
}

char *
buf_reserve(struct buf *b, size_t n)
{
	if (b->failed)
		return NULL;
	/* The second test also gives reserving nothing a place to point at. */
	if (n > SIZE_MAX / 2 - b->n ||
	    ((n > b->room - b->n || !b->p) && !grow(b, b->n + n))) {
		b->failed = true;
		return NULL;
	}
	return b->p + b->n;
}

void
buf_add(struct buf *b, const void *p, size_t n)
{
	char *to;

	if (n == 0)
		return; /* p may be NULL */
	to = buf_reserve(b, n);
	if (!to)
		return;
	memcpy(to, p, n);
	b->n += n;
}

void
buf_add_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

void
buf_add_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

void
buf_add_uint(struct buf *b, uint64_t v)
{
	char digits[20]; /* of 2^64 - 1 */
	char *p = digits + sizeof(digits);

	do {
		*--p = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	buf_add(b, p, (size_t)(digits + sizeof(digits) - p));
}

void
buf_add_int(struct buf *b, int64_t v)
{
	if (v < 0) {
		buf_add_char(b, '-');
		buf_add_uint(b, 0 - (uint64_t)v); /* INT64_MIN too */
	} else {
		buf_add_uint(b, (uint64_t)v);
	}
}

void
buf_addf(struct buf *b, const char *format, ...)
{
	va_list args;
	char *to;
	int n;

	va_start(args, format);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n < 0) { /* it allocates for wide fields */
		b->failed = true;
		return;
	}
	to = buf_reserve(b, (size_t)n + 1);
	if (!to)
		return;
	va_start(args, format);
	n = vsnprintf(to, (size_t)n + 1, format, args);
	va_end(args);
	if (n < 0)
		b->failed = true;
	else
		b->n += (size_t)n;
}

char *
buf_take(struct buf *b)
{
	char *taken;

	buf_add_char(b, '\0');
	if (b->failed) {
		buf_clear(b);
		return NULL;
	}
	taken = b->p;
	*b = BUF_INIT;
	return taken;
}
