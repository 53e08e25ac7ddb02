#include "broker/broker.h"

#include <errno.h>
#include <stdlib.h>

#include "broker/exchange.h"
#include "broker/relay.h"
#include "broker/waiting.h"
#include "engine/hub.h"
#include "host/random.h"

enum { ENDED_A_TURN = 1000 }; /* sessions, so that a turn stays short */

/* An ended session's last word to the engine; its memory is its own. */
struct parting {
	struct engine_call call;
	struct list_node node;
};

/* ---- messages ---- */

static void
keep(struct broker *b, struct session *s, struct frozen *f)
{
	struct outlet *o = s->outlet;

	switch (session_keep(s, frozen_ref(f), &b->registry.limits.queue)) {
	case 0:
		break;
	case SESSION_DROPPED:
		b->counts.dropped++;
		break;
	case SESSION_OVERFLOW:
		s->overflowed = true;
		registry_doom(&b->registry, s);
		loop_at_end(b->loop, &b->finish);
		return;
	default:
		broker_count_lost(b, s);
	}
	if (o)
		o->behind = true;
	if (s->held && !session_streams(s) && waiting_brings_messages(s->held))
		waiting_make_ready(s->held);
}

void
broker_hand_over(struct broker *b, struct session *s, struct frozen *f)
{
	struct outlet *o = s->outlet;

	/* Behind a backlog it waits its turn. */
	if (session_streams(s) && s->queue.count == 0)
		o->ops->send(o, frozen_ref(f));
	else
		keep(b, s, f);
}

static void
on_session_message(void *arg, struct session *s, struct frozen *f)
{
	if (!s->member || !member_holds_back(s, f))
		broker_hand_over(arg, s, f);
}

static void
on_interest(void *arg, struct str pattern, bool wanted)
{
	struct broker *b = arg;

	if (!wanted)
		engine_unwant(b->engine, pattern);
	else if (engine_want(b->engine, pattern))
		log_error(b->log, "broker: out of memory, a subscription will hear nothing");
}

static void
on_engine_message(void *arg, struct frozen *f)
{
	struct broker *b = arg;

	b->cluster.pos = f->seq;
	b->counts.delivered += registry_deliver(&b->registry, f);
}

void
broker_count_lost(struct broker *b, const struct session *s)
{
	(void)s;
	if (b->counts.lost++ == 0)
		log_error(b->log, "broker: out of memory, messages are being lost");
}

/* ---- sessions ---- */

static void
watch_expiry(struct broker *b)
{
	int64_t at = registry_deadline(&b->registry);

	/* One that rings early only looks; so it is moved when it has rung. */
	if (at != INT64_MAX && !heap_has(&b->expiry.node) &&
	    loop_timer_set(b->loop, &b->expiry, at))
		log_error(b->log, "broker: out of memory, sessions will not expire");
}

static void
on_expiry(void *arg)
{
	struct broker *b = arg;

	/* Out of reach of other nodes, nobody knows whom these have heard. */
	if (engine_joins_nodes(b->engine) && !b->cluster.up)
		registry_excuse(&b->registry, loop_now_ms(b->loop));
	registry_expire(&b->registry, loop_now_ms(b->loop));
	loop_at_end(b->loop, &b->finish);
	watch_expiry(b);
}

/* The embedded engine does so itself: it knows of all sessions. */
static bool
keeps_directory(const struct broker *b)
{
	return b->hub && engine_joins_nodes(b->engine);
}

int
broker_claim(struct broker *b, struct str client_id)
{
	int rc = 0;

	if (keeps_directory(b))
		rc = directory_claim(&b->hub->directory, client_id, b->worker, NULL);
	return rc == DIRECTORY_TAKEN ? -EAGAIN : rc;
}

void
broker_release(struct broker *b, struct str client_id)
{
	if (keeps_directory(b))
		directory_release(&b->hub->directory, client_id, b->worker);
}

static void
on_session_end(void *arg, const struct session *s)
{
	struct broker *b = arg;

	broker_release(b, session_id(s));
	if (b->hub)
		hub_remove_session(b->hub);
}

bool
broker_is_full(const struct broker *b)
{
	size_t n = b->hub ? atomic_load_explicit(&b->hub->sessions, memory_order_relaxed)
			  : b->registry.sessions.count;

	return n >= b->registry.limits.sessions;
}

static int
add_session(struct broker *b, const char *id, struct session **out)
{
	int rc;

	if (b->hub && !hub_add_session(b->hub, b->registry.limits.sessions))
		return REGISTRY_FULL;
	rc = registry_create(&b->registry, str_from(id), loop_now_ms(b->loop), out);
	if (rc && b->hub)
		hub_remove_session(b->hub);
	return rc;
}

int
broker_create_session(struct broker *b, const char *id, unsigned flags,
		      struct session **out)
{
	int rc = broker_claim(b, str_from(id));

	if (rc)
		return rc;
	rc = add_session(b, id, out);
	if (rc == REGISTRY_FULL)
		b->counts.refused++;
	if (rc && rc != REGISTRY_TAKEN)
		broker_release(b, str_from(id));
	if (rc)
		return rc;
	(*out)->acks = (flags & ENGINE_ACKS) != 0;
	(*out)->max_interval = (flags & ENGINE_MAX_INTERVAL) != 0;
	watch_expiry(b);
	return 0;
}

static void
on_parted(struct engine_call *call, int result)
{
	struct parting *p = list_entry(call, struct parting, call);

	(void)result;
	list_unlink(&p->node);
	free(p);
}

void
broker_part(struct broker *b, struct str client_id, uint64_t turn)
{
	struct parting *p = calloc(1, sizeof(*p));

	if (!p)
		return; /* the engine forgets it in its own time */
	p->call.done = on_parted;
	list_append(&b->partings, &p->node);
	engine_destroy(b->engine, &p->call, client_id, turn);
}

void
broker_end_session(struct broker *b, struct session *s)
{
	struct outlet *o = s->outlet;

	if (s->held) {
		/* A stream is told by its closing (Faye: server/disconnect). */
		if (o && outlet_holds(o, s))
			waiting_drop(s->held);
		else
			waiting_answer_last(s->held);
	}
	if (o)
		outlet_part(o);
	member_end(s);
	registry_end(&b->registry, s);
}

static void
end_doomed(struct broker *b)
{
	unsigned i, overflowed = 0;
	struct session *s;

	for (i = 0; i < ENDED_A_TURN; i++) {
		s = registry_take_doomed(&b->registry);
		if (!s)
			break;
		overflowed += s->overflowed;
		b->counts.expired += !s->overflowed;
		broker_part(b, session_id(s), member_turn(s));
		broker_end_session(b, s);
	}
	b->counts.overflowed += overflowed;
	if (overflowed)
		log_limited(b->log, &b->overflow_lines, loop_now_ms(b->loop), overflowed,
			    "sessions ended, their queues were full");
	if (i == ENDED_A_TURN)
		loop_at_end(b->loop, &b->finish);
}

static void
finish_turn(void *arg)
{
	struct broker *b = arg;

	waiting_answer_ready(b);
	end_doomed(b);
}

struct reply_advice
broker_advice(const struct broker *b, const struct session *s, bool event_source)
{
	struct reply_advice advice = { ADVICE_RETRY, b->interval_ms, b->timeout_ms, 0 };

	/* An event source is told to connect again after the timeout: that is its
	 * sign of life (Faye: server/connect). */
	if (event_source) {
		advice.interval_ms = b->timeout_ms;
		advice.timeout_ms = 0;
	}
	/* After all three of silence it is forgotten, and its client knows. */
	if (s && s->max_interval)
		advice.max_interval_ms = b->registry.limits.life_ms - b->timeout_ms;
	return advice;
}

/* ---- life ---- */

static const struct registry_events registry_events = {
	.on_message = on_session_message,
	.on_interest = on_interest,
	.on_end = on_session_end,
};

static const struct engine_events engine_events = {
	.on_message = on_engine_message,
	.on_change = cluster_on_change,
	.on_taken = cluster_on_taken,
	.on_gone = cluster_on_gone,
	.on_wanted = cluster_on_wanted,
	.on_down = cluster_on_down,
	.on_up = cluster_on_up,
	.on_island = cluster_on_island,
	.on_mainland = cluster_on_mainland,
	.on_restore = cluster_on_restore,
	.on_beat = cluster_on_beat,
};

struct broker *
broker_new(struct loop *loop, const struct log *log, const struct broker_config *cfg)
{
	struct registry_limits limits = cfg->registry;
	struct broker *b;
	uint64_t seed[2];

	if (random_bytes(seed, sizeof(seed)))
		return NULL;
	b = calloc(1, sizeof(*b));
	if (!b)
		return NULL;
	b->engine = cfg->make_engine ? cfg->make_engine(cfg->maker, loop, &engine_events, b)
				     : engine_new(loop, cfg->hub, cfg->worker, &engine_events, b);
	if (!b->engine) {
		free(b);
		return NULL;
	}
	b->loop = loop;
	b->log = log;
	b->hub = cfg->hub;
	b->worker = cfg->worker;
	b->on_joined = cfg->on_joined;
	b->on_joined_arg = cfg->arg;
	b->timeout_ms = cfg->timeout_ms;
	b->interval_ms = cfg->interval_ms;
	b->batch_limits = cfg->batch;
	limits.life_ms = 2 * cfg->timeout_ms; /* Faye: engines/memory */
	registry_init(&b->registry, &limits, seed, &registry_events, b);
	loop_timer_init(&b->expiry, on_expiry, b);
	loop_task_init(&b->finish, finish_turn, b);
	list_init(&b->ready);
	loop_task_init(&b->go_on, exchange_go_on, b);
	list_init(&b->orphans);
	list_init(&b->released);
	b->workers = cfg->workers;
	list_init(&b->guests);
	list_init(&b->leaving);
	loop_task_init(&b->leave, relay_send_back, b);
	list_init(&b->partings);
	cluster_init(&b->cluster, seed);
	return b;
}

void
broker_abandon(struct broker *b)
{
	struct list_node *n;

	while ((n = list_first(&b->orphans)) || (n = list_first(&b->released)))
		exchange_free(list_entry(n, struct exchange, node));
	relay_send_back(b);
}

void
broker_free(struct broker *b)
{
	struct list_node *n;

	if (!b)
		return;
	loop_timer_clear(b->loop, &b->expiry);
	loop_task_clear(&b->finish);
	loop_task_clear(&b->go_on);
	broker_abandon(b);
	loop_task_clear(&b->leave);
	while ((n = list_take_first(&b->partings))) {
		struct parting *p = list_entry(n, struct parting, node);

		engine_forget(&p->call);
		free(p);
	}
	cluster_clear(b);
	registry_clear(&b->registry);
	engine_free(b->engine);
	free(b);
}

int
broker_take(struct broker *b, struct outlet *o, char *text, size_t n)
{
	(void)b;
	return exchange_start(o, text, n);
}

bool
broker_knows(const struct broker *b, struct str client_id)
{
	return registry_find(&b->registry, client_id) ||
	       broker_home(b, client_id) != BROKER_HERE ||
	       (engine_joins_nodes(b->engine) && session_is_id(client_id));
}

int
broker_home(const struct broker *b, struct str client_id)
{
	int home = BROKER_HERE;

	if (b->hub && session_is_id(client_id) && !registry_find(&b->registry, client_id))
		home = directory_find(&b->hub->directory, client_id);
	return home < 0 || home == (int)b->worker ? BROKER_HERE : home;
}
