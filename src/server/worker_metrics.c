#include "server/worker_metrics.h"

#include <sys/resource.h>

#include "fayed/version.h"
#include "server/exposition.h"

static void
counter(struct buf *out, const char *name, const char *help, uint64_t v)
{
	exposition_counter(out, name, help, (double)v);
}

static void
gauge(struct buf *out, const char *name, const char *help, uint64_t v)
{
	exposition_gauge(out, name, help, (double)v);
}

/* ---- the process ---- */

static double
seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* Names of Prometheus's own, the same for all programs, where there are some. */
static void
write_process(const struct worker *w, struct buf *out)
{
	struct rusage used = { 0 };

	getrusage(RUSAGE_SELF, &used);
	exposition_begin(out, "fayed_build_info", EXPOSITION_GAUGE, "What runs here.");
	exposition_labeled(out, "fayed_build_info", "version", FAYED_VERSION, 1);
	exposition_gauge(out, "process_start_time_seconds",
			 "When the process started, in seconds since 1970.",
			 (double)w->started_ms / 1e3);
	exposition_counter(out, "process_cpu_seconds_total", "CPU time of the process.",
			   seconds(used.ru_utime) + seconds(used.ru_stime));
}

/* ---- connections ---- */

static void
write_connections(const struct worker *w, struct buf *out)
{
	static const char name[] = "fayed_connections";
	size_t all = entries_connections(&w->entries);
	size_t sockets = w->websockets.streams.count, events = w->eventsources.count;
	/* A lent descriptor's connection is suspended, too. */
	size_t polls = w->http.suspended + w->roomy.suspended - w->eventsources.lent;
	size_t known = sockets + events + polls;

	exposition_begin(out, name, EXPOSITION_GAUGE,
			 "Connections: streams, polls that are held, and all others.");
	exposition_labeled(out, name, "kind", "websocket", (double)sockets);
	exposition_labeled(out, name, "kind", "eventsource", (double)events);
	exposition_labeled(out, name, "kind", "poll", (double)polls);
	/* What has ended may be counted until libmicrohttpd's next turn, or not. */
	exposition_labeled(out, name, "kind", "other", (double)(all > known ? all - known : 0));
	gauge(out, "fayed_connections_limit", "Connections that there may be at once.",
	      w->entries.config.connections);
	counter(out, "fayed_connections_full_total",
		"Connections turned away with 503 for want of room or descriptors.",
		w->entries.full);
	counter(out, "fayed_connections_refused_total",
		"Connections ended for their first head: bad, too large, late, or of a "
		"WebSocket that is not to be.",
		w->entries.refused);
	counter(out, "fayed_origins_refused_total",
		"Requests and WebSockets of pages that are not in the list of origins.",
		w->gate.refused);
	counter(out, "fayed_http_requests_total",
		"HTTP requests; WebSockets and event sources are streams.",
		w->http.requests + w->roomy.requests);
}

struct stream_counter {
	const char *name, *help;
	size_t field; /* in struct streams, uint64_t */
};

static uint64_t
field_of(const struct streams *set, size_t at)
{
	uint64_t v;

	memcpy(&v, (const char *)set + at, sizeof(v));
	return v;
}

static void
write_streams(const struct worker *w, struct buf *out)
{
	static const struct stream_counter counters[] = {
		{ "fayed_streams_opened_total", "Streams that were opened.",
		  offsetof(struct streams, opened) },
		{ "fayed_streams_stalled_total",
		  "Streams ended since their peer took or answered nothing for too long.",
		  offsetof(struct streams, stalled) },
		{ "fayed_streams_overflowed_total",
		  "Streams ended since more waited for their peer than may.",
		  offsetof(struct streams, overflowed) },
		{ "fayed_streams_unproved_messages_total",
		  "Messages beyond the limit that count as arrived though nothing proved it.",
		  offsetof(struct streams, unproved) },
	};
	size_t i;

	for (i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		const struct stream_counter *c = &counters[i];

		exposition_begin(out, c->name, EXPOSITION_COUNTER, c->help);
		exposition_labeled(out, c->name, "kind", "websocket",
				   (double)field_of(&w->websockets.streams, c->field));
		exposition_labeled(out, c->name, "kind", "eventsource",
				   (double)field_of(&w->eventsources, c->field));
	}
}

/* ---- sessions and messages ---- */

static void
write_sessions(const struct worker *w, struct buf *out)
{
	const struct registry *r = &w->broker->registry;
	const struct broker_counts *c = &w->broker->counts;

	gauge(out, "fayed_sessions", "Sessions that have their home here.", r->sessions.count);
	gauge(out, "fayed_subscriptions", "Their subscriptions.", r->subs.count);
	gauge(out, "fayed_topics", "Channels and patterns that one of them is subscribed to.",
	      r->subs.topics.count);
	counter(out, "fayed_sessions_refused_total",
		"Handshakes refused since there were as many sessions as may be.", c->refused);
	counter(out, "fayed_sessions_expired_total",
		"Sessions ended since their client was silent for too long.", c->expired);
	counter(out, "fayed_sessions_overflowed_total",
		"Sessions ended since more messages waited for them than may.", c->overflowed);
}

static void
write_messages(const struct worker *w, struct buf *out)
{
	const struct broker_counts *c = &w->broker->counts;

	counter(out, "fayed_messages_published_total",
		"Messages taken from clients of this node to be published.", c->published);
	counter(out, "fayed_messages_delivered_total",
		"Messages handed to sessions here, one for each that gets it.", c->delivered);
	counter(out, "fayed_messages_dropped_total",
		"Messages dropped since more waited for a session than may.", c->dropped);
	counter(out, "fayed_messages_lost_total", "Messages lost for want of memory.", c->lost);
	counter(out, "fayed_requests_repeated_total",
		"Publishes and subscribes that came again and were not done twice.",
		c->repeated);
}

/* ---- Redis ---- */

static void
write_redis_state(const struct worker *w, struct buf *out)
{
	static const char name[] = "fayed_redis_state";
	const struct redis_stats *s = w->redis_stats;
	int64_t since = loop_now_ms(w->loop) - (int64_t)redis_stat(s, STAT_CHANGED_MS);
	uint64_t state = redis_stat(s, STAT_STATE), i;

	gauge(out, "fayed_redis_up", "Whether all that is published anywhere is heard here.",
	      redis_stat(s, STAT_UP));
	exposition_begin(out, name, EXPOSITION_GAUGE, "1 for the state it is in.");
	for (i = 0; i < STAT_STATES; i++)
		exposition_labeled(out, name, "state", redis_stat_states[i], state == i);
	exposition_gauge(out, "fayed_redis_state_seconds",
			 "For how long it has been up, or not.",
			 since > 0 ? (double)since / 1e3 : 0);
}

/* None is told while there is nothing to tell. */
static void
write_lag(const struct redis_stats *s, struct buf *out)
{
	static const char name[] = "fayed_redis_lag_seconds";
	static const char help[] = "From a beat's sending until it was heard, once a second.";
	uint64_t us = redis_stat(s, STAT_LAG_US);

	if (us == STAT_NONE)
		exposition_begin(out, name, EXPOSITION_GAUGE, help);
	else
		exposition_gauge(out, name, help, (double)us / 1e6);
}

static void
write_redis(const struct worker *w, struct buf *out)
{
	static const struct {
		const char *name, *help;
		void (*write)(struct buf *out, const char *name, const char *help, uint64_t v);
		enum redis_stat which;
	} rest[] = {
		{ "fayed_redis_joins_total", "How often Redis was joined.", counter,
		  STAT_JOINS },
		{ "fayed_redis_losses_total", "How often it was lost.", counter, STAT_LOSSES },
		{ "fayed_redis_kept_messages",
		  "Publications accepted while it was away that it has not got yet.", gauge,
		  STAT_KEPT },
		{ "fayed_redis_kept_bytes", "Their size.", gauge, STAT_KEPT_BYTES },
		{ "fayed_redis_forwarded_total", "Such that it has got.", counter,
		  STAT_FORWARDED },
		{ "fayed_redis_refused_total", "Such that were refused for want of room.",
		  counter, STAT_REFUSED },
		{ "fayed_redis_gaps_total",
		  "Logs that no longer had all that was missed: messages are lost.", counter,
		  STAT_GAPS },
		{ "fayed_redis_commands", "Scripts sent that it has not replied to.", gauge,
		  STAT_COMMANDS },
		{ "fayed_redis_waiting_publishes", "Publications not sent to it yet.", gauge,
		  STAT_WAITING },
		{ "fayed_redis_position",
		  "The number in the order of everything up to which all was heard.", gauge,
		  STAT_POS },
		{ "fayed_redis_intake", "Whether this node publishes for other programs.", gauge,
		  STAT_INTAKE },
		{ "fayed_redis_intake_published_total", "Messages that it published for them.",
		  counter, STAT_INTAKE_PUBLISHED },
		{ "fayed_redis_intake_refused_total", "Such that were refused.", counter,
		  STAT_INTAKE_REFUSED },
		{ "fayed_redis_intake_dropped_total",
		  "Such that were heard faster than they could be published.", counter,
		  STAT_INTAKE_DROPPED },
	};
	size_t i;

	write_redis_state(w, out);
	write_lag(w->redis_stats, out);
	for (i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
		rest[i].write(out, rest[i].name, rest[i].help,
			      redis_stat(w->redis_stats, rest[i].which));
}

void
worker_write_metrics(void *arg, struct buf *out)
{
	const struct worker *w = arg;

	write_process(w, out);
	write_connections(w, out);
	write_streams(w, out);
	write_sessions(w, out);
	write_messages(w, out);
	if (w->redis_stats)
		write_redis(w, out);
}
