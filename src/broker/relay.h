/* A part of a batch whose client has its session at another worker of this process:
 * done there, and answered where it came in. There it stands for a poll whose peer is
 * this worker. A stream's connects are not relayed: their stream goes to the session
 * (outlet_ops.move).
 *
 * The struct goes there and back in the workers' mailboxes, and belongs to the thread
 * it is with. A peer that goes meanwhile sends a second mail after it; it is freed where it
 * came from, when all of its mails are back. */
#ifndef BROKER_RELAY_H
#define BROKER_RELAY_H

#include "broker/exchange.h"

struct relay;

/* Which other worker has the session that `m` names; BROKER_HERE: none has. */
int relay_home(const struct exchange *x, const struct message *m);

/* Sends the messages from `first` to `last` of the batch to that worker; their answers
 * join the exchange's, which waits for them. Where others come behind them, it awaits
 * first that these are done. `connects`: some are among them. 0 or -ENOMEM. */
int relay_send(struct exchange *x, int home, const struct message *first,
	       const struct message *last, bool connects);

/* Whether connects are with another worker. */
bool relay_has_connects(const struct exchange *x);

/* Nobody waits for its answers any more; what they ask is done. */
void relay_abandon_all(struct exchange *x);
/* The same of those with connects, which are dropped: its peer is gone. */
void relay_abandon_connects(struct exchange *x);

/* Of a batch with connects at several workers, the others' may be answered when all are
 * due. */
void relay_let_answer(struct exchange *x);

/* The server stops: what is held here for other workers is answered. */
void relay_drain(struct broker *b);

/* The broker's task that sends answers back. */
void relay_send_back(void *broker);

#endif
