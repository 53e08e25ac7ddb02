/* How sessions end, by will, silence or limits; and peers and brokers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/broker/peers.h"

/* ---- the end of sessions ---- */

static void
a_disconnect_answers_the_held_connect_and_forgets(void **state)
{
	struct world w;
	struct peer held;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_poll(&held, &w);
	peer_asks(&held, "[" CONNECT("1") "]", "");
	peers_ask(&w, "[{'channel':'/meta/disconnect','clientId':'ME','id':'2'}]",
		  "[{'id':'2','clientId':'ME','channel':'/meta/disconnect',"
		  "'successful':true}]");
	peer_assert_got(&held, "[" CONNECTED("1") "]");
	peer_end(&held);
	peers_ask(&w, "[" CONNECT("3") "]",
		  "[{'id':'3','channel':'/meta/connect','successful':false,"
		  "'error':'401:ME:Unknown client','advice':{'reconnect':'handshake'}}]");
	peers_ask(&w, "[{'channel':'/meta/disconnect','clientId':'ME'}]",
		  "[{'channel':'/meta/disconnect','successful':false,"
		  "'error':'401:ME:Unknown client'}]");
	peers_end(&w);
}

/* In its own batch it is known until its turn comes. */
static void
a_batch_may_end_its_own_session(void **state)
{
	struct world w;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peers_ask(&w, "[" CONNECT("1") ",{'channel':'/meta/disconnect','clientId':'ME'},"
		      SUBSCRIBE("/b") "]",
		  "[" CONNECTED("1") ",{'clientId':'ME','channel':'/meta/disconnect',"
		  "'successful':true},{'clientId':'ME','channel':'/meta/subscribe',"
		  "'successful':false,'error':'401:ME:Unknown client',"
		  "'subscription':'/b'}]");
	peers_end(&w);
}

static void
the_silent_are_forgotten(void **state)
{
	struct broker_config cfg = peers_config;
	struct world w;

	(void)state;
	cfg.timeout_ms = 15;
	peers_start(&w, &cfg);
	peers_handshake(&w);
	while (w.b->counts.expired == 0)
		peers_pause(&w);
	assert_int_equal(w.b->registry.sessions.count, 0);
	peers_ask(&w, "[" SUBSCRIBE("/a") "]",
		  "[{'clientId':'ME','channel':'/meta/subscribe','successful':false,"
		  "'error':'401:ME:Unknown client','subscription':'/a'}]");
	peers_end(&w);
}

/* ---- limits ---- */

static void
a_full_queue_ends_the_session(void **state)
{
	struct world w;

	(void)state;
	peers_subscribed(&w, &peers_config);
	w.log.fd = -1; /* it warns */
	peers_say(&w, "[" MESSAGE("1") "," MESSAGE("2") "," MESSAGE("3") "]");
	assert_int_equal(w.b->counts.overflowed, 0);
	peers_say(&w, "[" MESSAGE("4") "," MESSAGE("5") "]");
	assert_int_equal(w.b->counts.overflowed, 1);
	peers_ask(&w, "[" CONNECT("3") "]",
		  "[{'id':'3','channel':'/meta/connect','successful':false,"
		  "'error':'401:ME:Unknown client','advice':{'reconnect':'handshake'}}]");
	peers_end(&w);
}

static void
or_loses_the_oldest(void **state)
{
	struct broker_config cfg = peers_config;
	struct world w;

	(void)state;
	cfg.registry.queue.drop_oldest = true;
	peers_subscribed(&w, &cfg);
	peers_say(&w, "[" MESSAGE("1") "," MESSAGE("2") "," MESSAGE("3") "," MESSAGE("4") "]");
	assert_int_equal(w.b->counts.dropped, 1);
	peers_ask(&w, "[" CONNECT("1") "]", "[" CONNECTED("1") "," MESSAGE("2") ","
				       MESSAGE("3") "," MESSAGE("4") "]");
	peers_end(&w);
}

static void
so_many_subscriptions_and_no_more(void **state)
{
	struct world w;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peers_ask(&w, "[{'channel':'/meta/subscribe','clientId':'ME',"
		 "'subscription':['/b','/c','/d','/e']}]",
		  "[{'clientId':'ME','channel':'/meta/subscribe','successful':false,"
		  "'error':'403:/d:Too many subscriptions',"
		  "'subscription':['/b','/c','/d','/e']}]");
	peers_ask(&w, "[" SUBSCRIBE("/c") "]", "[" SUBSCRIBED("/c") "]"); /* has it */
	peers_ask(&w, "[{'channel':'/meta/unsubscribe','clientId':'ME','subscription':'/b'},"
		      SUBSCRIBE("/d") "]",
		  "[{'clientId':'ME','channel':'/meta/unsubscribe','successful':true,"
		  "'subscription':'/b'}," SUBSCRIBED("/d") "]");
	peers_end(&w);
}

static void
a_full_house_says_when_to_come_again(void **state)
{
	struct world w;

	(void)state;
	peers_start(&w, &peers_config);
	for (int i = 0; i < 4; i++)
		peers_handshake(&w);
	peers_ask(&w, "[{'channel':'/meta/handshake','version':'1.0','id':'1',"
		 "'supportedConnectionTypes':['websocket']}]",
		  "[{'id':'1','channel':'/meta/handshake','successful':false,"
		  "'error':'503::Too many clients','version':'1.0',"
		  "'supportedConnectionTypes':['long-polling','cross-origin-long-polling',"
		  "'callback-polling','websocket','eventsource','in-process'],"
		  "'advice':{'reconnect':'retry','interval':10000,'timeout':45000}}]");
	assert_int_equal(w.b->counts.refused, 1);
	peers_end(&w);
}

/* ---- peers and brokers that go ---- */

static void
who_goes_at_once_has_still_published(void **state)
{
	struct world w;
	struct peer p;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_poll(&p, &w);
	assert_int_equal(peer_say(&p, "[" MESSAGE("1") "," CONNECT("1") ","
				      MESSAGE("2") "]"), 0);
	peer_end(&p);
	peers_settle(&w);
	assert_int_equal(p.replies, 0);
	peers_ask(&w, "[" CONNECT("2") "]",
		  "[" CONNECTED("2") "," MESSAGE("1") "," MESSAGE("2") "]");
	peers_end(&w);
}

static void
a_broker_may_end_in_the_middle_of_everything(void **state)
{
	struct world w;
	struct peer held, at_work;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_poll(&held, &w);
	peer_asks(&held, "[" CONNECT("1") "]", "");
	peer_poll(&at_work, &w);
	assert_int_equal(peer_say(&at_work, "[" MESSAGE("1") "," SUBSCRIBE("/x") "]"), 0);
	peer_end(&held);
	peer_end(&at_work);
	peers_end(&w);
}

static void
a_drained_peer_is_answered(void **state)
{
	struct world w;
	struct peer p;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("1") "]", "");
	outlet_drain(&p.outlet);
	peer_assert_got(&p, "[" CONNECTED("1") "]");
	outlet_drain(&p.outlet);
	assert_int_equal(p.replies, 1);
	peer_end(&p);
	peers_end(&w);
}

/* As in Faye: what was published before it left is in the answer to its connect. */
static void
a_disconnect_takes_no_message_along(void **state)
{
	struct world w;
	struct peer p;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("1") "]", "");
	peers_ask(&w, "[" MESSAGE("7") ",{'channel':'/meta/disconnect','clientId':'ME'}]",
		  "[" PUBLISHED ",{'clientId':'ME','channel':'/meta/disconnect',"
		  "'successful':true}]");
	peer_assert_got(&p, "[" CONNECTED("1") "," MESSAGE("7") "]");
	peer_end(&p);
	peers_end(&w);
}

#define EVENT_SOURCE_CONNECT "{'channel':'/meta/connect','clientId':'ME','id':'2'," \
			     "'connectionType':'eventsource'}"
#define EVENT_SOURCE_CONNECTED "{'id':'2','clientId':'ME','channel':'/meta/connect'," \
			       "'successful':true,'advice':{'reconnect':'retry'," \
			       "'interval':45000,'timeout':0}}"

/* The stream is told by its closing, but the connect came by a poll. */
static void
a_disconnect_answers_the_connect_beside_a_stream(void **state)
{
	struct world w;
	struct peer stream;

	(void)state;
	peers_start(&w, &peers_config);
	peers_handshake(&w);
	peer_stream(&stream, &w);
	peer_asks(&stream, "[" CONNECT_NOW("1") "]", "[" CONNECTED("1") "]");
	peers_ask(&w, "[" EVENT_SOURCE_CONNECT ",{'channel':'/meta/disconnect','clientId':'ME'}]",
		  "[" EVENT_SOURCE_CONNECTED ",{'clientId':'ME','channel':'/meta/disconnect',"
		  "'successful':true}]");
	assert_int_equal(stream.closed, 1);
	peer_end(&stream);
	peers_end(&w);
}

static void
a_stream_that_goes_takes_no_polls_connect_along(void **state)
{
	struct world w;
	struct peer stream, poll;

	(void)state;
	peers_start(&w, &peers_config);
	peers_handshake(&w);
	peer_stream(&stream, &w);
	peer_asks(&stream, "[" CONNECT_NOW("1") "]", "[" CONNECTED("1") "]");
	peer_poll(&poll, &w);
	assert_int_equal(peer_say(&poll, "[" EVENT_SOURCE_CONNECT "]"), 0);
	peer_end(&stream);
	peers_settle(&w);
	peer_assert_got(&poll, "[" EVENT_SOURCE_CONNECTED "]");
	peer_end(&poll);
	peers_end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_disconnect_answers_the_held_connect_and_forgets),
		cmocka_unit_test(a_disconnect_takes_no_message_along),
		cmocka_unit_test(a_disconnect_answers_the_connect_beside_a_stream),
		cmocka_unit_test(a_stream_that_goes_takes_no_polls_connect_along),
		cmocka_unit_test(a_batch_may_end_its_own_session),
		cmocka_unit_test(the_silent_are_forgotten),
		cmocka_unit_test(a_full_queue_ends_the_session),
		cmocka_unit_test(or_loses_the_oldest),
		cmocka_unit_test(so_many_subscriptions_and_no_more),
		cmocka_unit_test(a_full_house_says_when_to_come_again),
		cmocka_unit_test(who_goes_at_once_has_still_published),
		cmocka_unit_test(a_broker_may_end_in_the_middle_of_everything),
		cmocka_unit_test(a_drained_peer_is_answered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
