/* A client connects whose session is somebody else's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/broker/others.h"

#define REFUSED(id) "{'id':'" id "','channel':'/meta/connect','successful':false," \
		    "'error':'401:ME:Unknown client','advice':{'reconnect':'handshake'}}"

static const struct engine_sub wants_a[] = { { { "/a", 2 }, 5 } };

/* Has moved once; wants /a since 5; all up to 7 has arrived. */
static const struct engine_client wanting = {
	.turn = 2, .at = 10, .cursor = 7, .sub_count = 1, .subs = wants_a,
};
static const struct engine_client idle = { .turn = 2, .at = 10, .cursor = 7 };

/* ---- what the others say ---- */

static void
nobody_knows_it(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	others_start(&o, &w, &peers_config);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("1") "]", "");
	others_assert_asked(&o, "attach by=1");
	others_answer(&o, &w, ENGINE_UNKNOWN);
	peer_assert_got(&p, "[" REFUSED("1") "]");
	others_assert_asked(&o, "");
	peer_end(&p);
	others_end(&o, &w);
}

/* Any answer would acknowledge what its home has recorded for this id. */
static void
it_is_hung_up_on_where_nothing_may_be_said(void **state)
{
	static const int results[] = { ENGINE_UNSURE, -EAGAIN, -ENOMEM, -EPROTO };
	struct others o;
	struct world w;

	(void)state;
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		struct peer p;

		others_start(&o, &w, &peers_config);
		peer_poll(&p, &w);
		peer_asks(&p, "[" CONNECT("1") "]", "");
		others_answer(&o, &w, results[i]);
		peer_assert_got(&p, "");
		assert_int_equal(p.hung_up, 1);
		peer_end(&p);
		others_end(&o, &w);
	}
}

static void
an_old_connect_is_answered_empty(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	others_start(&o, &w, &peers_config);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("1") "]", "");
	others_answer(&o, &w, ENGINE_OLD);
	peer_assert_got(&p, "[" CONNECTED("1") "]");
	others_assert_asked(&o, "");
	peer_end(&p);
	others_end(&o, &w);
}

static void
it_arrives_and_is_held(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	others_start(&o, &w, &peers_config);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("1") "]", "");
	others_attach(&o, &w, &wanting);
	others_assert_wanted(&o, "+/a ");
	others_assert_asked(&o, ""); /* until /a is heard here */
	others_want(&o, &w, "/a");
	others_assert_asked(&o, "read /a>7");
	READ(&o, &w);
	peer_assert_got(&p, "");
	others_say(&o, &w, 12, "/a");
	others_assert_asked(&o, "record turn=2 cursor=11 sent=12 by=1");
	peer_assert_got(&p, "");
	others_answer(&o, &w, 0);
	peer_assert_got(&p, "[" CONNECTED("1") "," MESSAGE("12") "]");
	peer_end(&p);
	others_end(&o, &w);
}

/* ---- many at once ---- */

/* One asks; what is said of its connect concerns nobody else. */
static void
others_ask_for_themselves_when_the_first_is_old(void **state)
{
	struct peer first, second, third;
	struct others o;
	struct world w;

	(void)state;
	others_start(&o, &w, &peers_config);
	peer_poll(&first, &w);
	peer_poll(&second, &w);
	peer_poll(&third, &w);
	peer_asks(&first, "[" CONNECT("1") "]", "");
	peer_asks(&second, "[" CONNECT("2") "]", "");
	peer_asks(&third, "[" CONNECT("3") "]", "");
	others_assert_asked(&o, "attach by=1");
	others_answer(&o, &w, ENGINE_OLD);
	peer_assert_got(&first, "[" CONNECTED("1") "]");
	others_assert_asked(&o, "attach by=2");
	others_answer(&o, &w, ENGINE_UNSURE);
	assert_int_equal(second.hung_up, 1);
	others_assert_asked(&o, "attach by=3");
	others_attach(&o, &w, &idle);
	peer_assert_got(&third, "");
	others_assert_asked(&o, "");
	peer_end(&first);
	peer_end(&second);
	peer_end(&third);
	others_end(&o, &w);
}

static void
the_second_takes_over_from_the_first(void **state)
{
	struct peer first, second;
	struct others o;
	struct world w;

	(void)state;
	others_start(&o, &w, &peers_config);
	peer_poll(&first, &w);
	peer_poll(&second, &w);
	peer_asks(&first, "[" CONNECT("1") "]", "");
	peer_asks(&second, "[" CONNECT("2") "]", "");
	others_attach(&o, &w, &idle);
	peer_assert_got(&first, "[" CONNECTED("1") "]");
	peer_assert_got(&second, "");
	others_assert_asked(&o, "touch turn=2 by=2");
	peer_end(&first);
	peer_end(&second);
	others_end(&o, &w);
}

/* A retry that came while the first one asked: one id is answered in one place. */
static void
the_same_connect_twice(void **state)
{
	struct peer first, second;
	struct others o;
	struct world w;

	(void)state;
	others_start(&o, &w, &peers_config);
	peer_poll(&first, &w);
	peer_poll(&second, &w);
	peer_asks(&first, "[" CONNECT("1") "]", "");
	peer_asks(&second, "[" CONNECT("1") "]", "");
	others_attach(&o, &w, &idle);
	peer_assert_got(&first, "");
	assert_int_equal(first.hung_up, 1);
	assert_int_equal(second.hung_up, 0);
	peer_end(&second);
	queue_clear(&first.kept);
	buf_clear(&first.got);
	others_end(&o, &w);
}

static void
two_of_one_batch(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	others_start(&o, &w, &peers_config);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("1") "," CONNECT_NOW("2") "]", "");
	others_answer(&o, &w, ENGINE_UNKNOWN);
	peer_assert_got(&p, "[" REFUSED("1") "," REFUSED("2") "]");
	peer_end(&p);

	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("1") "," CONNECT_NOW("2") "]", "");
	others_answer(&o, &w, ENGINE_OLD);
	others_assert_asked(&o, "attach by=2");
	others_attach(&o, &w, &idle);
	peer_assert_got(&p, "[" CONNECTED("1") "," CONNECTED("2") "]");
	peer_end(&p);
	others_end(&o, &w);
}

static void
two_of_one_batch_that_is_hung_up_on(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	others_start(&o, &w, &peers_config);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("1") "," CONNECT("2") "]", "");
	others_answer(&o, &w, ENGINE_UNSURE);
	assert_int_equal(p.hung_up, 1);
	others_assert_asked(&o, "");
	peer_end(&p);
	others_end(&o, &w);
}

/* ---- what is told meanwhile ---- */

static void
start_to_arrive(struct others *o, struct world *w, struct peer *p)
{
	others_start(o, w, &peers_config);
	peer_poll(p, w);
	peer_asks(p, "[" CONNECT("1") "]", "");
}

/* What was told before its place in the order is in the reply already. */
static void
changes_behind_its_place_are_made(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start_to_arrive(&o, &w, &p);
	others_change(&o, &w, 9, '-', "/a");
	others_change(&o, &w, 9, '+', "/old");
	others_change(&o, &w, 11, '+', "/new");
	others_assert_wanted(&o, "");
	others_attach(&o, &w, &wanting);
	others_assert_wanted(&o, "+/a +/new ");
	others_want(&o, &w, "/a");
	others_assert_asked(&o, "");
	others_want(&o, &w, "/new");
	others_assert_asked(&o, "read /a>7 /new>11");
	peer_end(&p);
	others_end(&o, &w);
}

static void
it_is_taken_before_it_is_here(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start_to_arrive(&o, &w, &p);
	others_take(&o, &w, 12, 3, "2");
	others_attach(&o, &w, &wanting);
	assert_int_equal(p.hung_up, 1);
	assert_null(registry_find(&w.b->registry, str_from(w.me)));
	others_assert_wanted(&o, "+/a -/a ");
	peer_end(&p);
	others_end(&o, &w);
}

static void
an_earlier_move_is_not_taken_for_a_later_one(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start_to_arrive(&o, &w, &p);
	others_take(&o, &w, 8, 1, "2"); /* by which it came to its former home */
	others_attach(&o, &w, &idle);
	assert_int_equal(p.hung_up, 0);
	assert_non_null(registry_find(&w.b->registry, str_from(w.me)));
	peer_end(&p);
	others_end(&o, &w);
}

static void
it_ends_before_it_is_here(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start_to_arrive(&o, &w, &p);
	o.events->on_gone(o.arg, 12, str_from(w.me), 2);
	others_attach(&o, &w, &wanting);
	assert_int_equal(p.hung_up, 1);
	assert_null(registry_find(&w.b->registry, str_from(w.me)));
	peer_end(&p);
	others_end(&o, &w);
}

/* ---- peers that go ---- */

static void
its_peer_goes_meanwhile(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start_to_arrive(&o, &w, &p);
	peer_end(&p);
	others_attach(&o, &w, &wanting);
	assert_non_null(registry_find(&w.b->registry, str_from(w.me)));
	others_assert_wanted(&o, "+/a ");
	others_end(&o, &w);
}

static void
its_stream_goes_meanwhile(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	others_start(&o, &w, &peers_config);
	peer_stream(&p, &w);
	peer_asks(&p, "[" CONNECT("1") "]", "");
	others_assert_asked(&o, "attach by=1");
	peer_end(&p);
	others_answer(&o, &w, ENGINE_OLD);
	others_end(&o, &w);
}

static void
the_first_of_two_peers_goes(void **state)
{
	struct peer first, second;
	struct others o;
	struct world w;

	(void)state;
	others_start(&o, &w, &peers_config);
	peer_poll(&first, &w);
	peer_poll(&second, &w);
	peer_asks(&first, "[" CONNECT("1") "]", "");
	peer_asks(&second, "[" CONNECT("2") "]", "");
	peer_end(&first);
	others_attach(&o, &w, &idle);
	peer_assert_got(&second, "");
	others_assert_asked(&o, "touch turn=2 by=2"); /* it did not bring it here */
	peer_end(&second);
	others_end(&o, &w);
}

/* What was said of the first connect is not the second's, whoever is still there. */
static void
the_first_of_two_peers_goes_and_was_old(void **state)
{
	struct peer first, second;
	struct others o;
	struct world w;

	(void)state;
	others_start(&o, &w, &peers_config);
	peer_poll(&first, &w);
	peer_poll(&second, &w);
	peer_asks(&first, "[" CONNECT("1") "]", "");
	peer_asks(&second, "[" CONNECT("2") "]", "");
	peer_end(&first);
	others_answer(&o, &w, ENGINE_OLD);
	peer_assert_got(&second, "");
	others_assert_asked(&o, "attach by=2");
	peer_end(&second);
	others_end(&o, &w);
}

static void
the_broker_ends_while_somebody_arrives(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start_to_arrive(&o, &w, &p);
	others_change(&o, &w, 11, '+', "/new");
	peer_end(&p);
	others_end(&o, &w);
}

static void
the_server_is_full(void **state)
{
	struct broker_config cfg = peers_config;
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	cfg.registry.sessions = 1;
	others_start(&o, &w, &cfg);
	peers_handshake(&w);
	memcpy(w.me, OTHERS_CLIENT, sizeof(w.me));
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("1") "]", "");
	others_attach(&o, &w, &wanting);
	assert_int_equal(p.hung_up, 1);
	others_assert_wanted(&o, "");
	peer_end(&p);
	others_end(&o, &w);
}

/* Two handshakes pass the door at once, and there is room for one. */
static void
a_client_that_found_no_room_is_not_left_behind(void **state)
{
	static const char handshake[] = "[{'channel':'/meta/handshake','version':'1.0',"
					"'supportedConnectionTypes':['websocket']}]";
	struct broker_config cfg = peers_config;
	struct peer first, second;
	struct others o;
	struct world w;

	(void)state;
	cfg.registry.sessions = 1;
	others_start(&o, &w, &cfg);
	peer_poll(&first, &w);
	peer_poll(&second, &w);
	assert_int_equal(peer_say(&first, handshake), 0);
	assert_int_equal(peer_say(&second, handshake), 0);
	peers_settle(&w);
	assert_int_equal(w.b->counts.refused, 1);
	others_assert_asked(&o, "destroy turn=1");
	peer_end(&first);
	peer_end(&second);
	others_end(&o, &w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_knows_it),
		cmocka_unit_test(it_is_hung_up_on_where_nothing_may_be_said),
		cmocka_unit_test(an_old_connect_is_answered_empty),
		cmocka_unit_test(it_arrives_and_is_held),
		cmocka_unit_test(others_ask_for_themselves_when_the_first_is_old),
		cmocka_unit_test(the_second_takes_over_from_the_first),
		cmocka_unit_test(the_same_connect_twice),
		cmocka_unit_test(two_of_one_batch),
		cmocka_unit_test(two_of_one_batch_that_is_hung_up_on),
		cmocka_unit_test(changes_behind_its_place_are_made),
		cmocka_unit_test(it_is_taken_before_it_is_here),
		cmocka_unit_test(an_earlier_move_is_not_taken_for_a_later_one),
		cmocka_unit_test(it_ends_before_it_is_here),
		cmocka_unit_test(its_peer_goes_meanwhile),
		cmocka_unit_test(its_stream_goes_meanwhile),
		cmocka_unit_test(the_first_of_two_peers_goes),
		cmocka_unit_test(the_first_of_two_peers_goes_and_was_old),
		cmocka_unit_test(the_broker_ends_while_somebody_arrives),
		cmocka_unit_test(the_server_is_full),
		cmocka_unit_test(a_client_that_found_no_room_is_not_left_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
