/* Readiness: the watches of host/loop.h. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/host/story.h"

/* Watches one end of a pair of sockets. */
struct post {
	struct story *st;
	struct loop_watch watch;
	int ours, theirs;
	char letter;
	short events;        /* as told, all of them together */
	int until;           /* stops the loop when called so often */
	bool reads;          /* eats what came */
	struct post *leaves; /* clears that one's watch */
};

static void
on_ready(void *arg, short events)
{
	struct post *p = arg;
	char bytes[64];

	tell(p->st, p->letter);
	p->events |= events;
	if (p->reads && recv(p->ours, bytes, sizeof(bytes), MSG_DONTWAIT) < 0)
		tell(p->st, '?');
	if (p->leaves)
		loop_watch_clear(&p->leaves->watch);
	if (--p->until == 0)
		loop_stop(p->st->loop);
}

static void
open_post(struct post *p, struct story *st, char letter, short events)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	*p = (struct post){ .st = st, .ours = fds[0], .theirs = fds[1], .letter = letter };
	loop_watch_init(&p->watch, st->loop, on_ready, p);
	assert_int_equal(loop_watch_set(&p->watch, p->ours, events), 0);
}

static void
close_post(struct post *p)
{
	loop_watch_clear(&p->watch);
	loop_watch_clear(&p->watch);
	close(p->ours);
	close(p->theirs);
}

static void
say(struct post *p, const char *words)
{
	assert_int_equal(send(p->theirs, words, strlen(words), 0), strlen(words));
}

static void
a_plain_watch_reports_what_is_still_there(void **state)
{
	struct story st;
	struct post p;

	(void)state;
	start(&st);
	open_post(&p, &st, 'r', LOOP_READ);
	say(&p, "xyz");
	p.until = 3;
	run(&st);
	assert_string_equal(st.told, "rrr");
	assert_int_equal(p.events, LOOP_READ);
	close_post(&p);
	loop_free(st.loop);
}

static void
an_edge_watch_reports_what_changed(void **state)
{
	struct story st;
	struct post edge, steady;

	(void)state;
	start(&st);
	open_post(&edge, &st, 'e', LOOP_READ | LOOP_CLOSED | LOOP_EDGE);
	open_post(&steady, &st, 's', LOOP_READ);
	say(&edge, "unread");
	say(&steady, "unread");
	steady.until = 3;
	run(&st);
	assert_int_equal(strspn(st.told, "es"), 4); /* one e */
	assert_true(edge.events & LOOP_READ);
	assert_false(edge.events & LOOP_CLOSED);

	say(&edge, "more");
	edge.until = 1;
	run(&st);
	assert_int_equal(edge.until, 0);
	close_post(&edge);
	close_post(&steady);
	loop_free(st.loop);
}

/* Even behind bytes that nobody reads. */
static void
a_peer_that_shuts_down_is_noticed(void **state)
{
	struct story st;
	struct post p;

	(void)state;
	start(&st);
	open_post(&p, &st, 'e', LOOP_READ | LOOP_CLOSED | LOOP_EDGE);
	say(&p, "unread");
	p.until = 1;
	run(&st);
	assert_false(p.events & LOOP_CLOSED);
	assert_int_equal(shutdown(p.theirs, SHUT_WR), 0);
	p.until = 1;
	run(&st);
	assert_true(p.events & LOOP_CLOSED);
	close_post(&p);
	loop_free(st.loop);
}

static void
what_is_watched_for_can_change(void **state)
{
	struct story st;
	struct post p;

	(void)state;
	start(&st);
	open_post(&p, &st, 'w', LOOP_READ);
	assert_int_equal(loop_watch_set(&p.watch, p.ours, LOOP_READ | LOOP_WRITE), 0);
	p.until = 1;
	run(&st);
	assert_int_equal(p.events, LOOP_WRITE);

	assert_int_equal(loop_watch_set(&p.watch, p.ours, LOOP_READ), 0);
	say(&p, "x");
	p.events = 0;
	p.reads = true;
	p.until = 1;
	run(&st);
	assert_int_equal(p.events, LOOP_READ);
	close_post(&p);
	loop_free(st.loop);
}

static void
nothing_is_heard_of_what_is_not_watched(void **state)
{
	struct story st;
	struct post off, on;

	(void)state;
	start(&st);
	open_post(&off, &st, 'f', LOOP_READ);
	open_post(&on, &st, 'n', LOOP_READ);
	say(&off, "x");
	say(&on, "x");
	assert_int_equal(loop_watch_set(&off.watch, off.ours, 0), 0);
	on.until = 2;
	run(&st);
	assert_string_equal(st.told, "nn");

	assert_int_equal(loop_watch_set(&off.watch, off.ours, LOOP_READ), 0);
	off.until = 1;
	on.reads = true;
	run(&st);
	assert_int_equal(off.until, 0);
	close_post(&off);
	close_post(&on);
	loop_free(st.loop);
}

/* Each would clear the other: whoever is first, only that one is called. */
static void
a_watch_may_end_another_that_is_ready_in_the_same_turn(void **state)
{
	struct story st;
	struct post a, b;

	(void)state;
	start(&st);
	open_post(&a, &st, 'x', LOOP_READ);
	open_post(&b, &st, 'x', LOOP_READ);
	say(&a, "x");
	say(&b, "x");
	a.leaves = &b;
	b.leaves = &a;
	a.until = b.until = 1;
	run(&st);
	assert_string_equal(st.told, "x");
	close_post(&a);
	close_post(&b);
	loop_free(st.loop);
}

static void
a_descriptor_may_be_watched_again_after_it_was_closed(void **state)
{
	struct story st;
	struct post p;

	(void)state;
	start(&st);
	for (int i = 0; i < 5; i++) {
		open_post(&p, &st, 'r', i % 2 ? LOOP_READ : LOOP_READ | LOOP_EDGE);
		say(&p, "x");
		p.until = 1;
		run(&st);
		close_post(&p);
	}
	assert_string_equal(st.told, "rrrrr");
	loop_free(st.loop);
}

static void
on_signal(void *arg, short events)
{
	struct story *st = arg;

	(void)events;
	tell(st, 's');
	loop_stop(st->loop);
}

static void
signals_are_heard(void **state)
{
	struct loop_watch watch;
	struct story st;

	(void)state;
	start(&st);
	loop_watch_signal(&watch, st.loop, SIGUSR1, on_signal, &st);
	for (int i = 0; i < 2; i++) {
		raise(SIGUSR1);
		run(&st);
	}
	assert_string_equal(st.told, "ss");
	loop_watch_clear(&watch);
	loop_free(st.loop);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_watch_reports_what_is_still_there),
		cmocka_unit_test(an_edge_watch_reports_what_changed),
		cmocka_unit_test(a_peer_that_shuts_down_is_noticed),
		cmocka_unit_test(what_is_watched_for_can_change),
		cmocka_unit_test(nothing_is_heard_of_what_is_not_watched),
		cmocka_unit_test(a_watch_may_end_another_that_is_ready_in_the_same_turn),
		cmocka_unit_test(a_descriptor_may_be_watched_again_after_it_was_closed),
		cmocka_unit_test(signals_are_heard),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
