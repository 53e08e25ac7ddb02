/* What the other nodes are told of connects and answers, and what becomes of these
 * when the session is elsewhere. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/broker/others.h"

#define GIVEN(id, ...) "[" CONNECTED(id) "," __VA_ARGS__ "]"
#define EMPTY(id) "[" CONNECTED(id) "]"

static const struct engine_sub wants_a[] = { { { "/a", 2 }, 5 } };
static const struct engine_client wanting = {
	.turn = 2, .at = 10, .cursor = 7, .sub_count = 1, .subs = wants_a,
};

/* It has moved here by connect 1, which is answered with the message 12. */
static void
start(struct others *o, struct world *w)
{
	struct broker_config cfg = peers_config;
	struct peer p;

	cfg.registry.queue.messages = 10;
	others_start(o, w, &cfg);
	peer_poll(&p, w);
	peer_asks(&p, "[" CONNECT("1") "]", "");
	others_attach(o, w, &wanting);
	others_want(o, w, "/a");
	READ(o, w);
	others_say(o, w, 12, "/a");
	others_assert_asked(o, "record turn=2 cursor=11 sent=12 by=1");
	others_answer(o, w, 0);
	peer_assert_got(&p, GIVEN("1", MESSAGE("12")));
	peer_end(&p);
}

/* A poll asks; its touch is answered. */
static void
ask(struct others *o, struct world *w, struct peer *p, const char *batch, const char *touch)
{
	peer_poll(p, w);
	peer_asks(p, batch, "");
	others_assert_asked(o, touch);
	others_answer(o, w, 0);
}

static bool
is_here(const struct world *w)
{
	return registry_find(&w->b->registry, str_from(w->me));
}

static const struct engine_client back = {
	.turn = 4, .at = 30, .cursor = 12, .sub_count = 1, .subs = wants_a,
};

/* ---- answers ---- */

static void
an_answer_is_given_when_it_is_recorded(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	ask(&o, &w, &p, "[" CONNECT("2") "]", "touch turn=2 by=2");
	others_say(&o, &w, 13, "/a");
	others_assert_asked(&o, "record turn=2 cursor=12 sent=13 by=2");
	others_say(&o, &w, 14, "/a"); /* is not of that answer */
	peer_assert_got(&p, "");
	others_answer(&o, &w, 0);
	peer_assert_got(&p, GIVEN("2", MESSAGE("13")));
	peer_end(&p);
	ask(&o, &w, &p, "[" CONNECT("3") "]",
	    "touch turn=2 by=3\nrecord turn=2 cursor=13 sent=14 by=3");
	others_answer(&o, &w, 0);
	peer_assert_got(&p, GIVEN("3", MESSAGE("14")));
	peer_end(&p);
	others_end(&o, &w);
}

static void
the_same_connect_gets_the_same_again(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	others_say(&o, &w, 13, "/a");
	ask(&o, &w, &p, "[" CONNECT("1") "]",
	    "touch turn=2 by=1\nrecord turn=2 cursor=11 sent=13 by=1");
	others_answer(&o, &w, 0);
	peer_assert_got(&p, GIVEN("1", MESSAGE("12") "," MESSAGE("13")));
	peer_end(&p);
	others_end(&o, &w);
}

/* Redis is away: better told without a record than not at all. */
static void
they_are_out_of_reach(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("2") "]", "");
	others_answer(&o, &w, -EAGAIN);
	others_say(&o, &w, 13, "/a");
	others_answer(&o, &w, -EAGAIN);
	peer_assert_got(&p, GIVEN("2", MESSAGE("13")));
	peer_end(&p);
	others_end(&o, &w);
}

static void
the_session_is_elsewhere(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	ask(&o, &w, &p, "[" CONNECT("2") "]", "touch turn=2 by=2");
	others_say(&o, &w, 13, "/a");
	others_answer(&o, &w, ENGINE_LOST);
	peer_assert_got(&p, "");
	assert_int_equal(p.hung_up, 1);
	assert_false(is_here(&w));
	peer_end(&p);
	others_end(&o, &w);
}

static void
the_peer_goes_while_its_answer_is_recorded(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	ask(&o, &w, &p, "[" CONNECT("2") "]", "touch turn=2 by=2");
	others_say(&o, &w, 13, "/a");
	peer_end(&p);
	others_answer(&o, &w, 0);
	/* Nobody knows whether it has come: the same connect gets it, another, too. */
	ask(&o, &w, &p, "[" CONNECT("2") "]",
	    "touch turn=2 by=2\nrecord turn=2 cursor=12 sent=13 by=2");
	others_answer(&o, &w, 0);
	peer_assert_got(&p, GIVEN("2", MESSAGE("13")));
	peer_end(&p);
	others_end(&o, &w);
}

static void
the_client_ends_while_its_answer_is_recorded(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	ask(&o, &w, &p, "[" CONNECT("2") "]", "touch turn=2 by=2");
	others_say(&o, &w, 13, "/a");
	o.events->on_gone(o.arg, 14, str_from(w.me), 2);
	peers_settle(&w);
	peer_assert_got(&p, GIVEN("2", MESSAGE("13")));
	others_answer(&o, &w, ENGINE_LOST);
	peer_assert_got(&p, "");
	peer_end(&p);
	others_end(&o, &w);
}

static void
a_batch_waits_for_all_its_records(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	others_say(&o, &w, 13, "/a");
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT_NOW("2") ",{'channel':'/b','data':1}]", "");
	others_assert_asked(&o, "touch turn=2 by=2\nrecord turn=2 cursor=12 sent=13 by=2");
	others_answer_nth(&o, &w, 1, 0);
	peer_assert_got(&p, "[{'channel':'/b','successful':true}," CONNECTED("2") ","
			    MESSAGE("13") "]");
	others_answer(&o, &w, 0);
	peer_end(&p);
	others_end(&o, &w);
}

/* The server stops: an empty answer would acknowledge what is being recorded. */
static void
drained_while_its_answer_is_recorded(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	ask(&o, &w, &p, "[" CONNECT("2") "]", "touch turn=2 by=2");
	others_say(&o, &w, 13, "/a");
	outlet_drain(&p.outlet);
	peer_assert_got(&p, "");
	assert_int_equal(p.hung_up, 1);
	peer_end(&p);
	others_end(&o, &w);
}

static void
drained_while_nothing_waits(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	ask(&o, &w, &p, "[" CONNECT("2") "]", "touch turn=2 by=2");
	outlet_drain(&p.outlet);
	peer_assert_got(&p, EMPTY("2"));
	peer_end(&p);
	others_end(&o, &w);
}

/* ---- another home ---- */

static void
taken_by_a_later_connect(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	ask(&o, &w, &p, "[" CONNECT("2") "]", "touch turn=2 by=2");
	others_take(&o, &w, 20, 3, "3");
	peer_assert_got(&p, EMPTY("2"));
	assert_false(is_here(&w));
	peer_end(&p);
	others_end(&o, &w);
}

/* One id may be answered in one place only. */
static void
taken_by_the_same_connect(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	ask(&o, &w, &p, "[" CONNECT("2") "]", "touch turn=2 by=2");
	others_take(&o, &w, 20, 3, "2");
	peer_assert_got(&p, "");
	assert_int_equal(p.hung_up, 1);
	peer_end(&p);
	others_end(&o, &w);
}

/* Whether this connect came to the session's home is not known yet, nor who opened
 * an event stream elsewhere. */
static void
taken_while_nothing_is_sure(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	ask(&o, &w, &p, "[" CONNECT("2") "]", "touch turn=2 by=2");
	others_take(&o, &w, 20, 3, NULL);
	peer_assert_got(&p, "");
	assert_int_equal(p.hung_up, 1);
	peer_end(&p);
	others_end(&o, &w);
}

/* Taken by another connect while the others are told of this one: which of the two came
 * first is not known before they have answered. */
static void
taken_while_it_is_told_of(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("2") "]", "");
	others_take(&o, &w, 20, 3, "3");
	assert_false(is_here(&w));
	peer_assert_got(&p, "");
	others_answer(&o, &w, ENGINE_LOST); /* this one came later */
	assert_int_equal(p.hung_up, 0);
	others_assert_asked(&o, "attach by=2");
	others_attach(&o, &w, &back);
	assert_true(is_here(&w));
	peer_end(&p);
	others_end(&o, &w);

	start(&o, &w);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("2") "]", "");
	others_take(&o, &w, 20, 3, "3");
	others_answer(&o, &w, 0); /* it came before */
	peer_assert_got(&p, EMPTY("2"));
	assert_int_equal(p.hung_up, 0);
	peer_end(&p);
	others_end(&o, &w);

	start(&o, &w);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("2") "]", "");
	others_take(&o, &w, 20, 3, "3");
	others_answer(&o, &w, -EAGAIN);
	peer_assert_got(&p, "");
	assert_int_equal(p.hung_up, 1);
	peer_end(&p);
	others_end(&o, &w);

	/* Its peer goes meanwhile. */
	start(&o, &w);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("2") "]", "");
	others_take(&o, &w, 20, 3, "3");
	peer_end(&p);
	others_answer(&o, &w, ENGINE_LOST);
	others_assert_asked(&o, "");
	others_end(&o, &w);

	/* The same connect is answered where it took the session. */
	start(&o, &w);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("2") "]", "");
	others_take(&o, &w, 20, 3, "2");
	assert_int_equal(p.hung_up, 1);
	others_answer(&o, &w, ENGINE_LOST);
	peer_end(&p);
	others_end(&o, &w);
}

static void
an_older_turn_takes_nothing(void **state)
{
	struct others o;
	struct world w;

	(void)state;
	start(&o, &w);
	others_take(&o, &w, 20, 1, "3");
	assert_true(is_here(&w));
	others_take(&o, &w, 9, 3, "3"); /* before it came here */
	assert_true(is_here(&w));
	others_end(&o, &w);
}

/* The new home takes as given what is recorded. */
static void
taken_while_its_answer_is_recorded(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	ask(&o, &w, &p, "[" CONNECT("2") "]", "touch turn=2 by=2");
	others_say(&o, &w, 13, "/a");
	others_take(&o, &w, 20, 3, "3");
	assert_false(is_here(&w));
	peer_assert_got(&p, "");
	others_answer(&o, &w, 0);
	peer_assert_got(&p, GIVEN("2", MESSAGE("13")));
	peer_end(&p);
	others_end(&o, &w);
}

static void
taken_before_its_answer_was_recorded(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	ask(&o, &w, &p, "[" CONNECT("2") "]", "touch turn=2 by=2");
	others_say(&o, &w, 13, "/a");
	others_take(&o, &w, 20, 3, "3");
	others_answer(&o, &w, ENGINE_LOST);
	peer_assert_got(&p, "");
	assert_int_equal(p.hung_up, 1);
	peer_end(&p);
	others_end(&o, &w);
}

static void
taken_and_gone_while_its_answer_is_recorded(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	ask(&o, &w, &p, "[" CONNECT("2") "]", "touch turn=2 by=2");
	others_say(&o, &w, 13, "/a");
	others_take(&o, &w, 20, 3, "3");
	peer_end(&p);
	others_answer(&o, &w, 0);
	others_end(&o, &w);
}

static void
taken_and_drained_while_its_answer_is_recorded(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	ask(&o, &w, &p, "[" CONNECT("2") "]", "touch turn=2 by=2");
	others_say(&o, &w, 13, "/a");
	others_take(&o, &w, 20, 3, "3");
	outlet_drain(&p.outlet);
	assert_int_equal(p.hung_up, 1);
	peer_assert_got(&p, "");
	others_answer(&o, &w, 0);
	peer_assert_got(&p, "");
	peer_end(&p);
	others_end(&o, &w);
}

/* ---- touches ---- */

/* `taken` was not heard yet: this connect brings the session back. */
static void
lost_and_brought_back(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("2") "]", "");
	others_answer(&o, &w, ENGINE_LOST);
	others_assert_asked(&o, "attach by=2");
	others_take(&o, &w, 20, 3, "1"); /* an old story by now */
	others_attach(&o, &w, &back);
	others_want(&o, &w, "/a");
	READ(&o, &w, "13", "14");
	others_assert_asked(&o, "record turn=4 cursor=12 sent=14 by=2");
	others_answer(&o, &w, 0);
	peer_assert_got(&p, GIVEN("2", MESSAGE("13") "," MESSAGE("14")));
	peer_end(&p);
	others_end(&o, &w);
}

static void
lost_and_brought_back_while_its_answer_is_recorded(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	others_say(&o, &w, 13, "/a"); /* the other home has it, too */
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("2") "]", "");
	others_assert_asked(&o, "touch turn=2 by=2\nrecord turn=2 cursor=12 sent=13 by=2");
	others_answer(&o, &w, ENGINE_LOST);
	others_assert_asked(&o, "record turn=2 cursor=12 sent=13 by=2\nattach by=2");
	others_answer(&o, &w, ENGINE_LOST);
	assert_int_equal(p.hung_up, 0);
	others_attach(&o, &w, &back);
	peer_assert_got(&p, EMPTY("2")); /* it was due */
	peer_end(&p);
	others_want(&o, &w, "/a");
	READ(&o, &w, "13", "14");
	ask(&o, &w, &p, "[" CONNECT("3") "]",
	    "touch turn=4 by=3\nrecord turn=4 cursor=12 sent=14 by=3");
	others_answer(&o, &w, 0);
	peer_assert_got(&p, GIVEN("3", MESSAGE("13") "," MESSAGE("14")));
	peer_end(&p);
	others_end(&o, &w);
}

/* The note overtakes what Redis says to the touch and the record. */
static void
taken_before_it_came_and_brought_back(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	others_say(&o, &w, 13, "/a"); /* the other home has given it to connect 2 */
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("3") "]", "");
	others_assert_asked(&o, "touch turn=2 by=3\nrecord turn=2 cursor=12 sent=13 by=3");
	others_take(&o, &w, 20, 3, "2");
	others_answer(&o, &w, ENGINE_LOST);
	others_answer(&o, &w, ENGINE_LOST);
	assert_int_equal(p.hung_up, 0);
	others_assert_asked(&o, "attach by=3");
	others_attach(&o, &w, &back);
	peer_assert_got(&p, EMPTY("3")); /* it was due */
	peer_end(&p);
	others_end(&o, &w);
}

/* The same connect came there, and is answered there. */
static void
taken_by_the_same_and_not_brought_back(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	others_say(&o, &w, 13, "/a");
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("2") "]", "");
	others_take(&o, &w, 20, 3, "2");
	others_answer(&o, &w, ENGINE_LOST);
	others_answer(&o, &w, ENGINE_LOST);
	peer_assert_got(&p, "");
	assert_int_equal(p.hung_up, 1);
	others_assert_asked(&o, "");
	peer_end(&p);
	others_end(&o, &w);
}

static void
lost_and_brought_back_by_a_stream(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	peer_stream(&p, &w);
	peer_asks(&p, "[" CONNECT("2") "]", "");
	others_answer(&o, &w, ENGINE_LOST);
	others_assert_asked(&o, "attach by=2");
	assert_false(is_here(&w));
	others_attach(&o, &w, &back);
	others_want(&o, &w, "/a");
	READ(&o, &w, "13");
	peer_assert_got(&p, MESSAGE("13"));
	peer_prove(&p);
	peer_end(&p);
	others_answer(&o, &w, 0); /* how far the stream came */
	others_end(&o, &w);
}

static void
lost_when_its_connect_has_gone(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("2") "]", "");
	peer_end(&p);
	others_answer(&o, &w, ENGINE_LOST);
	assert_false(is_here(&w));
	others_assert_asked(&o, "");
	others_end(&o, &w);
}

/* What is said of the former one counts no more. */
static void
lost_when_another_connect_is_there(void **state)
{
	struct peer first, second;
	struct others o;
	struct world w;

	(void)state;
	start(&o, &w);
	peer_poll(&first, &w);
	peer_asks(&first, "[" CONNECT("2") "]", "");
	peer_poll(&second, &w);
	peer_asks(&second, "[" CONNECT("3") "]", "");
	others_assert_asked(&o, "touch turn=2 by=2\ntouch turn=2 by=3");
	peer_assert_got(&first, EMPTY("2"));
	others_answer(&o, &w, ENGINE_LOST);
	assert_true(is_here(&w));
	others_answer(&o, &w, ENGINE_LOST);
	others_assert_asked(&o, "attach by=3");
	peer_end(&first);
	peer_end(&second);
	others_end(&o, &w);
}

static void
the_client_ends_while_it_is_touched(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("2") "]", "");
	o.events->on_gone(o.arg, 20, str_from(w.me), 2);
	peers_settle(&w);
	peer_assert_got(&p, EMPTY("2"));
	others_answer(&o, &w, 0);
	peer_end(&p);
	others_end(&o, &w);
}

/* A connect that a later one has made void. */
static void
an_old_connect_is_passed(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start(&o, &w);
	ask(&o, &w, &p, "[" CONNECT("2") "]", "touch turn=2 by=2");
	peers_ask(&w, "[" CONNECT("1") "]", "[" CONNECTED("1") "]");
	others_assert_asked(&o, "");
	peer_assert_got(&p, ""); /* goes on waiting */
	peer_end(&p);
	others_end(&o, &w);
}

static void
what_was_seen_elsewhere_is_old_here(void **state)
{
	struct engine_client c = wanting;
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	c.seen_count = 3;
	c.seen[0] = others_key("1");
	c.seen[1] = others_key("2");
	c.seen[2] = others_key("3");
	others_start(&o, &w, &peers_config);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT("3") "]", "");
	others_attach(&o, &w, &c);
	peers_ask(&w, "[" CONNECT("1") "]", "[" CONNECTED("1") "]");
	peers_ask(&w, "[" CONNECT("2") "]", "[" CONNECTED("2") "]");
	peer_assert_got(&p, "");
	peer_end(&p);
	others_end(&o, &w);
}

/* ---- what another home has answered ---- */

static const struct engine_client answered = {
	.turn = 2, .at = 20, .cursor = 7, .sent = 12, .sub_count = 1, .subs = wants_a,
};

static void
start_answered(struct others *o, struct world *w, struct peer *p, const char *batch)
{
	struct engine_client c = answered;

	c.connect = others_key("1");
	others_start(o, w, &peers_config);
	peer_poll(p, w);
	peer_asks(p, batch, "");
	others_attach(o, w, &c);
}

static void
its_answer_is_given_again(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start_answered(&o, &w, &p, "[" CONNECT_NOW("1") "]");
	peer_assert_got(&p, ""); /* empty would acknowledge it */
	others_want(&o, &w, "/a");
	READ(&o, &w, "8", "12", "14");
	others_assert_asked(&o, "record turn=2 cursor=7 sent=14 by=1");
	others_answer(&o, &w, 0);
	peer_assert_got(&p, GIVEN("1", MESSAGE("8") "," MESSAGE("12") "," MESSAGE("14")));
	peer_end(&p);
	/* All that it now carried has arrived. */
	ask(&o, &w, &p, "[" CONNECT("2") "]", "touch turn=2 by=2");
	others_say(&o, &w, 15, "/a");
	others_assert_asked(&o, "record turn=2 cursor=14 sent=15 by=2");
	others_answer(&o, &w, 0);
	peer_assert_got(&p, GIVEN("2", MESSAGE("15")));
	peer_end(&p);
	others_end(&o, &w);
}

/* That one had come after all: the next id says so, while all is still being read. */
static void
its_answer_is_acknowledged_before_it_was_read(void **state)
{
	struct peer p, next;
	struct others o;
	struct world w;

	(void)state;
	start_answered(&o, &w, &p, "[" CONNECT("1") "]");
	peer_poll(&next, &w);
	peer_asks(&next, "[" CONNECT("2") "]", "");
	peer_assert_got(&p, EMPTY("1"));
	others_assert_asked(&o, "touch turn=2 by=2");
	others_answer(&o, &w, 0);
	others_want(&o, &w, "/a");
	READ(&o, &w, "8", "12", "14");
	others_assert_asked(&o, "record turn=2 cursor=13 sent=14 by=2");
	others_answer(&o, &w, 0);
	peer_assert_got(&next, GIVEN("2", MESSAGE("14")));
	peer_end(&p);
	peer_end(&next);
	others_end(&o, &w);
}

static void
drained_while_its_answer_is_to_be_given_again(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start_answered(&o, &w, &p, "[" CONNECT("1") "]");
	outlet_drain(&p.outlet);
	peer_assert_got(&p, "");
	assert_int_equal(p.hung_up, 1);
	peer_end(&p);
	others_end(&o, &w);
}

static void
there_is_nothing_to_give_again(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	start_answered(&o, &w, &p, "[" CONNECT_NOW("1") "]");
	others_want(&o, &w, "/a");
	READ(&o, &w); /* it was unsubscribed, or trimmed */
	peer_assert_got(&p, EMPTY("1"));
	peer_end(&p);
	others_end(&o, &w);
}

/* ---- acknowledged by number ---- */

static void
with_acks_each_connect_tells_how_far(void **state)
{
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	others_start(&o, &w, &peers_config);
	peer_poll(&p, &w);
	peer_handshakes(&p, ",'minimumVersion':'1.0','ext':{'ack':true}");
	peer_end(&p);
	others_change(&o, &w, 5, '+', "/a");
	others_want(&o, &w, "/a");
	READ(&o, &w);
	others_say(&o, &w, 12, "/a");
	peer_poll(&p, &w);
	assert_int_equal(peer_say(&p, "[{'channel':'/meta/connect','clientId':'ME','id':'1',"
				      "'connectionType':'websocket','ext':{'ack':0}}]"), 0);
	peers_settle(&w);
	others_assert_asked(&o, "touch turn=1 by=1 cursor=11 acked=0");
	others_answer(&o, &w, 0);
	assert_int_equal(p.replies, 1); /* no record is needed */
	peer_end(&p);
	peer_poll(&p, &w);
	assert_int_equal(peer_say(&p, "[{'channel':'/meta/connect','clientId':'ME','id':'2',"
				      "'connectionType':'websocket','ext':{'ack':1}}]"), 0);
	peers_settle(&w);
	others_assert_asked(&o, "touch turn=1 by=2 cursor=12 acked=1");
	peer_end(&p);
	others_end(&o, &w);
}

#define CONNECT_ACK(id, n) \
	"{'channel':'/meta/connect','clientId':'ME','id':'" id "'," \
	"'connectionType':'websocket','ext':{'ack':" n "}}"
#define CONNECTED_ACK(id, n) \
	"{'id':'" id "','clientId':'ME','channel':'/meta/connect','successful':true," \
	"'advice':{'reconnect':'retry','interval':0,'timeout':45000},'ext':{'ack':" n "}}"

/* Its former home was told of 5 messages up to 7, and has given 8 and 12 since. */
static void
with_acks_the_number_counts_where_it_comes(void **state)
{
	struct engine_client c = wanting;
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	c.flags = ENGINE_ACKS;
	c.acked = 5;
	others_start(&o, &w, &peers_config);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT_ACK("1", "7") "]", "");
	others_attach(&o, &w, &c);
	others_want(&o, &w, "/a");
	READ(&o, &w, "8", "12", "14");
	peer_assert_got(&p, "[" CONNECTED_ACK("1", "8") "," MESSAGE("14") "]");
	peer_end(&p);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT_ACK("2", "8") "]", "");
	others_assert_asked(&o, "touch turn=2 by=2 cursor=14 acked=8");
	peer_end(&p);
	others_end(&o, &w);
}

/* A lost answer: what it gave comes again. */
static void
with_acks_what_was_not_acknowledged_comes_again(void **state)
{
	struct engine_client c = wanting;
	struct others o;
	struct world w;
	struct peer p;

	(void)state;
	c.flags = ENGINE_ACKS;
	c.acked = 5;
	others_start(&o, &w, &peers_config);
	peer_poll(&p, &w);
	peer_asks(&p, "[" CONNECT_ACK("1", "6") "]", "");
	others_attach(&o, &w, &c);
	others_want(&o, &w, "/a");
	READ(&o, &w, "8", "12");
	peer_assert_got(&p, "[" CONNECTED_ACK("1", "7") "," MESSAGE("12") "]");
	peer_end(&p);
	others_end(&o, &w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_given_when_it_is_recorded),
		cmocka_unit_test(the_same_connect_gets_the_same_again),
		cmocka_unit_test(they_are_out_of_reach),
		cmocka_unit_test(the_session_is_elsewhere),
		cmocka_unit_test(the_peer_goes_while_its_answer_is_recorded),
		cmocka_unit_test(the_client_ends_while_its_answer_is_recorded),
		cmocka_unit_test(a_batch_waits_for_all_its_records),
		cmocka_unit_test(drained_while_its_answer_is_recorded),
		cmocka_unit_test(drained_while_nothing_waits),
		cmocka_unit_test(taken_by_a_later_connect),
		cmocka_unit_test(taken_by_the_same_connect),
		cmocka_unit_test(taken_while_nothing_is_sure),
		cmocka_unit_test(taken_while_it_is_told_of),
		cmocka_unit_test(an_older_turn_takes_nothing),
		cmocka_unit_test(taken_while_its_answer_is_recorded),
		cmocka_unit_test(taken_before_its_answer_was_recorded),
		cmocka_unit_test(taken_and_gone_while_its_answer_is_recorded),
		cmocka_unit_test(taken_and_drained_while_its_answer_is_recorded),
		cmocka_unit_test(lost_and_brought_back),
		cmocka_unit_test(lost_and_brought_back_while_its_answer_is_recorded),
		cmocka_unit_test(taken_before_it_came_and_brought_back),
		cmocka_unit_test(taken_by_the_same_and_not_brought_back),
		cmocka_unit_test(lost_and_brought_back_by_a_stream),
		cmocka_unit_test(lost_when_its_connect_has_gone),
		cmocka_unit_test(lost_when_another_connect_is_there),
		cmocka_unit_test(the_client_ends_while_it_is_touched),
		cmocka_unit_test(an_old_connect_is_passed),
		cmocka_unit_test(what_was_seen_elsewhere_is_old_here),
		cmocka_unit_test(its_answer_is_given_again),
		cmocka_unit_test(its_answer_is_acknowledged_before_it_was_read),
		cmocka_unit_test(drained_while_its_answer_is_to_be_given_again),
		cmocka_unit_test(there_is_nothing_to_give_again),
		cmocka_unit_test(with_acks_each_connect_tells_how_far),
		cmocka_unit_test(with_acks_the_number_counts_where_it_comes),
		cmocka_unit_test(with_acks_what_was_not_acknowledged_comes_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
