/* Messages in, deflated one by one (RFC 7692 with no context taken over). Each is
 * inflated whole and at once, so one of these does for all sockets of a worker;
 * it costs 40 kB from the first message on. */
#ifndef TRANSPORT_INFLATE_H
#define TRANSPORT_INFLATE_H

#include "util/buf.h"

struct z_stream_s;

struct inflater {
	struct z_stream_s *z; /* NULL until there is something to inflate */
};

#define INFLATER_INIT ((struct inflater){ NULL })

void inflater_clear(struct inflater *in);

enum {
	INFLATE_BAD = 1, /* no deflated message, or not a whole one */
	INFLATE_TOO_BIG, /* it would be more than `most` */
};

/* Appends what the message `bytes` is when inflated to `text`, which is empty, and
 * holds at most `most` and one byte afterwards, whatever the result: 0, one of
 * the above, or -ENOMEM. */
int inflater_run(struct inflater *in, struct str bytes, size_t most, struct buf *text);

#endif
