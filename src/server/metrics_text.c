#include "server/metrics_text.h"

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
write_process(const struct crew *crew, struct buf *out)
{
	struct rusage used = { 0 };

	getrusage(RUSAGE_SELF, &used);
	exposition_begin(out, "fayed_build_info", EXPOSITION_GAUGE, "What runs here.");
	exposition_labeled(out, "fayed_build_info", "version", FAYED_VERSION, 1);
	exposition_gauge(out, "process_start_time_seconds",
			 "When the process started, in seconds since 1970.",
			 (double)crew->started_ms / 1e3);
	exposition_counter(out, "process_cpu_seconds_total", "CPU time of the process.",
			   seconds(used.ru_utime) + seconds(used.ru_stime));
}

/* ---- connections ---- */

static void
write_connections(const struct figures *f, struct buf *out)
{
	static const char name[] = "fayed_connections";
	uint64_t sockets = f->streams[FIGURES_WEBSOCKET].count;
	uint64_t events = f->streams[FIGURES_EVENTSOURCE].count;
	/* A lent descriptor's connection is suspended, too, perhaps at another worker. */
	uint64_t polls = f->suspended > f->lent ? f->suspended - f->lent : 0;
	uint64_t known = sockets + events + polls;

	exposition_begin(out, name, EXPOSITION_GAUGE,
			 "Connections: streams, polls that are held, and all others.");
	exposition_labeled(out, name, "kind", "websocket", (double)sockets);
	exposition_labeled(out, name, "kind", "eventsource", (double)events);
	exposition_labeled(out, name, "kind", "poll", (double)polls);
	/* What has ended may be counted until libmicrohttpd's next turn, or not. */
	exposition_labeled(out, name, "kind", "other",
			   (double)(f->connections > known ? f->connections - known : 0));
}

static void
write_entries(const struct figures *f, const struct crew *crew, struct buf *out)
{
	gauge(out, "fayed_connections_limit", "Connections that there may be at once.",
	      crew->connections);
	counter(out, "fayed_connections_full_total",
		"Connections turned away with 503 for want of room or descriptors.",
		f->full);
	counter(out, "fayed_connections_refused_total",
		"Connections ended for their first head: bad, too large, late, or of a "
		"WebSocket that is not to be.",
		f->refused);
	counter(out, "fayed_origins_refused_total",
		"Requests and WebSockets of pages that are not in the list of origins.",
		f->origins_refused);
	counter(out, "fayed_http_requests_total",
		"HTTP requests; WebSockets and event sources are streams.", f->requests);
}

static void
write_stream_counter(struct buf *out, const char *name, const char *help, uint64_t sockets,
		     uint64_t events)
{
	exposition_begin(out, name, EXPOSITION_COUNTER, help);
	exposition_labeled(out, name, "kind", "websocket", (double)sockets);
	exposition_labeled(out, name, "kind", "eventsource", (double)events);
}

static void
write_streams(const struct figures *f, struct buf *out)
{
#define WRITE(field, help) \
	write_stream_counter(out, "fayed_streams_" #field "_total", help, \
			     f->streams[FIGURES_WEBSOCKET].field, \
			     f->streams[FIGURES_EVENTSOURCE].field)
	WRITE(opened, "Streams that were opened.");
	WRITE(stalled, "Streams ended since their peer took or answered nothing for too long.");
	WRITE(overflowed, "Streams ended since more waited for their peer than may.");
#undef WRITE
	write_stream_counter(out, "fayed_streams_unproved_messages_total",
			     "Messages beyond the limit that count as arrived though "
			     "nothing proved it.",
			     f->streams[FIGURES_WEBSOCKET].unproved,
			     f->streams[FIGURES_EVENTSOURCE].unproved);
}

/* ---- sessions and messages ---- */

static void
write_sessions(const struct figures *f, struct buf *out)
{
	const struct broker_counts *c = &f->counts;

	gauge(out, "fayed_sessions", "Sessions that have their home here.", f->sessions);
	gauge(out, "fayed_subscriptions", "Their subscriptions.", f->subscriptions);
	gauge(out, "fayed_topics", "Channels and patterns that one of them is subscribed to.",
	      f->topics);
	counter(out, "fayed_sessions_refused_total",
		"Handshakes refused since there were as many sessions as may be.", c->refused);
	counter(out, "fayed_sessions_expired_total",
		"Sessions ended since their client was silent for too long.", c->expired);
	counter(out, "fayed_sessions_overflowed_total",
		"Sessions ended since more messages waited for them than may.", c->overflowed);
}

static void
write_messages(const struct figures *f, struct buf *out)
{
	const struct broker_counts *c = &f->counts;

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
write_redis_state(const struct figures *f, int64_t now_ms, struct buf *out)
{
	static const char name[] = "fayed_redis_state";
	int64_t since = now_ms - (int64_t)f->redis[STAT_CHANGED_MS];
	uint64_t state = f->redis[STAT_STATE], i;

	gauge(out, "fayed_redis_up", "Whether all that is published anywhere is heard here.",
	      f->redis[STAT_UP]);
	exposition_begin(out, name, EXPOSITION_GAUGE, "1 for the state it is in.");
	for (i = 0; i < STAT_STATES; i++)
		exposition_labeled(out, name, "state", redis_stat_states[i], state == i);
	exposition_gauge(out, "fayed_redis_state_seconds",
			 "For how long it has been up, or not.",
			 since > 0 ? (double)since / 1e3 : 0);
}

/* None is told while there is nothing to tell. */
static void
write_lag(const struct figures *f, struct buf *out)
{
	static const char name[] = "fayed_redis_lag_seconds";
	static const char help[] = "From a beat's sending until it was heard, once a second.";
	uint64_t us = f->redis[STAT_LAG_US];

	if (us == STAT_NONE)
		exposition_begin(out, name, EXPOSITION_GAUGE, help);
	else
		exposition_gauge(out, name, help, (double)us / 1e6);
}

static void
write_redis(const struct figures *f, int64_t now_ms, struct buf *out)
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

	write_redis_state(f, now_ms, out);
	write_lag(f, out);
	for (i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
		rest[i].write(out, rest[i].name, rest[i].help,
			      f->redis[rest[i].which]);
}

void
metrics_write(const struct figures *f, const struct crew *crew, int64_t now_ms,
	      struct buf *out)
{
	write_process(crew, out);
	write_connections(f, out);
	write_entries(f, crew, out);
	write_streams(f, out);
	write_sessions(f, out);
	write_messages(f, out);
	if (f->joins_nodes)
		write_redis(f, now_ms, out);
}
