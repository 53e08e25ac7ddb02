#include "session/registry.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/failing_alloc.h"

enum { LIFE_MS = 1000, MANY = 500 };

static const uint64_t seed[2] = { 3, 4 };

static const struct registry_limits roomy = {
	.sessions = 10000,
	.subscriptions = 100,
	.queue = { .messages = 100, .bytes = 1 << 20 },
	.life_ms = LIFE_MS,
};

/* Remembers who got how many messages, and the balance of interest. */
struct world {
	struct registry r;
	struct frozen *expected; /* which message, when not NULL */
	int got[16]; /* by session */
	int delivered, wanted;
};

static void
on_message(void *arg, struct session *s, struct frozen *f)
{
	struct world *w = arg;

	if (w->expected)
		assert_ptr_equal(f, w->expected);
	w->got[atoi(s->id)]++;
	w->delivered++;
}

static void
on_interest(void *arg, struct str pattern, bool wanted)
{
	struct world *w = arg;

	(void)pattern;
	w->wanted += wanted ? 1 : -1;
}

static const struct registry_events events = {
	.on_message = on_message,
	.on_interest = on_interest,
};

static void
start(struct world *w, const struct registry_limits *limits)
{
	*w = (struct world){ 0 };
	registry_init(&w->r, limits, seed, &events, w);
}

static struct str
id_of(int number)
{
	static char id[SESSION_ID_BYTES + 1];

	snprintf(id, sizeof(id), "%0*d", SESSION_ID_BYTES, number);
	return (struct str){ id, SESSION_ID_BYTES };
}

static struct session *
create(struct world *w, int number, int64_t now_ms)
{
	struct session *s = NULL;

	assert_int_equal(registry_create(&w->r, id_of(number), now_ms, &s), 0);
	assert_non_null(s);
	return s;
}

/* ---- life ---- */

static void
sessions_are_found_by_id_until_they_end(void **state)
{
	struct world w;
	struct session *one, *two;

	(void)state;
	start(&w, &roomy);
	one = create(&w, 1, 0);
	two = create(&w, 2, 0);
	assert_ptr_equal(registry_find(&w.r, id_of(1)), one);
	assert_ptr_equal(registry_find(&w.r, id_of(2)), two);
	assert_true(str_equal(session_id(one), id_of(1)));
	assert_null(registry_find(&w.r, id_of(3)));
	assert_null(registry_find(&w.r, (struct str){ NULL, 0 }));
	assert_null(registry_find(&w.r, (struct str){ one->id, SESSION_ID_BYTES - 1 }));
	registry_end(&w.r, one);
	assert_null(registry_find(&w.r, id_of(1)));
	assert_ptr_equal(registry_find(&w.r, id_of(2)), two);
	registry_clear(&w.r);
}

static void
an_id_is_somebodys_or_the_house_is_full(void **state)
{
	struct registry_limits two = roomy;
	struct session *s = NULL;
	struct world w;

	(void)state;
	two.sessions = 2;
	start(&w, &two);
	create(&w, 1, 0);
	assert_int_equal(registry_create(&w.r, id_of(1), 0, &s), REGISTRY_TAKEN);
	create(&w, 2, 0);
	assert_int_equal(registry_create(&w.r, id_of(3), 0, &s), REGISTRY_FULL);
	registry_end(&w.r, registry_find(&w.r, id_of(1)));
	create(&w, 3, 0);
	registry_clear(&w.r);
}

static void
clearing_ends_all(void **state)
{
	struct world w;

	(void)state;
	start(&w, &roomy);
	for (int i = 0; i < MANY; i++) {
		struct session *s = create(&w, i, i);
		struct frozen *f = frozen_new_message(STR("/a"), 2);

		assert_non_null(f);
		assert_int_equal(subs_add(&w.r.subs, s, STR("/all")), 0);
		assert_int_equal(subs_add(&w.r.subs, s, id_of(i)), 0);
		assert_int_equal(session_keep(s, f, &roomy.queue), 0);
		session_did(s, 7);
		if (i % 7 == 0)
			registry_doom(&w.r, s);
	}
	assert_int_equal(w.wanted, MANY + 1);
	registry_clear(&w.r);
	assert_int_equal(w.wanted, 0);
}

/* ---- time ---- */

static void
expire(struct world *w, int64_t now_ms)
{
	registry_expire(&w->r, now_ms);
}

/* Ends it, too. */
static void
assert_dooms(struct world *w, struct session *s)
{
	assert_ptr_equal(registry_take_doomed(&w->r), s);
	registry_end(&w->r, s);
}

static void
the_silent_are_forgotten_in_time(void **state)
{
	struct world w;
	struct session *one, *two;

	(void)state;
	start(&w, &roomy);
	assert_int_equal(registry_deadline(&w.r), INT64_MAX);
	two = create(&w, 2, 500);
	one = create(&w, 1, 400);
	assert_int_equal(registry_deadline(&w.r), 400 + LIFE_MS);
	expire(&w, 399 + LIFE_MS);
	assert_null(registry_take_doomed(&w.r));
	expire(&w, 400 + LIFE_MS);
	assert_dooms(&w, one);
	assert_null(registry_take_doomed(&w.r));
	assert_int_equal(registry_deadline(&w.r), 500 + LIFE_MS);
	expire(&w, 99999);
	assert_dooms(&w, two);
	assert_int_equal(registry_deadline(&w.r), INT64_MAX);
	registry_clear(&w.r);
}

static void
a_sign_of_life_begins_it_anew(void **state)
{
	struct world w;
	struct session *s;

	(void)state;
	start(&w, &roomy);
	s = create(&w, 1, 0);
	registry_touch(&w.r, s, 600);
	expire(&w, LIFE_MS);
	assert_null(registry_take_doomed(&w.r));
	assert_int_equal(registry_deadline(&w.r), 600 + LIFE_MS);
	expire(&w, 600 + LIFE_MS);
	assert_dooms(&w, s);
	registry_clear(&w.r);
}

static void
who_waits_for_an_answer_is_alive(void **state)
{
	struct world w;
	struct session *s;

	(void)state;
	start(&w, &roomy);
	s = create(&w, 1, 0);
	s->held = &w;
	expire(&w, 5 * LIFE_MS);
	assert_null(registry_take_doomed(&w.r));
	assert_int_equal(registry_deadline(&w.r), 6 * LIFE_MS);
	s->held = NULL;
	expire(&w, 6 * LIFE_MS);
	assert_dooms(&w, s);
	registry_clear(&w.r);
}

static void
many_are_forgotten_in_one_go(void **state)
{
	struct world w;
	int ended = 0;
	struct session *s;

	(void)state;
	start(&w, &roomy);
	for (int i = 0; i < MANY; i++)
		create(&w, i, i * 37 % 1000);
	for (int i = 0; i < MANY; i += 2)
		registry_touch(&w.r, registry_find(&w.r, id_of(i)), 3000);
	expire(&w, 3000);
	while ((s = registry_take_doomed(&w.r))) {
		assert_int_not_equal(s->seen_ms, 3000);
		registry_end(&w.r, s);
		ended++;
	}
	assert_int_equal(ended, MANY / 2);
	assert_int_equal(registry_deadline(&w.r), 3000 + LIFE_MS);
	registry_clear(&w.r);
}

static void
the_doomed_are_whole_and_doomed_once(void **state)
{
	struct world w;
	struct session *one, *two;

	(void)state;
	start(&w, &roomy);
	one = create(&w, 1, 0);
	two = create(&w, 2, 0);
	registry_doom(&w.r, one);
	registry_doom(&w.r, two);
	registry_doom(&w.r, one);
	expire(&w, 99999);
	assert_ptr_equal(registry_find(&w.r, id_of(1)), one);
	assert_dooms(&w, one);
	assert_dooms(&w, two);
	assert_null(registry_take_doomed(&w.r));

	/* One that ends by itself meanwhile is out of the list. */
	one = create(&w, 1, 0);
	registry_doom(&w.r, one);
	registry_end(&w.r, one);
	assert_null(registry_take_doomed(&w.r));
	registry_clear(&w.r);
}

/* ---- deliveries ---- */

static size_t
publish(struct world *w, struct str channel)
{
	struct frozen *f = frozen_new_message(channel, 2);
	size_t reached;

	assert_non_null(f);
	w->expected = f;
	w->delivered = 0;
	reached = registry_deliver(&w->r, f);
	assert_int_equal(reached, w->delivered);
	assert_int_equal(atomic_load(&f->refs), 1); /* it was only lent */
	frozen_unref(f);
	return reached;
}

static void
subscribe(struct world *w, struct session *s, struct str pattern)
{
	assert_int_equal(subs_add(&w->r.subs, s, pattern), 0);
}

static void
a_message_reaches_each_pattern_it_matches(void **state)
{
	static const struct str patterns[] = {
		STR("/a/b/c"), STR("/a/b/*"), STR("/a/b/**"), STR("/a/**"), STR("/**"),
	};
	static const struct str others[] = {
		STR("/a/b"), STR("/a/*"), STR("/*"), STR("/a/b/d"), STR("/a/b/c/*"),
		STR("/a/b/c/**"),
	};
	struct world w;

	(void)state;
	start(&w, &roomy);
	for (int i = 0; i < 5; i++)
		subscribe(&w, create(&w, i, 0), patterns[i]);
	for (int i = 0; i < 6; i++)
		subscribe(&w, create(&w, 10 + i, 0), others[i]);
	assert_int_equal(publish(&w, STR("/a/b/c")), 5);
	for (int i = 0; i < 5; i++)
		assert_int_equal(w.got[i], 1);
	registry_clear(&w.r);
}

static void
each_session_gets_it_once(void **state)
{
	struct world w;
	struct session *s, *other;

	(void)state;
	start(&w, &roomy);
	s = create(&w, 1, 0);
	other = create(&w, 2, 0);
	subscribe(&w, s, STR("/a"));
	subscribe(&w, s, STR("/*"));
	subscribe(&w, s, STR("/**"));
	subscribe(&w, other, STR("/*"));
	assert_int_equal(publish(&w, STR("/a")), 2);
	assert_int_equal(w.got[1], 1);
	assert_int_equal(w.got[2], 1);
	assert_int_equal(publish(&w, STR("/a")), 2); /* and the next one again */
	assert_int_equal(w.got[1], 2);
	assert_int_equal(publish(&w, STR("/b")), 2);
	assert_int_equal(publish(&w, STR("/a/b")), 1);
	registry_clear(&w.r);
}

static void
nobody_hears_what_nobody_wants(void **state)
{
	struct world w;
	struct session *s;

	(void)state;
	start(&w, &roomy);
	assert_int_equal(publish(&w, STR("/a")), 0);
	s = create(&w, 1, 0);
	assert_int_equal(publish(&w, STR("/a")), 0);
	subscribe(&w, s, STR("/a"));
	assert_int_equal(publish(&w, STR("/a")), 1);
	assert_int_equal(subs_remove(&w.r.subs, s, STR("/a")), 0);
	assert_int_equal(publish(&w, STR("/a")), 0);
	subscribe(&w, s, STR("/a"));
	registry_end(&w.r, s);
	assert_int_equal(publish(&w, STR("/a")), 0);
	assert_int_equal(w.wanted, 0);
	registry_clear(&w.r);
}

/* ---- keys ---- */

#define KEY(...) \
	session_key((const struct str[]){ __VA_ARGS__ }, \
		     sizeof((const struct str[]){ __VA_ARGS__ }) / sizeof(struct str))

static void
keys_tell_requests_apart(void **state)
{
	struct world w;
	uint64_t key;

	(void)state;
	start(&w, &roomy);
	key = KEY(STR("\"1\""), STR("\"/a\""), STR("x"));
	assert_true(key != 0);
	assert_true(key == KEY(STR("\"1\""), STR("\"/a\""), STR("x")));
	assert_true(key != KEY(STR("\"2\""), STR("\"/a\""), STR("x")));
	assert_true(key != KEY(STR("\"1\""), STR("\"/b\""), STR("x")));
	assert_true(key != KEY(STR("\"1\""), STR("\"/a\""), STR("y")));
	assert_true(key != KEY(STR("\"1\""), STR("\"/a\"")));
	assert_true(key != KEY(STR("\"/a\""), STR("\"1\""), STR("x")));
	/* Where one part ends counts. */
	assert_true(KEY(STR("ab"), STR("c")) != KEY(STR("a"), STR("bc")));
	assert_true(KEY(STR("a"), STR("")) != KEY(STR(""), STR("a")));
	assert_true(KEY(STR("a"), STR("a")) != KEY(STR("b"), STR("b")));
	registry_clear(&w.r);
}

/* ---- memory ---- */

static int
live_a_little(void *arg)
{
	struct session *one = NULL, *two = NULL;
	struct world w;
	int rc;

	(void)arg;
	start(&w, &roomy);
	rc = registry_create(&w.r, id_of(1), 0, &one);
	if (!rc)
		rc = subs_add(&w.r.subs, one, STR("/a"));
	if (!rc)
		rc = registry_create(&w.r, id_of(2), 0, &two);
	if (!rc)
		rc = subs_add(&w.r.subs, two, STR("/**"));
	assert_int_equal(w.r.sessions.count, (one != NULL) + (two != NULL));
	registry_expire(&w.r, LIFE_MS);
	while ((one = registry_take_doomed(&w.r)))
		registry_end(&w.r, one);
	assert_int_equal(w.r.sessions.count, 0);
	assert_int_equal(w.wanted, 0);
	registry_clear(&w.r);
	return rc;
}

static void
memory_that_runs_out_is_told(void **state)
{
	(void)state;
	failing_alloc_play(live_a_little, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sessions_are_found_by_id_until_they_end),
		cmocka_unit_test(an_id_is_somebodys_or_the_house_is_full),
		cmocka_unit_test(clearing_ends_all),
		cmocka_unit_test(the_silent_are_forgotten_in_time),
		cmocka_unit_test(a_sign_of_life_begins_it_anew),
		cmocka_unit_test(who_waits_for_an_answer_is_alive),
		cmocka_unit_test(many_are_forgotten_in_one_go),
		cmocka_unit_test(the_doomed_are_whole_and_doomed_once),
		cmocka_unit_test(a_message_reaches_each_pattern_it_matches),
		cmocka_unit_test(each_session_gets_it_once),
		cmocka_unit_test(nobody_hears_what_nobody_wants),
		cmocka_unit_test(keys_tell_requests_apart),
		cmocka_unit_test(memory_that_runs_out_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
