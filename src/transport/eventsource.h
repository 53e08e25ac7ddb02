/* Streams of server-sent events (HTML, 9.2): messages leave on a response that
 * does not end; all that the client says comes by POST. The opening names the
 * session, and that binds the stream.
 *
 * Such a socket is ours even when libmicrohttpd read the request: its connection
 * stays suspended and lends the descriptor, since a stream through its own
 * buffers could prove nothing and would cost what a poll costs.
 *
 * There are no pings to prove arrival by. What the peer's kernel has acknowledged
 * counts; behind a proxy that is the proxy's. */
#ifndef TRANSPORT_EVENTSOURCE_H
#define TRANSPORT_EVENTSOURCE_H

#include "transport/stream.h"

/* Who asks for messages, by the target of the request: the last part of its path
 * (Faye: node_adapter; there a query belongs to it, and then nobody has that id).
 * Borrowed. */
struct str eventsource_client_id(struct str target);

void eventsources_init(struct streams *set, struct loop *loop, const struct log *log,
		       struct broker *b, const struct stream_config *cfg);

bool eventsource_is_known(const struct streams *set, struct str client_id);

/* Answers on `fd`, which does not block and whose request has been read, and sends
 * what waits. The descriptor is taken, also on failure. 0 or -ENOMEM. */
int eventsource_open(struct streams *set, int fd, struct str client_id,
		     struct stream_lender *lender);

#endif
