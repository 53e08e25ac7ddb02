#include "transport/inflate.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

enum {
	ANY_WINDOW = -15, /* zlib: up to 32 kB, no head and no checksum */
	STEP_BYTES = 8192,
	BETWEEN_BLOCKS = 128, /* in data_type (zlib.h: inflate) */
};

void
inflater_clear(struct inflater *in)
{
	if (in->z)
		inflateEnd(in->z);
	free(in->z);
	in->z = NULL;
}

/* A stream at its beginning. 0 or -ENOMEM. */
static int
prepare(struct inflater *in)
{
	if (in->z)
		return inflateReset(in->z) == Z_OK ? 0 : -EINVAL;
	in->z = calloc(1, sizeof(*in->z));
	if (in->z && inflateInit2(in->z, ANY_WINDOW) == Z_OK)
		return 0;
	free(in->z);
	in->z = NULL;
	return -ENOMEM;
}

/* One call of zlib's: its result, or -ENOMEM, which is none of them. */
static int
step(z_stream *z, size_t most, struct buf *text)
{
	size_t left = most + 1 - text->n; /* the one byte tells that there is more */
	size_t room = left < STEP_BYTES ? left : STEP_BYTES;
	char *to = buf_reserve(text, room);
	int rc;

	if (!to)
		return -ENOMEM;
	z->next_out = (Bytef *)to;
	z->avail_out = (uInt)room;
	rc = inflate(z, Z_SYNC_FLUSH);
	text->n += room - z->avail_out;
	return rc == Z_MEM_ERROR ? -ENOMEM : rc;
}

enum { ENDED = -1 }; /* with the last byte, a final block had */

/* The next bytes of the message. 0, ENDED, or as inflater_run. */
static int
run(z_stream *z, struct str bytes, size_t most, struct buf *text)
{
	z->next_in = (z_const Bytef *)(uintptr_t)bytes.p;
	z->avail_in = (uInt)bytes.n;
	for (;;) {
		int rc = step(z, most, text);

		if (rc == -ENOMEM)
			return rc;
		if (text->n > most)
			return INFLATE_TOO_BIG;
		/* After a block that says it is the last another may come (RFC 7692
		 * 7.2.3.4). */
		if (rc == Z_STREAM_END && z->avail_in == 0)
			return ENDED;
		if (rc == Z_STREAM_END) {
			inflateReset(z);
			continue;
		}
		if (rc != Z_OK && rc != Z_BUF_ERROR)
			return INFLATE_BAD;
		if (z->avail_out)
			return 0; /* it wants more */
	}
}

int
inflater_run(struct inflater *in, struct str bytes, size_t most, struct buf *text)
{
	static const struct str tail = { "\x00\x00\xff\xff", 4 }; /* RFC 7692 7.2.2 */
	int rc = prepare(in);

	if (!rc)
		rc = run(in->z, bytes, most, text);
	if (rc)
		return rc == ENDED ? 0 : rc;
	rc = run(in->z, tail, most, text);
	if (rc == 0 && !(in->z->data_type & BETWEEN_BLOCKS))
		rc = INFLATE_BAD;
	return rc == ENDED ? 0 : rc;
}
