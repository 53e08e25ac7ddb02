/* HTTP by libmicrohttpd: one daemon without a listening socket, turned by the
 * worker's loop. Connections are given to it after a look at their first head
 * (entry.h). */
#ifndef TRANSPORT_HTTP_H
#define TRANSPORT_HTTP_H

#include <microhttpd.h>
#include <sys/socket.h>

#include "broker/broker.h"
#include "transport/connection.h"
#include "transport/gate.h"
#include "transport/head.h"
#include "transport/health.h"
#include "transport/metrics.h"
#include "transport/route.h"
#include "transport/scripts.h"
#include "transport/websocket.h"

struct http_config {
	size_t body_bytes;      /* of a request */
	size_t pool_bytes;      /* libmicrohttpd's memory for one connection */
	unsigned connections;   /* at most */
	int64_t head_ms, body_ms; /* see connection.h */
	struct route route;     /* borrowed */
	struct gate *gate;      /* borrowed */
	const struct scripts *scripts; /* borrowed */
	const struct health *health;   /* borrowed */
	const struct metrics *metrics; /* borrowed; NULL: nobody may ask */
};

struct http {
	struct loop *loop;
	const struct log *log;
	struct broker *broker;
	struct websockets *websockets; /* for connections that upgrade late */
	struct streams *eventsources;
	struct http_config config;
	struct connection_config connection;
	struct MHD_Daemon *daemon;
	struct loop_watch watch;
	struct loop_timer timer;  /* when the daemon wants its next run */
	struct loop_task turn;    /* the turn's end: it wants that at once */
	struct loop_task resume;  /* the turn's end: lets go of what is answered */
	struct list waiting;      /* requests suspended */
	struct list answered;     /* requests to be resumed */
	unsigned suspended;
	bool turn_ends;           /* what is not answered yet will not be in this turn */
	bool stopping;            /* new requests are hung up on */
	uint64_t requests;        /* since the start */
};

/* `connections` is kept true. 0 or -ENOMEM. */
int http_init(struct http *h, struct loop *loop, const struct log *log,
	      struct broker *b, struct websockets *ws, struct streams *eventsources,
	      const struct http_config *cfg, size_t *connections);
/* Answers what is held and ends all connections. */
void http_clear(struct http *h);

/* Whether a head of that cost leaves room in a connection's pool for the answer's. */
bool http_has_room(const struct http *h, size_t head_cost);

/* Takes the connection; its bytes have only been peeked at. Closes it on
 * failure. */
void http_add(struct http *h, int fd, const struct sockaddr *addr, socklen_t n);

/* Its connections, those it lent to streams among them. */
size_t http_count(const struct http *h);

/* Lets the daemon do what it can, soon: after something was added or changed. */
void http_turn(struct http *h);

#endif
