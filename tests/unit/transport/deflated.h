/* Messages as a client deflates them, by zlib. */
#ifndef UNIT_TRANSPORT_DEFLATED_H
#define UNIT_TRANSPORT_DEFLATED_H

#include <stdlib.h>
#include <zlib.h>

#include "util/buf.h"

/* What zlib makes of `text`, appended to `out`, with what comes of `flush`. */
static inline void
add_zlib(struct buf *out, struct str text, int level, int flush)
{
	z_stream z = { .next_in = (z_const Bytef *)(uintptr_t)text.p,
		       .avail_in = (uInt)text.n };
	size_t room = text.n + text.n / 1000 + 100;
	char *to = buf_reserve(out, room);

	assert_non_null(to);
	assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY),
			 Z_OK);
	z.next_out = (Bytef *)to;
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, flush), flush == Z_FINISH ? Z_STREAM_END : Z_OK);
	out->n += room - z.avail_out;
	deflateEnd(&z);
}

/* The message `text`: RFC 7692 7.2.1. */
static inline void
add_deflated(struct buf *out, struct str text)
{
	add_zlib(out, text, 6, Z_SYNC_FLUSH);
	out->n -= 4;
}

/* `n` times the letter. */
static inline void
add_run(struct buf *out, char letter, size_t n)
{
	char *to = buf_reserve(out, n);

	assert_non_null(to);
	memset(to, letter, n);
	out->n += n;
}

#endif
