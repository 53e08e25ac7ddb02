#include "server/quantity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define NONE (-1) /* the text is no such number */

typedef bool (*read_fn)(const char *text, int64_t *out);

static void
assert_reads(read_fn read, const char *text, int64_t expected)
{
	int64_t v = 0;
	bool is_number = read(text, &v);

	if (is_number != (expected != NONE))
		fail_msg("'%s' is%s taken for a number", text,
			 is_number ? "" : " not");
	if (is_number)
		assert_int_equal(v, expected);
}

static void
counts_are_digits(void **state)
{
	(void)state;
	assert_reads(quantity_read_count, "0", 0);
	assert_reads(quantity_read_count, "007", 7);
	assert_reads(quantity_read_count, "1000000", 1000000);
	assert_reads(quantity_read_count, "9223372036854775807", INT64_MAX);
	assert_reads(quantity_read_count, "", NONE);
	assert_reads(quantity_read_count, "-1", NONE);
	assert_reads(quantity_read_count, "+1", NONE);
	assert_reads(quantity_read_count, " 1", NONE);
	assert_reads(quantity_read_count, "1 ", NONE);
	assert_reads(quantity_read_count, "1k", NONE);
	assert_reads(quantity_read_count, "1.0", NONE);
	assert_reads(quantity_read_count, "0x10", NONE);
}

static void
bytes_may_have_a_unit(void **state)
{
	(void)state;
	assert_reads(quantity_read_bytes, "1048576", 1048576);
	assert_reads(quantity_read_bytes, "0", 0);
	assert_reads(quantity_read_bytes, "64k", 65536);
	assert_reads(quantity_read_bytes, "64K", 65536);
	assert_reads(quantity_read_bytes, "1m", 1048576);
	assert_reads(quantity_read_bytes, "1M", 1048576);
	assert_reads(quantity_read_bytes, "3g", INT64_C(3221225472));
	assert_reads(quantity_read_bytes, "3G", INT64_C(3221225472));
	assert_reads(quantity_read_bytes, "", NONE);
	assert_reads(quantity_read_bytes, "k", NONE);
	assert_reads(quantity_read_bytes, "1kB", NONE);
	assert_reads(quantity_read_bytes, "1 k", NONE);
	assert_reads(quantity_read_bytes, "1T", NONE);
	assert_reads(quantity_read_bytes, "1.5M", NONE);
	assert_reads(quantity_read_bytes, "-1k", NONE);
}

static void
seconds_become_milliseconds(void **state)
{
	(void)state;
	assert_reads(quantity_read_seconds, "60", 60000);
	assert_reads(quantity_read_seconds, "0", 0);
	assert_reads(quantity_read_seconds, "0.5", 500);
	assert_reads(quantity_read_seconds, "0.25", 250);
	assert_reads(quantity_read_seconds, "1.001", 1001);
	assert_reads(quantity_read_seconds, "12.000", 12000);
	assert_reads(quantity_read_seconds, "", NONE);
	assert_reads(quantity_read_seconds, ".5", NONE);
	assert_reads(quantity_read_seconds, "5.", NONE);
	assert_reads(quantity_read_seconds, "1.5.1", NONE);
	assert_reads(quantity_read_seconds, "1,5", NONE);
	assert_reads(quantity_read_seconds, "1e3", NONE);
	assert_reads(quantity_read_seconds, "60s", NONE);
	assert_reads(quantity_read_seconds, "inf", NONE);
	assert_reads(quantity_read_seconds, "nan", NONE);
	assert_reads(quantity_read_seconds, "-1", NONE);
}

static void
a_part_of_a_millisecond_counts_as_one(void **state)
{
	(void)state;
	assert_reads(quantity_read_seconds, "0.0001", 1);
	assert_reads(quantity_read_seconds, "0.0000000000000000000000001", 1);
	assert_reads(quantity_read_seconds, "0.9991", 1000);
	assert_reads(quantity_read_seconds, "0.5000000", 500);
}

static void
too_large_stays_the_largest(void **state)
{
	(void)state;
	assert_reads(quantity_read_count, "9223372036854775808", INT64_MAX);
	assert_reads(quantity_read_count, "99999999999999999999999999",
		     INT64_MAX);
	assert_reads(quantity_read_bytes, "9223372036854775807k", INT64_MAX);
	assert_reads(quantity_read_bytes, "8589934592G", INT64_MAX);
	assert_reads(quantity_read_seconds, "9223372036854776", INT64_MAX);
	assert_reads(quantity_read_seconds, "9223372036854775.9", INT64_MAX);
	assert_reads(quantity_read_seconds, "99999999999999999999.5",
		     INT64_MAX);
}

static void
assert_prints(int64_t ms, const char *expected)
{
	char text[QUANTITY_TEXT_BYTES];

	quantity_print_seconds(text, ms);
	assert_string_equal(text, expected);
}

static void
seconds_print_as_short_as_they_can(void **state)
{
	(void)state;
	assert_prints(0, "0");
	assert_prints(1, "0.001");
	assert_prints(500, "0.5");
	assert_prints(1050, "1.05");
	assert_prints(60000, "60");
	assert_prints(86400000, "86400");
	assert_prints(INT64_MAX, "9223372036854775.807");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_digits),
		cmocka_unit_test(bytes_may_have_a_unit),
		cmocka_unit_test(seconds_become_milliseconds),
		cmocka_unit_test(a_part_of_a_millisecond_counts_as_one),
		cmocka_unit_test(too_large_stays_the_largest),
		cmocka_unit_test(seconds_print_as_short_as_they_can),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
