/* WebSockets of one worker (RFC 6455): each is an outlet that streams. What a
 * turn brings for a socket is written once, at the turn's end. */
#ifndef TRANSPORT_WEBSOCKET_H
#define TRANSPORT_WEBSOCKET_H

#include "broker/broker.h"
#include "transport/frames.h"

struct websocket_config {
	size_t message_bytes;     /* of one message in */
	size_t unsent_bytes;      /* waiting for one socket */
	uint32_t unproved_messages; /* kept until a pong, at most */
	int64_t stall_ms;         /* a socket may take nothing for so long */
	int64_t arrival_ms;       /* from a message's first byte until it is whole */
	int64_t ping_ms;          /* between keep-alive pings; 0: none */
};

struct websockets {
	struct loop *loop;
	const struct log *log;
	struct broker *broker;
	struct websocket_config config;
	struct frames frames;
	struct list all;         /* open ones */
	struct list dirty;       /* to be written at the turn's end */
	struct list dead;        /* to be freed at the turn's end */
	struct loop_task finish; /* the turn's end */
	char *input;             /* the worker's read buffer */
	uint64_t opened, stalled, overflowed; /* sockets, since the start */
	uint64_t unproved; /* messages that were let go without proof */
	size_t count;
	struct log_limit closed_lines;
};

/* 0 or -ENOMEM. */
int websockets_init(struct websockets *ws, struct loop *loop, const struct log *log,
		    struct broker *b, const struct websocket_config *cfg);
/* Says 1001 to all of them and closes; what cannot leave at once is lost. */
void websockets_clear(struct websockets *ws);

/* Who else must hear that the descriptor is not needed any more: MHD, for one
 * that it upgraded. The socket then does not close it. */
struct websocket_lender {
	void (*on_done)(struct websocket_lender *lender);
};

/* A socket that has got its 101; the descriptor is taken, also on failure, and
 * must not block. `early`: bytes that came behind the head. `lender` is NULL
 * for a descriptor of ours. 0 or -ENOMEM. */
int websocket_open(struct websockets *ws, int fd, struct str early,
		   struct websocket_lender *lender);

#endif
