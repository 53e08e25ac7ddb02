#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "redis/interest.h"
#include "unit/failing_alloc.h"

static const uint64_t seed[2] = { 7, 8 };

static struct interest *
want(struct interests *is, const char *pattern, bool is_fresh)
{
	bool fresh;
	struct interest *in = interests_want(is, str_from(pattern), 0, &fresh);

	assert_non_null(in);
	assert_int_equal(fresh, is_fresh);
	assert_true(str_equal(interest_pattern(in), str_from(pattern)));
	assert_ptr_equal(interests_find(is, str_from(pattern)), in);
	return in;
}

static void
what_is_wanted_is_counted(void **state)
{
	struct interests is;
	struct interest *in;

	(void)state;
	interests_init(&is, 2, seed);
	assert_null(interests_find(&is, STR("/a")));
	in = want(&is, "/a", true);
	assert_ptr_equal(want(&is, "/a", false), in);
	want(&is, "/a/*", true);
	interests_unwant(&is, STR("/a"), 0, 100);
	assert_null(interests_expired(&is, INT64_MAX));
	interests_unwant(&is, STR("/a"), 0, 100);
	assert_ptr_equal(interests_expired(&is, 100 + INTEREST_LINGER_MS), in);
	interests_drop(&is, in);
	assert_null(interests_find(&is, STR("/a")));
	assert_null(interests_expired(&is, INT64_MAX));
	want(&is, "/a", true);
	interests_clear(&is);
}

/* Long-polling clients come and go. */
static void
it_lingers_for_who_comes_back(void **state)
{
	struct interests is;
	struct interest *in;

	(void)state;
	interests_init(&is, 2, seed);
	in = want(&is, "/a", true);
	in->on = true;
	in->told = in->wanted;
	interests_unwant(&is, STR("/a"), 0, 100);
	assert_null(interests_expired(&is, 100 + INTEREST_LINGER_MS - 1));
	assert_true(in->on);
	assert_int_equal(in->told, 0); /* who wants it again is told again */
	assert_ptr_equal(want(&is, "/a", false), in);
	assert_null(interests_expired(&is, INT64_MAX));
	interests_unwant(&is, STR("/a"), 0, 200);
	assert_null(interests_expired(&is, 200 + INTEREST_LINGER_MS - 1));
	assert_ptr_equal(interests_expired(&is, 200 + INTEREST_LINGER_MS), in);
	interests_clear(&is);
}

static void
who_went_first_expires_first(void **state)
{
	struct interests is;
	struct interest *a, *b, *c;

	(void)state;
	interests_init(&is, 2, seed);
	a = want(&is, "/a", true);
	b = want(&is, "/b", true);
	c = want(&is, "/c", true);
	interests_unwant(&is, STR("/b"), 0, 1);
	interests_unwant(&is, STR("/c"), 0, 2);
	interests_unwant(&is, STR("/a"), 0, 3);
	assert_ptr_equal(interests_expired(&is, 1 + INTEREST_LINGER_MS), b);
	interests_drop(&is, b);
	assert_null(interests_expired(&is, 1 + INTEREST_LINGER_MS));
	assert_ptr_equal(interests_expired(&is, INT64_MAX), c);
	interests_drop(&is, c);
	assert_ptr_equal(interests_expired(&is, INT64_MAX), a);
	interests_clear(&is);
}

static void
each_worker_is_told_of_what_it_wants(void **state)
{
	struct interests is;
	struct interest *in;
	bool fresh;

	(void)state;
	interests_init(&is, 2, seed);
	in = want(&is, "/a/*", true);
	in->told = in->wanted;
	assert_ptr_equal(interests_want(&is, STR("/a/*"), 1, &fresh), in);
	assert_false(fresh);
	want(&is, "/**", true);
	assert_int_equal(interests_workers(&is, STR("/a/b")), 3);
	assert_int_equal(interests_workers(&is, STR("/b")), 1);
	assert_int_equal(in->wanted & ~in->told, 2); /* the other is still to be told */
	in->told = in->wanted;
	interests_unwant(&is, STR("/a/*"), 1, 5);
	interests_unwant(&is, STR("/a/*"), 1, 5); /* once too often */
	assert_int_equal(in->told, 1);
	assert_null(interests_expired(&is, INT64_MAX)); /* somebody does */
	assert_int_equal(interests_workers(&is, STR("/a/b")), 1);
	interests_unwant(&is, STR("/a/*"), 0, 5);
	assert_ptr_equal(interests_expired(&is, INT64_MAX), in);
	interests_clear(&is);
}

static void
what_nobody_wants_is_not_unwanted(void **state)
{
	struct interests is;

	(void)state;
	interests_init(&is, 2, seed);
	interests_unwant(&is, STR("/a"), 0, 1);
	want(&is, "/a", true);
	interests_unwant(&is, STR("/a"), 0, 1);
	interests_unwant(&is, STR("/a"), 0, 900000);
	assert_non_null(interests_expired(&is, 1 + INTEREST_LINGER_MS));
	interests_clear(&is);
}

static void
a_lost_connection_hears_nothing(void **state)
{
	struct interests is;
	struct interest *a, *b;

	(void)state;
	interests_init(&is, 2, seed);
	a = want(&is, "/a", true);
	b = want(&is, "/b", true);
	a->on = b->on = true;
	interests_unwant(&is, STR("/b"), 0, 1);
	interests_off(&is);
	assert_false(a->on);
	assert_false(b->on);
	interests_clear(&is);
}

static int
want_some(void *arg)
{
	struct interests is;
	char pattern[] = "/?";
	bool fresh;
	int rc = 0;

	(void)arg;
	interests_init(&is, 2, seed);
	for (char c = 'a'; c <= 'z' && !rc; c++) {
		pattern[1] = c;
		if (!interests_want(&is, str_from(pattern), 0, &fresh))
			rc = -ENOMEM;
		else
			assert_true(fresh);
	}
	if (rc)
		assert_null(interests_find(&is, str_from(pattern)));
	interests_clear(&is);
	return rc;
}

static void
memory_runs_out(void **state)
{
	(void)state;
	failing_alloc_play_tolerant(want_some, NULL); /* the table need not grow */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wanted_is_counted),
		cmocka_unit_test(it_lingers_for_who_comes_back),
		cmocka_unit_test(who_went_first_expires_first),
		cmocka_unit_test(each_worker_is_told_of_what_it_wants),
		cmocka_unit_test(what_nobody_wants_is_not_unwanted),
		cmocka_unit_test(a_lost_connection_hears_nothing),
		cmocka_unit_test(memory_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
