/* What goes out on one stream: a ring of frozen frames, in three parts:
 *
 *     sent, not proved | partly sent | not sent
 *
 * The kernel's word that bytes were taken proves nothing. On a WebSocket a
 * numbered ping's pong does: what was sent before that ping has arrived. Who
 * cannot ping has the peer's kernel's word that bytes have come to it. Until
 * then messages stay, so that the next outlet can have them
 * (docs/architecture.md). Other frames need no proof. */
#ifndef TRANSPORT_OUTBOX_H
#define TRANSPORT_OUTBOX_H

#include "session/queue.h"
#include "util/str.h"

/* How a message looks on the wire; all else goes as it is. */
enum outbox_form {
	OUTBOX_FRAMES, /* RFC 6455 */
	OUTBOX_EVENTS, /* text/event-stream: each message an event */
	OUTBOX_DEFLATED, /* RFC 7692; messages are settled (frozen.h) before they come */
};

/* What a frame that is no message takes in memory beside its bytes, about: it is for
 * one socket alone, and may be as small as a pong. */
enum { OUTBOX_FRAME_BYTES = 64 };

struct outbox {
	struct queue queue;
	size_t unsent;        /* bytes; shared ones count in full */
	size_t kept;          /* bytes of the sent ones, in memory */
	uint32_t beside;      /* bytes that the unsent ones take in memory, but not on
			       * the wire; limits are far below 4 GiB */
	uint32_t sent;        /* frames in front that are on their way */
	uint32_t offset;      /* bytes sent of the one behind them */
	uint32_t ping_number; /* of the latest ping; Faye counts from 1 */
	uint32_t proof;       /* the number of the ping that is out for proof */
	uint32_t proves;      /* that ping's place: so many frames in front have
			       * arrived when its pong, or a later one's, comes;
			       * 0: none is out */
	uint32_t unproved;    /* messages among the sent ones */
	uint8_t form;         /* enum outbox_form; set it before the first */
	bool forgets;         /* likewise: what was sent counts as arrived */
	bool broken;          /* the rest of a frame was lost for want of memory */
};

void outbox_clear(struct outbox *ob);

/* Takes the reference. 0 or -ENOMEM. */
int outbox_give(struct outbox *ob, struct frozen *f);

/* Adds a ping with the next number. 0 or -ENOMEM. */
int outbox_ping(struct outbox *ob);
/* A pong came. */
void outbox_pong(struct outbox *ob, struct str payload);
/* All but the last `bytes` that were sent have arrived. */
void outbox_prove_but(struct outbox *ob, size_t bytes);

static inline bool
outbox_is_ping_out(const struct outbox *ob)
{
	return ob->proves != 0;
}

static inline bool
outbox_has_unsent(const struct outbox *ob)
{
	return ob->queue.count > ob->sent;
}

/* What the unsent ones keep in memory, in bytes. */
static inline size_t
outbox_load(const struct outbox *ob)
{
	return ob->unsent + ob->beside;
}

enum { OUTBOX_BLOCKED = 1 };

/* Writes what the socket takes. 0: all; OUTBOX_BLOCKED; or negative errno. */
int outbox_write(struct outbox *ob, int fd);

/* Forgets the oldest unproved ones down to `messages` and `bytes`: the price of a
 * bound is that these count as arrived. Returns how many messages. */
uint32_t outbox_trim(struct outbox *ob, uint32_t messages, size_t bytes);

/* The least number (frozen.h) of the messages that are not proved; 0: none has one. */
uint64_t outbox_least(const struct outbox *ob);

/* Hands all messages that are not proved to `take` (it gets the reference),
 * the latest first. What stays are the unsent frames that are no messages, and
 * a message that is partly sent, since a frame once begun must be ended. */
void outbox_give_back(struct outbox *ob, void (*take)(void *arg, struct frozen *f),
		      void *arg);

#endif
