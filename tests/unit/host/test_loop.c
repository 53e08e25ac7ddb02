#include "host/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/host/story.h"

/* ---- actors ---- */

/* A task or timer that tells its letter, comes back so often, calls another,
 * and may stop the loop. */
struct actor {
	struct story *st;
	struct loop_task task;
	struct loop_timer timer;
	int64_t rung_ms;         /* when the timer last rang */
	char letter;
	int again;               /* puts itself off so many times, or its timer */
	struct actor *defers, *finishes; /* others, to be put off likewise */
	struct actor *silences;  /* whose timer and task to clear */
	bool at_end;             /* where `again` puts its task */
	bool stops;              /* when it comes no more */
};

static void
act(struct actor *a)
{
	tell(a->st, a->letter);
	if (a->defers)
		loop_defer(a->st->loop, &a->defers->task);
	if (a->finishes)
		loop_at_end(a->st->loop, &a->finishes->task);
	if (a->silences) {
		loop_timer_clear(a->st->loop, &a->silences->timer);
		loop_task_clear(&a->silences->task);
	}
	if (a->stops && !a->again)
		loop_stop(a->st->loop);
}

static void
on_task(void *arg)
{
	struct actor *a = arg;

	act(a);
	if (!a->again)
		return;
	a->again--;
	if (a->at_end)
		loop_at_end(a->st->loop, &a->task);
	else
		loop_defer(a->st->loop, &a->task);
}

static void
on_timer(void *arg)
{
	struct actor *a = arg;

	a->rung_ms = loop_now_ms(a->st->loop);
	act(a);
	if (!a->again)
		return;
	a->again--;
	assert_int_equal(loop_timer_set(a->st->loop, &a->timer,
					loop_now_ms(a->st->loop)), 0);
}

static struct actor
actor(struct story *st, char letter)
{
	return (struct actor){
		.st = st,
		.letter = letter,
		.task = { .run = on_task },
		.timer = { .on_due = on_timer },
	};
}

/* Actors do not move once they act. */
static void
defer(struct actor *a)
{
	a->task.arg = a;
	loop_defer(a->st->loop, &a->task);
}

static void
at_end(struct actor *a)
{
	a->task.arg = a;
	loop_at_end(a->st->loop, &a->task);
}

static void
set(struct actor *a, int64_t in_ms)
{
	a->timer.arg = a;
	assert_int_equal(loop_timer_set(a->st->loop, &a->timer,
					loop_now_ms(a->st->loop) + in_ms), 0);
}

/* ---- the turn ---- */

static void
on_readable(void *arg, short events)
{
	(void)events;
	tell(arg, 'r');
}

static void
a_turn_is_ready_then_due_then_deferred_then_the_end(void **state)
{
	struct actor timer, task, end;
	struct loop_watch watch;
	struct story st;
	int fds[2];

	(void)state;
	start(&st);
	timer = actor(&st, 't');
	task = actor(&st, 'd');
	end = actor(&st, '.');
	end.stops = true;
	at_end(&end);
	defer(&task);
	set(&timer, -1);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "x", 1), 1);
	loop_watch_init(&watch, st.loop, on_readable, &st);
	assert_int_equal(loop_watch_set(&watch, fds[0], LOOP_READ), 0);
	run(&st);
	assert_string_equal(st.told, "rtd.");
	loop_watch_clear(&watch);
	close(fds[0]);
	close(fds[1]);
	loop_free(st.loop);
}

/* ---- time ---- */

static void
timers_ring_in_order_and_not_before_their_time(void **state)
{
	static const int64_t in_ms[] = { 21, 3, 0, 12, -50, 4 };
	struct actor actors[6];
	struct story st;
	int64_t began;

	(void)state;
	start(&st);
	began = loop_now_ms(st.loop);
	for (int i = 0; i < 6; i++) {
		actors[i] = actor(&st, (char)('a' + i));
		set(&actors[i], in_ms[i]);
	}
	actors[0].stops = true;
	run(&st);
	assert_string_equal(st.told, "ecbfda");
	for (int i = 0; i < 6; i++)
		assert_true(actors[i].rung_ms >= began + in_ms[i]);
	loop_free(st.loop);
}

static void
a_timer_can_be_moved_or_taken_back(void **state)
{
	struct story st;
	struct actor moved, taken, last;

	(void)state;
	start(&st);
	moved = actor(&st, 'm');
	taken = actor(&st, 't');
	last = actor(&st, 'l');
	last.stops = true;
	set(&moved, 600000);
	set(&taken, 1);
	set(&last, 5);
	set(&moved, 2);
	loop_timer_clear(st.loop, &taken.timer);
	loop_timer_clear(st.loop, &taken.timer);
	run(&st);
	assert_string_equal(st.told, "ml");
	loop_free(st.loop);
}

static void
a_timer_may_silence_another_that_is_due(void **state)
{
	struct story st;
	struct actor first, second, last;

	(void)state;
	start(&st);
	first = actor(&st, '1');
	second = actor(&st, '2');
	last = actor(&st, '3');
	first.silences = &second;
	last.stops = true;
	set(&first, -3);
	set(&second, -2);
	set(&last, -1);
	run(&st);
	assert_string_equal(st.told, "13");
	loop_free(st.loop);
}

/* However many timers there are besides. */
static void
a_timer_that_sets_itself_again_waits_for_the_next_turn(void **state)
{
	struct story st;
	struct actor eager, far, farther, turn;

	(void)state;
	start(&st);
	eager = actor(&st, 'e');
	far = actor(&st, 'f');
	farther = actor(&st, 'f');
	turn = actor(&st, '.');
	set(&eager, 0);
	set(&far, 600000);
	set(&farther, 600001);
	eager.again = 5;
	eager.stops = true;
	turn.at_end = true;
	turn.again = 50;
	at_end(&turn);
	run(&st);
	assert_string_equal(st.told, "e.e.e.e.e.e.");
	loop_timer_clear(st.loop, &far.timer);
	loop_timer_clear(st.loop, &farther.timer);
	loop_task_clear(&turn.task);
	loop_free(st.loop);
}

static void
now_stands_still_within_a_turn_and_goes_on(void **state)
{
	struct story st;
	struct actor early, late;
	int64_t began;

	(void)state;
	start(&st);
	began = loop_now_ms(st.loop);
	early = actor(&st, 'e');
	late = actor(&st, 'l');
	late.stops = true;
	set(&early, 5);
	set(&late, 30);
	run(&st);
	assert_true(early.rung_ms >= began + 5);
	assert_true(late.rung_ms >= began + 30);
	assert_int_equal(loop_now_ms(st.loop), late.rung_ms);
	loop_free(st.loop);
}

/* ---- tasks ---- */

static void
deferred_tasks_and_those_they_add_run_until_none_is_left(void **state)
{
	struct story st;
	struct actor one, two, end, again;

	(void)state;
	start(&st);
	one = actor(&st, '1');
	two = actor(&st, '2');
	again = actor(&st, 'a');
	end = actor(&st, '.');
	end.stops = true;
	two.task.arg = &two;
	one.defers = &two;
	again.again = 3;
	at_end(&end);
	defer(&one);
	defer(&again);
	run(&st);
	assert_string_equal(st.told, "1a2aaa.");
	loop_free(st.loop);
}

static void
one_that_waits_already_keeps_its_place(void **state)
{
	struct story st;
	struct actor one, two, end;

	(void)state;
	start(&st);
	one = actor(&st, '1');
	two = actor(&st, '2');
	end = actor(&st, '.');
	end.stops = true;
	defer(&one);
	defer(&two);
	defer(&one);
	at_end(&end);
	at_end(&end);
	run(&st);
	assert_string_equal(st.told, "12.");
	loop_free(st.loop);
}

static void
a_cleared_task_does_not_run(void **state)
{
	struct story st;
	struct actor one, two, end;

	(void)state;
	start(&st);
	one = actor(&st, '1');
	two = actor(&st, '2');
	end = actor(&st, '.');
	one.silences = &two;
	end.stops = true;
	defer(&one);
	defer(&two);
	at_end(&end);
	run(&st);
	assert_string_equal(st.told, "1.");
	loop_task_clear(&end.task);
	loop_free(st.loop);
}

/* And what they put off is done at once, not when something happens. */
static void
endings_run_once_a_turn(void **state)
{
	struct story st;
	struct actor end, task, far;

	(void)state;
	start(&st);
	far = actor(&st, 'f');
	set(&far, 600000); /* something to wait for */
	end = actor(&st, '.');
	task = actor(&st, 't');
	task.task.arg = &task;
	end.at_end = true;
	end.again = 3;
	end.defers = &task;
	end.stops = true;
	at_end(&end);
	run(&st);
	assert_string_equal(st.told, ".t.t.t.");
	loop_timer_clear(st.loop, &far.timer);
	loop_task_clear(&task.task);
	loop_free(st.loop);
}

static void
an_ending_may_add_another_for_the_next_turn(void **state)
{
	struct story st;
	struct actor first, second, far;

	(void)state;
	start(&st);
	far = actor(&st, 'f');
	set(&far, 600000); /* something to wait for */
	first = actor(&st, '1');
	second = actor(&st, '2');
	second.task.arg = &second;
	first.finishes = &second;
	second.stops = true;
	at_end(&first);
	run(&st);
	assert_string_equal(st.told, "12");
	loop_timer_clear(st.loop, &far.timer);
	loop_free(st.loop);
}

/* ---- stopping ---- */

static void
the_turn_that_is_stopped_is_finished(void **state)
{
	struct story st;
	struct actor timer, task, end;

	(void)state;
	start(&st);
	timer = actor(&st, 't');
	task = actor(&st, 'd');
	end = actor(&st, '.');
	timer.stops = true;
	set(&timer, 0);
	defer(&task);
	at_end(&end);
	run(&st);
	assert_string_equal(st.told, "td.");
	loop_free(st.loop);
}

static void
a_stopped_loop_runs_again(void **state)
{
	struct story st;
	struct actor timer;

	(void)state;
	start(&st);
	timer = actor(&st, 't');
	timer.stops = true;
	for (int i = 0; i < 3; i++) {
		set(&timer, 1);
		run(&st);
	}
	assert_string_equal(st.told, "ttt");
	loop_free(st.loop);
}

/* A clock that only others set need not agree with itself; one turn does. */
static void
a_moment_has_its_place_on_the_wall_clock(void **state)
{
	struct timespec now;
	struct story st;
	int64_t wall, wall_s;

	(void)state;
	start(&st);
	wall = loop_wall_ms(st.loop, loop_now_ms(st.loop));
	clock_gettime(CLOCK_REALTIME, &now);
	wall_s = wall / 1000;
	assert_in_range(wall_s, now.tv_sec - 20, now.tv_sec);
	assert_true(loop_wall_ms(st.loop, loop_now_ms(st.loop)) == wall);
	assert_true(loop_wall_ms(st.loop, loop_now_ms(st.loop) - 1234) == wall - 1234);
	loop_free(st.loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_turn_is_ready_then_due_then_deferred_then_the_end),
		cmocka_unit_test(timers_ring_in_order_and_not_before_their_time),
		cmocka_unit_test(a_timer_can_be_moved_or_taken_back),
		cmocka_unit_test(a_timer_may_silence_another_that_is_due),
		cmocka_unit_test(a_timer_that_sets_itself_again_waits_for_the_next_turn),
		cmocka_unit_test(now_stands_still_within_a_turn_and_goes_on),
		cmocka_unit_test(a_moment_has_its_place_on_the_wall_clock),
		cmocka_unit_test(deferred_tasks_and_those_they_add_run_until_none_is_left),
		cmocka_unit_test(one_that_waits_already_keeps_its_place),
		cmocka_unit_test(a_cleared_task_does_not_run),
		cmocka_unit_test(endings_run_once_a_turn),
		cmocka_unit_test(an_ending_may_add_another_for_the_next_turn),
		cmocka_unit_test(the_turn_that_is_stopped_is_finished),
		cmocka_unit_test(a_stopped_loop_runs_again),
	};

	alarm(20);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
