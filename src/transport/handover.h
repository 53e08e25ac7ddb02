/* Peers whose client has its session at another worker of this process go there, since
 * one thread alone touches a session and what is bound to it: a WebSocket with all that
 * it has, a fresh connection that asks for an event source, or the descriptor that
 * libmicrohttpd lends to one.
 *
 * Other requests stay where they came in (broker/relay.h). */
#ifndef TRANSPORT_HANDOVER_H
#define TRANSPORT_HANDOVER_H

#include <sys/socket.h>

#include "transport/stream.h"

struct entries;
struct websockets;

/* A worker's end. */
struct handover {
	struct hub *hub; /* NULL: there are no other workers */
	struct handover **workers; /* by number; filled before the first loop runs */
	unsigned worker;
	struct websockets *websockets;
	struct streams *eventsources;
	struct entries *entries;
};

/* The socket goes, at the end of its turn; without memory it is killed. */
void handover_websocket(struct handover *ho, struct stream *s, unsigned to);

/* A connection whose first head has only been peeked at; takes the descriptor. */
void handover_fresh(struct handover *ho, unsigned to, int fd, const struct sockaddr *addr,
		    socklen_t n);

/* As eventsource_open, by that worker. */
void handover_events(struct handover *ho, unsigned to, int fd, struct str client_id,
		     struct stream_lender *lender);

#endif
