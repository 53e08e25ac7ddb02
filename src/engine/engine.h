/* Where workers meet, and later nodes: the contract that the broker sees.
 *
 * Operations are calls: the caller lends a `struct engine_call`, and its `done`
 * is called with the result on a later step of the loop, never before the
 * operation returns. Calls of one worker are done in the order they were made,
 * and a publication reaches sessions before its own call is done: so a
 * subscribe and a publish of one batch, done one after the other, deliver.
 *
 * All of it belongs to the worker's thread. */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include "bayeux/frozen.h"
#include "host/loop.h"
#include "util/list.h"

struct engine;

/* Results; 0 is success, negative errno a fault. */
enum engine_result {
	ENGINE_TAKEN = 1, /* create: that id is somebody's */
	ENGINE_UNKNOWN,   /* no such client */
};

struct engine_call {
	void (*done)(struct engine_call *call, int result);
	/* The engine's, while it is under way: */
	struct list_node node;
	struct frozen *message;
	int result;
};

/* Filled by the worker that joins. */
struct engine_events {
	/* A publication that this worker has interest in, once, in the order of
	 * publishing. Borrowed. */
	void (*on_message)(void *arg, struct frozen *f);
};

/* Joins the worker whose loop it is. NULL: out of memory. */
struct engine *engine_new(struct loop *loop, const uint64_t seed[2],
			  const struct engine_events *events, void *arg);
/* Calls under way are dropped: their `done` is not called. */
void engine_free(struct engine *e);

/* What this worker wants to hear, on_message's filter. Counted: as many times
 * off as on. At once. 0 or -ENOMEM. */
int engine_want(struct engine *e, struct str pattern);
void engine_unwant(struct engine *e, struct str pattern);

/* A session came to life here, or ended. 0, ENGINE_TAKEN. */
void engine_create(struct engine *e, struct engine_call *call, struct str client_id);
/* 0 or ENGINE_UNKNOWN. */
void engine_destroy(struct engine *e, struct engine_call *call, struct str client_id);

/* The session's subscriptions change. 0, ENGINE_UNKNOWN or -ENOMEM. */
void engine_subscribe(struct engine *e, struct engine_call *call, struct str client_id,
		      const struct str *patterns, unsigned n);
void engine_unsubscribe(struct engine *e, struct engine_call *call,
			struct str client_id, const struct str *patterns, unsigned n);

/* Accepts `f` (the caller's reference is gone): 0 when every session that is
 * subscribed now, on any worker, will get it. */
void engine_publish(struct engine *e, struct engine_call *call, struct frozen *f);

#endif
