/* One batch on its way through the broker: its messages are handled one after
 * the other, each to its end, and the answers go out together when the last is
 * done and no connect of it is held. */
#ifndef BROKER_EXCHANGE_H
#define BROKER_EXCHANGE_H

#include "bayeux/batch.h"
#include "bayeux/reply.h"
#include "broker/outlet.h"
#include "engine/engine.h"

enum exchange_state {
	EXCHANGE_QUEUED,  /* behind another of its stream */
	EXCHANGE_RUNNING, /* some message is not done */
	EXCHANGE_HELD,    /* all are, but a connect waits */
};

struct exchange {
	struct list_node node;     /* in its outlet's exchanges or the broker's lists */
	struct broker *broker;
	struct outlet *outlet;     /* NULL: gone */
	int64_t came_ms;           /* when, by the loop's clock */
	char *text;                /* owned; the batch's spans point into it */
	struct batch batch;
	unsigned next;             /* the message to be handled next */
	enum exchange_state state;
	struct list behind;        /* without an outlet: those that come after it */
	bool stream_held;          /* a connect of it is held, to be answered alone */
	bool hangs_up;             /* it ends without an answer, see handler_reply_result */
	bool awaits_relay;         /* before the next message */
	uint32_t cost;             /* in its outlet's backlog */
	struct list held;          /* struct waiting of a poll */
	struct list relays;        /* messages that are with other workers, see relay.h */
	struct list late;          /* answers to connects that have come from there */
	struct buf replies;        /* "[" and what was answered so far */

	/* The handler under way: its engine call and how it goes on. */
	struct engine_call call;
	void (*after)(struct exchange *x, const struct message *m, int result);
	char client_id[SESSION_ID_BYTES + 1]; /* whom it is about */
	struct buf scratch;                   /* decoded channel names */
	struct str *channels;                 /* owned; into text or scratch */
	unsigned channel_count;
	struct reply_error channel_error; /* of the channel behind them */
	uint64_t key; /* for the session's memory, see session_did */
};

/* Takes `text` (malloc'ed) whatever comes back. 0, BATCH_… or -ENOMEM. */
int exchange_start(struct outlet *o, char *text, size_t n);

/* Where the next reply is to be written, the comma before it is there. */
struct buf *exchange_reply(struct exchange *x);
/* Adds some that were written elsewhere, with commas between them, or none. */
void exchange_add_replies(struct exchange *x, struct str replies);

/* Another worker has done its part, but for connects that it holds, or those are answered
 * as well. `was_awaited`: what comes behind it may be done now. `x` may be freed by it. */
void exchange_heard(struct exchange *x, bool was_awaited);

/* Answers when nothing is left to wait for; `x` may be freed by it. */
void exchange_finish_if_done(struct exchange *x);

/* The outlet goes: what is held is dropped, the rest done in order without an
 * answer. */
void exchange_orphan_all(struct outlet *o);
/* The broker's task that does so. */
void exchange_go_on(void *broker);

/* The outlet is another worker's now, and its batches with it: they are gone on with. */
void exchange_move_all(struct outlet *o, struct broker *b);

/* Lets go of all; it may be anywhere on its way. */
void exchange_free(struct exchange *x);

#endif
