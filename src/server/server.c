#include "server/server.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "fayed/version.h"
#include "server/listener.h"
#include "server/worker.h"

enum {
	DRAIN_MS = 700, /* with what follows, a stop takes a second at most */
	DRAIN_LOOK_MS = 10,
	OWN_DESCRIPTORS = 64, /* beside connections: listeners, epoll, log, spares */
};

struct server {
	const struct config *cfg;
	struct log log;
	struct worker worker;
	struct listener *listeners;
	size_t listener_count;
	struct loop_watch on_term, on_int;
	struct loop_timer drain;
	int64_t drain_until_ms; /* 0: nobody has asked to stop */
};

/* As many descriptors as the system lets us have. Returns how many connections
 * that allows. */
static unsigned
raise_descriptors(size_t wanted)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files))
		return 1024 - OWN_DESCRIPTORS;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	getrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_cur <= 2 * OWN_DESCRIPTORS)
		files.rlim_cur = 3 * OWN_DESCRIPTORS;
	if (wanted && wanted < files.rlim_cur - OWN_DESCRIPTORS)
		return (unsigned)wanted;
	return (unsigned)(files.rlim_cur - OWN_DESCRIPTORS);
}

/* Sockets that are to prove what they got have a moment for it. */
static void
look_whether_drained(void *arg)
{
	struct server *s = arg;
	int64_t now = loop_now_ms(s->worker.loop);

	if (worker_is_drained(&s->worker) || now >= s->drain_until_ms ||
	    loop_timer_set(s->worker.loop, &s->drain, now + DRAIN_LOOK_MS))
		loop_stop(s->worker.loop);
}

static void
on_stop(void *arg, short events)
{
	struct server *s = arg;
	size_t i;

	(void)events;
	if (s->drain_until_ms)
		return;
	s->worker.health.trouble = "stopping";
	for (i = 0; i < s->listener_count; i++)
		listener_close(&s->listeners[i]);
	s->drain_until_ms = loop_now_ms(s->worker.loop) + DRAIN_MS;
	worker_drain(&s->worker);
	look_whether_drained(s);
}

static void
on_accept(void *arg, int fd, const struct sockaddr *addr, socklen_t n)
{
	struct server *s = arg;

	entry_add(&s->worker.entries, fd, addr, n);
}

static void
on_crowded(void *arg, int fd)
{
	struct server *s = arg;

	entry_turn_away(&s->worker.entries, fd);
}

/* 0, or 1 after saying why. */
static int
open_listeners(struct server *s)
{
	const struct listener_times times = { s->cfg->limits.stall_ms, s->cfg->timeout_ms };
	size_t i;

	s->listeners = calloc(s->cfg->listen_count, sizeof(*s->listeners));
	if (!s->listeners) {
		log_error(&s->log, "out of memory");
		return 1;
	}
	for (i = 0; i < s->cfg->listen_count; i++) {
		struct listener *l = &s->listeners[i];
		int rc = listener_open(l, &s->cfg->listens[i], &times);

		if (rc) {
			log_error(&s->log, "cannot listen on %s: %s%s",
				  s->cfg->listens[i].text, strerror(-rc),
				  rc == -EADDRINUSE ? " (try --listen with another port, 0 "
						      "picks a free one)" : "");
			return 1;
		}
		s->listener_count++;
		l->on_accept = on_accept;
		l->on_crowded = on_crowded;
		l->arg = s;
	}
	return 0;
}

static int
start_listeners(struct server *s)
{
	size_t i;

	for (i = 0; i < s->listener_count; i++)
		if (listener_start(&s->listeners[i], s->worker.loop, &s->log))
			return 1;
	return 0;
}

/* One line: people and scripts wait for it. */
static void
say_ready(const struct server *s)
{
	char line[512], name[LISTENER_NAME_BYTES];
	const char *mount = s->cfg->mounts[0];
	int n = snprintf(line, sizeof(line), "fayed %s ready on http://%s%s\n",
			 FAYED_VERSION, listener_name(&s->listeners[0], name),
			 *mount ? mount : "/");

	if (n > 0 && write(STDERR_FILENO, line, strnlen(line, sizeof(line))) < 0)
		return; /* nobody reads it */
}

static void
watch_signals(struct server *s)
{
	loop_watch_signal(&s->on_term, s->worker.loop, SIGTERM, on_stop, s);
	loop_watch_signal(&s->on_int, s->worker.loop, SIGINT, on_stop, s);
}

static void
say_scripts(const struct server *s)
{
	if (s->cfg->client_dir)
		log_info(&s->log, "scripts: loaded files=%zu dir=%s",
			 scripts_count(s->cfg->scripts), s->cfg->client_dir);
}

static int
serve(struct server *s)
{
	int rc;

	if (worker_init(&s->worker, s->cfg, raise_descriptors(s->cfg->limits.connections),
			&s->log) ||
	    start_listeners(s)) {
		log_error(&s->log, "out of memory or descriptors");
		return 1;
	}
	loop_timer_init(&s->drain, look_whether_drained, s);
	watch_signals(s);
	say_scripts(s);
	say_ready(s);
	rc = loop_run(s->worker.loop);
	if (rc)
		log_error(&s->log, "event loop: %s", strerror(-rc));
	return rc ? 1 : 0;
}

/* We are ending already: a second signal must not end us in the middle, when the
 * loop's handlers are gone. */
static void
block_signals(void)
{
	sigset_t both;

	sigemptyset(&both);
	sigaddset(&both, SIGTERM);
	sigaddset(&both, SIGINT);
	sigprocmask(SIG_BLOCK, &both, NULL);
}

static void
clear(struct server *s)
{
	size_t i;

	block_signals();
	for (i = 0; i < s->listener_count; i++)
		listener_close(&s->listeners[i]);
	free(s->listeners);
	if (s->worker.loop) {
		loop_timer_clear(s->worker.loop, &s->drain);
		loop_watch_clear(&s->on_term);
		loop_watch_clear(&s->on_int);
	}
	worker_clear(&s->worker);
	libevent_global_shutdown();
}

int
server_run(const struct config *cfg)
{
	struct server s = {
		.cfg = cfg,
		.log = { .level = cfg->log_level, .fd = STDERR_FILENO },
	};
	int status;

	signal(SIGPIPE, SIG_IGN);
	status = open_listeners(&s);
	if (!status)
		status = serve(&s);
	clear(&s);
	return status;
}
