/* Batches from polls: what is answered, what a retry gets, who is held. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/broker/peers.h"

/* ---- batches ---- */

static void
a_batch_is_answered_in_order_with_its_connect_last(void **state)
{
	struct world w;

	(void)state;
	peers_start(&w, &peers_config);
	peers_handshake(&w);
	peers_ask(&w,
		  "[" CONNECT("1") "," SUBSCRIBE("/a") ",{'channel':'/a','data':7,'id':'2'}]",
		  "[" SUBSCRIBED("/a") ",{'id':'2','channel':'/a','successful':true},"
		  CONNECTED("1") ",{'channel':'/a','data':7,'id':'2'}]");
	peers_end(&w);
}

static void
a_batch_of_nothing_is_answered_with_nothing(void **state)
{
	struct world w;

	(void)state;
	peers_start(&w, &peers_config);
	peers_ask(&w, "[]", "[]");
	peers_ask(&w, "null", "[]");
	peers_ask(&w, "[null,0]", "[]");
	peers_end(&w);
}

static void
a_refused_batch_does_nothing(void **state)
{
	struct world w;
	struct peer p;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_poll(&p, &w);
	assert_int_equal(peer_say(&p, "[" MESSAGE("1") ","), BATCH_INVALID);
	assert_int_equal(peer_say(&p, "[1,1,1,1,1,1,1,1,1,1,1]"), BATCH_TOO_MANY);
	assert_int_equal(peer_say(&p, "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]"),
			 BATCH_TOO_DEEP);
	peers_settle(&w);
	assert_int_equal(p.replies, 0);
	peer_end(&p);
	peers_ask(&w, "[" CONNECT_NOW("1") "]", "[" CONNECTED("1") "]");
	peers_end(&w);
}

/* ---- what is lossless ---- */

static void
the_same_connect_gets_the_same_again_and_another_does_not(void **state)
{
	struct world w;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peers_say(&w, "[" MESSAGE("1") "," MESSAGE("2") "]");
	peers_ask(&w, "[" CONNECT("1") "]",
		  "[" CONNECTED("1") "," MESSAGE("1") "," MESSAGE("2") "]");
	peers_say(&w, "[" MESSAGE("3") "]");
	peers_ask(&w, "[" CONNECT("1") "]",
		  "[" CONNECTED("1") "," MESSAGE("1") "," MESSAGE("2") "," MESSAGE("3") "]");
	peers_ask(&w, "[" CONNECT_NOW("2") "]", "[" CONNECTED("2") "]");
	peers_end(&w);
}

/* The retry of Faye's clients shares its batch and then asks for no wait. */
static void
a_retry_that_names_no_time_is_the_same_connect(void **state)
{
	struct world w;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peers_say(&w, "[" MESSAGE("1") "]");
	peers_ask(&w, "[" CONNECT("1") "]", "[" CONNECTED("1") "," MESSAGE("1") "]");
	peers_ask(&w, "[" CONNECT_NOW("1") "]", "[" CONNECTED("1") "," MESSAGE("1") "]");
	peers_end(&w);
}

static void
messages_wait_for_who_is_gone(void **state)
{
	struct world w;
	struct peer p;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("1") "]", "");
	peer_end(&p);
	peers_say(&w, "[" MESSAGE("1") "]");
	peers_ask(&w, "[" CONNECT("1") "]", "[" CONNECTED("1") "," MESSAGE("1") "]");
	peers_end(&w);
}

static void
a_publish_that_comes_again_is_not_done_twice(void **state)
{
	struct world w;
	static const char again[] = "[{'channel':'/a','data':1,'id':'5','clientId':'ME'}]";
	static const char answer[] = "[{'id':'5','clientId':'ME','channel':'/a',"
				     "'successful':true}]";

	(void)state;
	peers_subscribed(&w, &peers_config);
	peers_ask(&w, again, answer);
	peers_ask(&w, again, answer);
	assert_int_equal(w.b->counts.repeated, 1);
	peers_ask(&w, "[{'channel':'/a','data':2,'id':'5','clientId':'ME'}]", answer);
	peers_ask(&w, "[" CONNECT("1") "]",
		  "[" CONNECTED("1") ",{'channel':'/a','data':1,'id':'5'},"
		  "{'channel':'/a','data':2,'id':'5'}]");
	peers_end(&w);
}

static void
without_an_id_each_publish_counts(void **state)
{
	struct world w;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peers_say(&w, "[{'channel':'/a','data':1,'clientId':'ME'}]");
	peers_say(&w, "[{'channel':'/a','data':1,'clientId':'ME'}]");
	peers_ask(&w, "[" CONNECT("1") "]",
		  "[" CONNECTED("1") "," MESSAGE("1") "," MESSAGE("1") "]");
	peers_end(&w);
}

/* ---- who is held ---- */

static void
a_held_connect_is_answered_with_all_of_one_turn(void **state)
{
	struct world w;
	struct peer p;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("1") "]", "");
	peers_say(&w, "[" MESSAGE("1") "," MESSAGE("2") "]");
	peer_assert_got(&p, "[" CONNECTED("1") "," MESSAGE("1") "," MESSAGE("2") "]");
	assert_int_equal(p.replies, 1);
	peer_end(&p);
	peers_end(&w);
}

static void
another_connect_answers_the_first_with_nothing(void **state)
{
	struct world w;
	struct peer first, second;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_poll(&first, &w);
	peer_poll(&second, &w);
	peer_asks(&first, "[" CONNECT("1") "]", "");
	peer_asks(&second, "[" CONNECT("2") "]", "");
	peer_assert_got(&first, "[" CONNECTED("1") "]");
	assert_int_equal(first.hung_up, 0);
	peers_say(&w, "[" MESSAGE("1") "]");
	peer_assert_got(&second, "[" CONNECTED("2") "," MESSAGE("1") "]");
	peer_end(&first);
	peer_end(&second);
	peers_end(&w);
}

/* One id is answered in one place only. */
static void
the_same_connect_elsewhere_hangs_up_the_first(void **state)
{
	struct world w;
	struct peer first, second;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_poll(&first, &w);
	peer_poll(&second, &w);
	peer_asks(&first, "[" CONNECT("1") "]", "");
	peer_asks(&second, "[" CONNECT("1") "]", "");
	assert_int_equal(first.hung_up, 1);
	peers_say(&w, "[" MESSAGE("1") "]");
	peer_assert_got(&first, "");
	peer_assert_got(&second, "[" CONNECTED("1") "," MESSAGE("1") "]");
	peer_end(&first);
	peer_end(&second);
	peers_end(&w);
}

static void
two_connects_in_one_batch_are_both_answered(void **state)
{
	struct world w;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peers_say(&w, "[" MESSAGE("1") "]");
	peers_ask(&w, "[" CONNECT("1") "," CONNECT("2") "]",
		  "[" CONNECTED("1") "," CONNECTED("2") "," MESSAGE("1") "]");
	peers_ask(&w, "[" CONNECT_NOW("3") "," CONNECT_NOW("3") "]", "[" CONNECTED("3") "]");
	peers_end(&w);
}

static void
a_hold_ends_with_its_time_and_not_before(void **state)
{
	enum { HOLD_MS = 30 };
	struct world w;
	struct peer p;
	int64_t began;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_poll(&p, &w);
	p.stops = true;
	assert_int_equal(peer_say(&p, "[{'channel':'/meta/connect','clientId':'ME','id':'1',"
				      "'connectionType':'long-polling',"
				      "'advice':{'timeout':30}}]"), 0);
	began = loop_now_ms(w.loop);
	peers_wait(&w);
	peer_assert_got(&p, "[" CONNECTED("1") "]");
	assert_true(p.replied_ms >= began + HOLD_MS);
	peer_end(&p);
	peers_end(&w);
}

static void
nobody_is_held_longer_than_the_server_would(void **state)
{
	struct broker_config cfg = peers_config;
	struct world w;
	struct peer p;

	(void)state;
	cfg.timeout_ms = 30;
	peers_start(&w, &cfg);
	peers_handshake(&w);
	peer_poll(&p, &w);
	p.stops = true;
	assert_int_equal(peer_say(&p, "[{'channel':'/meta/connect','clientId':'ME',"
				      "'connectionType':'long-polling',"
				      "'advice':{'timeout':1e300}}]"), 0);
	peers_wait(&w); /* would be for ever */
	assert_int_equal(p.replies, 1);
	peer_end(&p);
	peers_end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_batch_is_answered_in_order_with_its_connect_last),
		cmocka_unit_test(a_batch_of_nothing_is_answered_with_nothing),
		cmocka_unit_test(a_refused_batch_does_nothing),
		cmocka_unit_test(the_same_connect_gets_the_same_again_and_another_does_not),
		cmocka_unit_test(a_retry_that_names_no_time_is_the_same_connect),
		cmocka_unit_test(messages_wait_for_who_is_gone),
		cmocka_unit_test(a_publish_that_comes_again_is_not_done_twice),
		cmocka_unit_test(without_an_id_each_publish_counts),
		cmocka_unit_test(a_held_connect_is_answered_with_all_of_one_turn),
		cmocka_unit_test(another_connect_answers_the_first_with_nothing),
		cmocka_unit_test(the_same_connect_elsewhere_hangs_up_the_first),
		cmocka_unit_test(two_connects_in_one_batch_are_both_answered),
		cmocka_unit_test(a_hold_ends_with_its_time_and_not_before),
		cmocka_unit_test(nobody_is_held_longer_than_the_server_would),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
