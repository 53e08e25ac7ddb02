/* Shared by plain*.c: a connection and its ways. */
#ifndef TRANSPORT_PLAIN_PRIVATE_H
#define TRANSPORT_PLAIN_PRIVATE_H

#include "transport/plain.h"

/* Larger requests are not plain. No head is larger (--limit-header-bytes). */
enum { PLAIN_INPUT_BYTES = 64 << 10 };

/* States of a connection:
 *
 *     IDLE ── a request is there ──> RUNNING ── replied ──> ANSWERED ──> IDLE
 *      │                                │                      └─> SENDING ─┘
 *      └──────────> GONE <──────────────┴── the peer vanished, or is hung up on
 */
enum plain_state { PLAIN_IDLE, PLAIN_RUNNING, PLAIN_ANSWERED, PLAIN_SENDING, PLAIN_GONE };

struct plain {
	struct outlet outlet;
	struct plains *set;
	struct loop_watch watch;
	struct loop_timer timer; /* set when it is closed and waits */
	struct list_node node;   /* in set->idle or set->busy */
	struct list_node turn;   /* in set->dirty or set->again */
	struct buf answer;       /* the array; then all of it, where some is left to send */
	size_t sent;             /* of that */
	char *origin;            /* the request's; or NULL */
	int64_t since_ms;        /* idle, or sending without getting on */
	int fd;
	uint16_t status;         /* of the answer; 200: the array */
	uint8_t state;
	bool closing;            /* this request is the last */
	bool closed;             /* the peer has shut its side */
	bool more;               /* may be there to be read */
};

/* Ends the connection; or hands it on, with what nobody has read (plain_config). */
void plain_bury(struct plain *p);
void plain_pass_on(struct plain *p, const struct head *head);

/* The request under way has ended so: PLAIN_ANSWERED or PLAIN_GONE. */
void plain_end(struct plain *p, enum plain_state state);
/* Between requests, or the answer is too much for the socket. */
void plain_rest(struct plain *p, enum plain_state state);
/* The peer has shut its side, and may want to hear the answer. */
void plain_close_soon(struct plain *p);
/* There may be another request: it is looked at in the next turn. */
void plain_look_again(struct plain *p);

/* plain_request.c: is there a request? Begins it, or ends the connection. */
void plain_look(struct plain *p);

/* plain_send.c: the answer of one that is PLAIN_ANSWERED, and its rest. */
void plain_send(struct plain *p);
void plain_send_rest(struct plain *p);

#endif
