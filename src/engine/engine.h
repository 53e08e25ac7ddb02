/* Where workers meet, and nodes: the contract that the broker sees.
 *
 * Operations are calls: the caller lends a `struct engine_call`, and its `done`
 * is called with the result on a later step of the loop, never before the
 * operation returns. What else is passed is the caller's again when it returns.
 * The embedded engine (local.c) does the calls of one worker in the order they
 * were made, and a publication reaches this worker's sessions before its own call is
 * done: so a subscribe and a publish of one batch, done one after the other, deliver.
 *
 * An engine that joins nodes (src/redis) puts publications and the changes of
 * subscriptions into one order and tells of both by events; a session may be
 * anywhere, and has its home where its client connected last. A turn counts its
 * moves, so that who has lost it is refused. Its publications have numbers
 * (frozen.h), which only ever rise.
 *
 * All of it belongs to the worker's thread. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <errno.h>

#include "bayeux/frozen.h"
#include "host/loop.h"
#include "util/list.h"

/* Results; 0 is success, negative errno a fault: -EAGAIN, the other nodes are out
 * of reach at the moment. */
enum engine_result {
	ENGINE_TAKEN = 1, /* create: that id is somebody's */
	ENGINE_UNKNOWN,   /* no such client */
	ENGINE_DONE,      /* publish: it was accepted before */
	ENGINE_LOST,      /* the session has its home elsewhere */
	ENGINE_OLD,       /* attach: a later connect came before this one */
	ENGINE_UNSURE,    /* attach: one may have come; the client must ask again */
	ENGINE_KEPT,      /* restore: it was there */
};

struct engine_call {
	void (*done)(struct engine_call *call, int result);
	/* Of some results, lent until `done` returns: */
	const struct engine_client *client; /* create, attach */
	const struct engine_read *read;
	unsigned taken;                     /* subscribe: so many of the patterns */
	/* The engine's, while it is under way: */
	struct list_node node;
	struct frozen *message;
	int result;
	struct engine_job *job;
};

/* What an engine keeps of a call elsewhere begins with it. */
struct engine_job {
	struct engine_call *call; /* NULL: forgotten */
};

enum { ENGINE_SEEN = 8 }; /* connects that are remembered */

enum { ENGINE_ACKS = 1, ENGINE_MAX_INTERVAL = 2 }; /* a client's flags */

/* A session as the other nodes left it. Keys are 0 for none. */
struct engine_client {
	uint64_t turn, at;    /* this move's count, and its place in the order */
	uint64_t cursor;      /* what came up to there has arrived */
	uint64_t sent, connect; /* the last answer that was recorded: up to where, and
				 * to which connect; 0: it has arrived */
	uint32_t acked;       /* how many messages that are, see session.h */
	unsigned flags;
	unsigned seen_count;
	uint64_t seen[ENGINE_SEEN]; /* its connects, the oldest first */
	size_t sub_count;
	const struct engine_sub {
		struct str pattern;
		uint64_t since;
	} *subs;
};

/* What was published to patterns, in order. One that several brought is there
 * several times, one after the other. */
struct engine_read {
	size_t count;
	const struct engine_entry {
		struct frozen *message;
		uint32_t of; /* which pattern of the call brought it */
	} *entries;
};

/* Filled by the worker that joins. All but the first only come from an engine
 * that joins nodes. What is passed is borrowed. */
struct engine_events {
	/* A publication that this worker has interest in, once, in the order of
	 * publishing. Joined nodes may tell for a while of what it wants no more. */
	void (*on_message)(void *arg, struct frozen *f);
	/* A session whose home is here wants more (+) or less (-); with no pattern at all
	 * it is a sign of life. */
	void (*on_change)(void *arg, uint64_t seq, struct str client_id, char sign,
			  const struct str *patterns, size_t n);
	/* It has moved by that connect (0: an event stream opened), or ended. */
	void (*on_taken)(void *arg, uint64_t seq, struct str client_id, uint64_t turn,
			 uint64_t connect);
	void (*on_gone)(void *arg, uint64_t seq, struct str client_id, uint64_t turn);
	/* From now on everything is heard that is published to `pattern`, if a session has
	 * subscribed to it. */
	void (*on_wanted)(void *arg, struct str pattern);
	/* The other nodes are out of reach; they are again, and what was missed has
	 * been told. */
	void (*on_down)(void *arg);
	void (*on_up)(void *arg);
	/* They have been for a while, so this publication of ours, the k-th, has no
	 * place in the order yet. Its sessions get it all the same. */
	void (*on_island)(void *arg, struct frozen *f, uint64_t k);
	/* It has now: as on_message, for those who did not get it then. */
	void (*on_mainland)(void *arg, struct frozen *f, uint64_t k);
	/* What the other nodes know of the sessions whose home is here may be gone: to
	 * be answered by engine_restore for each and engine_restored. `missed`: changes
	 * of those that are not gone may not have been told. */
	void (*on_restore)(void *arg, bool missed);
	/* Each second: everything up to `cursor` was told some while ago. To be
	 * answered by engine_beat. */
	void (*on_beat)(void *arg, uint64_t cursor);
};

struct engine_flow;
struct engine_ops;
struct engine {
	const struct engine_ops *ops;
};

struct engine_ops {
	bool joins_nodes;
	void (*free)(struct engine *e);
	int (*want)(struct engine *e, struct str pattern);
	void (*unwant)(struct engine *e, struct str pattern);
	void (*create)(struct engine *e, struct engine_call *call, struct str client_id,
		       unsigned flags);
	void (*destroy)(struct engine *e, struct engine_call *call, struct str client_id,
			uint64_t turn);
	void (*subscribe)(struct engine *e, struct engine_call *call,
			  struct str client_id, uint64_t key, unsigned limit,
			  const struct str *patterns, unsigned n);
	void (*unsubscribe)(struct engine *e, struct engine_call *call,
			    struct str client_id, uint64_t key,
			    const struct str *patterns, unsigned n);
	void (*publish)(struct engine *e, struct engine_call *call, struct frozen *f,
			struct str client_id, uint64_t key);
	/* NULL but for engines that join nodes: */
	void (*attach)(struct engine *e, struct engine_call *call, struct str client_id,
		       uint64_t connect, uint32_t count, int64_t stalled_ms);
	void (*touch)(struct engine *e, struct engine_call *call, struct str client_id,
		      uint64_t turn, uint64_t connect, uint32_t count, uint64_t cursor,
		      uint32_t acked);
	void (*record)(struct engine *e, struct engine_call *call, struct str client_id,
		       uint64_t turn, uint64_t cursor, uint64_t sent, uint64_t connect,
		       uint32_t acked);
	void (*read)(struct engine *e, struct engine_call *call,
		     const struct engine_sub *from, size_t n);
	void (*restore)(struct engine *e, struct engine_call *call, struct str client_id,
			const struct engine_client *c);
	void (*restored)(struct engine *e);
	void (*beat)(struct engine *e, uint64_t cursor, const struct engine_flow *enter,
		     size_t n);
};

/* The embedded engine: this node alone. `hub`: where its workers meet, which this one
 * has joined; NULL: there are no others. NULL: out of memory. */
struct hub;
struct engine *engine_new(struct loop *loop, struct hub *hub, unsigned worker,
			  const struct engine_events *events, void *arg);
/* Calls under way are dropped: their `done` is not called. */
static inline void
engine_free(struct engine *e)
{
	if (e)
		e->ops->free(e);
}

static inline bool
engine_joins_nodes(const struct engine *e)
{
	return e->ops->joins_nodes;
}

/* What this worker wants to hear, on_message's filter. Counted: as many times
 * off as on. At once with the embedded engine, else on_wanted tells. 0 or
 * -ENOMEM. */
static inline int
engine_want(struct engine *e, struct str pattern)
{
	return e->ops->want(e, pattern);
}
static inline void
engine_unwant(struct engine *e, struct str pattern)
{
	e->ops->unwant(e, pattern);
}

/* A session came to life here, or ended; `turn` 0 ends it wherever it is. 0,
 * ENGINE_TAKEN. */
static inline void
engine_create(struct engine *e, struct engine_call *call, struct str client_id,
	      unsigned flags)
{
	e->ops->create(e, call, client_id, flags);
}
/* 0, ENGINE_UNKNOWN or ENGINE_LOST. */
static inline void
engine_destroy(struct engine *e, struct engine_call *call, struct str client_id,
	       uint64_t turn)
{
	e->ops->destroy(e, call, client_id, turn);
}

/* The session's subscriptions change (with n 0 its home hears a sign of life); `key` stands for the request (0: none), which
 * is not done twice, and `limit` is how many it may have. 0 (and call->taken),
 * ENGINE_UNKNOWN or -ENOMEM. With the embedded engine it is the caller who then
 * makes the change; else it comes by on_change, at the session's home. */
static inline void
engine_subscribe(struct engine *e, struct engine_call *call, struct str client_id,
		 uint64_t key, unsigned limit, const struct str *patterns, unsigned n)
{
	e->ops->subscribe(e, call, client_id, key, limit, patterns, n);
}
static inline void
engine_unsubscribe(struct engine *e, struct engine_call *call, struct str client_id,
		   uint64_t key, const struct str *patterns, unsigned n)
{
	e->ops->unsubscribe(e, call, client_id, key, patterns, n);
}

/* Accepts `f` (the caller's reference is gone): 0 when every session that is
 * subscribed now, on any worker, will get it. With a client and a key it is not
 * done twice: ENGINE_DONE (the embedded engine leaves that to the caller). */
static inline void
engine_publish(struct engine *e, struct engine_call *call, struct frozen *f,
	       struct str client_id, uint64_t key)
{
	e->ops->publish(e, call, f, client_id, key);
}

/* ---- for engines that join nodes ---- */

/* The session makes its home here: a connect has come, which is its client's
 * `count`th (0: cannot be told). 0 and call->client, ENGINE_UNKNOWN, _OLD, _UNSURE,
 * -EAGAIN. */
static inline void
engine_attach(struct engine *e, struct engine_call *call, struct str client_id,
	      uint64_t connect, uint32_t count, int64_t stalled_ms)
{
	e->ops->attach(e, call, client_id, connect, count, stalled_ms);
}

/* A connect came to the session's home. `cursor` 0 stays as it is. 0 or LOST. */
static inline void
engine_touch(struct engine *e, struct engine_call *call, struct str client_id,
	     uint64_t turn, uint64_t connect, uint32_t count, uint64_t cursor,
	     uint32_t acked)
{
	e->ops->touch(e, call, client_id, turn, connect, count, cursor, acked);
}

/* What came up to `cursor` has arrived; an answer to `connect` (0: none) is to give
 * what comes up to `sent`. 0 or LOST. */
static inline void
engine_record(struct engine *e, struct engine_call *call, struct str client_id,
	      uint64_t turn, uint64_t cursor, uint64_t sent, uint64_t connect,
	      uint32_t acked)
{
	e->ops->record(e, call, client_id, turn, cursor, sent, connect, acked);
}

/* What was published to patterns behind `since`, until some moment from now on: where it
 * has interest, what came later is told by on_message. -EAGAIN: nodes went out of reach;
 * on_up will tell when to ask again. */
static inline void
engine_read(struct engine *e, struct engine_call *call, const struct engine_sub *from,
	    size_t n)
{
	e->ops->read(e, call, from, n);
}

/* The answer to on_beat: sessions that stream, and to which everything up to the
 * beat's cursor has arrived, enter the flow, of which that is said as a whole from then
 * on. A session's own engine_record takes it out; those to which it does not apply any
 * more have done so before. `cursor` 0: there are more to come. */
struct engine_flow {
	struct str client_id;
	uint64_t turn;
};
static inline void
engine_beat(struct engine *e, uint64_t cursor, const struct engine_flow *enter, size_t n)
{
	e->ops->beat(e, cursor, enter, n);
}

/* A session as it is here: its turn, cursor, sent, connect, acked, flags, seen, subs
 * count. 0, ENGINE_KEPT, ENGINE_LOST. */
static inline void
engine_restore(struct engine *e, struct engine_call *call, struct str client_id,
	       const struct engine_client *c)
{
	e->ops->restore(e, call, client_id, c);
}
/* That were all. */
static inline void
engine_restored(struct engine *e)
{
	e->ops->restored(e);
}

/* A call's memory goes: its `done` is not called any more. */
static inline void
engine_forget(struct engine_call *call)
{
	list_unlink(&call->node);
	frozen_unref(call->message);
	call->message = NULL;
	if (call->job)
		call->job->call = NULL;
	call->job = NULL;
}

#endif
