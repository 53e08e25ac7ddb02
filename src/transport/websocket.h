/* WebSockets of one worker (RFC 6455): streams that batches come in on, too. */
#ifndef TRANSPORT_WEBSOCKET_H
#define TRANSPORT_WEBSOCKET_H

#include "transport/deflate.h"
#include "transport/frames.h"
#include "transport/handover.h"
#include "transport/head.h"
#include "transport/stream.h"

struct websocket_config {
	struct stream_config stream;
	size_t message_bytes; /* of one message in */
	int64_t arrival_ms;   /* from a message's first byte until it is whole */
	bool compress;        /* clients that offer permessage-deflate get it */
};

struct websockets {
	struct streams streams;
	struct websocket_config config;
	struct frames frames;
	struct frames inflating; /* of sockets that agreed on permessage-deflate */
	struct deflater deflater;
	char *input; /* the worker's read buffer */
	bool drains; /* see websockets_drain */
	struct handover *handover; /* borrowed */
};

/* 0 or -ENOMEM. */
int websockets_init(struct websockets *ws, struct loop *loop, const struct log *log,
		    struct broker *b, struct handover *ho,
		    const struct websocket_config *cfg);
/* The server is about to stop: each socket is asked for proof once more and then closed
 * with 1001, so that its client gets less for the second time from another node. They
 * are gone when streams.count is 0; what does not answer stays. */
void websockets_drain(struct websockets *ws);
/* Says 1001 to all of them and closes; what cannot leave at once is lost. */
void websockets_clear(struct websockets *ws);

/* What the 101 to that request says in Sec-WebSocket-Extensions; NULL: nothing, and
 * the socket does not deflate. */
const char *websockets_extensions(const struct websockets *ws, const struct head *h);

/* A socket that has got its 101; the descriptor is taken, also on failure, and
 * must not block. `early`: bytes that came behind the head. `lender` is NULL
 * for a descriptor of ours. 0 or -ENOMEM. */
int websocket_open(struct websockets *ws, int fd, bool deflates, struct str early,
		   struct stream_lender *lender);

/* One of another worker's has come (handover.h). */
void websocket_arrive(struct websockets *ws, struct stream *s);

#endif
