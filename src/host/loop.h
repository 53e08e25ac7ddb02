/* One thread's event loop, on libevent. A turn is:
 *
 *     1. what is ready: watches
 *     2. what is due: timers
 *     3. loop_defer: tasks, and those they add, until none is left
 *     4. loop_at_end: tasks that finish the turn (one write for all that it
 *        brought); when these defer more, the next turn follows at once
 *
 * Watches, timers and tasks are the caller's memory and must be cleared before
 * it goes. Everything belongs to the loop's thread. */
#ifndef HOST_LOOP_H
#define HOST_LOOP_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdbool.h>
#include <stdint.h>

#include "util/heap.h"
#include "util/list.h"

struct loop;

struct loop *loop_new(void); /* NULL: out of memory or descriptors */
void loop_free(struct loop *loop);

/* Called when a turn has ended, before the loop may sleep. NULL: nobody wants that. */
void loop_on_turn(struct loop *loop, void (*on_turn)(void *arg), void *arg);

/* Turns until loop_stop. 0 or negative errno. */
int loop_run(struct loop *loop);
void loop_stop(struct loop *loop); /* from a callback: this turn is the last */

/* Milliseconds of the monotonic clock, as of this turn's beginning. */
int64_t loop_now_ms(const struct loop *loop);
/* What moment `at_ms` of that clock is on the wall's: since 1970, UTC. The two
 * are compared once a turn at most. */
int64_t loop_wall_ms(struct loop *loop, int64_t at_ms);

/* ---- readiness ---- */

enum {
	LOOP_READ = EV_READ,
	LOOP_WRITE = EV_WRITE,
	LOOP_CLOSED = EV_CLOSED, /* the peer has shut down; only with LOOP_EDGE | LOOP_READ */
	LOOP_EDGE = EV_ET,       /* report changes, not states */
};

typedef void (*loop_watch_fn)(void *arg, short events);

struct loop_watch {
	short events; /* being watched for; 0: none */
	struct loop *loop;
	loop_watch_fn on_ready;
	void *arg;
	struct event ev;
};

void loop_watch_init(struct loop_watch *w, struct loop *loop, loop_watch_fn on_ready,
		     void *arg);
/* Watches `fd` for `events` from now on, instead of what was before; 0: no
 * more. 0 or -ENOMEM. Must be 0 before the descriptor is closed, since libevent
 * keys by descriptor. */
int loop_watch_set(struct loop_watch *w, int fd, short events);
void loop_watch_clear(struct loop_watch *w); /* idempotent */

/* A signal, while the loop runs. */
void loop_watch_signal(struct loop_watch *w, struct loop *loop, int signo,
		       loop_watch_fn on_signal, void *arg);

/* ---- time ---- */

struct loop_timer {
	struct heap_node node;
	void (*on_due)(void *arg);
	void *arg;
};

void loop_timer_init(struct loop_timer *t, void (*on_due)(void *), void *arg);
/* Once, at `at_ms` of loop_now_ms's clock. Moves a timer that is set. 0 or
 * -ENOMEM (only for one that is not set). */
int loop_timer_set(struct loop *loop, struct loop_timer *t, int64_t at_ms);
void loop_timer_clear(struct loop *loop, struct loop_timer *t); /* idempotent */

/* ---- later in this turn ---- */

struct loop_task {
	struct list_node node;
	void (*run)(void *arg);
	void *arg;
};

void loop_task_init(struct loop_task *t, void (*run)(void *), void *arg);
/* Once; one that waits already stays where it is. */
void loop_defer(struct loop *loop, struct loop_task *t);
void loop_at_end(struct loop *loop, struct loop_task *t);
void loop_task_clear(struct loop_task *t); /* does not run; idempotent */

#endif
