/* How answers leave to one peer. A transport embeds a `struct outlet` in its
 * connection or request, and fills in what it can do.
 *
 * A poll takes one batch and answers it once. A stream takes any number of
 * batches, and once it is bound to a session also that session's messages,
 * whenever they come. A connect on it binds it, or its opening does. */
#ifndef BROKER_OUTLET_H
#define BROKER_OUTLET_H

#include "bayeux/frozen.h"
#include "session/session.h"
#include "util/buf.h"

struct broker;
struct outlet;

struct outlet_ops {
	/* The answers to a batch: a JSON array, taken out of `array`. A poll is
	 * done with it. */
	void (*reply)(struct outlet *o, struct buf *array);
	/* Ends the connection without an answer: somebody else has it. */
	void (*hang_up)(struct outlet *o);

	/* All of a poll's batch is done, but connects are held. May be NULL. */
	void (*held)(struct outlet *o);
	/* They are all due: may they be answered? If not, that is said later by
	 * waiting_look_again. NULL: yes. */
	bool (*may_answer)(struct outlet *o);

	/* Streams only; NULL marks a poll. */

	/* The session is with another worker: the stream goes there at the turn's end, and
	 * takes no part in anything until it calls outlet_moved. NULL: it is known before
	 * whose it is. */
	void (*move)(struct outlet *o, unsigned worker);
	/* outlet_is_crowded is not true any more, or outlet_may_move is. NULL: no batches
	 * come. */
	void (*has_caught_up)(struct outlet *o);

	/* Its opening bound it, and nothing could again: no connects come on it. */
	bool is_bound_by_opening;

	/* One message; takes the reference. */
	void (*send)(struct outlet *o, struct frozen *f);
	/* Whether more of a backlog may be sent now; it says so by outlet_feed
	 * when it may again. */
	bool (*has_room)(struct outlet *o);
	/* The session has gone elsewhere: gives back what is not proved to have
	 * arrived by outlet_put_back, the latest first. */
	void (*give_back)(struct outlet *o);
	/* The least number of the messages that are not proved; 0: none has one. */
	uint64_t (*least_unproved)(struct outlet *o);
	/* Closes normally, behind the answers to what is under way. */
	void (*close)(struct outlet *o);
};

enum { OUTLET_CROWDED_BYTES = 256 << 10 };

struct outlet {
	const struct outlet_ops *ops;
	struct broker *broker;
	struct session *session; /* whose messages a stream gets; or NULL */
	struct list exchanges;   /* batches under way, oldest first; one runs */
	struct list_node arrival; /* while a stream's session is being found, see arrival.c */
	struct list arriving;    /* a stream's connects whose session is being found */
	uint32_t backlog;        /* bytes of its batches */
	bool behind;             /* something may wait for it in its session's queue */
	bool starting;           /* inside start_next, see exchange.c */
	bool moving;             /* to another worker: no batch is begun */
	bool gone;               /* see outlet_gone */
};

static inline bool
outlet_is_stream(const struct outlet *o)
{
	return o->ops->send != NULL;
}

/* More batches are under way than a peer may have: no more should be read of it until
 * has_caught_up says so. */
static inline bool
outlet_is_crowded(const struct outlet *o)
{
	return o->backlog > OUTLET_CROWDED_BYTES;
}

/* Whether a connect of `s` is held for this peer. With a stream of events that is
 * another than the one it is bound to. */
bool outlet_holds(const struct outlet *o, const struct session *s);

/* Whether a poll waits for messages, and not just for its batch to be done. */
bool outlet_waits(const struct outlet *o);

void outlet_init(struct outlet *o, const struct outlet_ops *ops, struct broker *b);

/* The peer is gone. What waits for its sessions goes on waiting; batches under
 * way or queued are finished, in order, without an answer. The outlet's memory may go after it. */
void outlet_gone(struct outlet *o);

/* Ends the connection without an answer. */
void outlet_hang_up(struct outlet *o);

/* The server stops: what is held for this peer is answered now. */
void outlet_drain(struct outlet *o);

/* From now on `s` gets its messages by stream `o`, those that wait first. What
 * either was bound to before is released. A session with acks is bound for its
 * connects only: its messages come with their answers. */
void outlet_bind(struct outlet *o, struct session *s);
/* The same by an id and without a connect. Among joined nodes it may come later. 0, or
 * OUTLET_UNKNOWN: nobody has it. */
enum { OUTLET_UNKNOWN = 1 };
int outlet_attach(struct outlet *o, struct str client_id);
int outlet_attach_here(struct outlet *o, struct str client_id); /* at once or not */
/* Sends what waits for the stream's session, as far as there is room. Until
 * the last of it has gone, new messages wait behind it; and all do while it is
 * open whether a poll's answer has arrived, which the next connect tells. */
void outlet_feed(struct outlet *o);
/* A poll has asked for the session's messages: what is not proved goes back, and all
 * wait for polls. A stream that a connect can bind again is unbound; another stays,
 * since its client perhaps did not know yet that it is open, and is woken by the first
 * connect that tells so. */
void outlet_rest(struct outlet *o);
void outlet_wake(struct outlet *o);
/* The reverse of outlet_bind: what is not proved goes back to the session's queue. */
void outlet_unbind(struct outlet *o);
/* Whether a stream that is to move may: a connect whose session is on its way here keeps
 * it until that has come. */
static inline bool
outlet_may_move(const struct outlet *o)
{
	return o->moving && list_is_empty(&o->arriving);
}
/* It leaves this worker, and later has come to the other. Between them it is in nobody's
 * hands. */
void outlet_move(struct outlet *o);
void outlet_moved(struct outlet *o, struct broker *b);
/* The stream's session has ended: what was sent goes its way, nothing goes back,
 * and the stream closes behind it. */
void outlet_part(struct outlet *o);
/* For give_back: takes the reference. */
void outlet_put_back(struct outlet *o, struct frozen *f);

#endif
