/* What we add to one of libmicrohttpd's connections: an eye on its socket while
 * a request is suspended, since libmicrohttpd looks away then. The watch lasts as
 * long as the connection and is edge-triggered: setting it anew for each
 * poll would cost two system calls. */
#ifndef TRANSPORT_CONNECTION_H
#define TRANSPORT_CONNECTION_H

#include <microhttpd.h>

#include "host/loop.h"

struct connection {
	struct loop_watch watch;
	int fd;
	bool closed;                 /* the peer has shut its side */
	void (*on_gone)(void *arg);  /* NULL: nobody waits */
	void *arg;
};

/* libmicrohttpd's callback, with the struct loop as `cls`. */
void connection_notify(void *cls, struct MHD_Connection *c, void **context,
		       enum MHD_ConnectionNotificationCode what);

/* Ours of `c`, or NULL when there was no memory for it. */
struct connection *connection_of(struct MHD_Connection *c);

/* Calls `on_gone` when the peer goes, once, until connection_rest. 0, or
 * CONNECTION_CLOSED: it has gone already. */
enum { CONNECTION_CLOSED = 1 };
int connection_wait(struct connection *cn, void (*on_gone)(void *arg), void *arg);
void connection_rest(struct connection *cn); /* idempotent */

/* The socket is somebody else's to watch from now on. */
void connection_leave(struct connection *cn);

#endif
