/* Workers on threads of their own: what one publishes the others hear, once, in the order
 * in which anybody could have known of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "engine/hub.h"

enum { WORKERS = 4, PATIENCE_S = 120 };

static const uint64_t seed[2] = { 3, 4 };

struct office;

struct worker {
	struct office *office;
	unsigned number;
	pthread_t thread;
	struct loop *loop;
	struct engine *engine;
	struct engine_call call;
	struct mail mail; /* its turn to publish, or to stop */
	int sent;         /* publications of its own */
	int heard;        /* in all */
	int next[WORKERS]; /* what is to come of each */
	bool is_ready;
};

struct office {
	struct hub *hub;
	struct worker workers[WORKERS];
	int each;         /* publications of each worker */
	size_t padding;   /* of one */
	bool one_by_one;  /* each waits for the one before it, at another worker */
	atomic_int ready; /* workers that have done and heard all */
};

static void
on_stop(struct mail *m)
{
	loop_stop(list_entry(m, struct worker, mail)->loop);
}

static void
finish_if_ready(struct worker *w)
{
	struct office *o = w->office;
	unsigned i;

	if (w->is_ready || w->sent < o->each || w->heard < o->each * WORKERS)
		return;
	w->is_ready = true;
	if (atomic_fetch_add(&o->ready, 1) + 1 < WORKERS)
		return;
	for (i = 0; i < WORKERS; i++) {
		o->workers[i].mail.run = on_stop;
		hub_post(o->hub, i, &o->workers[i].mail);
	}
}

/* One by one, the messages of all are one row. */
static void
on_message(void *arg, struct frozen *f)
{
	struct worker *w = arg;
	unsigned from;
	int number;

	assert_int_equal(sscanf(frozen_json(f).p, "{%u %d ", &from, &number), 2);
	assert_int_equal(number, w->next[from]++);
	if (w->office->one_by_one)
		assert_int_equal((unsigned)w->heard % WORKERS, from);
	w->heard++;
	finish_if_ready(w);
}

static void
publish(struct worker *w)
{
	size_t n = 32 + w->office->padding;
	struct frozen *f = frozen_new_message(STR("/a/b"), n);
	char *json;

	assert_non_null(f);
	json = f->bytes + f->head_n + 1;
	memset(json, ' ', n);
	snprintf(json, n, "{%u %d ", w->number, w->sent);
	engine_publish(w->engine, &w->call, f, STR(""), 0);
}

static void
on_turn(struct mail *m)
{
	publish(list_entry(m, struct worker, mail));
}

static void
on_published(struct engine_call *call, int result)
{
	struct worker *w = list_entry(call, struct worker, call);
	struct office *o = w->office;
	struct worker *next = &o->workers[(w->number + 1) % WORKERS];
	bool is_last = next->number == 0 && w->sent + 1 == o->each;

	assert_int_equal(result, 0);
	w->sent++;
	if (o->one_by_one && !is_last) {
		next->mail.run = on_turn;
		hub_post(o->hub, next->number, &next->mail);
	} else if (!o->one_by_one && w->sent < o->each) {
		publish(w);
	}
	finish_if_ready(w);
}

static void *
run(void *arg)
{
	struct worker *w = arg;

	if (!w->office->one_by_one || w->number == 0)
		publish(w);
	assert_int_equal(loop_run(w->loop), 0);
	hub_close(w->office->hub, w->number);
	return NULL;
}

static void
work(struct office *o)
{
	static const struct engine_events events = { .on_message = on_message };
	unsigned i;

	alarm(PATIENCE_S);
	o->hub = hub_new(WORKERS, seed);
	assert_non_null(o->hub);
	for (i = 0; i < WORKERS; i++) {
		struct worker *w = &o->workers[i];

		w->office = o;
		w->number = i;
		w->call.done = on_published;
		w->loop = loop_new();
		assert_non_null(w->loop);
		assert_int_equal(hub_join(o->hub, i, w->loop), 0);
		w->engine = engine_new(w->loop, o->hub, i, &events, w);
		assert_non_null(w->engine);
		/* By several patterns it is still one message. */
		assert_int_equal(engine_want(w->engine, i % 2 ? STR("/a/*") : STR("/a/b")), 0);
		assert_int_equal(engine_want(w->engine, STR("/**")), 0);
	}
	for (i = 0; i < WORKERS; i++)
		pthread_create(&o->workers[i].thread, NULL, run, &o->workers[i]);
	for (i = 0; i < WORKERS; i++)
		pthread_join(o->workers[i].thread, NULL);
	for (i = 0; i < WORKERS; i++) {
		assert_int_equal(o->workers[i].heard, o->each * WORKERS);
		engine_free(o->workers[i].engine);
		hub_leave(o->hub, i);
		loop_free(o->workers[i].loop);
	}
	hub_free(o->hub);
	alarm(0);
}

static void
all_hear_all_in_each_ones_order(void **state)
{
	struct office o = { .each = 5000 };

	(void)state;
	work(&o);
}

/* With an answer in his hands somebody else publishes: nobody hears that first. */
static void
what_was_answered_is_heard_first(void **state)
{
	struct office o = { .each = 2000, .one_by_one = true };

	(void)state;
	work(&o);
}

/* More than inboxes are to hold: whoever publishes waits, and nobody for ever. */
static void
who_runs_ahead_waits(void **state)
{
	struct office o = { .each = 400, .padding = 256 << 10 };

	(void)state;
	work(&o);
}

static void
interests_may_change_all_the_time(void **state)
{
	struct hub *h = hub_new(2, seed);
	struct frozen *f = frozen_new_message(STR("/x"), 2);
	struct loop *loop = loop_new();
	bool own;

	(void)state;
	assert_int_equal(hub_want(h, 0, STR("/x")), 0);
	assert_int_equal(hub_want(h, 0, STR("/x")), 0);
	hub_unwant(h, 0, STR("/x"));
	assert_int_equal(hub_patterns(h, 1), 1);
	assert_int_equal(hub_join(h, 0, loop), 0);
	assert_int_equal(hub_publish(h, 1, f, &own), 0);
	assert_false(own);
	hub_unwant(h, 0, STR("/x"));
	hub_unwant(h, 0, STR("/x")); /* once too often */
	assert_int_equal(hub_patterns(h, 1), 0);
	frozen_unref(f);
	hub_leave(h, 0); /* with what was not heard */
	hub_free(h);
	loop_free(loop);
}

/* ---- what is in an inbox when somebody comes ---- */

struct late {
	struct hub *hub;
	struct loop *loop;
	struct engine *engine;
	struct engine_call call;
	struct loop_task task;
	bool is_heard;
};

static void
on_heard(void *arg, struct frozen *f)
{
	(void)f;
	((struct late *)arg)->is_heard = true;
}

static void
on_subscribed(struct engine_call *call, int result)
{
	struct late *l = list_entry(call, struct late, call);

	assert_int_equal(result, 0);
	assert_true(l->is_heard);
	loop_stop(l->loop);
}

/* The turn has looked at its mails already. */
static void
publish_and_subscribe(void *arg)
{
	struct frozen *f = frozen_new_message(STR("/x"), 2);
	struct str pattern = STR("/x");
	struct late *l = arg;
	bool own;

	assert_int_equal(hub_publish(l->hub, 0, f, &own), 0);
	frozen_unref(f);
	engine_subscribe(l->engine, &l->call, STR("me"), 0, 1, &pattern, 1);
	assert_false(l->is_heard);
}

static void
who_subscribes_late_hears_nothing_earlier(void **state)
{
	static const struct engine_events events = { .on_message = on_heard };
	struct late l = { .call.done = on_subscribed, .hub = hub_new(2, seed),
			  .loop = loop_new() };

	(void)state;
	alarm(PATIENCE_S);
	assert_int_equal(hub_join(l.hub, 1, l.loop), 0);
	l.engine = engine_new(l.loop, l.hub, 1, &events, &l);
	assert_non_null(l.engine);
	assert_int_equal(directory_claim(&l.hub->directory, STR("me"), 1, NULL), 0);
	assert_int_equal(engine_want(l.engine, STR("/x")), 0); /* another's wish */
	loop_task_init(&l.task, publish_and_subscribe, &l);
	loop_defer(l.loop, &l.task);
	assert_int_equal(loop_run(l.loop), 0);
	engine_free(l.engine);
	hub_leave(l.hub, 1);
	hub_free(l.hub);
	loop_free(l.loop);
	alarm(0);
}

static void
a_client_is_with_one_worker(void **state)
{
	struct directory d;
	bool fresh;

	(void)state;
	directory_init(&d, seed);
	assert_int_equal(directory_find(&d, STR("me")), DIRECTORY_NOBODY);
	assert_int_equal(directory_claim(&d, STR("me"), 1, &fresh), 0);
	assert_true(fresh);
	assert_int_equal(directory_claim(&d, STR("me"), 1, &fresh), 0);
	assert_false(fresh);
	assert_int_equal(directory_claim(&d, STR("me"), 2, NULL), DIRECTORY_TAKEN);
	assert_int_equal(directory_find(&d, STR("me")), 1);
	assert_false(directory_release(&d, STR("me"), 2));
	assert_true(directory_release(&d, STR("me"), 1));
	assert_false(directory_release(&d, STR("me"), 1));
	assert_int_equal(directory_claim(&d, STR(""), 0, NULL), 0);
	assert_int_equal(directory_find(&d, STR("")), 0);
	directory_clear(&d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_hear_all_in_each_ones_order),
		cmocka_unit_test(what_was_answered_is_heard_first),
		cmocka_unit_test(who_runs_ahead_waits),
		cmocka_unit_test(interests_may_change_all_the_time),
		cmocka_unit_test(who_subscribes_late_hears_nothing_earlier),
		cmocka_unit_test(a_client_is_with_one_worker),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
