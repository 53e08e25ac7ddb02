#include "util/number.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "util/buf.h"

static void
assert_writes(double v, const char *expected)
{
	char text[NUMBER_MAX_BYTES + 1];
	size_t n = number_format(v, text);

	assert_true(n <= NUMBER_MAX_BYTES);
	text[n] = '\0';
	assert_string_equal(text, expected);
}

static void
assert_reads(const char *text, double expected)
{
	double v = number_parse(str_from(text));

	if (v != expected || signbit(v) != signbit(expected))
		fail_msg("'%s' is read as %.17g, not %.17g", text, v, expected);
}

static void
assert_is_no_number(const char *text)
{
	if (!isnan(number_parse(str_from(text))))
		fail_msg("'%s' is read as a number", text);
}

static void
whole_numbers_have_no_point(void **state)
{
	(void)state;
	assert_writes(0, "0");
	assert_writes(-0.0, "0");
	assert_writes(7, "7");
	assert_writes(-120, "-120");
	assert_writes(9007199254740993.0, "9007199254740992");
	assert_writes(12345678901234567890.0, "12345678901234567000");
	assert_writes(1e20, "100000000000000000000");
}

static void
fractions_are_as_short_as_they_can_be(void **state)
{
	(void)state;
	assert_writes(0.1, "0.1");
	assert_writes(0.1 + 0.2, "0.30000000000000004");
	assert_writes(-1.5, "-1.5");
	assert_writes(123.456, "123.456");
	assert_writes(0.000001, "0.000001");
	assert_writes(100000.00000000001, "100000.00000000001");
}

static void
the_very_large_and_small_have_an_exponent(void **state)
{
	(void)state;
	assert_writes(1e21, "1e+21");
	assert_writes(1.5e300, "1.5e+300");
	assert_writes(-1.7976931348623157e308, "-1.7976931348623157e+308");
	assert_writes(1e-7, "1e-7");
	assert_writes(1.23e-7, "1.23e-7");
	assert_writes(5e-324, "5e-324");
	assert_writes(2.2250738585072014e-308, "2.2250738585072014e-308");
	assert_writes(INFINITY, "Infinity");
	assert_writes(-INFINITY, "-Infinity");
	assert_writes(NAN, "NaN");
}

/* Below a power of two doubles lie closer together than above it. */
static void
powers_of_two_are_as_short_as_they_can_be(void **state)
{
	(void)state;
	assert_writes(0x1p-44, "5.684341886080802e-14");
	assert_writes(0x1p-1, "0.5");
	assert_writes(0x1p89, "6.189700196426902e+26");
	assert_writes(0x1p-1074, "5e-324");
	assert_writes(0x1p-1022, "2.2250738585072014e-308");
}

static void
what_is_written_reads_back(void **state)
{
	uint64_t bits = 88172645463325252u;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		char text[NUMBER_MAX_BYTES];
		double v;
		size_t n;

		bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
		memcpy(&v, &bits, sizeof(v));
		if (isnan(v))
			continue;
		n = number_format(v, text);
		assert_true(number_parse((struct str){ text, n }) == v);
	}
}

static void
decimals_are_read(void **state)
{
	(void)state;
	assert_reads("0", 0);
	assert_reads("-0", -0.0);
	assert_reads("-0.0e9", -0.0);
	assert_reads("42", 42);
	assert_reads("-1.50", -1.5);
	assert_reads("1e3", 1000);
	assert_reads("1E+3", 1000);
	assert_reads("25e-1", 2.5);
	assert_reads("000012", 12);
	assert_reads("1e400", INFINITY);
	assert_reads("-1e400", -INFINITY);
	assert_reads("1e-400", 0);
	assert_reads("1e99999999999999999999999", INFINITY);
	assert_reads("1e-99999999999999999999999", 0);
	assert_reads("0e99999999999999999999999", 0);
}

static void
what_only_strings_hold_is_read_as_in_javascript(void **state)
{
	(void)state;
	assert_reads("", 0);
	assert_reads(" \t\n\v\f\r\xc2\xa0\xe2\x80\xa8\xef\xbb\xbf", 0);
	assert_reads("\xe3\x80\x80 12\n", 12);
	assert_reads("+5", 5);
	assert_reads("5.", 5);
	assert_reads(".5", 0.5);
	assert_reads("-.5e1", -5);
	assert_reads("0x1F", 31);
	assert_reads("0XaB", 171);
	assert_reads("0o17", 15);
	assert_reads("0b101", 5);
	assert_reads("Infinity", INFINITY);
	assert_reads("+Infinity", INFINITY);
	assert_reads("-Infinity", -INFINITY);
}

static void
nonsense_is_no_number(void **state)
{
	static const char *const nonsense[] = {
		"x",   "1x",  "1 2",  ".",	"e5", "1e",  "1e+",
		"-",   "+-1", "- 1",  "1.2.3",	"0x", "0xg", "-0x10",
		"0b2", "0o8", "1_000", "infinity", "inf", "nan", "NaN",
		"0x1p3", "1e5.5", "1,5",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++)
		assert_is_no_number(nonsense[i]);
	assert_true(isnan(number_parse(STR("1\0"))));
}

/* As strtod does, which reads them without our detour. */
static void
long_decimals_are_rounded_correctly(void **state)
{
	/* Half-way between 1 and the next double, exactly; JavaScript's and
	 * C's rule takes the even one. */
	const char *half = "1.00000000000000011102230246251565404236316680908203125";
	struct buf b = BUF_INIT;

	(void)state;
	assert_reads(half, 1);
	/* A thousand zeros and a 1: a hair more than half-way. */
	buf_add_str(&b, str_from(half));
	for (int i = 0; i < 1000; i++)
		buf_add_char(&b, '0');
	buf_add_char(&b, '1');
	buf_add_char(&b, '\0');
	assert_reads(b.p, 0x1.0000000000001p0);

	/* 0.000…(a thousand zeros)…5e1001 is 0.5e1. */
	buf_reset(&b);
	buf_add_str(&b, STR("0."));
	for (int i = 0; i < 1000; i++)
		buf_add_char(&b, '0');
	buf_addf(&b, "5e1001%c", '\0');
	assert_reads(b.p, 5);

	/* 7 and 2000 digits more, taken back by the exponent. */
	buf_reset(&b);
	buf_add_str(&b, STR("-7"));
	for (int i = 0; i < 2000; i++)
		buf_add_char(&b, '3');
	buf_addf(&b, "e-2000%c", '\0');
	assert_reads(b.p, -strtod("7.33333333333333333333333333333333333", NULL));
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_numbers_have_no_point),
		cmocka_unit_test(fractions_are_as_short_as_they_can_be),
		cmocka_unit_test(the_very_large_and_small_have_an_exponent),
		cmocka_unit_test(powers_of_two_are_as_short_as_they_can_be),
		cmocka_unit_test(what_is_written_reads_back),
		cmocka_unit_test(decimals_are_read),
		cmocka_unit_test(what_only_strings_hold_is_read_as_in_javascript),
		cmocka_unit_test(nonsense_is_no_number),
		cmocka_unit_test(long_decimals_are_rounded_correctly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
