/* Messages out, deflated (RFC 7692 with no context taken over): once for all
 * sockets that agreed on it. One for a worker; it costs 160 kB from the first
 * message on. */
#ifndef TRANSPORT_DEFLATE_H
#define TRANSPORT_DEFLATE_H

#include "bayeux/frozen.h"
#include "util/buf.h"

struct z_stream_s;

struct deflater {
	struct z_stream_s *z; /* NULL until there is something to deflate */
	struct buf out;
};

#define DEFLATER_INIT ((struct deflater){ .z = NULL, .out = BUF_INIT })

void deflater_clear(struct deflater *d);

/* A frame with `text` deflated, or NULL: it is small, would not become smaller, or
 * there is no memory. It goes as it is then. */
struct frozen *deflater_new_frame(struct deflater *d, struct str text);

/* Settles how the message leaves where deflating was agreed on (frozen.h). */
void deflater_settle(struct deflater *d, struct frozen *message);

#endif
