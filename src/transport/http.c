/* libmicrohttpd walks all its suspended connections at each MHD_run that
 * follows a resume. So the requests that a turn answered are resumed together
 * at its end, and a daemon has not too many (http_set.h). */
#include "transport/http.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "transport/request.h"

enum {
	LAST_RUNS = 8,
	ANSWER_BYTES = 768,   /* of a pool, for reading on and the answer's head */
	IDLE_SECONDS = 75,    /* a kept-alive connection; longer than proxies' 60 */
};

static void
run(struct http *h)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;

	MHD_run(h->daemon);
	loop_timer_clear(h->loop, &h->timer);
	if (MHD_get_timeout(h->daemon, &wait_ms) != MHD_YES)
		return;
	/* 0: some connection is ready that its epoll will not report again. */
	if (wait_ms == 0)
		http_turn(h);
	else
		loop_timer_set(h->loop, &h->timer,
			       loop_now_ms(h->loop) + (int64_t)wait_ms);
}

static void
on_ready(void *arg, short events)
{
	(void)events;
	run(arg);
}

static void
on_due(void *arg)
{
	run(arg);
}

/* Now or later: no engine call is left that could be done in this turn. */
static void
run_last(struct http *h)
{
	h->turn_ends = true;
	MHD_run(h->daemon);
	h->turn_ends = false;
	run(h); /* sends what that answered */
}

static void
on_turn(void *arg)
{
	run_last(arg);
}

/* Without a wake-up pipe nothing else tells the daemon. */
void
http_turn(struct http *h)
{
	loop_at_end(h->loop, &h->turn);
}

static void
resume(void *arg)
{
	struct http *h = arg;

	request_resume_all(h);
	run_last(h);
}

bool
http_has_room(const struct http *h, size_t head_cost)
{
	return head_cost + ANSWER_BYTES <= h->config.pool_bytes;
}

void
http_add(struct http *h, int fd, const struct sockaddr *addr, socklen_t n)
{
	if (MHD_add_connection(h->daemon, fd, addr, n) != MHD_YES)
		log_debug(h->log, "http: connection refused");
	else
		run(h);
}

size_t
http_count(const struct http *h)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(
		h->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

	return info ? info->num_connections : 0;
}

/* Percent escapes stay as they are: the mount is compared with the raw path. */
static size_t
keep_escapes(void *cls, struct MHD_Connection *c, char *text)
{
	(void)cls;
	(void)c;
	return strlen(text);
}

/* A request's target as it came, before libmicrohttpd takes it apart. Becomes the
 * handler's context: none. */
static void *
on_target(void *cls, const char *target, struct MHD_Connection *c)
{
	struct connection *cn = strchr(target, '?') ? connection_of(c) : NULL;

	(void)cls;
	if (cn)
		connection_query(cn);
	return NULL;
}

/* What libmicrohttpd says is about clients' mistakes, at length. */
static void
on_log(void *cls, const char *format, va_list args)
{
	const struct http *h = cls;
	char line[256];

	if (h->log->level < LOG_LEVEL_DEBUG)
		return;
	vsnprintf(line, sizeof(line), format, args);
	line[strcspn(line, "\r\n")] = '\0';
	log_debug(h->log, "http: %s", line);
}

static struct MHD_Daemon *
start_daemon(struct http *h)
{
	return MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_ALLOW_UPGRADE |
			MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG,
		0, NULL, NULL, request_handle, h,
		MHD_OPTION_EXTERNAL_LOGGER, on_log, h, /* must be the first */
		MHD_OPTION_NOTIFY_COMPLETED, request_completed, h,
		MHD_OPTION_NOTIFY_CONNECTION, connection_notify, &h->connection,
		MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
		MHD_OPTION_URI_LOG_CALLBACK, on_target, NULL,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, h->config.pool_bytes,
		MHD_OPTION_CONNECTION_LIMIT, h->config.connections,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS,
		MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

int
http_init(struct http *h, struct loop *loop, const struct log *log, struct broker *b,
	  struct websockets *ws, struct streams *eventsources, const struct http_config *cfg,
	  size_t *connections)
{
	const union MHD_DaemonInfo *info;

	*h = (struct http){
		.loop = loop, .log = log, .broker = b, .websockets = ws,
		.eventsources = eventsources, .config = *cfg
	};
	h->connection = (struct connection_config){ loop, cfg->head_ms, cfg->body_ms,
						    connections };
	list_init(&h->waiting);
	list_init(&h->answered);
	loop_timer_init(&h->timer, on_due, h);
	loop_task_init(&h->turn, on_turn, h);
	loop_task_init(&h->resume, resume, h);
	h->daemon = start_daemon(h);
	if (!h->daemon)
		return -ENOMEM;
	info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	loop_watch_init(&h->watch, loop, on_ready, h);
	if (!info || loop_watch_set(&h->watch, info->epoll_fd, LOOP_READ)) {
		http_clear(h);
		return -ENOMEM;
	}
	return 0;
}

/* What was answered leaves as far as sockets take it: that needs a second run, where a
 * request had been open for longer than a turn. */
static void
run_out(struct http *h)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;
	unsigned i;

	for (i = 0; i < LAST_RUNS; i++) {
		MHD_run(h->daemon);
		if (MHD_get_timeout(h->daemon, &wait_ms) != MHD_YES || wait_ms)
			break;
	}
}

void
http_clear(struct http *h)
{
	if (!h->daemon)
		return;
	h->stopping = true;
	request_drain_all(h);
	request_resume_all(h);
	run_out(h);
	loop_watch_clear(&h->watch);
	loop_timer_clear(h->loop, &h->timer);
	loop_task_clear(&h->resume);
	loop_task_clear(&h->turn);
	MHD_stop_daemon(h->daemon);
	h->daemon = NULL;
}
