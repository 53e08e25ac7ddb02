#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis/args.h"
#include "unit/failing_alloc.h"

static void
assert_arg(const struct args *a, size_t i, const char *expected)
{
	struct str s = args_get(a, i);

	assert_int_equal(s.n, strlen(expected));
	assert_memory_equal(s.n ? s.p : "", expected, s.n);
}

static void
arguments_are_kept_apart(void **state)
{
	struct args a = { 0 };

	(void)state;
	assert_int_equal(args_count(&a), 0);
	args_add(&a, STR("one"));
	args_add(&a, STR(""));
	args_add(&a, (struct str){ NULL, 0 });
	args_add_uint(&a, UINT64_MAX);
	args_add_uint(&a, 0);
	args_add_key(&a, 0);
	args_add_key(&a, 0x0123456789abcdef);
	args_add(&a, STR("last"));
	assert_false(args_failed(&a));
	assert_int_equal(args_count(&a), 8);
	assert_arg(&a, 0, "one");
	assert_arg(&a, 1, "");
	assert_arg(&a, 2, "");
	assert_arg(&a, 3, "18446744073709551615");
	assert_arg(&a, 4, "0");
	assert_arg(&a, 5, "");
	assert_arg(&a, 6, "0123456789abcdef");
	assert_arg(&a, 7, "last");
	args_clear(&a);
	assert_int_equal(args_count(&a), 0);
	args_add(&a, STR("anew"));
	assert_arg(&a, 0, "anew");
	args_clear(&a);
}

/* An empty one in front has no byte to point at. */
static void
nothing_comes_first(void **state)
{
	struct args a = { 0 };

	(void)state;
	args_add(&a, STR(""));
	assert_int_equal(args_count(&a), 1);
	assert_arg(&a, 0, "");
	args_clear(&a);
}

static void
many_arguments(void **state)
{
	enum { MANY = 5000 };
	struct args a = { 0 };

	(void)state;
	for (unsigned i = 0; i < MANY; i++)
		args_add_uint(&a, i);
	assert_false(args_failed(&a));
	assert_int_equal(args_count(&a), MANY);
	assert_arg(&a, 0, "0");
	assert_arg(&a, 4999, "4999");
	args_clear(&a);
}

static void
a_key_reads_as_it_was_written(void **state)
{
	static const uint64_t keys[] = { 1, 0xf, 0x8000000000000000, UINT64_MAX,
					 0x00000000deadbeef };
	char hex[ARGS_KEY_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		args_put_key(hex, keys[i]);
		assert_true(args_read_key((struct str){ hex, sizeof(hex) }) == keys[i]);
	}
}

static void
what_is_no_key_is_none(void **state)
{
	(void)state;
	assert_int_equal(args_read_key(STR("")), 0);
	assert_int_equal(args_read_key((struct str){ NULL, 0 }), 0);
	assert_int_equal(args_read_key(STR("-")), 0);
	assert_int_equal(args_read_key(STR("0123456789abcde")), 0);
	assert_int_equal(args_read_key(STR("0123456789abcdef0")), 0);
	assert_int_equal(args_read_key(STR("0123456789ABCDEF")), 0);
	assert_int_equal(args_read_key(STR("0123456789abcdeg")), 0);
	assert_int_equal(args_read_key(STR("0123456789abcde\0")), 0);
	assert_int_equal(args_read_key(STR("-123456789abcdef")), 0);
}

static int
add_some(void *arg)
{
	struct args a = { 0 };
	int rc;

	(void)arg;
	for (unsigned i = 0; i < 300; i++) {
		args_add(&a, STR("some text that takes room"));
		args_add_uint(&a, i);
		args_add_key(&a, i);
	}
	rc = args_failed(&a) ? -ENOMEM : 0;
	args_clear(&a);
	return rc;
}

static void
memory_that_runs_out_shows(void **state)
{
	(void)state;
	failing_alloc_play(add_some, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_are_kept_apart),
		cmocka_unit_test(nothing_comes_first),
		cmocka_unit_test(many_arguments),
		cmocka_unit_test(a_key_reads_as_it_was_written),
		cmocka_unit_test(what_is_no_key_is_none),
		cmocka_unit_test(memory_that_runs_out_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
