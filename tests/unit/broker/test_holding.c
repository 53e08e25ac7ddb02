/* What a session gets that holds: all of what was read and heard, once and in order. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/broker/others.h"

static const struct engine_sub wants_a[] = { { { "/a", 2 }, 5 } };
static const struct engine_sub wants_two[] = { { { "/a", 2 }, 5 }, { { "/b/*", 4 }, 9 } };

static const struct engine_client wanting = {
	.turn = 2, .at = 10, .cursor = 7, .sub_count = 1, .subs = wants_a,
};
static const struct engine_client wanting_two = {
	.turn = 2, .at = 10, .cursor = 7, .sub_count = 2, .subs = wants_two,
};
static const struct engine_client idle = { .turn = 2, .at = 10, .cursor = 7 };

/* It has moved here by connect 1, which is held. */
static void
start(struct others *o, struct world *w, struct peer *p, const struct engine_client *c)
{
	struct broker_config cfg = peers_config;

	cfg.registry.queue.messages = 10;
	others_start(o, w, &cfg);
	peer_poll(p, w);
	peer_asks(p, "[" CONNECT("1") "]", "");
	others_attach(o, w, c);
}

static void
end(struct others *o, struct world *w, struct peer *p)
{
	peer_end(p);
	others_end(o, w);
}

/* What connect 1 is answered, after that was recorded. */
static void
assert_given(struct others *o, struct world *w, struct peer *p, const char *record,
	     const char *messages)
{
	char expected[2000];

	others_assert_asked(o, record);
	others_answer(o, w, 0);
	snprintf(expected, sizeof(expected), "[" CONNECTED("1") "%s]", messages);
	peer_assert_got(p, expected);
	others_assert_asked(o, "");
}

/* ---- merging ---- */

static void
what_was_read_and_heard_comes_once_and_in_order(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p, &wanting);
	others_say(&o, &w, 12, "/a"); /* on its way when /a was not yet confirmed */
	others_want(&o, &w, "/a");
	others_say(&o, &w, 13, "/a");
	READ(&o, &w, "8", "12", "13");
	assert_given(&o, &w, &p, "record turn=2 cursor=7 sent=13 by=1",
		     "," MESSAGE("8") "," MESSAGE("12") "," MESSAGE("13"));
	end(&o, &w, &p);
}

static void
what_comes_behind_the_read_is_heard(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p, &wanting);
	others_want(&o, &w, "/a");
	others_say(&o, &w, 12, "/a");
	others_say(&o, &w, 14, "/a");
	READ(&o, &w, "8", "12"); /* shows Redis as it was before */
	assert_given(&o, &w, &p, "record turn=2 cursor=7 sent=14 by=1",
		     "," MESSAGE("8") "," MESSAGE("12") "," MESSAGE("14"));
	end(&o, &w, &p);
}

static void
one_that_several_patterns_brought_comes_once(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p, &wanting_two);
	others_want(&o, &w, "/a");
	others_want(&o, &w, "/b/*");
	others_assert_asked(&o, "read /a>7 /b/*>9");
	others_say(&o, &w, 13, "/a");
	READ(&o, &w, "8", "11", "11", "12");
	assert_given(&o, &w, &p, "record turn=2 cursor=7 sent=13 by=1",
		     "," MESSAGE("8") "," MESSAGE("11") "," MESSAGE("12") "," MESSAGE("13"));
	end(&o, &w, &p);
}

static void
nothing_was_missed(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p, &wanting);
	others_want(&o, &w, "/a");
	READ(&o, &w);
	others_assert_asked(&o, "");
	peer_assert_got(&p, "");
	others_say(&o, &w, 14, "/a");
	assert_given(&o, &w, &p, "record turn=2 cursor=13 sent=14 by=1", "," MESSAGE("14"));
	end(&o, &w, &p);
}

/* ---- reads that come to nothing ---- */

static void
a_read_that_was_cut_off_is_asked_again(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p, &wanting);
	others_want(&o, &w, "/a");
	others_say(&o, &w, 12, "/a");
	o.events->on_down(o.arg);
	others_answer(&o, &w, -EAGAIN);
	others_assert_asked(&o, "");
	others_say(&o, &w, 13, "/a"); /* read by the others' end as it came back */
	o.events->on_up(o.arg);
	others_assert_asked(&o, "read /a>7");
	READ(&o, &w, "8", "12", "13");
	assert_given(&o, &w, &p, "record turn=2 cursor=7 sent=13 by=1",
		     "," MESSAGE("8") "," MESSAGE("12") "," MESSAGE("13"));
	end(&o, &w, &p);
}

static void
it_arrives_while_they_are_out_of_reach(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	others_start(&o, &w, &peers_config);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("1") "]", "");
	o.events->on_down(o.arg);
	others_attach(&o, &w, &wanting);
	others_want(&o, &w, "/a");
	others_assert_asked(&o, "");
	o.events->on_up(o.arg);
	others_assert_asked(&o, "read /a>7");
	end(&o, &w, &p);
}

/* Whoever reads nothing for good is told to begin anew. */
static void
a_read_that_cannot_be_had_ends_the_session(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p, &wanting);
	others_want(&o, &w, "/a");
	others_answer(&o, &w, -EPROTO);
	others_assert_asked(&o, "destroy turn=2");
	assert_null(registry_find(&w.b->registry, str_from(w.me)));
	end(&o, &w, &p);
}

/* ---- changes while it holds ---- */

static void
one_more_pattern_is_read_as_well(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p, &wanting);
	others_want(&o, &w, "/a");
	others_assert_asked(&o, "read /a>7");
	others_change(&o, &w, 12, '+', "/b");
	others_want(&o, &w, "/b");
	others_assert_asked(&o, "read /a>7"); /* one at a time */
	READ(&o, &w, "8");
	others_assert_asked(&o, "read /a>7 /b>12");
	others_say(&o, &w, 14, "/b");
	peer_assert_got(&p, "");
	READ(&o, &w, "8", "13 /b");
	assert_given(&o, &w, &p, "record turn=2 cursor=7 sent=14 by=1",
		     "," MESSAGE("8") ",{'channel':'/b','data':13},{'channel':'/b','data':14}");
	end(&o, &w, &p);
}

static void
one_that_is_heard_already_is_not_read(void **state)
{
	struct peer p, other;
	struct others o;
	struct world w;
	char me[sizeof(w.me)];

	(void)state;
	start(&o, &w, &p, &wanting);
	memcpy(me, w.me, sizeof(me));
	peer_poll(&other, &w);
	peer_handshakes(&other, "");
	others_change(&o, &w, 11, '+', "/b"); /* that one's */
	memcpy(w.me, me, sizeof(me));
	others_want(&o, &w, "/b");
	READ(&o, &w); /* of the other: it holds for /b */
	others_say(&o, &w, 12, "/b"); /* not ours yet */
	others_change(&o, &w, 13, '+', "/b");
	others_say(&o, &w, 14, "/b");
	others_want(&o, &w, "/a");
	others_assert_asked(&o, "read /a>7");
	READ(&o, &w, "8");
	assert_given(&o, &w, &p, "record turn=2 cursor=7 sent=14 by=1",
		     "," MESSAGE("8") ",{'channel':'/b','data':14}");
	peer_end(&other);
	end(&o, &w, &p);
}

static void
one_pattern_less_is_not_waited_for(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p, &wanting_two);
	others_want(&o, &w, "/a");
	others_assert_asked(&o, "");
	others_change(&o, &w, 12, '-', "/b/*");
	others_assert_asked(&o, "read /a>7");
	READ(&o, &w, "8");
	assert_given(&o, &w, &p, "record turn=2 cursor=7 sent=8 by=1", "," MESSAGE("8"));
	end(&o, &w, &p);
}

static void
no_pattern_is_left(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p, &wanting);
	others_want(&o, &w, "/a");
	others_say(&o, &w, 11, "/a");
	others_change(&o, &w, 12, '-', "/a");
	READ(&o, &w, "8", "11");
	others_assert_asked(&o, "read");
	READ(&o, &w);
	peer_assert_got(&p, "");
	others_change(&o, &w, 20, '+', "/a");
	others_want(&o, &w, "/a");
	others_assert_asked(&o, "read /a>20");
	READ(&o, &w, "21");
	assert_given(&o, &w, &p, "record turn=2 cursor=20 sent=21 by=1", "," MESSAGE("21"));
	end(&o, &w, &p);
}

static void
gone_and_wanted_again_while_a_read_is_under_way(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p, &wanting);
	others_want(&o, &w, "/a");
	others_change(&o, &w, 12, '-', "/a");
	others_change(&o, &w, 14, '+', "/a");
	others_want(&o, &w, "/a");
	READ(&o, &w, "8", "13");
	others_assert_asked(&o, "read /a>14");
	others_say(&o, &w, 15, "/a");
	READ(&o, &w, "15");
	assert_given(&o, &w, &p, "record turn=2 cursor=14 sent=15 by=1", "," MESSAGE("15"));
	end(&o, &w, &p);
}

/* ---- changes while it lives ---- */

static void
a_live_one_holds_for_what_is_not_heard_yet(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p, &wanting);
	others_want(&o, &w, "/a");
	READ(&o, &w);
	others_change(&o, &w, 12, '+', "/b");
	others_say(&o, &w, 14, "/a"); /* which it had, but behind 13 */
	others_assert_asked(&o, "");
	others_want(&o, &w, "/b");
	others_assert_asked(&o, "read /b>12");
	READ(&o, &w, "13 /b");
	assert_given(&o, &w, &p, "record turn=2 cursor=12 sent=14 by=1",
		     ",{'channel':'/b','data':13}," MESSAGE("14"));
	end(&o, &w, &p);
}

static void
a_change_that_it_came_with_is_not_made_twice(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p, &wanting);
	others_want(&o, &w, "/a");
	READ(&o, &w);
	others_assert_wanted(&o, "+/a ");
	others_change(&o, &w, 10, '-', "/a");
	others_change(&o, &w, 9, '+', "/b");
	others_assert_wanted(&o, "");
	others_say(&o, &w, 14, "/a");
	assert_given(&o, &w, &p, "record turn=2 cursor=13 sent=14 by=1", "," MESSAGE("14"));
	end(&o, &w, &p);
}

/* What waits from before is answered by the book, too, though the session holds. */
static void
what_waits_is_recorded_while_it_holds(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p, &wanting);
	others_want(&o, &w, "/a");
	READ(&o, &w);
	peer_end(&p);
	others_say(&o, &w, 12, "/a"); /* between two connects */
	others_change(&o, &w, 13, '+', "/b");
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("2") "]", "");
	others_assert_asked(&o, "touch turn=2 by=2\nrecord turn=2 cursor=11 sent=12 by=2");
	others_answer(&o, &w, 0);
	others_answer(&o, &w, 0);
	peer_assert_got(&p, "[" CONNECTED("2") "," MESSAGE("12") "]");
	end(&o, &w, &p);
}

/* ---- ends ---- */

static void
more_is_heard_than_may_wait(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p, &wanting);
	for (uint64_t i = 0; i < 10; i++)
		others_say(&o, &w, 12 + i, "/a");
	assert_non_null(registry_find(&w.b->registry, str_from(w.me)));
	others_say(&o, &w, 30, "/a");
	others_assert_asked(&o, "destroy turn=2");
	assert_null(registry_find(&w.b->registry, str_from(w.me)));
	assert_int_equal(w.b->counts.overflowed, 1);
	end(&o, &w, &p);
}

/* With that policy a full queue costs its oldest, whether it holds or not. */
static void
more_is_heard_than_may_wait_and_the_oldest_goes(void **state)
{
	struct broker_config cfg = peers_config;
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	cfg.registry.queue.messages = 2;
	cfg.registry.queue.drop_oldest = true;
	others_start(&o, &w, &cfg);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("1") "]", "");
	others_attach(&o, &w, &wanting);
	others_say(&o, &w, 12, "/a");
	others_say(&o, &w, 13, "/a");
	others_say(&o, &w, 14, "/a");
	assert_non_null(registry_find(&w.b->registry, str_from(w.me)));
	assert_int_equal(w.b->counts.dropped, 1);
	others_want(&o, &w, "/a");
	READ(&o, &w);
	assert_given(&o, &w, &p, "record turn=2 cursor=12 sent=14 by=1",
		     "," MESSAGE("13") "," MESSAGE("14"));
	end(&o, &w, &p);
}

static void
it_is_taken_while_it_reads(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p, &wanting);
	others_want(&o, &w, "/a");
	others_say(&o, &w, 12, "/a");
	others_take(&o, &w, 13, 3, "2");
	peer_assert_got(&p, "[" CONNECTED("1") "]");
	assert_null(registry_find(&w.b->registry, str_from(w.me)));
	READ(&o, &w, "8", "12");
	peer_assert_got(&p, "");
	others_assert_asked(&o, "");
	end(&o, &w, &p);
}

static void
its_client_goes_for_good_while_it_reads(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p, &wanting);
	others_want(&o, &w, "/a");
	o.events->on_gone(o.arg, 12, str_from(w.me), 2);
	peers_settle(&w);
	peer_assert_got(&p, "[" CONNECTED("1") "]");
	READ(&o, &w, "8");
	peer_assert_got(&p, "");
	end(&o, &w, &p);
}

static void
the_broker_ends_while_it_reads(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p, &wanting);
	others_want(&o, &w, "/a");
	others_say(&o, &w, 12, "/a");
	end(&o, &w, &p);
}

/* An empty answer says that all up to there has come: not while it is unknown. */
static void
nothing_to_read(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p, &idle);
	others_assert_asked(&o, "");
	others_change(&o, &w, 12, '+', "/a");
	others_want(&o, &w, "/a");
	others_assert_asked(&o, "read /a>12");
	READ(&o, &w);
	others_say(&o, &w, 13, "/a");
	assert_given(&o, &w, &p, "record turn=2 cursor=12 sent=13 by=1", "," MESSAGE("13"));
	end(&o, &w, &p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_read_and_heard_comes_once_and_in_order),
		cmocka_unit_test(what_comes_behind_the_read_is_heard),
		cmocka_unit_test(one_that_several_patterns_brought_comes_once),
		cmocka_unit_test(nothing_was_missed),
		cmocka_unit_test(a_read_that_was_cut_off_is_asked_again),
		cmocka_unit_test(it_arrives_while_they_are_out_of_reach),
		cmocka_unit_test(a_read_that_cannot_be_had_ends_the_session),
		cmocka_unit_test(one_more_pattern_is_read_as_well),
		cmocka_unit_test(one_that_is_heard_already_is_not_read),
		cmocka_unit_test(one_pattern_less_is_not_waited_for),
		cmocka_unit_test(no_pattern_is_left),
		cmocka_unit_test(gone_and_wanted_again_while_a_read_is_under_way),
		cmocka_unit_test(a_live_one_holds_for_what_is_not_heard_yet),
		cmocka_unit_test(a_change_that_it_came_with_is_not_made_twice),
		cmocka_unit_test(what_waits_is_recorded_while_it_holds),
		cmocka_unit_test(more_is_heard_than_may_wait),
		cmocka_unit_test(more_is_heard_than_may_wait_and_the_oldest_goes),
		cmocka_unit_test(it_is_taken_while_it_reads),
		cmocka_unit_test(its_client_goes_for_good_while_it_reads),
		cmocka_unit_test(the_broker_ends_while_it_reads),
		cmocka_unit_test(nothing_to_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
