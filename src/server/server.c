#include "server/server.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "broker/relay.h"
#include "fayed/version.h"
#include "host/random.h"
#include "server/worker.h"

enum {
	OWN_DESCRIPTORS = 64, /* beside connections: listeners, epoll, log */
	A_WORKERS_DESCRIPTORS = 16,
	KEPT_DESCRIPTORS = 8, /* by all means, for Redis and for files; and one for each
			       * worker to tell who comes that there are no more */
};

struct server {
	const struct config *cfg;
	struct log log;
	struct crew crew;
	pthread_t *threads;    /* the first worker's is the one that runs the server */
	unsigned thread_count; /* that were started */
	struct loop_watch on_term, on_int;
	bool watches;  /* these */
	bool stopping;
};

static unsigned
count_workers(const struct config *cfg)
{
	cpu_set_t cores;
	unsigned n = 1;

	if (cfg->workers)
		n = (unsigned)cfg->workers;
	else if (sched_getaffinity(0, sizeof(cores), &cores) == 0)
		n = (unsigned)CPU_COUNT(&cores);
	return n < HUB_MAX_WORKERS ? n : HUB_MAX_WORKERS;
}

/* As many descriptors as the system lets us have; `crew` learns how many connections
 * that allows. */
static void
raise_descriptors(struct crew *crew, size_t wanted)
{
	unsigned workers = crew->count;
	unsigned own = OWN_DESCRIPTORS + workers * A_WORKERS_DESCRIPTORS;
	struct rlimit files;
	rlim_t left;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	getrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_cur > INT_MAX)
		files.rlim_cur = INT_MAX;
	crew->crowded_from = (int)files.rlim_cur - (int)(KEPT_DESCRIPTORS + workers);
	if (files.rlim_cur <= 2 * own)
		files.rlim_cur = 3 * own;
	left = files.rlim_cur - own;
	left -= left / HTTP_SET_CROWD; /* each daemon has one */
	crew->connections = (unsigned)(wanted && wanted < left ? wanted : left);
}

static void
on_signal(void *arg, short events)
{
	struct server *s = arg;
	unsigned i;

	(void)events;
	if (s->stopping)
		return;
	s->stopping = true;
	s->crew.health.trouble = "stopping";
	for (i = 0; i < s->crew.count; i++)
		worker_stop(&s->crew.workers[i]);
}

/* ---- listeners ---- */

/* 0, or 1 after saying why. */
static int
open_listener(struct server *s, struct worker *w, const struct address *at)
{
	enum listener_share share = s->crew.count == 1 ? LISTENER_ALONE
				    : w->number == 0   ? LISTENER_FIRST
						       : LISTENER_NEXT;
	const struct config *cfg = s->cfg;
	const struct listener_times times = {
		.stall_ms = cfg->limits.stall_ms,
		.quiet_ms = cfg->timeout_ms > cfg->interval_ms ? cfg->timeout_ms
							       : cfg->interval_ms,
	};
	int rc = listener_open(&w->listeners[w->listener_count], at, share, &times);

	if (rc) {
		log_error(&s->log, "cannot listen on %s: %s%s", at->text, strerror(-rc),
			  rc == -EADDRINUSE ? " (try --listen with another port, 0 picks "
					      "a free one)"
					    : "");
		return 1;
	}
	w->listener_count++;
	return 0;
}

/* All at the same places, where the kernel spreads connections among them. */
static int
open_listeners(struct server *s)
{
	struct worker *first = &s->crew.workers[0];
	unsigned k;
	size_t i;

	for (i = 0; i < s->cfg->listen_count; i++) {
		struct address at = s->cfg->listens[i];

		if (open_listener(s, first, &at) ||
		    listener_address(&first->listeners[i], &at))
			return 1;
		for (k = 1; k < s->crew.count; k++)
			if (open_listener(s, &s->crew.workers[k], &at))
				return 1;
	}
	return 0;
}

/* One line: people and scripts wait for it. */
static void
say_ready(const struct server *s)
{
	char line[512], name[LISTENER_NAME_BYTES];
	const char *mount = s->cfg->mounts[0];
	int n = snprintf(line, sizeof(line), "fayed %s ready on http://%s%s\n",
			 FAYED_VERSION, listener_name(&s->crew.workers[0].listeners[0], name),
			 *mount ? mount : "/");

	if (n > 0 && write(STDERR_FILENO, line, strnlen(line, sizeof(line))) < 0)
		return; /* nobody reads it */
}

static void
say_scripts(const struct server *s)
{
	if (s->cfg->client_dir)
		log_info(&s->log, "scripts: loaded files=%zu dir=%s",
			 scripts_count(s->cfg->scripts), s->cfg->client_dir);
}

/* ---- workers ---- */

static void
watch_signals(struct server *s)
{
	struct loop *loop = s->crew.workers[0].loop;

	loop_watch_signal(&s->on_term, loop, SIGTERM, on_signal, s);
	loop_watch_signal(&s->on_int, loop, SIGINT, on_signal, s);
	s->watches = true;
}

static void
set_signals(int how)
{
	sigset_t both;

	sigemptyset(&both);
	sigaddset(&both, SIGTERM);
	sigaddset(&both, SIGINT);
	pthread_sigmask(how, &both, NULL);
}

static int
run_worker(struct worker *w)
{
	int rc = loop_run(w->loop);

	if (rc)
		log_error(w->log, "event loop: %s", strerror(-rc));
	if (w->crew->hub)
		hub_close(w->crew->hub, w->number);
	return rc;
}

static void *
on_thread(void *worker)
{
	/* The others cannot do without it. */
	if (run_worker(worker))
		kill(getpid(), SIGTERM);
	return NULL;
}

/* Signals are the first thread's. 0, or 1 after saying why. */
static int
start_threads(struct server *s)
{
	int rc = 0;

	set_signals(SIG_BLOCK);
	while (s->thread_count < s->crew.count - 1 && !rc) {
		rc = pthread_create(&s->threads[s->thread_count], NULL, on_thread,
				    &s->crew.workers[s->thread_count + 1]);
		s->thread_count += !rc;
	}
	set_signals(SIG_UNBLOCK);
	if (rc)
		log_error(&s->log, "cannot start a thread: %s", strerror(rc));
	return rc != 0;
}

static struct entry_count *
new_counts(unsigned n)
{
	void *counts = NULL;

	if (posix_memalign(&counts, sizeof(struct entry_count), n * sizeof(struct entry_count)))
		return NULL;
	memset(counts, 0, n * sizeof(struct entry_count)); /* zeroed atomics are 0 */
	return counts;
}

/* 0, or 1; then there is no memory. */
static int
make_crew(struct server *s)
{
	struct crew *crew = &s->crew;
	unsigned count = count_workers(s->cfg), i;
	uint64_t seed[2];

	crew->cfg = s->cfg;
	crew->log = &s->log;
	crew->workers = calloc(count, sizeof(*crew->workers));
	crew->brokers = calloc(count, sizeof(struct broker *));
	crew->handovers = calloc(count, sizeof(struct handover *));
	crew->connection_counts = new_counts(count);
	s->threads = calloc(count, sizeof(*s->threads));
	if (!crew->workers || !crew->brokers || !crew->handovers ||
	    !crew->connection_counts || !s->threads ||
	    random_bytes(seed, sizeof(seed)))
		return 1;
	crew->count = crew->redis.workers = count;
	crew->hub = count > 1 ? hub_new(count, seed) : NULL;
	if (count > 1 && !crew->hub)
		return 1;
	raise_descriptors(crew, s->cfg->limits.connections);
	for (i = 0; i < count; i++)
		if (worker_prepare(&crew->workers[i], crew, i))
			return 1;
	return 0;
}

static int
init_workers(struct server *s)
{
	unsigned i;

	for (i = 0; i < s->crew.count; i++)
		if (worker_init(&s->crew.workers[i]) || worker_start(&s->crew.workers[i])) {
			log_error(&s->log, "out of memory or descriptors");
			return 1;
		}
	return 0;
}

static int
serve(struct server *s)
{
	if (init_workers(s))
		return 1;
	watch_signals(s);
	if (start_threads(s))
		return 1;
	say_scripts(s);
	say_ready(s);
	return run_worker(&s->crew.workers[0]) ? 1 : 0;
}

/* ---- the end ---- */

/* What workers have posted to each other, until there is nothing left. False: there was
 * nothing. */
static bool
run_mails(struct server *s)
{
	bool any = s->crew.hub != NULL, had_some = false;
	unsigned i;

	while (any) {
		any = false;
		for (i = 0; i < s->crew.count; i++)
			any |= hub_run_mails(s->crew.hub, i);
		for (i = 0; i < s->crew.count; i++)
			if (s->crew.brokers[i])
				relay_send_back(s->crew.brokers[i]);
		had_some |= any;
	}
	return had_some;
}

static void
for_all(struct server *s, void (*step)(struct worker *w))
{
	unsigned i;

	for (i = 0; i < s->crew.count; i++)
		step(&s->crew.workers[i]);
}

/* The first loop has ended for good or ill; the others need not have been told. */
static void
join_threads(struct server *s)
{
	unsigned i;

	if (s->thread_count && !s->stopping)
		for (i = 0; i < s->thread_count; i++)
			worker_stop(&s->crew.workers[i + 1]);
	for (i = 0; i < s->thread_count; i++)
		pthread_join(s->threads[i], NULL);
}

static void
clear(struct server *s)
{
	/* We are ending already: a second signal must not end us in the middle, when the
	 * loop's handlers are gone. */
	set_signals(SIG_BLOCK);
	if (s->watches) {
		loop_watch_clear(&s->on_term);
		loop_watch_clear(&s->on_int);
	}
	join_threads(s);
	run_mails(s);
	for_all(s, worker_close_streams);
	run_mails(s);
	for_all(s, worker_close_connections);
	run_mails(s);
	do /* what has come back may have left more to be given up */
		for_all(s, worker_abandon);
	while (run_mails(s));
	for_all(s, worker_clear);
	hub_free(s->crew.hub);
	free(s->crew.workers);
	free(s->crew.brokers);
	free(s->crew.handovers);
	free(s->crew.connection_counts);
	free(s->threads);
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
	status = make_crew(&s);
	if (status)
		log_error(&s.log, "out of memory or descriptors");
	else
		status = open_listeners(&s);
	if (!status)
		status = serve(&s);
	clear(&s);
	return status;
}
