/* A connect that is held until a message comes or its time is up. A poll's
 * waits in its exchange, whose answer it delays; a stream's stands alone. */
#ifndef BROKER_WAITING_H
#define BROKER_WAITING_H

#include "broker/exchange.h"
#include "broker/outlet.h"
#include "host/loop.h"

struct waiting {
	struct loop_timer timer;     /* the hold time */
	struct list_node in_exchange;
	struct list_node ready;      /* in the broker's list, answered at the turn's end */
	struct broker *broker;
	struct session *session;     /* whose `held` it is */
	struct exchange *exchange;   /* the poll's; NULL: a stream's */
	struct outlet *outlet;
	uint64_t key;                /* the connect id as session_connect knows it */
	bool event_source;           /* wants that connection type's advice */
	bool due;                    /* ready, but others of its batch are not */
	bool synced;                 /* it asked for the time; see behind the id */
	uint32_t id_n;
	char id[];                   /* the connect id's JSON; may be empty */
};

/* Holds connect `m` of `s` for `hold_ms`; 0: until the end of this turn, so that
 * what the batch itself publishes still comes along. 0 or -ENOMEM. */
int waiting_hold(struct exchange *x, const struct message *m, struct session *s,
		 uint64_t key, int64_t hold_ms);

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

/* The same for all that a poll's batch holds; the last answer ends the exchange. */
void waiting_answer_all(struct exchange *x);

/* It will not be answered: its peer is gone, or another place answers it. */
void waiting_drop(struct waiting *w);

#endif
