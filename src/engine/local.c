/* The embedded engine: this node alone, one for each worker. What they share is the hub.
 *
 * Calls queue up and are done in one deferred task, in order; a publication is handed
 * on in its turn, so it finds exactly the subscriptions that were answered before it,
 * on whichever worker. */
#include "engine/engine.h"

#include <stdlib.h>

#include "engine/hub.h"
#include "host/random.h"

struct local {
	struct engine engine;
	struct loop *loop;
	struct hub *hub, *own_hub; /* the latter is NULL where there are others */
	unsigned worker;
	struct loop_task task;
	struct list calls; /* struct engine_call, oldest first */
	const struct engine_events *events;
	void *arg;
};

static struct local *
local_of(struct engine *e)
{
	return list_entry(e, struct local, engine);
}

static int
want(struct engine *engine, struct str pattern)
{
	struct local *e = local_of(engine);

	return hub_want(e->hub, e->worker, pattern);
}

static void
unwant(struct engine *engine, struct str pattern)
{
	struct local *e = local_of(engine);

	hub_unwant(e->hub, e->worker, pattern);
}

/* ---- calls ---- */

static int
hand_on(struct local *e, struct frozen *f)
{
	bool own;
	int rc = hub_publish(e->hub, e->worker, f, &own);

	if (own)
		e->events->on_message(e->arg, f);
	return rc;
}

static void
finish_calls(void *arg)
{
	struct local *e = arg;
	struct list_node *n;

	while ((n = list_take_first(&e->calls))) {
		struct engine_call *call = list_entry(n, struct engine_call, node);
		struct frozen *f = call->message;

		call->message = NULL;
		if (f)
			call->result = hand_on(e, f);
		else /* what was published before is for those who were there then */
			hub_hear(e->hub, e->worker);
		frozen_unref(f);
		call->done(call, call->result);
	}
	hub_flush(e->hub, e->worker);
}

static void
add_call(struct local *e, struct engine_call *call, int result)
{
	call->message = NULL;
	call->job = NULL;
	call->result = result;
	list_append(&e->calls, &call->node);
	loop_defer(e->loop, &e->task);
}

/* ---- clients ---- */

static void
create(struct engine *engine, struct engine_call *call, struct str client_id,
       unsigned flags)
{
	struct local *e = local_of(engine);

	bool fresh = false;
	int rc = directory_claim(&e->hub->directory, client_id, e->worker, &fresh);

	(void)flags;
	add_call(e, call, rc < 0 ? rc : fresh ? 0 : ENGINE_TAKEN);
}

static void
destroy(struct engine *engine, struct engine_call *call, struct str client_id,
	uint64_t turn)
{
	struct local *e = local_of(engine);

	bool was = directory_release(&e->hub->directory, client_id, e->worker);

	(void)turn;
	add_call(e, call, was ? 0 : ENGINE_UNKNOWN);
}

/* One node keeps a session's subscriptions in the session alone, and its limit, too. */
static void
subscribe(struct engine *engine, struct engine_call *call, struct str client_id,
	  uint64_t key, unsigned limit, const struct str *patterns, unsigned n)
{
	struct local *e = local_of(engine);
	int home = directory_find(&e->hub->directory, client_id);

	(void)key;
	(void)limit;
	(void)patterns;
	call->taken = n;
	add_call(e, call, home == (int)e->worker ? 0 : ENGINE_UNKNOWN);
}

static void
unsubscribe(struct engine *engine, struct engine_call *call, struct str client_id,
	    uint64_t key, const struct str *patterns, unsigned n)
{
	subscribe(engine, call, client_id, key, 0, patterns, n);
}

static void
publish(struct engine *engine, struct engine_call *call, struct frozen *f,
	struct str client_id, uint64_t key)
{
	(void)client_id;
	(void)key;
	add_call(local_of(engine), call, 0);
	call->message = f;
}

/* ---- life ---- */

static void
free_local(struct engine *engine)
{
	struct local *e = local_of(engine);
	struct list_node *c;

	loop_task_clear(&e->task);
	while ((c = list_take_first(&e->calls)))
		frozen_unref(list_entry(c, struct engine_call, node)->message);
	if (e->own_hub)
		hub_leave(e->own_hub, 0);
	hub_free(e->own_hub);
	free(e);
}

static const struct engine_ops ops = {
	.free = free_local,
	.want = want,
	.unwant = unwant,
	.create = create,
	.destroy = destroy,
	.subscribe = subscribe,
	.unsubscribe = unsubscribe,
	.publish = publish,
};

/* 0 or negative errno. */
static int
make_hub(struct local *e)
{
	uint64_t seed[2];
	int rc = random_bytes(seed, sizeof(seed));

	if (rc)
		return rc;
	e->own_hub = hub_new(1, seed);
	return e->own_hub ? hub_join(e->own_hub, 0, e->loop) : -ENOMEM;
}

struct engine *
engine_new(struct loop *loop, struct hub *hub, unsigned worker,
	   const struct engine_events *events, void *arg)
{
	struct local *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->engine.ops = &ops;
	e->loop = loop;
	e->worker = hub ? worker : 0;
	e->events = events;
	e->arg = arg;
	list_init(&e->calls);
	loop_task_init(&e->task, finish_calls, e);
	if (!hub && make_hub(e)) {
		hub_free(e->own_hub);
		free(e);
		return NULL;
	}
	e->hub = hub ? hub : e->own_hub;
	hub_listen(e->hub, e->worker, events->on_message, arg);
	return &e->engine;
}
