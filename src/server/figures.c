#include "server/figures.h"

static void
add_streams(struct figures *f, enum figures_stream kind, const struct streams *set)
{
	f->streams[kind].count += set->count;
	f->streams[kind].opened += set->opened;
	f->streams[kind].stalled += set->stalled;
	f->streams[kind].overflowed += set->overflowed;
	f->streams[kind].unproved += set->unproved;
	f->lent += set->lent;
}

static void
add_counts(struct broker_counts *to, const struct broker_counts *from)
{
	to->published += from->published;
	to->delivered += from->delivered;
	to->repeated += from->repeated;
	to->overflowed += from->overflowed;
	to->dropped += from->dropped;
	to->expired += from->expired;
	to->lost += from->lost;
	to->refused += from->refused;
}

/* All workers have the same uplink. */
static void
set_redis(struct figures *f, const struct redis_stats *s)
{
	unsigned i;

	for (i = 0; i < STAT_COUNT; i++)
		f->redis[i] = redis_stat(s, i);
	f->joins_nodes = true;
}

void
figures_add(struct figures *f, const struct worker *w)
{
	const struct registry *r = &w->broker->registry;

	f->workers++;
	f->connections += entries_connections(&w->entries);
	f->suspended += http_set_suspended(&w->http) + http_set_suspended(&w->roomy) +
			w->plains.running;
	f->full += w->entries.full;
	f->refused += w->entries.refused;
	f->requests += http_set_requests(&w->http) + http_set_requests(&w->roomy) +
		       w->plains.requests;
	f->origins_refused += w->gate.refused;
	add_streams(f, FIGURES_WEBSOCKET, &w->websockets.streams);
	add_streams(f, FIGURES_EVENTSOURCE, &w->eventsources);
	f->sessions += r->sessions.count;
	f->subscriptions += r->subs.count;
	/* With one engine for all they are counted once, whoever has them. */
	if (w->crew->hub && !w->redis_stats)
		f->topics = hub_patterns(w->crew->hub, w->number);
	else
		f->topics += r->subs.topics.count;
	add_counts(&f->counts, &w->broker->counts);
	if (w->redis_stats)
		set_redis(f, w->redis_stats);
}
