/* CometD's extensions: acks on polls and streams, timesync, maxInterval. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/broker/peers.h"

#define ACKS ",'ext':{'ack':true}"

/* A connect that says to have got answer `n`, and the answer numbered `n`. */
#define CONNECT_ACK(id, n) \
	"{'channel':'/meta/connect','clientId':'ME','id':'" id "'," \
	"'connectionType':'websocket','ext':{'ack':" n "}}"
#define CONNECT_ACK_NOW(id, n) \
	"{'channel':'/meta/connect','clientId':'ME','id':'" id "'," \
	"'connectionType':'websocket','advice':{'timeout':0},'ext':{'ack':" n "}}"
#define CONNECTED_EXT(id, ext) \
	"{'id':'" id "','clientId':'ME','channel':'/meta/connect','successful':true," \
	"'advice':{'reconnect':'retry','interval':0,'timeout':45000}" ext "}"
#define CONNECTED_ACK(id, n) CONNECTED_EXT(id, ",'ext':{'ack':" n "}")

/* ---- handshakes ---- */

static void
assert_agrees(const char *fields, const char *advice, const char *ext)
{
	struct buf reply = BUF_INIT;
	struct world w;
	struct peer p;

	peers_start(&w, &peers_config);
	peer_poll(&p, &w);
	peer_handshakes(&p, fields);
	buf_addf(&reply, "[{'channel':'/meta/handshake','successful':true,'version':'1.0',"
			 "'supportedConnectionTypes':['long-polling',"
			 "'cross-origin-long-polling','callback-polling','websocket',"
			 "'eventsource','in-process'],'clientId':'ME','advice':{"
			 "'reconnect':'retry','interval':0,'timeout':45000%s}%s}]%c",
		 advice, ext, '\0');
	assert_false(reply.failed);
	peer_assert_got(&p, reply.p);
	buf_clear(&reply);
	peer_end(&p);
	peers_end(&w);
}

static void
only_what_is_asked_for_is_agreed_to(void **state)
{
	(void)state;
	assert_agrees("", "", "");
	assert_agrees(",'ext':{'token':'x','ack':false},'minimumVersion':'0.9'", "", "");
	assert_agrees(ACKS, "", ACKS);
	assert_agrees(",'ext':{'ack':{'enabled':true}}", "", ACKS);
	assert_agrees(",'minimumVersion':'1.0'", ",'maxInterval':45000", "");
}

static void
a_refused_handshake_agrees_to_nothing(void **state)
{
	struct world w;

	(void)state;
	peers_start(&w, &peers_config);
	peers_ask(&w, "[{'channel':'/meta/handshake','version':'1.0','minimumVersion':'1.0',"
		      "'supportedConnectionTypes':['x'],"
		      "'ext':{'ack':true,'timesync':{'tc':1,'l':2,'o':3}}}]",
		  "[{'channel':'/meta/handshake','successful':false,"
		  "'error':'301:x:Connection types not supported','version':'1.0',"
		  "'supportedConnectionTypes':['long-polling','cross-origin-long-polling',"
		  "'callback-polling','websocket','eventsource','in-process'],"
		  "'advice':{'reconnect':'handshake'}}]");
	peers_end(&w);
}

static void
connects_too_tell_how_long_one_may_be_silent(void **state)
{
	struct world w;
	struct peer p;

	(void)state;
	peers_start(&w, &peers_config);
	peer_poll(&p, &w);
	peer_handshakes(&p, ",'minimumVersion':'1.0'");
	peer_end(&p);
	peers_ask(&w, "[" CONNECT_NOW("1") "]",
		  "[{'id':'1','clientId':'ME','channel':'/meta/connect','successful':true,"
		  "'advice':{'reconnect':'retry','interval':0,'timeout':45000,"
		  "'maxInterval':45000}}]");
	peers_ask(&w, "[{'channel':'/meta/connect','clientId':'ME','id':'2',"
		      "'connectionType':'eventsource'}]",
		  "[{'id':'2','clientId':'ME','channel':'/meta/connect','successful':true,"
		  "'advice':{'reconnect':'retry','interval':45000,'timeout':0,"
		  "'maxInterval':45000}}]");
	peers_end(&w);
}

/* ---- acks ---- */

/* A session with acks that wants /a. */
static void
start(struct world *w, const struct broker_config *cfg)
{
	struct peer p;

	peers_start(w, cfg);
	peer_poll(&p, w);
	peer_handshakes(&p, ACKS);
	peer_end(&p);
	peers_ask(w, "[" SUBSCRIBE("/a") "]", "[" SUBSCRIBED("/a") "]");
}

static void
a_lost_answer_is_given_again_by_its_number(void **state)
{
	struct world w;

	(void)state;
	start(&w, &peers_config);
	peers_ask(&w, "[" CONNECT_ACK_NOW("1", "0") "]", "[" CONNECTED_ACK("1", "0") "]");
	peers_say(&w, "[" MESSAGE("1") "," MESSAGE("2") "]");
	peers_ask(&w, "[" CONNECT_ACK("2", "0") "]",
		  "[" CONNECTED_ACK("2", "2") "," MESSAGE("1") "," MESSAGE("2") "]");
	/* Another id acknowledges nothing, nor does the want of a number. */
	peers_ask(&w, "[" CONNECT_ACK("3", "0") "]",
		  "[" CONNECTED_ACK("3", "2") "," MESSAGE("1") "," MESSAGE("2") "]");
	peers_ask(&w, "[" CONNECT("4") "]",
		  "[" CONNECTED_ACK("4", "2") "," MESSAGE("1") "," MESSAGE("2") "]");
	peers_say(&w, "[" MESSAGE("3") "]");
	peers_ask(&w, "[" CONNECT_ACK("5", "2") "]",
		  "[" CONNECTED_ACK("5", "3") "," MESSAGE("3") "]");
	peers_ask(&w, "[" CONNECT_ACK_NOW("6", "3") "]", "[" CONNECTED_ACK("6", "3") "]");
	peers_end(&w);
}

/* As clients do that have one id for all: with acks the same id is no retry. */
static void
the_same_id_with_a_new_number_goes_on(void **state)
{
	struct world w;

	(void)state;
	start(&w, &peers_config);
	peers_say(&w, "[" MESSAGE("1") "]");
	peers_ask(&w, "[" CONNECT_ACK("1", "0") "]",
		  "[" CONNECTED_ACK("1", "1") "," MESSAGE("1") "]");
	peers_ask(&w, "[" CONNECT_ACK_NOW("1", "1") "]", "[" CONNECTED_ACK("1", "1") "]");
	peers_end(&w);
}

static void
lies_do_no_harm(void **state)
{
	struct world w;

	(void)state;
	start(&w, &peers_config);
	peers_say(&w, "[" MESSAGE("1") "]");
	peers_ask(&w, "[" CONNECT_ACK("1", "4294967295") "]",
		  "[" CONNECTED_ACK("1", "1") "," MESSAGE("1") "]");
	peers_ask(&w, "[" CONNECT_ACK("2", "2") "]",
		  "[" CONNECTED_ACK("2", "1") "," MESSAGE("1") "]");
	peers_ask(&w, "[" CONNECT_ACK("3", "-1e400") "]",
		  "[" CONNECTED_ACK("3", "1") "," MESSAGE("1") "]");
	peers_ask(&w, "[" CONNECT_ACK("4", "{'ack':1}") "]",
		  "[" CONNECTED_ACK("4", "1") "," MESSAGE("1") "]");
	peers_end(&w);
}

static void
who_did_not_ask_is_not_numbered(void **state)
{
	struct world w;

	(void)state;
	peers_subscribed(&w, &peers_config);
	peers_say(&w, "[" MESSAGE("1") "]");
	peers_ask(&w, "[" CONNECT_ACK("1", "0") "]",
		  "[" CONNECTED("1") "," MESSAGE("1") "]");
	peers_ask(&w, "[" CONNECT_ACK_NOW("2", "0") "]", "[" CONNECTED("2") "]");
	peers_end(&w);
}

static void
a_stream_gets_messages_with_its_connects(void **state)
{
	struct world w;
	struct peer s;

	(void)state;
	start(&w, &peers_config);
	peer_stream(&s, &w);
	peer_asks(&s, "[" CONNECT_ACK_NOW("1", "0") "]", "[" CONNECTED_ACK("1", "0") "]");
	peers_say(&w, "[" MESSAGE("1") "]");
	peer_assert_got(&s, ""); /* it waits for a connect */
	peer_asks(&s, "[" CONNECT_ACK("2", "0") "]",
		  "[" CONNECTED_ACK("2", "1") "," MESSAGE("1") "]");
	peer_asks(&s, "[" CONNECT_ACK("3", "1") "]", "");
	peers_say(&w, "[" MESSAGE("2") "," MESSAGE("3") "]");
	peer_assert_got(&s, "[" CONNECTED_ACK("3", "3") "," MESSAGE("2") "," MESSAGE("3") "]");
	assert_int_equal(s.kept.count, 0);
	outlet_feed(&s.outlet);
	peer_assert_got(&s, "");
	peer_end(&s);
	peers_end(&w);
}

static void
what_no_number_acknowledged_goes_from_place_to_place(void **state)
{
	struct world w;
	struct peer first, second, p;

	(void)state;
	start(&w, &peers_config);
	peer_stream(&first, &w);
	peer_asks(&first, "[" CONNECT_ACK("1", "0") "]", "");
	peers_say(&w, "[" MESSAGE("1") "]");
	peer_assert_got(&first, "[" CONNECTED_ACK("1", "1") "," MESSAGE("1") "]");
	peer_asks(&first, "[" CONNECT_ACK("2", "1") "]", "");
	peer_end(&first); /* and what is held there */
	peers_say(&w, "[" MESSAGE("2") "]");

	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT_ACK("3", "1") "]",
		  "[" CONNECTED_ACK("3", "2") "," MESSAGE("2") "]");
	peer_end(&p);
	peer_stream(&second, &w);
	peer_asks(&second, "[" CONNECT_ACK("4", "1") "]",
		  "[" CONNECTED_ACK("4", "2") "," MESSAGE("2") "]");
	peer_asks(&second, "[" CONNECT_ACK_NOW("5", "2") "]", "[" CONNECTED_ACK("5", "2") "]");
	peer_end(&second);
	peers_end(&w);
}

/* Its number would come late and be an old one. */
static void
a_connect_that_is_taken_over_has_no_number(void **state)
{
	struct world w;
	struct peer s, p;

	(void)state;
	start(&w, &peers_config);
	peer_stream(&s, &w);
	peer_asks(&s, "[" CONNECT_ACK("1", "0") "]", "");
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT_ACK("2", "0") "]", "");
	peer_assert_got(&s, "[" CONNECTED("1") "]");
	peers_say(&w, "[" MESSAGE("1") "]");
	peer_assert_got(&p, "[" CONNECTED_ACK("2", "1") "," MESSAGE("1") "]");
	peer_assert_got(&s, "");
	peer_end(&p);
	peer_end(&s);
	peers_end(&w);
}

static void
what_had_to_go_does_not_hold_up_the_rest(void **state)
{
	struct broker_config cfg = peers_config;
	struct world w;
	struct peer s;

	(void)state;
	cfg.registry.queue.drop_oldest = true;
	start(&w, &cfg);
	peer_stream(&s, &w);
	peer_asks(&s, "[" CONNECT_ACK("1", "0") "]", "");
	peers_say(&w, "[" MESSAGE("1") "," MESSAGE("2") "]");
	peer_assert_got(&s, "[" CONNECTED_ACK("1", "2") "," MESSAGE("1") "," MESSAGE("2") "]");
	peers_say(&w, "[" MESSAGE("3") "," MESSAGE("4") "]"); /* three fit */
	peer_asks(&s, "[" CONNECT_ACK("2", "2") "]",
		  "[" CONNECTED_ACK("2", "4") "," MESSAGE("3") "," MESSAGE("4") "]");
	peer_end(&s);
	peers_end(&w);
}

static void
a_stream_with_acks_ends_with_its_session(void **state)
{
	struct world w;
	struct peer s;

	(void)state;
	start(&w, &peers_config);
	peer_stream(&s, &w);
	peer_asks(&s, "[" CONNECT_ACK("1", "0") "]", "");
	peers_ask(&w, "[{'channel':'/meta/disconnect','clientId':'ME'}]",
		  "[{'clientId':'ME','channel':'/meta/disconnect','successful':true}]");
	assert_int_equal(s.closed, 1);
	peer_assert_got(&s, "");
	peer_end(&s);

	/* Or when too much waits, as it does without a connect. */
	peer_stream(&s, &w);
	peer_handshakes(&s, ACKS);
	buf_reset(&s.got);
	peer_asks(&s, "[" SUBSCRIBE("/a") "]", "[" SUBSCRIBED("/a") "]");
	peer_asks(&s, "[" CONNECT_ACK_NOW("1", "0") "]", "[" CONNECTED_ACK("1", "0") "]");
	for (int i = 0; i < 4; i++)
		peers_say(&w, "[" MESSAGE("1") "]");
	assert_int_equal(s.closed, 1);
	assert_int_equal(w.b->counts.overflowed, 1);
	peer_end(&s);
	peers_end(&w);
}

/* ---- timesync ---- */

/* The number behind `name` in the reply's timesync. */
static double
number_in(struct peer *p, const char *name)
{
	const char *at;

	buf_add_char(&p->got, '\0');
	p->got.n--;
	at = strstr(p->got.p, "\"ext\":{\"timesync\":{\"tc\":");
	assert_non_null(at);
	at = strstr(at, name);
	assert_non_null(at);
	return strtod(at + strlen(name), NULL);
}

static void
assert_times(struct peer *p, int64_t began_ms, int64_t least_ms)
{
	struct loop *loop = p->w->loop;
	double ts = number_in(p, "\"ts\":"), took = number_in(p, "\"p\":");

	assert_true(number_in(p, "\"tc\":") == 1000.5);
	/* Within what a clock that is set may do between two looks. */
	assert_true(ts >= (double)loop_wall_ms(loop, began_ms) - 10000);
	assert_true(ts <= (double)loop_wall_ms(loop, loop_now_ms(loop)) + 10000);
	assert_true(number_in(p, "\"a\":") == 1000.5 - 7 + 20 - ts);
	assert_true(took >= (double)least_ms);
	assert_true(took <= (double)(loop_now_ms(loop) - began_ms));
	buf_reset(&p->got);
}

#define TIMESYNC ",'ext':{'timesync':{'tc':1000.5,'l':20,'o':-7}}"

static void
the_time_is_told_to_who_asks(void **state)
{
	enum { HOLD_MS = 30 };
	struct world w;
	struct peer p, s;
	int64_t began;

	(void)state;
	peers_start(&w, &peers_config);
	began = loop_now_ms(w.loop);
	peer_poll(&p, &w);
	peer_handshakes(&p, TIMESYNC);
	assert_times(&p, began, 0);
	peer_end(&p);

	peer_stream(&s, &w);
	s.stops = true;
	began = loop_now_ms(w.loop);
	assert_int_equal(peer_say(&s, "[{'channel':'/meta/connect','clientId':'ME','id':'1',"
				      "'connectionType':'websocket',"
				      "'advice':{'timeout':30}" TIMESYNC "}]"), 0);
	peers_wait(&w);
	assert_times(&s, began, HOLD_MS);
	peer_asks(&s, "[" CONNECT_NOW("2") "]", "[" CONNECTED("2") "]");
	peer_end(&s);
	peers_end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_asked_for_is_agreed_to),
		cmocka_unit_test(a_refused_handshake_agrees_to_nothing),
		cmocka_unit_test(connects_too_tell_how_long_one_may_be_silent),
		cmocka_unit_test(a_lost_answer_is_given_again_by_its_number),
		cmocka_unit_test(the_same_id_with_a_new_number_goes_on),
		cmocka_unit_test(lies_do_no_harm),
		cmocka_unit_test(who_did_not_ask_is_not_numbered),
		cmocka_unit_test(a_stream_gets_messages_with_its_connects),
		cmocka_unit_test(what_no_number_acknowledged_goes_from_place_to_place),
		cmocka_unit_test(a_connect_that_is_taken_over_has_no_number),
		cmocka_unit_test(what_had_to_go_does_not_hold_up_the_rest),
		cmocka_unit_test(a_stream_with_acks_ends_with_its_session),
		cmocka_unit_test(the_time_is_told_to_who_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
