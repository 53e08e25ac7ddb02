#include "session/subs.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/failing_alloc.h"

static const uint64_t seed[2] = { 1, 2 };

/* What was said of interest: "+/a -/a ". */
struct ear {
	char heard[256];
	size_t n;
};

static void
on_interest(void *arg, struct str pattern, bool wanted)
{
	struct ear *ear = arg;

	assert_true(ear->n + pattern.n + 3 < sizeof(ear->heard));
	ear->heard[ear->n++] = wanted ? '+' : '-';
	memcpy(ear->heard + ear->n, pattern.p, pattern.n);
	ear->n += pattern.n;
	ear->heard[ear->n++] = ' ';
	ear->heard[ear->n] = '\0';
}

static void
assert_heard(struct ear *ear, const char *expected)
{
	assert_string_equal(ear->heard, expected);
	*ear = (struct ear){ 0 };
}

static void
start(struct subs *su, struct ear *ear)
{
	*ear = (struct ear){ 0 };
	subs_init(su, seed);
	su->on_interest = on_interest;
	su->arg = ear;
}

/* Whether the pattern has exactly these sessions, in this order. */
static void
assert_wanted_by(const struct subs *su, struct str pattern, struct session **who,
		 size_t n)
{
	const struct topic *t = subs_find(su, pattern);

	assert_non_null(t);
	assert_true(str_equal(topic_name(t), pattern));
	assert_int_equal(t->count, n);
	for (size_t i = 0; i < n; i++)
		assert_ptr_equal(t->subscribers[i].session, who[i]);
}

static void
a_pattern_lives_as_long_as_somebody_wants_it(void **state)
{
	struct session a = { 0 }, b = { 0 };
	struct session *both[] = { &a, &b };
	struct subs su;
	struct ear ear;

	(void)state;
	start(&su, &ear);
	assert_null(subs_find(&su, STR("/x")));
	assert_int_equal(subs_add(&su, &a, STR("/x")), 0);
	assert_heard(&ear, "+/x ");
	assert_int_equal(subs_add(&su, &b, STR("/x")), 0);
	assert_heard(&ear, "");
	assert_wanted_by(&su, STR("/x"), both, 2);
	assert_int_equal(su.count, 2);
	assert_int_equal(subs_remove(&su, &a, STR("/x")), 0);
	assert_heard(&ear, "");
	assert_wanted_by(&su, STR("/x"), both + 1, 1);
	assert_int_equal(su.count, 1);
	assert_int_equal(subs_remove(&su, &b, STR("/x")), 0);
	assert_heard(&ear, "-/x ");
	assert_int_equal(su.count, 0);
	assert_null(subs_find(&su, STR("/x")));
	subs_clear(&su);
}

static void
subscribing_twice_changes_nothing(void **state)
{
	struct session a = { 0 }, *only[] = { &a };
	struct subs su;
	struct ear ear;

	(void)state;
	start(&su, &ear);
	assert_int_equal(subs_add(&su, &a, STR("/x")), 0);
	assert_int_equal(subs_add(&su, &a, STR("/x")), SUBS_ALREADY);
	assert_int_equal(a.sub_count, 1);
	assert_wanted_by(&su, STR("/x"), only, 1);
	assert_int_equal(subs_remove(&su, &a, STR("/x")), 0);
	assert_int_equal(subs_remove(&su, &a, STR("/x")), SUBS_NONE);
	assert_int_equal(a.sub_count, 0);
	assert_heard(&ear, "+/x -/x ");
	subs_clear(&su);
}

static void
nobody_loses_what_another_leaves(void **state)
{
	struct session a = { 0 }, b = { 0 }, *only_a[] = { &a };
	struct subs su;
	struct ear ear;

	(void)state;
	start(&su, &ear);
	assert_int_equal(subs_add(&su, &a, STR("/x")), 0);
	assert_int_equal(subs_remove(&su, &b, STR("/x")), SUBS_NONE);
	assert_int_equal(subs_remove(&su, &b, STR("/none")), SUBS_NONE);
	assert_wanted_by(&su, STR("/x"), only_a, 1);
	subs_remove_all(&su, &a);
	subs_clear(&su);
}

/* Each time another half of them goes, and comes back. */
static void
a_crowd_that_comes_and_goes_is_told_apart(void **state)
{
	enum { CROWD = 300 };
	static struct session crowd[CROWD];
	unsigned i, round;
	struct subs su;
	struct ear ear;

	(void)state;
	start(&su, &ear);
	for (i = 0; i < CROWD; i++)
		assert_int_equal(subs_add(&su, &crowd[i], STR("/a")), 0);
	for (round = 2; round < 20; round++) {
		const struct topic *t;

		for (i = 0; i < CROWD; i++)
			if (i % round)
				assert_int_equal(subs_remove(&su, &crowd[i], STR("/a")), 0);
		t = subs_find(&su, STR("/a"));
		assert_int_equal(t->count, (CROWD + round - 1) / round);
		for (i = 0; i < t->count; i++) {
			assert_ptr_equal(t->subscribers[i].sub, t->subscribers[i].session->subs);
			assert_int_equal(t->subscribers[i].sub->place, i);
			assert_int_equal((t->subscribers[i].session - crowd) % round, 0);
		}
		for (i = 0; i < CROWD; i++)
			assert_int_equal(subs_add(&su, &crowd[i], STR("/a")),
					 i % round ? 0 : SUBS_ALREADY);
	}
	for (i = 0; i < CROWD; i++)
		subs_remove_all(&su, &crowd[i]);
	assert_null(subs_find(&su, STR("/a")));
	subs_clear(&su);
}

static void
patterns_are_just_strings_here(void **state)
{
	struct session a = { 0 };
	struct subs su;
	struct ear ear;

	(void)state;
	start(&su, &ear);
	assert_int_equal(subs_add(&su, &a, STR("/x/**")), 0);
	assert_int_equal(subs_add(&su, &a, STR("/x/*")), 0);
	assert_true(subs_has(&su, &a, STR("/x/**")));
	assert_true(subs_has(&su, &a, STR("/x/*")));
	assert_false(subs_has(&su, &a, STR("/x/y")));
	assert_false(subs_has(&su, &a, STR("/x/")));
	assert_int_equal(subs_remove(&su, &a, STR("/x/**")), 0);
	assert_false(subs_has(&su, &a, STR("/x/**")));
	assert_true(subs_has(&su, &a, STR("/x/*")));
	subs_remove_all(&su, &a);
	subs_clear(&su);
}

/* First, last and middle of the session's list. */
static void
any_of_a_sessions_patterns_can_go(void **state)
{
	struct session a = { 0 }, b = { 0 };
	struct subs su;
	struct ear ear;

	(void)state;
	start(&su, &ear);
	for (char i = '0'; i < '7'; i++) {
		const char name[2] = { '/', i };

		assert_int_equal(subs_add(&su, &a, (struct str){ name, 2 }), 0);
	}
	assert_int_equal(subs_add(&su, &b, STR("/3")), 0);
	ear = (struct ear){ 0 };
	assert_int_equal(subs_remove(&su, &a, STR("/0")), 0);
	assert_int_equal(subs_remove(&su, &a, STR("/6")), 0);
	assert_int_equal(subs_remove(&su, &a, STR("/3")), 0);
	assert_heard(&ear, "-/0 -/6 ");
	assert_int_equal(a.sub_count, 4);
	assert_true(subs_has(&su, &a, STR("/1")) && subs_has(&su, &a, STR("/2")));
	assert_true(subs_has(&su, &a, STR("/4")) && subs_has(&su, &a, STR("/5")));
	assert_false(subs_has(&su, &a, STR("/3")));
	assert_true(subs_has(&su, &b, STR("/3")));
	subs_remove_all(&su, &a);
	assert_int_equal(a.sub_count, 0);
	assert_null(a.subs);
	assert_true(subs_has(&su, &b, STR("/3")));
	subs_remove_all(&su, &b);
	assert_int_equal(su.topics.count, 0);
	subs_clear(&su);
}

/* The caller's bytes may go. */
static void
names_are_copied(void **state)
{
	struct session a = { 0 };
	char name[] = "/x";
	struct subs su;
	struct ear ear;

	(void)state;
	start(&su, &ear);
	assert_int_equal(subs_add(&su, &a, str_from(name)), 0);
	memset(name, '?', sizeof(name));
	assert_true(subs_has(&su, &a, STR("/x")));
	subs_remove_all(&su, &a);
	assert_heard(&ear, "+/x -/x ");
	subs_clear(&su);
}

/* Interest is told exactly of what is there, also when memory runs out. */
static int
subscribe_two(void *arg)
{
	struct session a = { 0 }, b = { 0 };
	struct subs su;
	struct ear ear;
	int rc;

	(void)arg;
	start(&su, &ear);
	rc = subs_add(&su, &a, STR("/x"));
	if (!rc)
		rc = subs_add(&su, &a, STR("/y"));
	if (!rc)
		rc = subs_add(&su, &b, STR("/x"));
	assert_int_equal(su.topics.count, (a.sub_count >= 1) + (a.sub_count >= 2));
	subs_remove_all(&su, &a);
	subs_remove_all(&su, &b);
	assert_int_equal(su.topics.count, 0);
	if (!rc)
		assert_heard(&ear, "+/x +/y -/y -/x ");
	subs_clear(&su);
	return rc;
}

static void
memory_that_runs_out_is_told(void **state)
{
	(void)state;
	failing_alloc_play(subscribe_two, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pattern_lives_as_long_as_somebody_wants_it),
		cmocka_unit_test(subscribing_twice_changes_nothing),
		cmocka_unit_test(nobody_loses_what_another_leaves),
		cmocka_unit_test(a_crowd_that_comes_and_goes_is_told_apart),
		cmocka_unit_test(patterns_are_just_strings_here),
		cmocka_unit_test(any_of_a_sessions_patterns_can_go),
		cmocka_unit_test(names_are_copied),
		cmocka_unit_test(memory_that_runs_out_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
