#include "transport/negotiate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* Whole header lines, each with its end. Borrows `text`. */
static struct head
head_with(const char *lines)
{
	static char text[2000];
	struct head h;

	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", lines);
	assert_int_equal(head_parse(&h, str_from(text)), 0);
	return h;
}

#define LINE(name, value) name ": " value "\r\n"

/* ---- Accept-Encoding ---- */

static bool
takes_gzip(const char *value)
{
	char line[500];
	struct head h;

	snprintf(line, sizeof(line), LINE("Accept-Encoding", "%s"), value);
	h = head_with(line);
	return negotiate_gzip(&h);
}

static void
assert_gzip(bool expected, const char *const *values)
{
	for (; *values; values++)
		if (takes_gzip(*values) != expected)
			fail_msg("'%s' %s gzip", *values, expected ? "refuses" : "takes");
}

#define ASSERT_GZIP(...) assert_gzip(true, (const char *const[]){ __VA_ARGS__, NULL })
#define ASSERT_PLAIN(...) assert_gzip(false, (const char *const[]){ __VA_ARGS__, NULL })

static void
gzip_is_taken_where_it_is_named(void **state)
{
	(void)state;
	ASSERT_GZIP("gzip", "GZip", "x-gzip", "deflate, gzip, br", "br,gzip", ",, gzip ,",
		    "gzip;q=1", "gzip;q=0.001", "gzip ; q=0.5", "gzip;Q=1.000", "gzip;q=1.",
		    "*", "*;q=0.1", "br, *");
	ASSERT_PLAIN("", "identity", "br", "gzi", "gzipp", "deflate", ", ,", "gzip gzip",
		     "\"gzip", "q=1");
}

static void
no_such_field_takes_nothing(void **state)
{
	struct head h = head_with(LINE("Accept", "gzip"));

	(void)state;
	assert_false(negotiate_gzip(&h));
}

static void
a_weight_of_zero_refuses(void **state)
{
	(void)state;
	ASSERT_PLAIN("gzip;q=0", "gzip;q=0.0", "gzip; q=0.000", "gzip;q=0, *", "*;q=0",
		     "br, *;q=0", "br, gzip;q=0, identity");
	ASSERT_GZIP("gzip, *;q=0", "gzip, identity;q=0");
}

static void
the_plain_bytes_may_be_liked_better(void **state)
{
	(void)state;
	ASSERT_PLAIN("gzip;q=0.5, identity", "identity;q=0.8, gzip;q=0.79",
		     "gzip;q=0.5, *;q=1");
	ASSERT_GZIP("gzip;q=0.5, identity;q=0.5", "identity;q=0.1, gzip;q=0.2",
		    "identity;q=0, *;q=0.5");
}

static void
a_weight_that_is_none_refuses(void **state)
{
	(void)state;
	ASSERT_PLAIN("gzip;", "gzip;q", "gzip;q=", "gzip;q=2", "gzip;q=1.001", "gzip;q=-1",
		     "gzip;q=.5", "gzip;q=0.5000", "gzip;q=0,5", "gzip;q=1x", "gzip;q=0.x",
		     "gzip;level=1", "gzip;q=\"1\"");
}

static void
several_fields_are_one_list(void **state)
{
	struct head h = head_with(LINE("Accept-Encoding", "br")
					  LINE("accept-encoding", "gzip"));

	(void)state;
	assert_true(negotiate_gzip(&h));
	h = head_with(LINE("Accept-Encoding", "*") LINE("Accept-Encoding", "gzip;q=0"));
	assert_false(negotiate_gzip(&h));
}

/* ---- If-None-Match ---- */

static bool
has_tag(const char *value)
{
	char line[500];
	struct head h;

	snprintf(line, sizeof(line), LINE("If-None-Match", "%s"), value);
	h = head_with(line);
	return negotiate_has_tag(&h, STR("abc"));
}

static void
assert_tag(bool expected, const char *const *values)
{
	for (; *values; values++)
		if (has_tag(*values) != expected)
			fail_msg("'%s' %s", *values, expected ? "lacks it" : "has it");
}

#define ASSERT_TAG(...) assert_tag(true, (const char *const[]){ __VA_ARGS__, NULL })
#define ASSERT_NO_TAG(...) assert_tag(false, (const char *const[]){ __VA_ARGS__, NULL })

static void
a_tag_is_found_in_a_list_strong_weak_or_bare(void **state)
{
	(void)state;
	ASSERT_TAG("\"abc\"", "W/\"abc\"", "abc", "*", "\"x\", \"abc\"",
		   "\"x\",\"abc\",\"y\"", "\"x\",W/\"abc\"", ", \"abc\" ,",
		   "\"a,b\", \"abc\"", "x, abc");
	ASSERT_NO_TAG("", "\"ab\"", "\"abcd\"", "\"ABC\"", "w/\"abc\"", "\"x\", *", "W/",
		      "\"", "\"abc", "abc\"", "\"x, abc\"", "\"x,abc,y\"",
		      "\"x\" \"abc\"", "\"\"", ",");
}

static void
several_fields_of_tags_are_one_list(void **state)
{
	struct head h = head_with(LINE("If-None-Match", "\"x\"")
					  LINE("If-None-Match", "\"abc\""));

	(void)state;
	assert_true(negotiate_has_tag(&h, STR("abc")));
	assert_false(negotiate_has_tag(&h, STR("y")));
	h = head_with(LINE("If-Match", "\"abc\""));
	assert_false(negotiate_has_tag(&h, STR("abc")));
}

/* ---- If-Modified-Since ---- */

static int64_t
since(const char *value)
{
	char line[500];
	struct head h;

	snprintf(line, sizeof(line), LINE("If-Modified-Since", "%s"), value);
	h = head_with(line);
	return negotiate_since(&h);
}

static void
dates_have_three_forms(void **state)
{
	(void)state;
	/* The example of RFC 9110 5.6.7. */
	assert_int_equal(since("Sun, 06 Nov 1994 08:49:37 GMT"), 784111777);
	assert_int_equal(since("Sunday, 06-Nov-94 08:49:37 GMT"), 784111777);
	assert_int_equal(since("Sun Nov  6 08:49:37 1994"), 784111777);
	assert_int_equal(since("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
	assert_int_equal(since("Fri, 01 Jan 2100 00:00:00 GMT"), 4102444800);
	assert_int_equal(since("Thu, 29 Feb 2024 23:59:59 GMT"), 1709251199);
	assert_true(since("Wed, 31 Dec 1969 23:59:59 GMT") < 0);
}

static void
nonsense_is_no_date(void **state)
{
	static const char *const bad[] = {
		"", "yesterday", "0", "784111777", "1994-11-06T08:49:37Z",
		"Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
		"Sun, 06 Nov 1994 08:49:37 GMT+1", "Sun, 06 Nov 1994 08:49 GMT",
		"Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT; length=5",
		"Sun, 06 Nov 1994 08:49:37 GMT                                       ,",
		NULL,
	};
	struct head h = head_with(LINE("If-None-Match", "Sun, 06 Nov 1994 08:49:37 GMT"));

	(void)state;
	assert_true(negotiate_since(&h) < 0);
	for (size_t i = 0; bad[i]; i++)
		if (since(bad[i]) >= 0)
			fail_msg("'%s' is a date", bad[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gzip_is_taken_where_it_is_named),
		cmocka_unit_test(no_such_field_takes_nothing),
		cmocka_unit_test(a_weight_of_zero_refuses),
		cmocka_unit_test(the_plain_bytes_may_be_liked_better),
		cmocka_unit_test(a_weight_that_is_none_refuses),
		cmocka_unit_test(several_fields_are_one_list),
		cmocka_unit_test(a_tag_is_found_in_a_list_strong_weak_or_bare),
		cmocka_unit_test(several_fields_of_tags_are_one_list),
		cmocka_unit_test(dates_have_three_forms),
		cmocka_unit_test(nonsense_is_no_date),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
