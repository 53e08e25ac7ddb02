#include "host/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

enum {
	DUE_A_TURN = 256,        /* timers; what else is due has the next turn */
	DUE_PLACE = 0x80000000u, /* of a node in `due`; a heap has fewer */
};

struct loop {
	struct event_base *base;
	struct event *alarm; /* the nearest timer, so that libevent sleeps no longer */
	struct heap timers;
	struct heap_node *due[DUE_A_TURN]; /* being run; NULL: was cleared */
	uint32_t due_count;
	struct list deferred, endings;
	int64_t now_ms;
	int64_t wall_ms; /* how far the wall clock is ahead of ours; 0: not looked */
	int64_t alarm_ms; /* when `alarm` rings; INT64_MAX: not set */
	void (*on_turn)(void *arg);
	void *on_turn_arg;
	bool awake; /* now_ms was read since the last sleep */
	bool stopping;
};

static int64_t
clock_ms(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The first thing after a sleep, which may have been long. */
static void
wake(struct loop *loop)
{
	if (loop->awake)
		return;
	loop->awake = true;
	loop->now_ms = clock_ms(CLOCK_MONOTONIC);
	loop->wall_ms = 0;
}

/* Timers are run at the end of every wake-up, so nothing is left to do. */
static void
on_alarm(evutil_socket_t fd, short events, void *arg)
{
	struct loop *loop = arg;

	(void)fd;
	(void)events;
	loop->alarm_ms = INT64_MAX;
}

struct loop *
loop_new(void)
{
	struct loop *loop = calloc(1, sizeof(*loop));
	struct event_config *cfg = event_config_new();

	if (!loop || !cfg)
		goto fail;
	list_init(&loop->deferred);
	list_init(&loop->endings);
	heap_init(&loop->timers);
	loop->alarm_ms = INT64_MAX;
	loop->now_ms = clock_ms(CLOCK_MONOTONIC);
	/* One thread uses it, and EV_ET and EV_CLOSED need epoll. */
	event_config_set_flag(cfg, EVENT_BASE_FLAG_NOLOCK);
	event_config_require_features(cfg, EV_FEATURE_ET | EV_FEATURE_EARLY_CLOSE);
	loop->base = event_base_new_with_config(cfg);
	if (!loop->base)
		goto fail;
	loop->alarm = evtimer_new(loop->base, on_alarm, loop);
	if (!loop->alarm)
		goto fail;
	event_config_free(cfg);
	return loop;
fail:
	if (cfg)
		event_config_free(cfg);
	loop_free(loop);
	return NULL;
}

void
loop_free(struct loop *loop)
{
	if (!loop)
		return;
	if (loop->alarm)
		event_free(loop->alarm);
	if (loop->base)
		event_base_free(loop->base);
	heap_clear(&loop->timers);
	free(loop);
}

void
loop_on_turn(struct loop *loop, void (*on_turn)(void *arg), void *arg)
{
	loop->on_turn = on_turn;
	loop->on_turn_arg = arg;
}

/* Takes what is due out of the heap, up to a turn's portion. */
static void
take_due(struct loop *loop)
{
	struct heap_node *n;

	loop->due_count = 0;
	while (loop->due_count < DUE_A_TURN && (n = heap_first(&loop->timers)) &&
	       n->at <= loop->now_ms) {
		heap_remove(&loop->timers, n);
		loop->due[loop->due_count] = n;
		n->place = DUE_PLACE + loop->due_count++;
	}
}

/* Out of heap or due ones. */
static void
take_out(struct loop *loop, struct heap_node *n)
{
	if (n->place >= DUE_PLACE) {
		loop->due[n->place - DUE_PLACE] = NULL;
		n->place = 0;
	} else {
		heap_remove(&loop->timers, n);
	}
}

/* One that sets itself again for now waits for the next turn; one that is
 * cleared by another does not run. */
static void
run_timers(struct loop *loop)
{
	uint32_t i;

	take_due(loop);
	for (i = 0; i < loop->due_count; i++) {
		struct heap_node *n = loop->due[i];
		struct loop_timer *t;

		if (!n)
			continue;
		take_out(loop, n);
		t = heap_entry(n, struct loop_timer, node);
		t->on_due(t->arg);
	}
	loop->due_count = 0;
}

static void
run_tasks(struct list *tasks)
{
	struct list_node *n;

	while ((n = list_take_first(tasks))) {
		struct loop_task *t = list_entry(n, struct loop_task, node);

		t->run(t->arg);
	}
}

/* What the endings put off, by either list, is the next turn's. */
static void
run_endings(struct loop *loop)
{
	struct list now;

	list_init(&now);
	list_move(&now, &loop->endings);
	run_tasks(&now);
}

static void
set_alarm(struct loop *loop)
{
	const struct heap_node *n = heap_first(&loop->timers);
	int64_t at = n ? n->at : INT64_MAX, wait;
	struct timeval tv;

	/* One that rings too early does no harm and saves moving it. */
	if (at >= loop->alarm_ms)
		return;
	wait = at - loop->now_ms;
	if (wait < 0)
		wait = 0;
	tv.tv_sec = wait / 1000;
	tv.tv_usec = wait % 1000 * 1000;
	if (event_add(loop->alarm, &tv) == 0)
		loop->alarm_ms = at;
}

int
loop_run(struct loop *loop)
{
	while (!loop->stopping) {
		bool busy = !list_is_empty(&loop->deferred) ||
			    !list_is_empty(&loop->endings);
		int rc;

		set_alarm(loop);
		loop->awake = false;
		rc = event_base_loop(loop->base,
				     EVLOOP_ONCE | (busy ? EVLOOP_NONBLOCK : 0));
		if (rc < 0)
			return errno ? -errno : -EIO;
		wake(loop);
		run_timers(loop);
		run_tasks(&loop->deferred);
		run_endings(loop);
		if (loop->on_turn)
			loop->on_turn(loop->on_turn_arg);
	}
	loop->stopping = false;
	return 0;
}

void
loop_stop(struct loop *loop)
{
	loop->stopping = true;
}

int64_t
loop_now_ms(const struct loop *loop)
{
	return loop->now_ms;
}

int64_t
loop_wall_ms(struct loop *loop, int64_t at_ms)
{
	if (loop->wall_ms == 0)
		loop->wall_ms = clock_ms(CLOCK_REALTIME) - clock_ms(CLOCK_MONOTONIC);
	return at_ms + loop->wall_ms;
}

/* ---- readiness ---- */

static void
on_event(evutil_socket_t fd, short events, void *arg)
{
	struct loop_watch *w = arg;

	(void)fd;
	wake(w->loop);
	w->on_ready(w->arg, events);
}

void
loop_watch_init(struct loop_watch *w, struct loop *loop, loop_watch_fn on_ready,
		void *arg)
{
	w->loop = loop;
	w->on_ready = on_ready;
	w->arg = arg;
	w->events = 0;
}

int
loop_watch_set(struct loop_watch *w, int fd, short events)
{
	if (w->events == events)
		return 0;
	loop_watch_clear(w);
	if (!events)
		return 0;
	event_assign(&w->ev, w->loop->base, fd, (short)(events | EV_PERSIST), on_event, w);
	if (event_add(&w->ev, NULL))
		return -ENOMEM;
	w->events = events;
	return 0;
}

void
loop_watch_clear(struct loop_watch *w)
{
	if (!w->events)
		return;
	event_del(&w->ev);
	w->events = 0;
}

void
loop_watch_signal(struct loop_watch *w, struct loop *loop, int signo,
		  loop_watch_fn on_signal, void *arg)
{
	loop_watch_init(w, loop, on_signal, arg);
	event_assign(&w->ev, loop->base, signo, EV_SIGNAL | EV_PERSIST, on_event, w);
	if (event_add(&w->ev, NULL) == 0)
		w->events = EV_SIGNAL;
}

/* ---- time ---- */

void
loop_timer_init(struct loop_timer *t, void (*on_due)(void *), void *arg)
{
	*t = (struct loop_timer){ .on_due = on_due, .arg = arg };
}

int
loop_timer_set(struct loop *loop, struct loop_timer *t, int64_t at_ms)
{
	if (t->node.place >= DUE_PLACE)
		take_out(loop, &t->node);
	else if (heap_has(&t->node) && t->node.at == at_ms)
		return 0;
	return heap_set(&loop->timers, &t->node, at_ms);
}

void
loop_timer_clear(struct loop *loop, struct loop_timer *t)
{
	take_out(loop, &t->node);
}

/* ---- later in this turn ---- */

void
loop_task_init(struct loop_task *t, void (*run)(void *), void *arg)
{
	*t = (struct loop_task){ .run = run, .arg = arg };
}

void
loop_defer(struct loop *loop, struct loop_task *t)
{
	if (!list_is_linked(&t->node))
		list_append(&loop->deferred, &t->node);
}

void
loop_at_end(struct loop *loop, struct loop_task *t)
{
	if (!list_is_linked(&t->node))
		list_append(&loop->endings, &t->node);
}

void
loop_task_clear(struct loop_task *t)
{
	list_unlink(&t->node);
}
