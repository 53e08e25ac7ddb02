/* Level 3 takes what the fastest takes for a kilobyte and makes 10 kB of JSON a
 * tenth smaller; the default level 6 makes it another tenth smaller for three times
 * the time. What a stream is reset by is a table that zlib's default makes larger
 * than most messages: 8 kB of it are enough for them. */
#include "transport/deflate.h"

#include <stdlib.h>
#include <zlib.h>

enum {
	LEVEL = 3,
	WINDOW = -15, /* zlib: 32 kB, no head and no checksum */
	TABLES = 6,   /* zlib's memLevel */
	MIN_BYTES = 256,
	KEPT_BYTES = 65536, /* of our buffer, between messages */
	TAIL_BYTES = 4,     /* RFC 7692 7.2.1 */
};

void
deflater_clear(struct deflater *d)
{
	if (d->z)
		deflateEnd(d->z);
	free(d->z);
	d->z = NULL;
	buf_clear(&d->out);
}

static bool
prepare(struct deflater *d)
{
	if (d->z)
		return deflateReset(d->z) == Z_OK;
	d->z = calloc(1, sizeof(*d->z));
	if (d->z && deflateInit2(d->z, LEVEL, Z_DEFLATED, WINDOW, TABLES,
				 Z_DEFAULT_STRATEGY) == Z_OK)
		return true;
	free(d->z);
	d->z = NULL;
	return false;
}

/* Into d->out, without the tail. False: it does not get smaller, or no memory. */
static bool
run(struct deflater *d, struct str text)
{
	size_t room = text.n - 1 + TAIL_BYTES;
	char *to;

	buf_reset(&d->out);
	to = buf_reserve(&d->out, room);
	if (!to || !prepare(d))
		return false;
	d->z->next_in = (z_const Bytef *)(uintptr_t)text.p;
	d->z->avail_in = (uInt)text.n;
	d->z->next_out = (Bytef *)to;
	d->z->avail_out = (uInt)room;
	/* With room left over all of it is out. */
	if (deflate(d->z, Z_SYNC_FLUSH) != Z_OK || d->z->avail_out == 0)
		return false;
	d->out.n = room - d->z->avail_out - TAIL_BYTES;
	return true;
}

struct frozen *
deflater_new_frame(struct deflater *d, struct str text)
{
	struct frozen *f = NULL;

	if (text.n < MIN_BYTES)
		return NULL;
	if (run(d, text))
		f = frozen_new_frame(FROZEN_DEFLATED, buf_str(&d->out));
	if (d->out.room > KEPT_BYTES)
		buf_clear(&d->out);
	return f;
}

void
deflater_settle(struct deflater *d, struct frozen *message)
{
	if (!frozen_deflated(message))
		frozen_settle(message, deflater_new_frame(d, frozen_text(message)));
}
