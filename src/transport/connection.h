/* What we add to one of libmicrohttpd's connections.
 *
 * An eye on its socket while a request is suspended, since libmicrohttpd looks
 * away then. The watch lasts as long as the connection and is edge-triggered:
 * setting it anew for each poll would cost two system calls.
 *
 * Deadlines for a request's head and body, since libmicrohttpd's time-out begins
 * anew with every byte. Part of a later head that came while the request before
 * it was at work, with nothing behind it, is left to that time-out: its edge has
 * gone by. */
#ifndef TRANSPORT_CONNECTION_H
#define TRANSPORT_CONNECTION_H

#include <microhttpd.h>

#include "host/loop.h"

struct connection_config {
	struct loop *loop;
	int64_t head_ms; /* from a request's first byte until its head is whole */
	int64_t body_ms; /* from then until its body is */
	size_t *count;   /* of those that there are */
};

struct connection {
	const struct connection_config *config;
	struct MHD_Connection *c;
	struct loop_watch watch;
	struct loop_timer timer;
	int fd;
	bool busy;                   /* a request is under way */
	int64_t ended_ms;            /* when the last one was answered */
	bool closed;                 /* the peer has shut its side */
	bool choking;                /* see connection_query */
	bool holds;                  /* what is waited for are messages */
	void (*on_gone)(void *arg);  /* NULL: nobody waits */
	void *arg;
};

/* libmicrohttpd's callback, with the struct connection_config as `cls`. */
void connection_notify(void *cls, struct MHD_Connection *c, void **context,
		       enum MHD_ConnectionNotificationCode what);

/* Ours of `c`, or NULL when there was no memory for it. */
struct connection *connection_of(struct MHD_Connection *c);

/* A head has begun whose target has a query. Where the text finds room in the pool
 * and the query's records do not, libmicrohttpd makes an answer, forgets that, and is
 * silent (0.9.75). Such a connection is closed after a moment. */
void connection_query(struct connection *cn);

/* A request's head is here; its body is; it has been answered. */
void connection_begin(struct connection *cn);
void connection_complete(struct connection *cn);
void connection_end(struct connection *cn);

/* Calls `on_gone` when the peer goes, once, until connection_rest. One that shut its
 * side before (`nc -N`), or while it does not wait for messages (`holds`), is given a
 * moment, in which all but a held connect is answered. */
void connection_wait(struct connection *cn, bool holds, void (*on_gone)(void *arg),
		     void *arg);
void connection_rest(struct connection *cn); /* idempotent */

/* The socket is somebody else's to watch from now on. */
void connection_leave(struct connection *cn);

#endif
