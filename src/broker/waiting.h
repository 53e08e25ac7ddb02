/* A connect that is held until a message comes or its time is up. A poll's
 * waits in its exchange, whose answer it delays; a stream's stands alone. */
#ifndef BROKER_WAITING_H
#define BROKER_WAITING_H

#include "broker/exchange.h"
#include "broker/outlet.h"
#include "host/loop.h"

struct waiting {
	struct loop_timer timer;     /* the hold time */
	struct list_node in_exchange; /* a poll's; or its stream's, while it arrives */
	struct list_node arriving;    /* while its session is fetched, see arrival.c */
	struct list_node ready;      /* in the broker's list, answered at the turn's end */
	struct broker *broker;
	struct session *session;     /* whose `held` it is; NULL: still to be found,
				      * or gone while the answer was being recorded */
	struct exchange *exchange;   /* the poll's; NULL: a stream's */
	struct outlet *outlet;
	uint64_t key;                /* the connect id as session_connect knows it */
	uint32_t count;              /* as session_count knows it */
	uint32_t acked;              /* the number that `has_ack` says it brought */
	struct errand *record;       /* the recording of its answer under way; or of its
				      * coming, when its session went meanwhile */
	struct buf prepared;         /* which is that */
	uint32_t number;             /* of its message in a poll's batch */
	bool event_source;           /* wants that connection type's advice */
	bool at_once;                /* it asked not to be held */
	bool impatient;              /* it was, until its messages are here */
	bool has_ack;
	bool recorded;               /* `prepared` may leave */
	bool due;                    /* ready, but others of its batch are not */
	bool synced;                 /* it asked for the time; see behind the id */
	uint32_t id_n;
	char id[];                   /* the connect id's JSON; may be empty */
};

/* Connect `m`, to be held for `hold_ms`; 0: until the end of this turn, so that
 * what the batch itself publishes still comes along. It belongs to its exchange's
 * or outlet's end from now on. NULL: out of memory. */
struct waiting *waiting_new(struct exchange *x, const struct message *m, uint64_t key,
			    int64_t hold_ms);

/* The connect has come to its session. */
void connect_come(struct waiting *w, struct session *s);

/* From now on it waits for messages of `s`. */
void waiting_hold(struct waiting *w, struct session *s);

/* A message waits for it, or its time is up: answered at the turn's end, when
 * its batch is done. Idempotent. */
void waiting_make_ready(struct waiting *w);

/* The broker's end of turn: answers what is ready. */
void waiting_answer_ready(struct broker *b);

/* Answers it now with success and without messages: another connect takes
 * over. */
void waiting_answer(struct waiting *w);

/* The same with the messages of this turn: the session ends, nobody else will
 * have them. */
void waiting_answer_last(struct waiting *w);

/* It fails: nobody has that client. */
void waiting_refuse(struct waiting *w, struct str client_id);
/* Answers it without its session. */
void waiting_pass(struct waiting *w, struct str client_id);

/* The same for all that a poll's batch holds; the last answer ends the exchange. False:
 * nothing was done, since one cannot be answered yet. */
bool waiting_answer_all(struct exchange *x);

/* Whether its answer brings the session's messages. */
bool waiting_brings_messages(const struct waiting *w);

/* Writes its answer with all that waits down into w->prepared, and says how many
 * messages these are. */
uint32_t waiting_prepare(struct waiting *w);

/* Whether all that are held here for the batch are due. */
bool waiting_all_due(const struct exchange *x);

/* The others of its batch have been waited for: what is due may be answered now. */
void waiting_look_again(struct exchange *x);

/* It will not be answered: its peer is gone, or another place answers it. */
void waiting_drop(struct waiting *w);

#endif
