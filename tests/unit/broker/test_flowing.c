/* Streams among joined nodes: when they may begin, and how the others learn how far
 * they are. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/broker/others.h"

static const struct engine_sub wants_a[] = { { { "/a", 2 }, 5 } };
static const struct engine_client wanting = {
	.turn = 2, .at = 10, .cursor = 7, .sub_count = 1, .subs = wants_a,
};

static struct broker_config
roomy(void)
{
	struct broker_config cfg = peers_config;

	cfg.registry.queue.messages = 10;
	return cfg;
}

/* It has moved here by a stream's connect 1, and lives. */
static void
start(struct others *o, struct world *w, struct peer *p)
{
	struct broker_config cfg = roomy();

	others_start(o, w, &cfg);
	peer_stream(p, w);
	peer_asks(p, "[" CONNECT("1") "]", "");
	others_attach(o, w, &wanting);
	others_want(o, w, "/a");
	others_assert_asked(o, "read /a>7");
	READ(o, w);
	others_assert_asked(o, "");
}

/* A stream that ends tells how far it came. */
static void
end(struct others *o, struct world *w, struct peer *p)
{
	peer_end(p);
	others_end(o, w);
}

static bool
is_here(const struct world *w)
{
	return registry_find(&w->b->registry, str_from(w->me));
}

/* ---- beginning ---- */

static void
one_that_brought_its_session_begins_with_what_was_read(void **state)
{
	struct broker_config cfg = roomy();
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	others_start(&o, &w, &cfg);
	peer_stream(&p, &w);
	peer_asks(&p, "[" CONNECT("1") "]", "");
	others_attach(&o, &w, &wanting);
	others_say(&o, &w, 13, "/a");
	peer_assert_got(&p, "");
	others_want(&o, &w, "/a");
	READ(&o, &w, "8", "12");
	peer_assert_got(&p, MESSAGE("8") MESSAGE("12") MESSAGE("13"));
	others_assert_asked(&o, ""); /* no write for a message */
	end(&o, &w, &p);
}

/* Elsewhere another stream may be getting the same. */
static void
another_gets_nothing_until_it_is_sure(void **state)
{
	struct peer p, next;
	struct others o;
	struct world w;

	(void)state;
	start(&o, &w, &p);
	peer_stream(&next, &w);
	peer_asks(&next, "[" CONNECT("2") "]", "");
	peer_assert_got(&p, "[" CONNECTED("1") "]"); /* the former one's */
	others_assert_asked(&o, "touch turn=2 by=2\nrecord turn=2 cursor=7 sent=0 by=-");
	others_say(&o, &w, 12, "/a");
	others_say(&o, &w, 13, "/a");
	peer_assert_got(&next, "");
	others_answer(&o, &w, 0);
	peer_assert_got(&next, MESSAGE("12") MESSAGE("13"));
	others_say(&o, &w, 14, "/a");
	peer_assert_got(&next, MESSAGE("14"));
	peer_end(&p);
	end(&o, &w, &next);
}

static void
they_are_out_of_reach_when_it_begins(void **state)
{
	struct peer p, next;
	struct others o;
	struct world w;

	(void)state;
	start(&o, &w, &p);
	peer_stream(&next, &w);
	peer_asks(&next, "[" CONNECT("2") "]", "");
	others_say(&o, &w, 12, "/a");
	others_answer(&o, &w, -EAGAIN);
	peer_assert_got(&next, MESSAGE("12"));
	peer_end(&p);
	end(&o, &w, &next);
}

/* Two in a row: what is said of the first does not let the second begin. */
static void
only_the_latest_connect_lets_it_begin(void **state)
{
	struct peer p, next;
	struct others o;
	struct world w;

	(void)state;
	start(&o, &w, &p);
	peer_end(&p);
	others_answer(&o, &w, 0);
	peer_stream(&next, &w);
	peer_asks(&next, "[" CONNECT("2") "]", "");
	peer_asks(&next, "[" CONNECT("3") "]", "[" CONNECTED("2") "]");
	others_assert_asked(&o, "touch turn=2 by=2\ntouch turn=2 by=3");
	others_say(&o, &w, 12, "/a");
	others_answer(&o, &w, 0);
	peer_assert_got(&next, "");
	others_answer(&o, &w, 0);
	peer_assert_got(&next, MESSAGE("12"));
	end(&o, &w, &next);
}

static void
the_peer_goes_before_it_is_sure(void **state)
{
	struct peer p, next;
	struct others o;
	struct world w;

	(void)state;
	start(&o, &w, &p);
	peer_stream(&next, &w);
	peer_asks(&next, "[" CONNECT("2") "]", "");
	peer_end(&next);
	others_say(&o, &w, 12, "/a");
	others_answer(&o, &w, 0);
	assert_true(is_here(&w));
	peer_end(&p);
	others_end(&o, &w);
}

/* ---- elsewhere ---- */

static void
taken_while_it_streams(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p);
	others_say(&o, &w, 12, "/a");
	peer_assert_got(&p, MESSAGE("12"));
	others_take(&o, &w, 20, 3, "2");
	peer_assert_got(&p, "[" CONNECTED("1") "]");
	assert_int_equal(p.hung_up, 0);
	assert_false(is_here(&w));
	others_say(&o, &w, 21, "/a");
	peer_assert_got(&p, "");
	others_assert_asked(&o, ""); /* it is the new home's to say how far */
	end(&o, &w, &p);
}

static void
taken_by_its_own_connect(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p);
	others_take(&o, &w, 20, 3, "1");
	peer_assert_got(&p, "");
	assert_int_equal(p.hung_up, 1);
	end(&o, &w, &p);
}

static void
lost_when_it_left(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p);
	peer_end(&p);
	others_assert_asked(&o, "record turn=2 cursor=7 sent=0 by=-");
	others_answer(&o, &w, ENGINE_LOST);
	assert_false(is_here(&w));
	others_end(&o, &w);
}

/* ---- how far it is ---- */

static void
what_did_not_arrive_is_not_said_to_have(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p);
	others_say(&o, &w, 12, "/a");
	peer_prove(&p);
	others_say(&o, &w, 14, "/a");
	others_say(&o, &w, 15, "/a");
	peer_end(&p);
	others_assert_asked(&o, "record turn=2 cursor=13 sent=0 by=-");
	others_end(&o, &w);
}

static void
one_that_keeps_up_flows(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p);
	others_say(&o, &w, 12, "/a");
	others_beat(&o, &w, 12);
	others_assert_asked(&o, "beat cursor=12");
	others_forget(&o);
	peer_prove(&p);
	others_beat(&o, &w, 12);
	others_assert_asked(&o, "beat cursor=12 turn=2");
	others_forget(&o);
	others_say(&o, &w, 14, "/a");
	peer_prove(&p);
	others_beat(&o, &w, 13);
	others_assert_asked(&o, "beat cursor=13");
	others_forget(&o);
	end(&o, &w, &p);
}

/* Nothing was published: all up to there has arrived all the same. */
static void
one_that_is_told_nothing_flows_on(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p);
	others_say(&o, &w, 12, "/a");
	peer_prove(&p);
	others_beat(&o, &w, 12);
	others_assert_asked(&o, "beat cursor=12 turn=2");
	others_forget(&o);
	for (uint64_t seq = 20; seq < 25; seq++) {
		others_beat(&o, &w, seq);
		assert_int_equal(o.count, 1);
		assert_non_null(strstr(o.asked[0].words, "beat"));
		others_forget(&o);
	}
	end(&o, &w, &p);
}

/* It says for itself how far it is, before that is said of all who flow. */
static void
one_that_falls_behind_leaves_before_the_beat(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p);
	others_say(&o, &w, 12, "/a");
	peer_prove(&p);
	others_beat(&o, &w, 12);
	others_forget(&o);
	others_say(&o, &w, 14, "/a");
	others_beat(&o, &w, 14);
	others_assert_asked(&o, "record turn=2 cursor=13 sent=0 by=-\nbeat cursor=14");
	others_answer(&o, &w, 0);
	others_forget(&o);
	peer_prove(&p);
	others_beat(&o, &w, 14);
	others_assert_asked(&o, "beat cursor=14 turn=2");
	others_forget(&o);
	end(&o, &w, &p);
}

/* It may not enter again before it has surely left: the others would take the beat's
 * cursor for its own. */
static void
one_whose_leaving_is_not_confirmed_does_not_enter(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p);
	others_say(&o, &w, 12, "/a");
	peer_prove(&p);
	others_beat(&o, &w, 12);
	others_forget(&o);
	others_say(&o, &w, 14, "/a");
	others_beat(&o, &w, 14);
	others_answer(&o, &w, -EAGAIN);
	others_forget(&o);
	others_beat(&o, &w, 15);
	others_assert_asked(&o, "record turn=2 cursor=13 sent=0 by=-\nbeat cursor=15");
	end(&o, &w, &p);
}

/* After they came back the first beats know of nothing: nobody enters by them. */
static void
a_beat_without_a_place_lets_nobody_enter(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p);
	others_say(&o, &w, 12, "/a"); /* not proved */
	others_beat(&o, &w, 0);
	others_assert_asked(&o, "beat cursor=0");
	others_forget(&o);
	end(&o, &w, &p);
}

static void
one_that_rests_or_holds_does_not_flow(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w, &p);
	others_say(&o, &w, 12, "/a");
	peer_prove(&p);
	others_change(&o, &w, 13, '+', "/b");
	others_beat(&o, &w, 13);
	others_assert_asked(&o, "beat cursor=13");
	others_forget(&o);
	end(&o, &w, &p);
}

/* Thousands of streams: their beat comes in portions, its cursor with the last. */
static void
many_enter(void **state)
{
	enum { MANY = 100 };
	struct peer *peers = calloc(MANY, sizeof(*peers));
	struct broker_config cfg = roomy();
	size_t entered = 0;
	struct others o;
	struct world w;

	(void)state;
	assert_non_null(peers);
	cfg.registry.sessions = MANY;
	others_start(&o, &w, &cfg);
	for (int i = 0; i < MANY; i++) {
		peer_stream(&peers[i], &w);
		peer_handshakes(&peers[i], "");
		buf_reset(&peers[i].got);
		peer_asks(&peers[i], "[" CONNECT("1") "]", "");
		others_assert_asked(&o, "touch turn=1 by=1");
		others_answer(&o, &w, 0);
	}
	o.events->on_gone(o.arg, o.seq + 1, STR("nobody"), 1);
	others_beat(&o, &w, o.seq);
	assert_int_equal(o.count, 2);
	assert_non_null(strstr(o.asked[0].words, "beat cursor=0 "));
	assert_non_null(strstr(o.asked[1].words, "beat cursor=1"));
	for (size_t i = 0; i < o.count; i++)
		entered += o.asked[i].entered;
	assert_int_equal(entered, MANY);
	others_forget(&o);
	for (int i = 0; i < MANY; i++) {
		peer_end(&peers[i]);
		others_forget(&o);
	}
	free(peers);
	others_end(&o, &w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_that_brought_its_session_begins_with_what_was_read),
		cmocka_unit_test(another_gets_nothing_until_it_is_sure),
		cmocka_unit_test(they_are_out_of_reach_when_it_begins),
		cmocka_unit_test(only_the_latest_connect_lets_it_begin),
		cmocka_unit_test(the_peer_goes_before_it_is_sure),
		cmocka_unit_test(taken_while_it_streams),
		cmocka_unit_test(taken_by_its_own_connect),
		cmocka_unit_test(lost_when_it_left),
		cmocka_unit_test(what_did_not_arrive_is_not_said_to_have),
		cmocka_unit_test(one_that_keeps_up_flows),
		cmocka_unit_test(one_that_is_told_nothing_flows_on),
		cmocka_unit_test(one_that_falls_behind_leaves_before_the_beat),
		cmocka_unit_test(one_whose_leaving_is_not_confirmed_does_not_enter),
		cmocka_unit_test(a_beat_without_a_place_lets_nobody_enter),
		cmocka_unit_test(one_that_rests_or_holds_does_not_flow),
		cmocka_unit_test(many_enter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
