#include "bayeux/channel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const char *const names[] = {
	"/a",
	"/a/b/c",
	"/0",
	"/meta/handshake",
	"/-_!~()$@/AZaz09",
	"/Meta",
};

static const char *const patterns[] = {
	"/*", "/**", "/a/*", "/a/**", "/a/b/c/**", "/meta/*",
};

static const char *const neither[] = {
	"",	 "/",	   "a",	     "a/b",   "/a/",   "//a",	"/a//b",
	"/a.b",	 "/a+b",   "/a:b",   "/a,b",  "/a%2f", "/a b",	"/\xc3\xa9",
	"/a\n",	 "\n/a",   "/a*",    "/a**",  "/***",  "/*/a",	"/**/a",
	"/a/*/b", "/a/***", "/a/*/*", "//*",   "a/*",	"*",	"**",
	"/a//*", "/a/* ",  "/a/*/",  "/a/**/", "/*/**", "\\a",	"/a/../b",
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
names_are_segments_of_plain_letters(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_true(channel_is_name(str_from(names[i])));
		assert_false(channel_is_pattern(str_from(names[i])));
	}
}

static void
patterns_end_in_a_wildcard(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(patterns); i++) {
		assert_true(channel_is_pattern(str_from(patterns[i])));
		assert_false(channel_is_name(str_from(patterns[i])));
	}
}

static void
anything_else_is_neither(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(neither); i++) {
		assert_false(channel_is_name(str_from(neither[i])));
		assert_false(channel_is_pattern(str_from(neither[i])));
	}
	assert_false(channel_is_name(STR("/a\0")));
	assert_false(channel_is_name((struct str){ NULL, 0 }));
	assert_false(channel_is_pattern((struct str){ NULL, 0 }));
}

/* Every single byte, in the middle of a segment. */
static void
only_the_letters_of_the_grammar_stand_in_a_segment(void **state)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_!~()$@/";
	char name[] = "/a?b";

	(void)state;
	for (int c = 0; c < 256; c++) {
		bool allowed = c != 0 && strchr(letters, c);

		name[2] = (char)c;
		assert_int_equal(channel_is_name((struct str){ name, 4 }), allowed);
	}
}

static void
kinds_go_by_the_whole_first_segment(void **state)
{
	(void)state;
	assert_int_equal(channel_kind(STR("/meta")), CHANNEL_META);
	assert_int_equal(channel_kind(STR("/meta/connect")), CHANNEL_META);
	assert_int_equal(channel_kind(STR("/meta/*")), CHANNEL_META);
	assert_int_equal(channel_kind(STR("/meta/**")), CHANNEL_META);
	assert_int_equal(channel_kind(STR("/service")), CHANNEL_SERVICE);
	assert_int_equal(channel_kind(STR("/service/a/b")), CHANNEL_SERVICE);
	assert_int_equal(channel_kind(STR("/service/**")), CHANNEL_SERVICE);
	assert_int_equal(channel_kind(STR("/metas")), CHANNEL_PLAIN);
	assert_int_equal(channel_kind(STR("/services/x")), CHANNEL_PLAIN);
	assert_int_equal(channel_kind(STR("/Meta/x")), CHANNEL_PLAIN);
	assert_int_equal(channel_kind(STR("/a/meta")), CHANNEL_PLAIN);
	assert_int_equal(channel_kind(STR("/*")), CHANNEL_PLAIN);
	assert_int_equal(channel_kind(STR("/**")), CHANNEL_PLAIN);
}

static void
limits_count_bytes_and_segments(void **state)
{
	char name[CHANNEL_MAX_BYTES + 1];

	(void)state;
	memset(name, 'a', sizeof(name));
	name[0] = '/';
	assert_false(channel_is_too_long((struct str){ name, CHANNEL_MAX_BYTES }));
	assert_true(channel_is_too_long((struct str){ name, CHANNEL_MAX_BYTES + 1 }));

	assert_false(channel_is_too_long(STR("/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g")));
	assert_true(channel_is_too_long(STR("/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/g/h")));
	assert_false(channel_is_too_long(STR("/1/2/3/4/5/6/7/8/9/a/b/c/d/e/f/**")));
}

/* `expected`: all patterns with a space behind each. */
static void
assert_expands(struct str name, const char *expected)
{
	struct str found[CHANNEL_MAX_PATTERNS];
	char scratch[CHANNEL_SCRATCH];
	size_t n = channel_expand(name, found, scratch);

	for (size_t i = 0; i < n; i++) {
		assert_true(str_starts(str_from(expected), found[i]));
		expected += found[i].n;
		assert_int_equal(*expected++, ' ');
		assert_true(found[i].p >= scratch);
		assert_true(found[i].p + found[i].n <= scratch + sizeof(scratch));
	}
	assert_string_equal(expected, "");
}

static void
a_name_expands_to_itself_and_the_wildcards_above(void **state)
{
	(void)state;
	assert_expands(STR("/a"), "/a /* /** ");
	assert_expands(STR("/a/b"), "/a/b /a/* /a/** /** ");
	assert_expands(STR("/a/b/c"), "/a/b/c /a/b/* /a/b/** /a/** /** ");
	assert_expands(STR("/service/x"), "/service/x /service/* /service/** /** ");
}

static void
the_longest_name_expands_within_the_limits(void **state)
{
	struct str found[CHANNEL_MAX_PATTERNS];
	char scratch[CHANNEL_SCRATCH];
	char name[CHANNEL_MAX_BYTES];
	size_t n;

	(void)state;
	/* The first segment is the long one, so each pattern is. */
	memset(name, 'a', sizeof(name));
	name[0] = '/';
	for (size_t i = 1; i < CHANNEL_MAX_SEGMENTS; i++)
		name[sizeof(name) - 2 * i] = '/';
	n = channel_expand((struct str){ name, sizeof(name) }, found, scratch);
	assert_int_equal(n, CHANNEL_MAX_PATTERNS);
	assert_int_equal(found[0].n, sizeof(name));
	for (size_t i = 1; i < n; i++)
		assert_true(channel_is_pattern(found[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_segments_of_plain_letters),
		cmocka_unit_test(patterns_end_in_a_wildcard),
		cmocka_unit_test(anything_else_is_neither),
		cmocka_unit_test(only_the_letters_of_the_grammar_stand_in_a_segment),
		cmocka_unit_test(kinds_go_by_the_whole_first_segment),
		cmocka_unit_test(limits_count_bytes_and_segments),
		cmocka_unit_test(a_name_expands_to_itself_and_the_wildcards_above),
		cmocka_unit_test(the_longest_name_expands_within_the_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
