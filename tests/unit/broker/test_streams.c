/* Streams: bound by a connect, fed at once, and what they cannot prove. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/broker/peers.h"

/* ---- messages ---- */

static void
a_connect_binds_and_what_waited_comes_first(void **state)
{
	struct world w;
	struct peer s;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peers_say(&w, "[" MESSAGE("1") "," MESSAGE("2") "]");
	peer_stream(&s, &w);
	peer_asks(&s, "[" CONNECT("1") "]", MESSAGE("1") MESSAGE("2"));
	peers_say(&w, "[" MESSAGE("3") "]");
	peer_assert_got(&s, MESSAGE("3"));
	/* The held connect is answered by another alone, in a frame of its own. */
	peer_asks(&s, "[" CONNECT_NOW("2") "]", "[" CONNECTED("1") "][" CONNECTED("2") "]");
	peer_end(&s);
	peers_end(&w);
}

static void
a_stream_that_never_connects_hears_nothing(void **state)
{
	struct world w;
	struct peer s;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_stream(&s, &w);
	peer_asks(&s, "[" MESSAGE("1") "]", "[" PUBLISHED "]");
	assert_int_equal(s.kept.count, 0);
	peer_end(&s);
	peers_end(&w);
}

/* Faye's hole: the sender of a failing connect got that client's messages. */
static void
a_failing_connect_binds_nothing(void **state)
{
	struct world w;
	struct peer s;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_stream(&s, &w);
	peer_asks(&s, "[{'channel':'/meta/connect','clientId':'ME','connectionType':'x'}]",
		  "[{'channel':'/meta/connect','successful':false,"
		  "'error':'301:x:Connection types not supported',"
		  "'advice':{'reconnect':'handshake'}}]");
	peers_say(&w, "[" MESSAGE("1") "]");
	peer_assert_got(&s, "");
	peer_end(&s);
	peers_end(&w);
}

static void
a_stream_without_room_gets_the_backlog_when_it_has(void **state)
{
	struct world w;
	struct peer s;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peers_say(&w, "[" MESSAGE("1") "]");
	peer_stream(&s, &w);
	s.full = true;
	peer_asks(&s, "[" CONNECT("1") "]", "");
	peers_say(&w, "[" MESSAGE("2") "]"); /* behind it */
	peer_assert_got(&s, "");
	s.full = false;
	outlet_feed(&s.outlet);
	peer_assert_got(&s, MESSAGE("1") MESSAGE("2"));
	peers_say(&w, "[" MESSAGE("3") "]");
	peer_assert_got(&s, MESSAGE("3"));
	peer_end(&s);
	peers_end(&w);
}

/* ---- batches ---- */

static void
batches_of_one_stream_are_done_one_after_the_other(void **state)
{
	struct world w;
	struct peer s;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_stream(&s, &w);
	assert_int_equal(peer_say(&s, "[{'channel':'/a','data':1,'id':'1'},"
				      "{'channel':'/a','data':2,'id':'2'}]"), 0);
	assert_int_equal(peer_say(&s, "[]"), 0);
	assert_int_equal(peer_say(&s, "[{'channel':'/a','data':3,'id':'3'}]"), 0);
	peers_settle(&w);
	peer_assert_got(&s, "[{'id':'1','channel':'/a','successful':true},"
			    "{'id':'2','channel':'/a','successful':true}][]"
			    "[{'id':'3','channel':'/a','successful':true}]");
	peer_end(&s);
	peers_end(&w);
}

static void
others_of_the_batch_do_not_wait_for_its_connect(void **state)
{
	struct world w;
	struct peer s;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_stream(&s, &w);
	peer_asks(&s, "[" CONNECT("1") "," MESSAGE("1") "]", MESSAGE("1") "[" PUBLISHED "]");
	peer_end(&s);
	peers_end(&w);
}

/* ---- moving ---- */

static void
what_was_not_proved_comes_again_by_the_next_stream(void **state)
{
	struct world w;
	struct peer first, second;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_stream(&first, &w);
	peer_asks(&first, "[" CONNECT("1") "]", "");
	peers_say(&w, "[" MESSAGE("1") "]");
	peer_prove(&first);
	peers_say(&w, "[" MESSAGE("2") "," MESSAGE("3") "]");
	peer_assert_got(&first, MESSAGE("1") MESSAGE("2") MESSAGE("3"));
	peer_end(&first);
	peers_say(&w, "[" MESSAGE("4") "]");
	peer_stream(&second, &w);
	peer_asks(&second, "[" CONNECT("2") "]", MESSAGE("2") MESSAGE("3") MESSAGE("4"));
	peer_end(&second);
	peers_end(&w);
}

static void
a_poll_takes_over_from_a_stream(void **state)
{
	struct world w;
	struct peer s, p;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_stream(&s, &w);
	peer_asks(&s, "[" CONNECT("1") "]", "");
	peers_say(&w, "[" MESSAGE("1") "]");
	peer_assert_got(&s, MESSAGE("1"));
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("2") "]", "[" CONNECTED("2") "," MESSAGE("1") "]");
	peer_assert_got(&s, "[" CONNECTED("1") "]");
	peer_end(&p);

	/* And the stream hears nothing more. */
	peers_say(&w, "[" MESSAGE("2") "]");
	peer_assert_got(&s, "");
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("3") "]", "[" CONNECTED("3") "," MESSAGE("2") "]");
	peer_end(&p);
	peer_end(&s);
	peers_end(&w);
}

/* By the same connect: what the poll was given comes by the stream again. */
static void
a_stream_takes_over_from_a_poll(void **state)
{
	struct world w;
	struct peer s, p;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peers_say(&w, "[" MESSAGE("1") "]");
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("1") "]", "[" CONNECTED("1") "," MESSAGE("1") "]");
	peer_end(&p);
	peer_stream(&s, &w);
	peer_asks(&s, "[" CONNECT("1") "]", MESSAGE("1"));
	peer_end(&s);

	/* That was not proved. Another connect speaks only of answers to polls. */
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("2") "]", "[" CONNECTED("2") "," MESSAGE("1") "]");
	peer_end(&p);
	peers_end(&w);
}

static void
attach(struct peer *p)
{
	assert_int_equal(outlet_attach(&p->outlet, str_from(p->w->me)), 0);
	peers_settle(p->w);
}

static void
a_stream_bound_by_its_opening_ends_the_connect_held_elsewhere(void **state)
{
	struct world w;
	struct peer s, p, first, second;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_stream(&s, &w);
	peer_asks(&s, "[" CONNECT("1") "]", "");
	peer_stream(&first, &w);
	attach(&first);
	peer_assert_got(&s, "[" CONNECTED("1") "]");
	peer_end(&s);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("2") "]", ""); /* ends the stream's binding */
	peer_stream(&second, &w);
	attach(&second);
	peer_assert_got(&p, "[" CONNECTED("2") "]");
	peer_end(&p);
	peers_say(&w, "[" MESSAGE("1") "]");
	peer_assert_got(&first, "");
	peer_assert_got(&second, MESSAGE("1"));
	peer_end(&first);
	peer_end(&second);
	peers_end(&w);
}

#define CONNECT_EVENTS(id) "{'channel':'/meta/connect','clientId':'ME','id':'" id "'," \
			   "'connectionType':'eventsource'}"
#define CONNECTED_EVENTS(id) "{'id':'" id "','clientId':'ME','channel':'/meta/connect'," \
			     "'successful':true,'advice':{'reconnect':'retry'," \
			     "'interval':45000,'timeout':0}}"

/* An event source's connects come by another connection. */
static void
connects_of_others_are_answered_when_the_stream_ends(void **state)
{
	struct world w;
	struct peer s, p;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_stream(&s, &w);
	attach(&s);
	peer_poll(&p, &w);
	assert_int_equal(peer_say(&p, "[" CONNECT_EVENTS("1") "]"), 0);
	peer_end(&s); /* before the turn's end */
	peers_settle(&w);
	peer_assert_got(&p, "[" CONNECTED_EVENTS("1") "]");
	peer_end(&p);

	peer_stream(&s, &w);
	attach(&s);
	peers_ask(&w, "[" CONNECT_EVENTS("2") ",{'channel':'/meta/disconnect','clientId':'ME'}]",
		  "[" CONNECTED_EVENTS("2") ",{'clientId':'ME',"
		  "'channel':'/meta/disconnect','successful':true}]");
	assert_int_equal(s.closed, 1);
	peer_end(&s);
	peers_end(&w);
}

/* Faye closes the new one when the old one closes later. */
static void
an_old_stream_may_close_after_the_new_one_is_bound(void **state)
{
	struct world w;
	struct peer first, second;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_stream(&first, &w);
	peer_asks(&first, "[" CONNECT("1") "]", "");
	peer_stream(&second, &w);
	peer_asks(&second, "[" CONNECT("2") "]", "");
	peer_assert_got(&first, "[" CONNECTED("1") "]");
	peer_end(&first);
	assert_int_equal(second.closed, 0);
	peers_say(&w, "[" MESSAGE("1") "]");
	peer_assert_got(&second, MESSAGE("1"));
	peer_end(&second);
	peers_end(&w);
}

static void
the_same_connect_by_another_stream_hangs_up_the_first(void **state)
{
	struct world w;
	struct peer first, second;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_stream(&first, &w);
	peer_asks(&first, "[" CONNECT("1") "]", "");
	peers_say(&w, "[" MESSAGE("1") "]");
	peer_assert_got(&first, MESSAGE("1"));
	peer_stream(&second, &w);
	peer_asks(&second, "[" CONNECT("1") "]", MESSAGE("1"));
	assert_int_equal(first.hung_up, 1);
	peer_assert_got(&first, "");
	peer_end(&first);
	peer_end(&second);
	peers_end(&w);
}

static void
the_same_connect_on_its_own_stream_goes_on(void **state)
{
	struct world w;
	struct peer s;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_stream(&s, &w);
	peer_asks(&s, "[" CONNECT("1") "]", "");
	peer_asks(&s, "[" CONNECT_NOW("1") "]", "[" CONNECTED("1") "]");
	assert_int_equal(s.hung_up, 0);
	peers_say(&w, "[" MESSAGE("1") "]");
	peer_assert_got(&s, MESSAGE("1"));
	peer_end(&s);
	peers_end(&w);
}

static void
a_stream_may_change_its_session(void **state)
{
	char first_id[SESSION_ID_BYTES + 1];
	struct world w;
	struct peer s;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_stream(&s, &w);
	peer_asks(&s, "[" CONNECT("1") "]", "");
	peers_say(&w, "[" MESSAGE("1") "]");
	peer_assert_got(&s, MESSAGE("1"));
	assert_int_equal(s.kept.count, 1);
	memcpy(first_id, w.me, sizeof(first_id));

	peers_handshake(&w);
	assert_int_equal(peer_say(&s, "[" CONNECT("2") "]"), 0);
	peers_settle(&w);
	assert_int_equal(s.replies, 1); /* the first session's connect */
	assert_int_equal(s.kept.count, 0);
	assert_non_null(s.outlet.session);
	assert_string_equal(s.outlet.session->id, w.me);
	assert_int_equal(registry_find(&w.b->registry, str_from(first_id))->queue.count, 1);
	peer_end(&s);
	peers_end(&w);
}

/* ---- ends ---- */

static void
a_disconnect_closes_the_stream(void **state)
{
	struct world w;
	struct peer s;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_stream(&s, &w);
	peer_asks(&s, "[" CONNECT("1") "]", "");
	peer_asks(&s, "[{'channel':'/meta/disconnect','clientId':'ME','id':'2'}]",
		  "[{'id':'2','clientId':'ME','channel':'/meta/disconnect',"
		  "'successful':true}]");
	assert_int_equal(s.closed, 1);
	assert_null(s.outlet.session);
	peers_say(&w, "[" MESSAGE("1") "]");
	peer_assert_got(&s, "");
	peer_end(&s);
	peers_end(&w);
}

static void
who_is_forgotten_is_hung_up(void **state)
{
	struct broker_config cfg = peers_config;
	struct world w;
	struct peer s;

	(void)state;
	cfg.timeout_ms = 15;
	peers_start(&w, &cfg);
	peers_handshake(&w);
	peer_stream(&s, &w);
	s.stops = true; /* when the held connect is answered */
	assert_int_equal(peer_say(&s, "[" CONNECT("1") "]"), 0);
	peers_wait(&w);
	assert_int_equal(s.replies, 1);
	while (!s.closed)
		peers_pause(&w);
	assert_int_equal(w.b->counts.expired, 1);
	peer_end(&s);
	peers_end(&w);
}

static void
a_backlog_that_overflows_ends_session_and_stream(void **state)
{
	struct world w;
	struct peer s;

	(void)state;
	peers_subscribed(&w, &peers_config);
	w.log.fd = -1; /* it warns */
	peers_say(&w, "[" MESSAGE("1") "," MESSAGE("2") "," MESSAGE("3") "]");
	peer_stream(&s, &w);
	s.full = true;
	peer_asks(&s, "[" CONNECT("1") "]", "");
	peers_say(&w, "[" MESSAGE("4") "]");
	assert_int_equal(s.closed, 1);
	assert_int_equal(w.b->counts.overflowed, 1);
	assert_int_equal(w.b->registry.sessions.count, 0);
	peer_end(&s);
	peers_end(&w);
}

static void
a_stream_may_go_with_batches_under_way(void **state)
{
	struct world w;
	struct peer s;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_stream(&s, &w);
	peer_asks(&s, "[" CONNECT("1") "]", "");
	assert_int_equal(peer_say(&s, "[" MESSAGE("1") "," MESSAGE("2") "]"), 0);
	assert_int_equal(peer_say(&s, "[" MESSAGE("3") "]"), 0);
	peer_end(&s);
	peers_settle(&w);
	assert_int_equal(s.replies, 0);
	peers_end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connect_binds_and_what_waited_comes_first),
		cmocka_unit_test(a_stream_that_never_connects_hears_nothing),
		cmocka_unit_test(a_failing_connect_binds_nothing),
		cmocka_unit_test(a_stream_without_room_gets_the_backlog_when_it_has),
		cmocka_unit_test(batches_of_one_stream_are_done_one_after_the_other),
		cmocka_unit_test(others_of_the_batch_do_not_wait_for_its_connect),
		cmocka_unit_test(what_was_not_proved_comes_again_by_the_next_stream),
		cmocka_unit_test(a_poll_takes_over_from_a_stream),
		cmocka_unit_test(a_stream_takes_over_from_a_poll),
		cmocka_unit_test(a_stream_bound_by_its_opening_ends_the_connect_held_elsewhere),
		cmocka_unit_test(connects_of_others_are_answered_when_the_stream_ends),
		cmocka_unit_test(an_old_stream_may_close_after_the_new_one_is_bound),
		cmocka_unit_test(the_same_connect_by_another_stream_hangs_up_the_first),
		cmocka_unit_test(the_same_connect_on_its_own_stream_goes_on),
		cmocka_unit_test(a_stream_may_change_its_session),
		cmocka_unit_test(a_disconnect_closes_the_stream),
		cmocka_unit_test(who_is_forgotten_is_hung_up),
		cmocka_unit_test(a_backlog_that_overflows_ends_session_and_stream),
		cmocka_unit_test(a_stream_may_go_with_batches_under_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
