/* The embedded engine: this node alone.
 *
 * Calls queue up and are done in one deferred task, in order; a publication is
 * handed up in its turn, so it finds exactly the subscriptions that were
 * answered before it. The directory knows which clients exist, the interest
 * table which patterns the worker wants: what nobody wants goes no further. */
#include "engine/engine.h"

#include <stdlib.h>

#include "bayeux/channel.h"
#include "util/map.h"

struct client {
	struct map_node by_id;
	char id[];
};

struct interest {
	struct map_node by_pattern;
	uint32_t count;
	char pattern[];
};

struct local {
	struct engine engine;
	struct loop *loop;
	struct loop_task task;
	struct list calls; /* struct engine_call, oldest first */
	struct map directory, interests;
	const struct engine_events *events;
	void *arg;
};

static struct local *
local_of(struct engine *e)
{
	return list_entry(e, struct local, engine);
}

/* ---- interest ---- */

static struct interest *
find_interest(const struct local *e, struct str pattern)
{
	struct map_node *n = map_find(&e->interests, pattern);

	return n ? map_entry(n, struct interest, by_pattern) : NULL;
}

static int
want(struct engine *engine, struct str pattern)
{
	struct local *e = local_of(engine);
	struct interest *in = find_interest(e, pattern);

	if (in) {
		in->count++;
		return 0;
	}
	in = malloc(sizeof(*in) + pattern.n);
	if (!in)
		return -ENOMEM;
	in->count = 1;
	memcpy(in->pattern, pattern.p, pattern.n);
	if (map_add(&e->interests, &in->by_pattern,
		    (struct str){ in->pattern, pattern.n })) {
		free(in);
		return -ENOMEM;
	}
	return 0;
}

static void
unwant(struct engine *engine, struct str pattern)
{
	struct local *e = local_of(engine);
	struct interest *in = find_interest(e, pattern);

	if (!in || --in->count)
		return;
	map_remove(&e->interests, &in->by_pattern);
	free(in);
}

static bool
is_wanted(const struct local *e, struct str channel)
{
	struct str patterns[CHANNEL_MAX_PATTERNS];
	char scratch[CHANNEL_SCRATCH];
	size_t i, n;

	if (e->interests.count == 0)
		return false;
	n = channel_expand(channel, patterns, scratch);
	for (i = 0; i < n; i++)
		if (map_find(&e->interests, patterns[i]))
			return true;
	return false;
}

/* ---- calls ---- */

static void
finish_calls(void *arg)
{
	struct local *e = arg;
	struct list_node *n;

	while ((n = list_take_first(&e->calls))) {
		struct engine_call *call = list_entry(n, struct engine_call, node);
		struct frozen *f = call->message;

		call->message = NULL;
		if (f && is_wanted(e, frozen_channel(f)))
			e->events->on_message(e->arg, f);
		frozen_unref(f);
		call->done(call, call->result);
	}
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

static struct client *
find_client(const struct local *e, struct str id)
{
	struct map_node *n = map_find(&e->directory, id);

	return n ? map_entry(n, struct client, by_id) : NULL;
}

static int
add_client(struct local *e, struct str id)
{
	struct client *c;

	if (find_client(e, id))
		return ENGINE_TAKEN;
	c = malloc(sizeof(*c) + id.n);
	if (!c)
		return -ENOMEM;
	memcpy(c->id, id.p, id.n);
	if (map_add(&e->directory, &c->by_id, (struct str){ c->id, id.n })) {
		free(c);
		return -ENOMEM;
	}
	return 0;
}

static int
remove_client(struct local *e, struct str id)
{
	struct client *c = find_client(e, id);

	if (!c)
		return ENGINE_UNKNOWN;
	map_remove(&e->directory, &c->by_id);
	free(c);
	return 0;
}

static void
create(struct engine *engine, struct engine_call *call, struct str client_id,
       unsigned flags)
{
	struct local *e = local_of(engine);

	(void)flags;
	add_call(e, call, add_client(e, client_id));
}

static void
destroy(struct engine *engine, struct engine_call *call, struct str client_id,
	uint64_t turn)
{
	struct local *e = local_of(engine);

	(void)turn;
	add_call(e, call, remove_client(e, client_id));
}

/* One node keeps a session's subscriptions in the session alone, and its limit, too. */
static void
subscribe(struct engine *engine, struct engine_call *call, struct str client_id,
	  uint64_t key, unsigned limit, const struct str *patterns, unsigned n)
{
	struct local *e = local_of(engine);

	(void)key;
	(void)limit;
	(void)patterns;
	call->taken = n;
	add_call(e, call, find_client(e, client_id) ? 0 : ENGINE_UNKNOWN);
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
	struct map_node *n;
	struct list_node *c;

	loop_task_clear(&e->task);
	while ((c = list_take_first(&e->calls)))
		frozen_unref(list_entry(c, struct engine_call, node)->message);
	while ((n = map_take_any(&e->directory)))
		free(map_entry(n, struct client, by_id));
	while ((n = map_take_any(&e->interests)))
		free(map_entry(n, struct interest, by_pattern));
	map_clear(&e->directory);
	map_clear(&e->interests);
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

struct engine *
engine_new(struct loop *loop, const uint64_t seed[2],
	   const struct engine_events *events, void *arg)
{
	struct local *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->engine.ops = &ops;
	e->loop = loop;
	e->events = events;
	e->arg = arg;
	list_init(&e->calls);
	loop_task_init(&e->task, finish_calls, e);
	map_init(&e->directory, seed);
	map_init(&e->interests, seed);
	return &e->engine;
}
