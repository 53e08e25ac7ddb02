/* The connection for messages: thousands of channels that come and go. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "redis-link/ear.h"

static void
subscribe(struct ear *e, const char *channel)
{
	struct str name = str_from(channel);

	assert_int_equal(link_subscribe(e->link, &name, 1), 0);
}

static void
assert_heard(struct ear *e, const char *text)
{
	assert_int_equal(e->heard.n, strlen(text));
	assert_memory_equal(e->heard.p, text, e->heard.n);
	buf_reset(&e->heard);
}

/* One that listens and one that speaks. */
struct pair {
	struct server server;
	struct ear ear, mouth;
};

static void
open_pair(struct pair *p)
{
	p->server = SERVER();
	SUBSCRIBER(&p->ear, "redis://127.0.0.1:%d", p->server.port);
	LINK(&p->mouth, "redis+unix://%s", p->server.path);
	ear_assert_ready(&p->ear);
	ear_assert_ready(&p->mouth);
}

static void
close_pair(struct pair *p)
{
	ear_close(&p->ear);
	ear_close(&p->mouth);
	server_kill(&p->server);
}

static void
a_message_is_heard_by_who_subscribed(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	ear_assert_says(&p.mouth, "PUBLISH a early", "0 ");
	subscribe(&p.ear, "a");
	ear_turn_to(&p.ear.subscribed, 1);
	assert_heard(&p.ear, "a ");
	ear_assert_says(&p.mouth, "PUBLISH a first", "1 ");
	ear_assert_says(&p.mouth, "PUBLISH b other", "0 ");
	ear_assert_says(&p.mouth, "PUBLISH a second", "1 ");
	ear_turn_to(&p.ear.messages, 2);
	assert_heard(&p.ear, "a first a second ");
	close_pair(&p);
}

static void
commands_before_it_is_ready_are_refused(void **state)
{
	struct str name = STR("a");
	struct server s = SERVER();
	struct ear e;

	(void)state;
	SUBSCRIBER(&e, "redis://127.0.0.1:%d", s.port);
	assert_int_equal(link_subscribe(e.link, &name, 1), -ENOTCONN);
	assert_int_equal(link_unsubscribe(e.link, &name, 1), -ENOTCONN);
	ear_assert_ready(&e);
	assert_int_equal(link_subscribe(e.link, NULL, 0), 0);
	ear_close(&e);
	server_kill(&s);
}

/* Who unsubscribed and who is told is settled by Redis's order: a channel that was
 * left is silent, one that was taken again speaks. */
static void
unsubscribed_and_subscribed_again(void **state)
{
	struct str a = STR("a");
	struct pair p;

	(void)state;
	open_pair(&p);
	subscribe(&p.ear, "a");
	subscribe(&p.ear, "b");
	assert_int_equal(link_unsubscribe(p.ear.link, &a, 1), 0);
	subscribe(&p.ear, "c");
	ear_turn_to(&p.ear.subscribed, 3);
	assert_heard(&p.ear, "a b c ");
	ear_assert_says(&p.mouth, "PUBLISH a x", "0 ");
	assert_int_equal(link_unsubscribe(p.ear.link, &a, 1), 0); /* is not there */
	subscribe(&p.ear, "a");
	ear_turn_to(&p.ear.subscribed, 4);
	ear_assert_says(&p.mouth, "PUBLISH a y", "1 ");
	ear_turn_to(&p.ear.messages, 1);
	assert_heard(&p.ear, "a a y ");
	close_pair(&p);
}

static void
bytes_are_bytes(void **state)
{
	static const char channel[] = "live:/\0 \r\n\xff", text[] = "\0\r\n$5\r\n\xfe";
	const char *argv[] = { "PUBLISH", channel, text };
	const size_t bytes[] = { 7, sizeof(channel), sizeof(text) };
	struct str name = { channel, sizeof(channel) };
	struct buf expected = BUF_INIT;
	struct pair p;

	(void)state;
	open_pair(&p);
	assert_int_equal(link_subscribe(p.ear.link, &name, 1), 0);
	ear_turn_to(&p.ear.subscribed, 1);
	buf_reset(&p.ear.heard);
	assert_int_equal(link_send(p.mouth.link, 3, argv, bytes, ear_on_reply, &p.mouth), 0);
	ear_turn_to(&p.ear.messages, 1);
	buf_add(&expected, channel, sizeof(channel));
	buf_add_char(&expected, ' ');
	buf_add(&expected, text, sizeof(text));
	buf_add_char(&expected, ' ');
	assert_int_equal(p.ear.heard.n, expected.n);
	assert_memory_equal(p.ear.heard.p, expected.p, expected.n);
	buf_clear(&expected);
	close_pair(&p);
}

/* ---- many ---- */

enum { CHANNELS = 10000, BATCH = 1000 };

struct many {
	struct str names[CHANNELS];
	char texts[CHANNELS][16];
};

static struct many *
name_many(void)
{
	struct many *m = malloc(sizeof(*m));

	assert_non_null(m);
	for (unsigned i = 0; i < CHANNELS; i++) {
		snprintf(m->texts[i], sizeof(m->texts[i]), "live:/%u", i);
		m->names[i] = str_from(m->texts[i]);
	}
	return m;
}

static void
add_names(struct buf *out, const struct many *m)
{
	for (unsigned i = 0; i < CHANNELS; i++) {
		buf_add_str(out, m->names[i]);
		buf_add_char(out, ' ');
	}
}

/* Twice, for what is left of the first time would show in the second. */
static void
ten_thousand_channels_come_and_go(void **state)
{
	struct many *m = name_many();
	struct buf expected = BUF_INIT;
	char publish[32];
	struct pair p;

	(void)state;
	open_pair(&p);
	add_names(&expected, m);
	for (int round = 0; round < 2; round++) {
		buf_reset(&p.ear.heard);
		p.ear.subscribed = p.ear.messages = 0;
		for (unsigned i = 0; i < CHANNELS; i += BATCH)
			assert_int_equal(link_subscribe(p.ear.link, m->names + i, BATCH), 0);
		ear_turn_to(&p.ear.subscribed, CHANNELS);
		assert_int_equal(p.ear.heard.n, expected.n);
		assert_memory_equal(p.ear.heard.p, expected.p, expected.n);
		for (unsigned i = 0; i < CHANNELS; i++) {
			snprintf(publish, sizeof(publish), "PUBLISH live:/%u x", i);
			ear_send(&p.mouth, publish);
		}
		ear_turn_to(&p.ear.messages, CHANNELS);
		for (unsigned i = 0; i < CHANNELS; i += BATCH)
			assert_int_equal(link_unsubscribe(p.ear.link, m->names + i, BATCH), 0);
		p.ear.subscribed = 0;
		subscribe(&p.ear, "last"); /* its confirmation is behind theirs */
		ear_turn_to(&p.ear.subscribed, 1);
		ear_turn_to(&p.mouth.replies, (size_t)(round + 1) * CHANNELS);
		ear_assert_says(&p.mouth, "PUBSUB NUMSUB live:/0 live:/9999 last",
				"live:/0 0 live:/9999 0 last 1 ");
		p.mouth.replies--;
	}
	buf_clear(&expected);
	free(m);
	close_pair(&p);
}

/* Messages come between confirmations: neither is taken for the other. */
static void
messages_among_confirmations(void **state)
{
	struct many *m = name_many();
	struct pair p;

	(void)state;
	open_pair(&p);
	subscribe(&p.ear, "busy");
	ear_turn_to(&p.ear.subscribed, 1);
	for (unsigned i = 0; i < CHANNELS; i++) {
		assert_int_equal(link_subscribe(p.ear.link, m->names + i, 1), 0);
		ear_send(&p.mouth, "PUBLISH busy x");
		if (i % 100 == 99) {
			loop_stop(ear_loop);
			ear_turn_to(&p.mouth.replies, i + 1);
		}
	}
	ear_turn_to(&p.ear.subscribed, 1 + CHANNELS);
	ear_turn_to(&p.ear.messages, CHANNELS);
	assert_false(p.ear.closed);
	free(m);
	close_pair(&p);
}

/* ---- ends ---- */

static void
what_may_not_be_heard_is_fatal(void **state)
{
	struct server s = SERVER("--user", "low", "on", ">pw", "resetchannels", "&{mine}:*", "~*",
				 "+@all");
	struct ear e;

	(void)state;
	SUBSCRIBER(&e, "redis://low:pw@127.0.0.1:%d", s.port);
	ear_assert_ready(&e);
	subscribe(&e, "{mine}:x");
	ear_turn_to(&e.subscribed, 1);
	subscribe(&e, "{other}:x");
	ear_assert_closed(&e, LINK_FATAL, ": NOPERM ");
	assert_int_equal(e.subscribed, 1);
	ear_close(&e);
	server_kill(&s);
}

static void
killed_by_redis(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	subscribe(&p.ear, "a");
	ear_turn_to(&p.ear.subscribed, 1);
	ear_assert_says(&p.mouth, "CLIENT KILL TYPE pubsub", "1 ");
	ear_assert_closed(&p.ear, LINK_PASSING, ": the server closed the connection");
	close_pair(&p);
}

static void
a_confirmation_that_does_not_come(void **state)
{
	struct server s = SERVER();
	struct ear e;

	(void)state;
	ear_open(&e, LINK_SUBSCRIBER, 300, "redis://127.0.0.1:%d", s.port);
	ear_assert_ready(&e);
	server_pause(&s);
	subscribe(&e, "a");
	ear_assert_closed(&e, LINK_PASSING, ": no answer for 0.3 s");
	ear_close(&e);
	server_kill(&s);
}

static void
drop(struct ear *e)
{
	link_free(e->link);
	e->link = NULL; /* any further call of it fails */
}

static void
freed_in_the_midst(void **state)
{
	struct many *m = name_many();
	struct pair p;

	(void)state;
	open_pair(&p);
	p.ear.prank = drop;
	p.ear.when = PRANK_SUBSCRIBED;
	assert_int_equal(link_subscribe(p.ear.link, m->names, BATCH), 0);
	ear_turn_to(&p.ear.subscribed, 1);
	assert_null(p.ear.link);
	close_pair(&p);

	open_pair(&p);
	assert_int_equal(link_subscribe(p.ear.link, m->names, BATCH), 0);
	ear_turn_to(&p.ear.subscribed, BATCH);
	p.ear.prank = drop;
	p.ear.when = PRANK_MESSAGE;
	for (int i = 0; i < 10; i++)
		ear_send(&p.mouth, "PUBLISH live:/7 x");
	ear_turn_to(&p.mouth.replies, 10);
	ear_turn_to(&p.ear.messages, 1);
	assert_int_equal(p.ear.messages, 1);
	close_pair(&p);
	free(m);
}

/* What was published meanwhile waits, and comes in its order. */
static void
a_paused_link_hears_later(void **state)
{
	struct pair p;

	(void)state;
	open_pair(&p);
	subscribe(&p.ear, "a");
	ear_turn_to(&p.ear.subscribed, 1);
	buf_reset(&p.ear.heard);
	link_pause(p.ear.link, true);
	for (int i = 0; i < 3; i++) {
		char words[32];

		snprintf(words, sizeof(words), "PUBLISH a %d", i);
		ear_assert_says(&p.mouth, words, "1 ");
	}
	ear_assert_says(&p.mouth, "PING", "PONG "); /* and it has had all the time for it */
	assert_int_equal(p.ear.messages, 0);
	link_pause(p.ear.link, false);
	ear_turn_to(&p.ear.messages, 3);
	assert_heard(&p.ear, "a 0 a 1 a 2 ");
	close_pair(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_paused_link_hears_later),
		cmocka_unit_test(a_message_is_heard_by_who_subscribed),
		cmocka_unit_test(commands_before_it_is_ready_are_refused),
		cmocka_unit_test(unsubscribed_and_subscribed_again),
		cmocka_unit_test(bytes_are_bytes),
		cmocka_unit_test(ten_thousand_channels_come_and_go),
		cmocka_unit_test(messages_among_confirmations),
		cmocka_unit_test(what_may_not_be_heard_is_fatal),
		cmocka_unit_test(killed_by_redis),
		cmocka_unit_test(a_confirmation_that_does_not_come),
		cmocka_unit_test(freed_in_the_midst),
	};

	return cmocka_run_group_tests(tests, ear_setup, ear_teardown);
}
