/* What the files of one WebSocket share: the struct, and its state.
 * websocket.c has life, state and what comes in, websocket_out.c what goes out. */
#ifndef TRANSPORT_WEBSOCKET_PRIVATE_H
#define TRANSPORT_WEBSOCKET_PRIVATE_H

#include "transport/websocket.h"

enum websocket_state { OPEN, CLOSING, LINGERING };

/* RFC 6455 7.4.1 */
enum close_code { CLOSE_NORMAL = 1000, CLOSE_GOING_AWAY = 1001, CLOSE_POLICY = 1008 };

struct websocket {
	struct frames_reader *reader; /* only inside a message */
	int64_t state_ms;   /* since when */
	int64_t message_ms; /* since when a message is coming in; 0: none is */
	struct websockets *ws;
	uint8_t state;
	bool got_message;   /* in the bytes being read */
	bool deflates;      /* permessage-deflate was agreed on */
	bool drains;        /* its last ping has been sent */
	uint8_t home;       /* while it moves: to that worker */
	struct stream stream;
};

static inline struct websocket *
websocket_of(struct stream *s)
{
	return list_entry(s, struct websocket, stream);
}

void websocket_set_state(struct websocket *w, enum websocket_state state);

/* ---- out ---- */

extern const struct outlet_ops websocket_ops, websocket_deflating_ops;

void websocket_give_close(struct websocket *w, enum close_code code);
/* When the next ping that asks for proof may go. */
int64_t websocket_proof_due_ms(const struct stream *s);
/* The stream's calls. */
void websocket_prepare(struct stream *s);
void websocket_on_all_sent(struct stream *s);
void websocket_on_overflow(struct stream *s);

#endif
