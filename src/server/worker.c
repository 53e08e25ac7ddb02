#include "server/worker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "broker/relay.h"
#include "server/survey.h"
#include "transport/eventsource.h"

enum {
	DRAIN_MS = 700, /* with what follows, a stop takes a second at most */
	DRAIN_LOOK_MS = 10,
	LEAST_HEAD = 8192, /* bytes that pools are made for */
	ARRIVAL_STALLS = 4, /* stall times that a body or message may take to come in */
	EVENTSOURCE_PING_MS = 10000, /* as Faye's (faye-websocket: eventsource) */
	NEWS_BYTES = 64 << 20, /* from Redis, before a worker that does not keep up */
	ROOMY = 4, /* times the largest head: that is held, and its cookies once more */
};

static const char WAITING[] = "waiting for Redis";

static void look_whether_drained(void *arg);

static uint32_t
clamp(size_t n)
{
	return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static void
on_joined(void *arg)
{
	struct worker *w = arg;
	const char *waiting = WAITING;

	/* Unless it is stopping already. */
	if (atomic_fetch_sub(&w->crew->joining, 1) == 1)
		atomic_compare_exchange_strong(&w->crew->health.trouble, &waiting, NULL);
}

static int
init_broker(struct worker *w, const struct config *cfg)
{
	const struct limits *lim = &cfg->limits;
	struct broker_config bc = {
		.timeout_ms = cfg->timeout_ms,
		.interval_ms = cfg->interval_ms,
		.batch = {
			.messages = clamp(lim->batch_messages),
			.nesting = clamp(lim->nesting),
		},
		.registry = {
			.sessions = clamp(lim->sessions),
			.subscriptions = clamp(lim->subscriptions),
			.queue = {
				.messages = clamp(lim->queue_messages),
				.bytes = lim->queue_bytes,
				/* Unsent and unproved, each up to its limit. */
				.returned_bytes = 2 * lim->unsent_bytes,
				.drop_oldest = lim->overflow == CONFIG_DROP_OLDEST,
			},
		},
		.hub = w->crew->hub,
		.worker = w->number,
		.workers = w->crew->brokers,
	};

	if (cfg->redis) {
		if (snprintf(w->prefix, sizeof(w->prefix), "{%s}:", cfg->redis_prefix) >=
		    (int)sizeof(w->prefix))
			return -ENAMETOOLONG; /* its option says less */
		w->redis = (struct redis_options){
			.crew = &w->crew->redis,
			.worker = w->number,
			.hub = w->crew->hub,
			.url = cfg->redis,
			.prefix = w->prefix,
			.timeout_ms = cfg->timeout_ms,
			.log_messages = cfg->redis_log,
			.news_bytes = NEWS_BYTES,
			.kept_messages = lim->kept_messages,
			.kept_bytes = lim->kept_bytes,
			.posting = { .bytes = lim->message_bytes, .batch = bc.batch },
			.log = w->log,
		};
		bc.make_engine = redis_engine_new;
		bc.maker = &w->redis;
		bc.on_joined = on_joined;
		bc.arg = w;
		w->crew->health.trouble = WAITING;
		atomic_fetch_add(&w->crew->joining, 1);
	}
	w->broker = broker_new(w->loop, w->log, &bc);
	if (!w->broker)
		return -ENOMEM;
	w->crew->brokers[w->number] = w->broker;
	w->redis_stats = cfg->redis ? redis_engine_stats(w->broker->engine) : NULL;
	return 0;
}

static int
init_streams(struct worker *w, const struct config *cfg)
{
	const struct limits *lim = &cfg->limits;
	struct stream_config sc = {
		.unsent_bytes = lim->unsent_bytes,
		.unproved_messages = clamp(lim->queue_messages),
		.stall_ms = lim->stall_ms,
		.ping_ms = cfg->ping_ms,
		.redelivery = cfg->redelivery == CONFIG_ON,
	};
	struct websocket_config wc = {
		.stream = sc,
		.message_bytes = lim->message_bytes,
		.arrival_ms = ARRIVAL_STALLS * lim->stall_ms,
		.compress = cfg->compress == CONFIG_ON,
	};
	int rc = websockets_init(&w->websockets, w->loop, w->log, w->broker, &w->handover, &wc);

	if (rc)
		return rc;
	w->handover = (struct handover){ w->crew->hub, w->crew->handovers, w->number,
					 &w->websockets, &w->eventsources, &w->entries };
	w->crew->handovers[w->number] = &w->handover;
	if (!sc.ping_ms)
		sc.ping_ms = EVENTSOURCE_PING_MS;
	eventsources_init(&w->eventsources, w->loop, w->log, w->broker, &sc);
	return 0;
}

static int
init_http(struct worker *w, const struct config *cfg, struct route route)
{
	const struct limits *lim = &cfg->limits;
	size_t head_bytes = lim->header_bytes < LEAST_HEAD ? LEAST_HEAD : lim->header_bytes;
	struct http_config hc = {
		.body_bytes = lim->message_bytes,
		/* Each byte less is one less for each idle poll (docs/memory.md); a
		 * later head on the same connection must fit, too. */
		.pool_bytes = head_bytes / 4 * 3,
		.connections = w->crew->connections,
		.head_ms = lim->head_ms,
		.body_ms = ARRIVAL_STALLS * lim->stall_ms,
		.route = route,
		.gate = &w->gate,
		.scripts = cfg->scripts,
		.health = &w->crew->health,
		.metrics = cfg->metrics == CONFIG_ON ? &w->metrics : NULL,
	};
	int rc = http_set_init(&w->http, w->loop, w->log, w->broker, &w->websockets,
			       &w->eventsources, &hc);

	hc.pool_bytes = ROOMY * head_bytes;
	if (!rc)
		rc = http_set_init(&w->roomy, w->loop, w->log, w->broker, &w->websockets,
				   &w->eventsources, &hc);
	return rc;
}

static int
init_plains(struct worker *w, const struct config *cfg, struct route route)
{
	struct plain_config pc = {
		.head_bytes = cfg->limits.header_bytes,
		.body_bytes = cfg->limits.message_bytes,
		.route = route,
		.gate = &w->gate,
		.on_other = entry_take_back,
		.arg = &w->entries,
	};

	return plains_init(&w->plains, w->loop, w->log, w->broker, &pc);
}

static int
init_entries(struct worker *w, const struct config *cfg, struct route route)
{
	struct entry_config ec = {
		.head_bytes = cfg->limits.header_bytes,
		.head_ms = cfg->limits.head_ms,
		.connections = w->crew->connections,
		.counts = w->crew->hub ? w->crew->connection_counts : NULL,
		.workers = w->crew->count,
		.worker = w->number,
		.route = route,
		.gate = &w->gate,
	};

	return entries_init(&w->entries, w->loop, w->log, &w->http, &w->roomy, &w->plains,
			    &w->websockets, &w->eventsources, &w->handover, &ec);
}

static int
init_transports(struct worker *w, const struct config *cfg)
{
	struct route route = { w->mounts, cfg->mount_count };
	int rc = init_streams(w, cfg);

	if (!rc)
		rc = init_http(w, cfg, route);
	if (!rc)
		rc = init_plains(w, cfg, route);
	if (!rc)
		rc = init_entries(w, cfg, route);
	return rc;
}

/* "*" alone makes an empty list, which is any. */
static int
init_gate(struct worker *w, const struct config *cfg)
{
	size_t i, n = 0;

	w->origins = calloc(cfg->origin_count, sizeof(*w->origins));
	if (!w->origins)
		return -ENOMEM;
	for (i = 0; i < cfg->origin_count; i++) {
		if (strcmp(cfg->origins[i], "*") == 0)
			continue;
		if (origin_parse(&w->origins[n++], str_from(cfg->origins[i])))
			return -EINVAL;
	}
	w->gate = (struct gate){ .origins = { w->origins, n }, .loop = w->loop, .log = w->log };
	return 0;
}

int
worker_prepare(struct worker *w, struct crew *crew, unsigned number)
{
	*w = (struct worker){ .crew = crew, .number = number, .log = crew->log };
	w->listeners = calloc(crew->cfg->listen_count, sizeof(*w->listeners));
	return w->listeners ? 0 : -ENOMEM;
}

int
worker_init(struct worker *w)
{
	struct crew *crew = w->crew;
	const struct config *cfg = crew->cfg;
	size_t i;
	int rc;

	w->mounts = calloc(cfg->mount_count, sizeof(*w->mounts));
	w->loop = loop_new();
	if (!w->mounts || !w->loop)
		return -ENOMEM;
	loop_timer_init(&w->drain, look_whether_drained, w);
	w->metrics = (struct metrics){ survey_begin, w };
	if (!crew->started_ms)
		crew->started_ms = loop_wall_ms(w->loop, loop_now_ms(w->loop));
	for (i = 0; i < cfg->mount_count; i++)
		w->mounts[i] = str_from(cfg->mounts[i]);
	rc = crew->hub ? hub_join(crew->hub, w->number, w->loop) : 0;
	if (!rc)
		rc = init_gate(w, cfg);
	if (!rc)
		rc = init_broker(w, cfg);
	return rc ? rc : init_transports(w, cfg);
}

static void
on_accept(void *arg, int fd, const struct sockaddr *addr, socklen_t n)
{
	struct worker *w = arg;

	entry_add(&w->entries, fd, addr, n);
}

static void
on_crowded(void *arg, int fd)
{
	struct worker *w = arg;

	entry_turn_away(&w->entries, fd);
}

int
worker_start(struct worker *w)
{
	size_t i;

	for (i = 0; i < w->listener_count; i++) {
		w->listeners[i].crowded_from = w->crew->crowded_from;
		w->listeners[i].on_accept = on_accept;
		w->listeners[i].on_crowded = on_crowded;
		w->listeners[i].arg = w;
		if (listener_start(&w->listeners[i], w->loop, w->log))
			return -ENOMEM;
	}
	return 0;
}

/* ---- the end ---- */

/* Alone, a node's sessions end with it: there is nothing to be proved. */
static bool
is_drained(const struct worker *w)
{
	return !engine_joins_nodes(w->broker->engine) || w->websockets.streams.count == 0;
}

/* Sockets that are to prove what they got have a moment for it. */
static void
look_whether_drained(void *arg)
{
	struct worker *w = arg;
	int64_t now = loop_now_ms(w->loop);

	if (is_drained(w) || now >= w->drain_until_ms ||
	    loop_timer_set(w->loop, &w->drain, now + DRAIN_LOOK_MS))
		loop_stop(w->loop);
}

static void
close_listeners(struct worker *w)
{
	size_t i;

	for (i = 0; i < w->listener_count; i++)
		listener_close(&w->listeners[i]);
}

static void
begin_to_stop(struct worker *w)
{
	close_listeners(w);
	w->drain_until_ms = loop_now_ms(w->loop) + DRAIN_MS;
	if (engine_joins_nodes(w->broker->engine))
		websockets_drain(&w->websockets);
	relay_drain(w->broker);
	look_whether_drained(w);
}

static void
on_stop(struct mail *m)
{
	begin_to_stop(list_entry(m, struct worker, stop));
}

void
worker_stop(struct worker *w)
{
	w->stop.run = on_stop;
	if (w->crew->hub)
		hub_post(w->crew->hub, w->number, &w->stop);
	else
		begin_to_stop(w);
}

void
worker_close_streams(struct worker *w)
{
	entries_clear(&w->entries);
	/* Lent descriptors go back to the daemon before that stops. */
	websockets_clear(&w->websockets);
	streams_clear(&w->eventsources);
}

void
worker_close_connections(struct worker *w)
{
	plains_clear(&w->plains);
	http_set_clear(&w->http);
	http_set_clear(&w->roomy);
}

void
worker_abandon(struct worker *w)
{
	if (w->broker)
		broker_abandon(w->broker);
}

void
worker_clear(struct worker *w)
{
	if (w->listeners)
		close_listeners(w);
	free(w->listeners);
	if (w->loop)
		loop_timer_clear(w->loop, &w->drain);
	broker_free(w->broker);
	if (w->crew && w->crew->hub)
		hub_leave(w->crew->hub, w->number);
	loop_free(w->loop);
	free(w->mounts);
	free(w->origins);
	*w = (struct worker){ 0 };
}
