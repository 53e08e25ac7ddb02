#include "util/buf.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/failing_alloc.h"

static void
assert_holds(const struct buf *b, struct str expected)
{
	assert_false(b->failed);
	assert_int_equal(b->n, expected.n);
	assert_true(b->room >= b->n);
	assert_true(str_equal(buf_str(b), expected));
}

static void
a_new_buffer_is_empty(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	assert_holds(&b, STR(""));
	buf_clear(&b);
	buf_clear(&b);
}

static void
what_is_added_is_there_in_order(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_add(&b, "ab", 2);
	buf_add_str(&b, STR("c\0d"));
	buf_add_char(&b, 'e');
	buf_add(&b, NULL, 0);
	buf_addf(&b, "<%s %d>", "f", 7);
	assert_holds(&b, STR("abc\0de<f 7>"));
	buf_clear(&b);
	assert_null(b.p);
}

static void
numbers_are_decimal_up_to_their_ends(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_add_uint(&b, 0);
	buf_add_char(&b, ' ');
	buf_add_uint(&b, 18446744073709551615u);
	buf_add_char(&b, ' ');
	buf_add_int(&b, -1);
	buf_add_char(&b, ' ');
	buf_add_int(&b, INT64_MIN);
	buf_add_char(&b, ' ');
	buf_add_int(&b, INT64_MAX);
	assert_holds(&b, STR("0 18446744073709551615 -1 -9223372036854775808 "
			     "9223372036854775807"));
	buf_clear(&b);
}

static void
it_grows_to_whatever_is_needed(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_add_char(&b, (char)('a' + i % 26));
	assert_false(b.failed);
	assert_int_equal(b.n, 100000);
	assert_true(b.room < 200000);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(b.p[i], 'a' + i % 26);
	buf_addf(&b, "%5000d", 1);
	assert_int_equal(b.n, 105000);
	buf_clear(&b);
}

static void
reserved_room_counts_only_when_it_is_used(void **state)
{
	struct buf b = BUF_INIT;
	char *room = buf_reserve(&b, 1000);

	(void)state;
	assert_non_null(room);
	assert_int_equal(b.n, 0);
	memset(room, 'x', 1000);
	b.n += 1;
	assert_ptr_equal(buf_reserve(&b, 999), room + 1);
	assert_holds(&b, STR("x"));
	buf_clear(&b);
}

static void
reserving_nothing_is_no_failure(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	assert_non_null(buf_reserve(&b, 0));
	assert_holds(&b, STR(""));
	buf_clear(&b);
}

static void
an_impossible_size_fails_and_stays_failed(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_add_str(&b, STR("kept"));
	assert_null(buf_reserve(&b, SIZE_MAX));
	assert_true(b.failed);
	buf_add_char(&b, '!');
	assert_true(str_equal(buf_str(&b), STR("kept")));

	buf_reset(&b);
	buf_add_str(&b, STR("again"));
	assert_holds(&b, STR("again"));
	buf_clear(&b);
}

static void
resetting_keeps_the_memory(void **state)
{
	struct buf b = BUF_INIT;
	char *p;

	(void)state;
	buf_add_str(&b, STR("something"));
	p = b.p;
	buf_reset(&b);
	assert_holds(&b, STR(""));
	assert_ptr_equal(b.p, p);
	buf_clear(&b);
}

static void
taken_text_is_terminated_and_ours(void **state)
{
	struct buf b = BUF_INIT;
	char *text;

	(void)state;
	buf_add_str(&b, STR("mine"));
	text = buf_take(&b);
	assert_string_equal(text, "mine");
	assert_holds(&b, STR(""));
	free(text);

	text = buf_take(&b);
	assert_string_equal(text, "");
	free(text);
}

static void
a_failed_buffer_gives_nothing(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_add_str(&b, STR("half a te"));
	assert_null(buf_reserve(&b, SIZE_MAX));
	assert_null(buf_take(&b));
	assert_holds(&b, STR(""));
}

static int
build_a_long_text(void *arg)
{
	struct buf b = BUF_INIT;
	char *text;

	(void)arg;
	for (int i = 0; i < 200; i++) {
		size_t n = b.n;

		buf_add_str(&b, STR("word "));
		buf_add_int(&b, -i);
		buf_addf(&b, "%20s", "");
		assert_true(b.failed || b.n > n);
	}
	text = buf_take(&b);
	buf_clear(&b);
	if (!text)
		return -ENOMEM;
	assert_int_equal(strncmp(text, "word 0 ", 7), 0);
	free(text);
	return 0;
}

static void
out_of_memory_is_reported_once_at_the_end(void **state)
{
	(void)state;
	failing_alloc_play(build_a_long_text, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_buffer_is_empty),
		cmocka_unit_test(what_is_added_is_there_in_order),
		cmocka_unit_test(numbers_are_decimal_up_to_their_ends),
		cmocka_unit_test(it_grows_to_whatever_is_needed),
		cmocka_unit_test(reserved_room_counts_only_when_it_is_used),
		cmocka_unit_test(reserving_nothing_is_no_failure),
		cmocka_unit_test(an_impossible_size_fails_and_stays_failed),
		cmocka_unit_test(resetting_keeps_the_memory),
		cmocka_unit_test(taken_text_is_terminated_and_ours),
		cmocka_unit_test(a_failed_buffer_gives_nothing),
		cmocka_unit_test(out_of_memory_is_reported_once_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
