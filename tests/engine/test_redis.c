/* The engine that joins nodes by Redis keeps the contract, and does what can be done
 * where Redis is not. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/contract.h"
#include "engine/worker.h"
#include "redis-link/ear.h"
#include "redis-link/server.h"
#include "redis/engine.h"

/* What all engines here have: the server that is there, and a prefix. */
static struct {
	struct server server;
	struct redis_url url;
	char prefix[REDIS_PREFIX_BYTES];
	unsigned made;
	size_t news_bytes;
	struct log log;
} redis;

static void
use(const struct server *s)
{
	char text[64];

	snprintf(text, sizeof(text), "redis://127.0.0.1:%d", s->port);
	assert_null(redis_url_parse(&redis.url, str_from(text)));
}

static struct engine *
join(struct loop *loop, const struct engine_events *events, void *arg)
{
	struct redis_options options = {
		.url = &redis.url,
		.prefix = redis.prefix,
		.timeout_ms = 60000,
		.log_messages = 10000,
		.news_bytes = redis.news_bytes,
		.kept_messages = 1000,
		.kept_bytes = 1 << 20,
		.log = &redis.log,
	};

	return redis_engine_new(&options, loop, events, arg);
}

static struct engine *
make(struct loop *loop, const struct engine_events *events, void *arg)
{
	snprintf(redis.prefix, sizeof(redis.prefix), "{test%u}:", redis.made++);
	return join(loop, events, arg);
}

static const struct contract contract = { .make = make, .join = join };

/* ---- the operator ---- */

/* Says it by a connection of its own, whatever the reply is. */
static void
say(const char *words)
{
	struct ear e;

	LINK(&e, "redis://127.0.0.1:%d", redis.server.port);
	ear_assert_ready(&e);
	ear_send(&e, words);
	ear_turn_to(&e.replies, 1);
	ear_close(&e);
}

static int
start_server(void **state)
{
	(void)state;
	redis.server = SERVER();
	use(&redis.server);
	return 0;
}

static int
end_server(void **state)
{
	(void)state;
	server_kill(&redis.server);
	return 0;
}

/* ---- two nodes ---- */

struct pair {
	struct worker a, b;
};

static void
start_pair(struct pair *p)
{
	start(&p->a, &contract);
	start_beside(&p->b, &p->a, &contract);
}

static void
end_pair(struct pair *p)
{
	end(&p->b);
	end(&p->a);
}

enum { MANY = 300 };

static struct call *
publish_many(struct worker *w, struct str channel)
{
	struct call *calls = calloc(MANY, sizeof(*calls));

	assert_non_null(calls);
	for (int i = 0; i < MANY; i++)
		publish(w, &calls[i], '+', (char)('a' + i % 26), channel);
	return calls;
}

static void
assert_all_done(struct call *calls)
{
	for (int i = 0; i < MANY; i++)
		assert_int_equal(calls[i].result, 0);
	free(calls);
}

/* MANY messages in their order, each once; whatever else was told is left out. */
static void
assert_heard_many(const struct worker *w)
{
	int count = 0;

	for (size_t i = 0; i < w->n; i++)
		if (w->told[i] >= 'a')
			assert_int_equal(w->told[i], 'a' + count++ % 26);
	assert_int_equal(count, MANY);
}

/* ---- out of reach ---- */

static void
nobody_is_there_at_first(void **state)
{
	struct server gone = redis.server;
	struct worker w;

	(void)state;
	server_kill(&redis.server);
	start_alone(&w, &contract);
	assert_int_equal(result_of_create(&w, STR("me")), -EAGAIN);
	assert_int_equal(result_of_destroy(&w, STR("me")), -EAGAIN);
	assert_int_equal(w.ups, 0);
	server_restart(&gone);
	redis.server = gone;
	run_until_up(&w, 1);
	assert_int_equal(result_of_create(&w, STR("me")), 0);
	assert_int_equal(w.downs, 0);
	end(&w);
}

static void
it_ends_before_anybody_is_there(void **state)
{
	struct call calls[3] = { 0 };
	struct worker w;

	(void)state;
	server_kill(&redis.server);
	start_alone(&w, &contract);
	assert_int_equal(engine_want(w.e, STR("/a")), 0);
	create(&w, &calls[0], 'c', STR("me"));
	publish(&w, &calls[1], 'p', 'm', STR("/a"));
	destroy(&w, &calls[2], 'd', STR("me"));
	end(&w);
	assert_told(&w, "");
}

/* A server that stands still is as none: it is noticed, told, and nothing hangs. */
static void
it_stands_still(void **state)
{
	struct call calls[3] = { 0 };
	struct pair p;

	(void)state;
	start_pair(&p);
	want(&p.a, STR("/a"));
	server_pause(&redis.server);
	create(&p.a, &calls[0], 'c', STR("me"));
	subscribe(&p.a, &calls[1], 's', STR("me"), STR("/a"));
	destroy(&p.a, &calls[2], 'd', STR("me"));
	run(&p.a);
	for (int i = 0; i < 3; i++)
		assert_int_equal(calls[i].result, -EAGAIN);
	assert_int_equal(p.a.downs, 1);
	run_until_down(&p.b, 1);
	assert_int_equal(result_of_create(&p.a, STR("you")), -EAGAIN);
	server_resume(&redis.server);
	run_until_up(&p.a, 2);
	run_until_up(&p.b, 2);
	assert_int_equal(result_of_publish(&p.b, 'x', STR("/a")), 0);
	run_to_messages(&p.a, 1);
	end_pair(&p);
}

static void
it_ends_while_redis_stands_still(void **state)
{
	struct call calls[2] = { 0 };
	struct worker w;

	(void)state;
	start(&w, &contract);
	server_pause(&redis.server);
	create(&w, &calls[0], 'c', STR("me"));
	publish(&w, &calls[1], 'p', 'm', STR("/a"));
	end(&w);
	server_resume(&redis.server);
	assert_told(&w, "");
}

/* It comes back as it was never there: what was wanted is heard again, and who knows
 * of sessions is asked for them. */
static void
it_is_killed_and_comes_back_empty(void **state)
{
	struct server gone = redis.server;
	struct pair p;

	(void)state;
	start_pair(&p);
	want(&p.a, STR("/a"));
	assert_int_equal(result_of_create(&p.b, STR("me")), 0);
	server_kill(&redis.server);
	run_until_down(&p.a, 1);
	run_until_down(&p.b, 1);
	server_restart(&gone);
	redis.server = gone;
	run_until_up(&p.a, 2);
	run_until_up(&p.b, 2);
	assert_int_equal(p.a.restores, 1);
	assert_int_equal(p.b.restores, 1);
	/* Other nodes may still be writing it back. */
	assert_int_equal(result_of_destroy(&p.a, STR("nobody")), -EAGAIN);
	assert_int_equal(result_of_publish(&p.b, 'x', STR("/a")), 0);
	run_to_messages(&p.a, 1);
	end_pair(&p);
}

static void
it_is_emptied(void **state)
{
	struct pair p;

	(void)state;
	start_pair(&p);
	want(&p.a, STR("/a"));
	say("FLUSHALL");
	run_until_up(&p.a, 2);
	run_until_up(&p.b, 2);
	assert_true(p.a.restores > 0 && p.b.restores > 0);
	assert_int_equal(result_of_publish(&p.b, 'x', STR("/a")), 0);
	run_to_messages(&p.a, 1);
	end_pair(&p);
}

static void
a_pattern_is_wanted_while_it_is_away(void **state)
{
	struct server gone = redis.server;
	struct worker w;

	(void)state;
	start(&w, &contract);
	want(&w, STR("/a"));
	server_kill(&redis.server);
	run_until_down(&w, 1);
	unwant(&w, STR("/a"));
	snprintf(w.wants[1].pattern, sizeof(w.wants[1].pattern), "/b");
	w.wants[0].users = w.wants[1].users = 1;
	assert_int_equal(engine_want(w.e, STR("/a")), 0);
	assert_int_equal(engine_want(w.e, STR("/b")), 0);
	server_restart(&gone);
	redis.server = gone;
	while (!w.wants[0].on || !w.wants[1].on)
		turn(&w);
	assert_heard(&w, STR("/a"), "m.");
	assert_heard(&w, STR("/b"), "m.");
	end(&w);
}

/* They are accepted, and told everywhere when that can be. */
static void
what_is_published_while_it_is_away(void **state)
{
	struct server gone = redis.server;
	struct call *calls;
	struct pair p;

	(void)state;
	start_pair(&p);
	want(&p.a, STR("/a"));
	want(&p.b, STR("/a"));
	server_kill(&redis.server);
	run_until_down(&p.a, 1);
	calls = publish_many(&p.a, STR("/a"));
	run(&p.a);
	server_restart(&gone);
	redis.server = gone;
	run_to_messages(&p.a, MANY);
	run_to_messages(&p.b, MANY);
	assert_all_done(calls);
	assert_heard_many(&p.a);
	assert_heard_many(&p.b);
	end_pair(&p);
}

/* The uplink stops to read again and again, and goes on. */
static void
a_worker_that_does_not_keep_up(void **state)
{
	struct call *calls;
	struct pair p;

	(void)state;
	redis.news_bytes = 1000;
	start_pair(&p);
	want(&p.a, STR("/a"));
	want(&p.b, STR("/a"));
	calls = publish_many(&p.a, STR("/a"));
	run(&p.a);
	run_to_messages(&p.a, MANY);
	run_to_messages(&p.b, MANY);
	assert_all_done(calls);
	assert_heard_many(&p.a);
	assert_heard_many(&p.b);
	assert_int_equal(p.a.downs + p.b.downs, 0);
	end_pair(&p);
	redis.news_bytes = 64 << 20;
}

/* ---- connections that are cut ---- */

/* What was under way is sent again, and done once. */
static void
a_connection_for_commands_is_cut(void **state)
{
	struct call *calls;
	struct pair p;

	(void)state;
	start_pair(&p);
	want(&p.b, STR("/a"));
	for (unsigned round = 0; round < 5; round++) {
		p.b.n = p.b.heard = p.a.n = 0;
		calls = publish_many(&p.a, STR("/a"));
		say("CLIENT KILL TYPE normal");
		run(&p.a);
		run_to_messages(&p.b, MANY);
		assert_all_done(calls);
		assert_heard_many(&p.b);
		run_until_up(&p.a, p.a.downs + 1);
		run_until_up(&p.b, p.b.downs + 1);
	}
	end_pair(&p);
}

/* What was missed is read, in its order, and nothing is told twice. */
static void
a_connection_that_hears_is_cut(void **state)
{
	struct call *calls;
	struct pair p;

	(void)state;
	start_pair(&p);
	want(&p.a, STR("/a"));
	want(&p.b, STR("/a"));
	for (unsigned round = 0; round < 5; round++) {
		p.b.n = p.b.heard = p.a.n = p.a.heard = 0;
		calls = publish_many(&p.a, STR("/a"));
		say("CLIENT KILL TYPE pubsub");
		run(&p.a);
		run_to_messages(&p.a, MANY);
		run_to_messages(&p.b, MANY);
		assert_all_done(calls);
		assert_heard_many(&p.a);
		assert_heard_many(&p.b);
		run_until_up(&p.a, p.a.downs + 1);
		run_until_up(&p.b, p.b.downs + 1);
	}
	end_pair(&p);
}

/* Notes, too. What is sent again changes nothing the second time. */
static void
changes_are_not_missed(void **state)
{
	enum { CHANGES = 50 };
	struct call calls[CHANGES] = { 0 };
	char expected[CHANGES * 10 + 1] = "", patterns[CHANGES][4];
	struct pair p;
	size_t n = 0;

	(void)state;
	start_pair(&p);
	assert_int_equal(result_of_create(&p.a, STR("me")), 0);
	for (unsigned i = 0; i < CHANGES; i++) {
		snprintf(patterns[i], sizeof(patterns[i]), "/%02u", i);
		subscribe(&p.b, &calls[i], '+', STR("me"), str_from(patterns[i]));
		n += (size_t)snprintf(expected + n, sizeof(expected) - n, "+ me %s\n",
				      patterns[i]);
	}
	say("CLIENT KILL TYPE pubsub");
	run(&p.b);
	run_to_notes(&p.a, CHANGES);
	assert_noted(&p.a, expected);
	end_pair(&p);
}

/* ---- what others may write ---- */

static void
what_is_not_understood_is_left_out(void **state)
{
	static const char *const lines[] = {
		"PUBLISH %slive:/a nonsense",
		"PUBLISH %slive:/a 99999999999999999999",
		"PUBLISH %slive:/nowhere 1",
		"XADD %slog:/a * m nonsense",
		"XADD %slog:/a * other field",
	};
	struct call calls[3] = { 0 };
	struct engine_sub from = { STR("/a"), 1 };
	char words[200];
	struct worker w;

	(void)state;
	start(&w, &contract);
	want(&w, STR("/a"));
	assert_int_equal(result_of_create(&w, STR("me")), 0);
	assert_int_equal(result_of_subscribe(&w, STR("me"), STR("/a")), 0);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		/* not a literal: the lines are */
		const char *at = strstr(lines[i], "%s");

		snprintf(words, sizeof(words), "%.*s%s%s", (int)(at - lines[i]), lines[i],
			 redis.prefix, at + 2);
		say(words);
	}
	begin(&w, &calls[0], 'r');
	engine_read(w.e, &calls[0].engine, &from, 1);
	w.calling = false;
	run(&w);
	assert_int_equal(calls[0].result, 0);
	assert_told(&w, "csr");
	end(&w);
}

/* An error that a script always gives is told to who asked, and to nobody else. */
static void
a_client_whose_key_is_something_else(void **state)
{
	struct call c = { .then = NULL };
	char words[160];
	struct worker w;

	(void)state;
	start(&w, &contract);
	snprintf(words, sizeof(words), "SET %sclient:someone text", redis.prefix);
	say(words);
	begin(&w, &c, 'a');
	engine_attach(w.e, &c.engine, STR("someone"), 1, 0, 0);
	w.calling = false;
	run(&w);
	assert_int_equal(c.result, -EAGAIN);
	assert_int_equal(result_of_create(&w, STR("me")), 0);
	end(&w);
}

static int
setup(void **state)
{
	redis.news_bytes = 64 << 20;
	redis.log = (struct log){ .level = LOG_LEVEL_ERROR, .fd = STDERR_FILENO };
	return ear_setup(state);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, start_server, end_server)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SERVER(nobody_is_there_at_first),
		WITH_SERVER(it_ends_before_anybody_is_there),
		WITH_SERVER(it_stands_still),
		WITH_SERVER(it_ends_while_redis_stands_still),
		WITH_SERVER(it_is_killed_and_comes_back_empty),
		WITH_SERVER(it_is_emptied),
		WITH_SERVER(a_pattern_is_wanted_while_it_is_away),
		WITH_SERVER(what_is_published_while_it_is_away),
		WITH_SERVER(a_worker_that_does_not_keep_up),
		WITH_SERVER(a_connection_for_commands_is_cut),
		WITH_SERVER(a_connection_that_hears_is_cut),
		WITH_SERVER(changes_are_not_missed),
		WITH_SERVER(what_is_not_understood_is_left_out),
		WITH_SERVER(a_client_whose_key_is_something_else),
	};
	int failed;

	if (setup(NULL) || start_server(NULL))
		return 1;
	failed = contract_run(&contract);
	end_server(NULL);
	failed += cmocka_run_group_tests(tests, NULL, NULL);
	return ear_teardown(NULL) || failed;
}
