#include "redis-link/ear.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HANG_MS = 120000, MAX_WORDS = 16 };

struct loop *ear_loop;

int
ear_setup(void **state)
{
	ear_loop = loop_new();
	return ear_loop ? server_setup(state) : -1;
}

int
ear_teardown(void **state)
{
	loop_free(ear_loop);
	return server_teardown(state);
}

/* ---- turning ---- */

struct alarm {
	struct loop_timer timer;
	bool rang;
};

static void
on_rung(void *arg)
{
	struct alarm *a = arg;

	a->rang = true;
	loop_stop(ear_loop);
}

static void
alarm_set(struct alarm *a, int64_t ms)
{
	a->rang = false;
	loop_timer_init(&a->timer, on_rung, a);
	assert_int_equal(loop_timer_set(ear_loop, &a->timer, loop_now_ms(ear_loop) + ms), 0);
}

static void
turn_until(const bool *flag, const size_t *count, size_t n)
{
	struct alarm hang;

	alarm_set(&hang, HANG_MS);
	while (!hang.rang && !(flag ? *flag : *count >= n))
		assert_int_equal(loop_run(ear_loop), 0);
	loop_timer_clear(ear_loop, &hang.timer);
	if (hang.rang)
		fail_msg("nothing came for %d s", HANG_MS / 1000);
}

void
ear_turn_until(const bool *flag)
{
	turn_until(flag, NULL, 0);
}

void
ear_turn_to(const size_t *count, size_t n)
{
	turn_until(NULL, count, n);
}

void
ear_turn_for(int64_t ms)
{
	struct alarm over;

	alarm_set(&over, ms);
	ear_turn_until(&over.rang);
}

/* ---- events ---- */

static void
happen(struct ear *e, int what)
{
	void (*prank)(struct ear *) = e->prank;

	loop_stop(ear_loop);
	if (!prank || (int)e->when != what)
		return;
	e->prank = NULL;
	prank(e);
}

static void
on_ready(void *arg)
{
	struct ear *e = arg;

	assert_non_null(e->link);
	assert_false(e->ready || e->closed);
	e->ready = e->either = true;
	happen(e, PRANK_READY);
}

static void
on_closed(void *arg, enum link_end end, const char *why)
{
	struct ear *e = arg;

	assert_non_null(e->link);
	assert_false(e->closed);
	assert_null(strchr(why, '\n'));
	e->closed = e->either = true;
	e->end = end;
	snprintf(e->why, sizeof(e->why), "%s", why);
	happen(e, PRANK_CLOSED);
}

static void
hear(struct ear *e, struct str text)
{
	buf_add_str(&e->heard, text);
	buf_add_char(&e->heard, ' ');
}

static void
on_subscribed(void *arg, struct str channel)
{
	struct ear *e = arg;

	assert_true(e->link && e->ready && !e->closed);
	hear(e, channel);
	e->subscribed++;
	happen(e, PRANK_SUBSCRIBED);
}

static void
on_message(void *arg, struct str channel, struct str text)
{
	struct ear *e = arg;

	assert_true(e->link && e->ready && !e->closed);
	hear(e, channel);
	hear(e, text);
	e->messages++;
	happen(e, PRANK_MESSAGE);
}

static void
add_reply(struct ear *e, const struct redisReply *r)
{
	if (r->type == REDIS_REPLY_INTEGER)
		buf_addf(&e->heard, "%lld ", r->integer);
	else if (r->type == REDIS_REPLY_NIL)
		hear(e, STR("(nil)"));
	else if (r->type == REDIS_REPLY_ARRAY)
		for (size_t i = 0; i < r->elements; i++)
			add_reply(e, r->element[i]);
	else
		hear(e, (struct str){ r->str, r->len });
}

void
ear_on_reply(void *arg, const struct redisReply *reply)
{
	struct ear *e = arg;

	assert_false(e->closed); /* replies that do not come are told before */
	if (!reply) {
		e->nulls++;
		happen(e, PRANK_NULL);
		return;
	}
	add_reply(e, reply);
	e->replies++;
	happen(e, PRANK_REPLY);
}

/* ---- a life ---- */

void
ear_open(struct ear *e, enum link_kind kind, int64_t timeout_ms, const char *url, ...)
{
	static const struct link_events events = { on_ready, on_closed, on_subscribed,
						   on_message };
	struct link_options options = { .kind = kind, .name = "fayed-test",
					.timeout_ms = timeout_ms };
	char text[512];
	const char *fault;
	va_list ap;

	*e = (struct ear){ .ready = false };
	va_start(ap, url);
	vsnprintf(text, sizeof(text), url, ap);
	va_end(ap);
	fault = redis_url_parse(&e->url, str_from(text));
	if (fault)
		fail_msg("%s %s", text, fault);
	options.url = &e->url;
	e->link = link_new(ear_loop, &options, &events, e);
	assert_non_null(e->link);
}

void
ear_close(struct ear *e)
{
	link_free(e->link);
	e->link = NULL;
	buf_clear(&e->heard);
}

void
ear_assert_ready(struct ear *e)
{
	ear_turn_until(&e->either);
	if (!e->ready)
		fail_msg("closed: %s", e->why);
}

void
ear_assert_closed(struct ear *e, enum link_end end, const char *why)
{
	ear_turn_until(&e->closed);
	if (e->end != end || !strstr(e->why, why))
		fail_msg("%s: %s; not: %s", e->end == LINK_FATAL ? "fatal" : "passing", e->why,
			 why);
}

void
ear_send(struct ear *e, const char *words)
{
	const char *argv[MAX_WORDS];
	size_t bytes[MAX_WORDS];
	int argc = 0;

	while (*words) {
		assert_true(argc < MAX_WORDS);
		argv[argc] = words;
		bytes[argc] = strcspn(words, " ");
		words += bytes[argc];
		words += strspn(words, " ");
		argc++;
	}
	assert_int_equal(link_send(e->link, argc, argv, bytes, ear_on_reply, e), 0);
}

void
ear_assert_says(struct ear *e, const char *words, const char *reply)
{
	buf_reset(&e->heard);
	ear_send(e, words);
	ear_turn_to(&e->replies, e->replies + 1);
	buf_add_char(&e->heard, '\0');
	assert_false(e->heard.failed);
	assert_string_equal(e->heard.p, reply);
	buf_reset(&e->heard);
}
