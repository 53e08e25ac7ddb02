/* What the files of one WebSocket share: the struct, and its state.
 * websocket.c has life, state and what comes in, websocket_out.c what goes out. */
#ifndef TRANSPORT_WEBSOCKET_PRIVATE_H
#define TRANSPORT_WEBSOCKET_PRIVATE_H

#include "transport/outbox.h"
#include "transport/websocket.h"

enum websocket_state { OPEN, CLOSING, LINGERING, DEAD };

/* RFC 6455 7.4.1 */
enum close_code { CLOSE_NORMAL = 1000, CLOSE_GOING_AWAY = 1001, CLOSE_POLICY = 1008 };

struct websocket {
	struct outlet outlet;
	struct websockets *ws;
	struct loop_watch watch;
	struct loop_timer timer;
	struct list_node node;  /* in ws->all or ws->dead */
	struct list_node dirty; /* in ws->dirty */
	struct outbox out;
	struct frames_reader *reader; /* only inside a message */
	struct websocket_lender *lender;
	int fd;
	uint8_t state;
	bool got_message;     /* in the bytes being read */
	bool close_wanted;    /* when the batches under way are answered */
	int64_t state_ms;     /* since when */
	int64_t proof_ms;     /* when the last ping for proof left */
	int64_t keepalive_ms; /* when the next keep-alive ping is due */
	int64_t blocked_ms;   /* since when it takes nothing; 0: it does */
	int64_t message_ms;   /* since when a message is coming in; 0: none is */
};

/* Freed at the turn's end; idempotent. */
void websocket_kill(struct websocket *w);
void websocket_set_state(struct websocket *w, enum websocket_state state);
/* Something is to be written at the turn's end. */
void websocket_mark_dirty(struct websocket *w);
/* The timer follows what is due next. */
void websocket_set_timer(struct websocket *w);
/* A line in the log for a socket that we end. */
void websocket_log_closing(const struct websocket *w, const char *reason);

/* ---- out ---- */

extern const struct outlet_ops websocket_ops;

/* Takes the frame; NULL (out of memory) ends the socket. */
void websocket_give(struct websocket *w, struct frozen *f);
void websocket_give_close(struct websocket *w, enum close_code code);
/* When the next ping that asks for proof may go. */
int64_t websocket_proof_due_ms(const struct websocket *w);
/* The turn's end. */
void websocket_flush(struct websocket *w);

#endif
