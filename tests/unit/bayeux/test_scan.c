/* The grammar. What is done with spans is in test_span.c. */
#include "bayeux/scan.h"
#include "bayeux/scan_string.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* The text lies in memory of its very size, so that a sanitizer sees any byte
 * read beyond. */
static int
scan_exactly(struct str text, unsigned max_depth)
{
	char *copy = malloc(text.n ? text.n : 1);
	struct span value;
	struct scan sc;
	int rc;

	assert_non_null(copy);
	if (text.n)
		memcpy(copy, text.p, text.n);
	scan_init(&sc, (struct str){ copy, text.n }, max_depth);
	rc = scan_value(&sc, &value);
	if (!rc)
		rc = scan_finish(&sc);
	free(copy);
	return rc;
}

static void
assert_result(struct str text, unsigned max_depth, int expected)
{
	int rc = scan_exactly(text, max_depth);

	if (rc != expected)
		fail_msg("%.*s: %d, not %d", (int)text.n, text.p, rc, expected);
}

static void
assert_valid(struct str text)
{
	assert_result(text, 64, 0);
}

static void
assert_invalid(struct str text)
{
	assert_result(text, 64, SCAN_INVALID);
}

#define ASSERT_ALL(what, ...) \
	do { \
		static const char *const all[] = { __VA_ARGS__ }; \
		for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) \
			what(str_from(all[i])); \
	} while (0)

static void
values_of_every_kind_are_valid(void **state)
{
	(void)state;
	ASSERT_ALL(assert_valid, "null", "true", "false", "0", "\"\"", "[]",
		   "{}", " \t\r\n[ ] \n", "[1,\"a\",null,true,false,[],{}]",
		   "{\"a\":1,\"b\":[{\"c\":{}}],\"a\":2,\"\":0}",
		   "[ 1 , 2 ]", "{ \"a\" : 1 , \"b\" : 2 }");
}

static void
words_are_exact(void **state)
{
	(void)state;
	ASSERT_ALL(assert_invalid, "nul", "nulll", "True", "tru", "falsee",
		   "undefined", "NaN", "Infinity", "-Infinity", "n", "[nul]",
		   "[null1]", "truefalse");
}

static void
numbers_are_as_in_rfc_8259(void **state)
{
	(void)state;
	ASSERT_ALL(assert_valid, "0", "-0", "10", "-1", "0.0", "1.50", "1e5",
		   "1E+5", "1e-5", "1e05", "0e0", "-0.1e-1",
		   "123456789012345678901234567890", "1e999999");
	ASSERT_ALL(assert_invalid, "-", "+1", "01", "-01", "00", ".5", "5.",
		   "1.e5", "1e", "1e+", "1e5.5", "1.2.3", "--1", "0x1", "1_0",
		   "1a", "[1.]", "[-]", "[01]", "[1e]");
}

static void
strings_hold_anything_but_raw_controls_and_quotes(void **state)
{
	(void)state;
	ASSERT_ALL(assert_valid, "\"a\"", "\"\\\"\"", "\"\\\\\"",
		   "\"\\b\\f\\n\\r\\t\\/\"", "\"\\u0000\"", "\"\\uabCD\"",
		   "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"\\ude00\\ud83d\"",
		   "\"\x7f\"", "{\"\\u0000\":1}");
	ASSERT_ALL(assert_invalid, "\"", "\"a", "a\"", "'a'", "\"a\"\"",
		   "\"\\\"", "\"\\", "\"\\x\"", "\"\\u\"", "\"\\u12\"",
		   "\"\\u123g\"", "\"\\u123\"", "\"\\U1234\"", "\"\\a\"",
		   "\"\\v\"", "\"\\0\"", "\"\\'\"", "\"\t\"", "\"\n\"",
		   "\"\x01\"", "\"\x1f\"", "\"\\\n\"");
	assert_invalid(STR("\"\0\""));
}

static void
characters_are_well_formed_utf8(void **state)
{
	(void)state;
	ASSERT_ALL(assert_valid, "\"\xc2\x80\"", "\"\xdf\xbf\"",
		   "\"\xe0\xa0\x80\"", "\"\xed\x9f\xbf\"", "\"\xee\x80\x80\"",
		   "\"\xef\xbf\xbf\"", "\"\xf0\x90\x80\x80\"",
		   "\"\xf4\x8f\xbf\xbf\"", "\"\xe2\x80\xa8\"",
		   "\"\xd0\xbf\xd1\x80\xd0\xb8 \xe4\xbd\xa0\xe5\xa5\xbd\"");
	ASSERT_ALL(assert_invalid, "\"\x80\"", "\"\xbf\"", "\"\xc0\x80\"",
		   "\"\xc1\xbf\"", "\"\xe0\x9f\xbf\"", "\"\xf0\x8f\xbf\xbf\"",
		   "\"\xed\xa0\x80\"", "\"\xed\xbf\xbf\"", "\"\xf4\x90\x80\x80\"",
		   "\"\xf5\x80\x80\x80\"", "\"\xff\"", "\"\xfe\"", "\"\xc2\"",
		   "\"\xe2\x80\"", "\"\xf0\x9f\x98\"", "\"\xc2", "\"\xe2\x80",
		   "\"\xf0\x9f\x98", "\"\xc2\x20\x80\"", "\"\xe2\x28\xa1\"",
		   "\"\xe2\x82\x28\"", "\"\xf0\x9f\x98\xc0\"");
}

static void
a_byte_order_mark_is_not_json(void **state)
{
	(void)state;
	ASSERT_ALL(assert_invalid, "\xef\xbb\xbf[]", "[\xef\xbb\xbf]");
	assert_valid(STR("\"\xef\xbb\xbf\""));
}

static void
brackets_and_commas_must_fit(void **state)
{
	(void)state;
	ASSERT_ALL(assert_invalid, "[", "]", "{", "}", "[}", "{]", "[[]", "[]]",
		   "[1", "[1,", "[1,]", "[,1]", "[1,,2]", "[1 2]", "[,]", ",",
		   "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{:1}", "{1:1}",
		   "{a:1}", "{\"a\" 1}", "{\"a\"::1}", "{\"a\":1 \"b\":2}",
		   "{\"a\":1", "{\"a\":", "{\"a\"", "{\"a", "{\"a\",1}",
		   "[\"a\":1]", "[1:2]", "{\"a\":1]", "[{\"a\":1]}", "[]x",
		   "[] []", "{} ,", "[1];", "{\"a\":[}", "[{]}");
}

static void
nothing_is_not_json_and_neither_is_a_comment(void **state)
{
	(void)state;
	ASSERT_ALL(assert_invalid, "", " ", "\n", "//", "/**/[]", "[]//",
		   "[/**/]", "\f[]", "\v[]", "\xc2\xa0[]");
	assert_invalid((struct str){ NULL, 0 });
	assert_invalid(STR("[]\0"));
}

/* The inner loop has strides: every byte that matters, at every place. */
static void
the_place_of_a_byte_does_not_matter(void **state)
{
	char text[70];

	(void)state;
	for (size_t n = 2; n < sizeof(text); n++) {
		for (size_t at = 1; at + 1 < n; at++) {
			memset(text, 'x', n);
			text[0] = text[n - 1] = '"';
			assert_valid((struct str){ text, n });
			text[at] = '\n';
			assert_invalid((struct str){ text, n });
			text[at] = '\xff';
			assert_invalid((struct str){ text, n });
			text[at] = '"';
			assert_invalid((struct str){ text, n });
			text[at] = '\\';
			assert_invalid((struct str){ text, n });
			if (at + 2 >= n)
				continue;
			text[at + 1] = 'n';
			assert_valid((struct str){ text, n });
			memcpy(text + at, "\xc3\xa9", 2);
			assert_valid((struct str){ text, n });
		}
	}
}

/* Each beginning of a valid text is an error, not a crash and not a value. */
static void
a_text_cut_anywhere_is_invalid(void **state)
{
	struct str text = STR("[{\"channel\":\"/a\\u00e9\xc3\xa9\",\"n\":[-1.5e+3,"
			      "null,true,false],\"o\":{\"\":\"\"}} ]");

	(void)state;
	assert_valid(text);
	for (size_t n = 0; n < text.n; n++)
		assert_invalid((struct str){ text.p, n });
}

static void
nesting_stops_at_the_limit(void **state)
{
	(void)state;
	assert_result(STR("1"), 0, 0);
	assert_result(STR("[]"), 0, SCAN_DEEP);
	assert_result(STR("{}"), 0, SCAN_DEEP);
	assert_result(STR("[[],{\"a\":[1]}]"), 3, 0);
	assert_result(STR("[[],{\"a\":[1]}]"), 2, SCAN_DEEP);
	assert_result(STR("[[[["), 3, SCAN_DEEP);
	assert_result(STR("[[[x"), 3, SCAN_INVALID);
}

static void
nesting_has_a_limit_of_its_own(void **state)
{
	char text[2 * (SCAN_DEPTH_LIMIT + 1)];
	size_t half = SCAN_DEPTH_LIMIT + 1;

	(void)state;
	memset(text, '[', half);
	memset(text + half, ']', half);
	assert_result((struct str){ text + 1, 2 * half - 2 }, SCAN_DEPTH_LIMIT, 0);
	assert_result((struct str){ text, 2 * half }, SCAN_DEPTH_LIMIT, SCAN_DEEP);
	assert_result((struct str){ text, 2 * half }, 1000000, SCAN_DEEP);
}

static void
many_siblings_are_not_deep(void **state)
{
	struct buf b = BUF_INIT;

	(void)state;
	buf_add_str(&b, STR("[[]"));
	for (int i = 0; i < 5000; i++)
		buf_add_str(&b, STR(",[{}],{\"a\":[]}"));
	buf_add_char(&b, ']');
	assert_result(buf_str(&b), 3, 0);
	buf_clear(&b);
}

/* ---- stepping through ---- */

static void
assert_next_value(struct scan *sc, enum scan_type type, struct str text)
{
	struct span value;

	assert_int_equal(scan_peek(sc), type);
	assert_int_equal(scan_value(sc, &value), 0);
	assert_int_equal(value.type, type);
	assert_true(str_equal(value.text, text));
}

static void
assert_next_member(struct scan *sc, struct str key)
{
	struct span span;

	assert_int_equal(scan_member(sc, &span), 0);
	assert_int_equal(span.type, SCAN_STRING);
	assert_true(str_equal(span.text, key));
}

static void
a_batch_is_read_member_by_member(void **state)
{
	struct span key;
	struct scan sc;

	(void)state;
	scan_init(&sc,
		  STR(" [ {\"channel\" : \"/a\",\"data\":{\"x\":[1, 2]} , \"id\":7}"
		      ",null,{}, []]  "), 5);
	assert_int_equal(scan_enter(&sc), 0);
	assert_int_equal(scan_item(&sc), 0);
	assert_int_equal(scan_peek(&sc), SCAN_OBJECT);
	assert_int_equal(scan_enter(&sc), 0);
	assert_next_member(&sc, STR("\"channel\""));
	assert_next_value(&sc, SCAN_STRING, STR("\"/a\""));
	assert_next_member(&sc, STR("\"data\""));
	assert_next_value(&sc, SCAN_OBJECT, STR("{\"x\":[1, 2]}"));
	assert_next_member(&sc, STR("\"id\""));
	assert_next_value(&sc, SCAN_NUMBER, STR("7"));
	assert_int_equal(scan_member(&sc, &key), SCAN_END);
	assert_int_equal(scan_item(&sc), 0);
	assert_next_value(&sc, SCAN_NULL, STR("null"));
	assert_int_equal(scan_item(&sc), 0);
	assert_int_equal(scan_enter(&sc), 0);
	assert_int_equal(scan_member(&sc, &key), SCAN_END);
	assert_int_equal(scan_item(&sc), 0);
	assert_int_equal(scan_enter(&sc), 0);
	assert_int_equal(scan_item(&sc), SCAN_END);
	assert_int_equal(scan_item(&sc), SCAN_END);
	assert_int_equal(scan_finish(&sc), 0);
}

static void
peeking_takes_nothing(void **state)
{
	struct scan sc;

	(void)state;
	scan_init(&sc, STR("  true"), 1);
	assert_int_equal(scan_peek(&sc), SCAN_TRUE);
	assert_next_value(&sc, SCAN_TRUE, STR("true"));
	assert_int_equal(scan_peek(&sc), SCAN_ABSENT);
	scan_init(&sc, STR("?"), 1);
	assert_int_equal(scan_peek(&sc), SCAN_ABSENT);
	scan_init(&sc, STR(""), 1);
	assert_int_equal(scan_peek(&sc), SCAN_ABSENT);
}

static void
entering_counts_towards_the_nesting(void **state)
{
	struct span value;
	struct scan sc;

	(void)state;
	scan_init(&sc, STR("[[[]]]"), 2);
	assert_int_equal(scan_enter(&sc), 0);
	assert_int_equal(scan_item(&sc), 0);
	assert_int_equal(scan_value(&sc, &value), SCAN_DEEP);

	scan_init(&sc, STR("[[]]"), 1);
	assert_int_equal(scan_enter(&sc), 0);
	assert_int_equal(scan_item(&sc), 0);
	assert_int_equal(scan_enter(&sc), SCAN_DEEP);
}

static void
only_brackets_can_be_entered(void **state)
{
	struct scan sc;

	(void)state;
	scan_init(&sc, STR("1"), 1);
	assert_int_equal(scan_enter(&sc), SCAN_INVALID);
	scan_init(&sc, STR(""), 1);
	assert_int_equal(scan_enter(&sc), SCAN_INVALID);
}

/* `steps` items are fine, and then there is no next one. */
static void
assert_breaks_behind(int steps, struct str text)
{
	struct span value;
	struct scan sc;

	scan_init(&sc, text, 4);
	assert_int_equal(scan_enter(&sc), 0);
	while (steps-- > 0) {
		assert_int_equal(scan_item(&sc), 0);
		assert_int_equal(scan_value(&sc, &value), 0);
	}
	assert_int_equal(scan_item(&sc), SCAN_INVALID);
}

static void
stepping_notices_what_is_wrong_between_items(void **state)
{
	(void)state;
	assert_breaks_behind(0, STR("["));
	assert_breaks_behind(0, STR("[,1]"));
	assert_breaks_behind(0, STR("[}"));
	assert_breaks_behind(1, STR("[1"));
	assert_breaks_behind(1, STR("[1 2]"));
	assert_breaks_behind(1, STR("[1,]"));
	assert_breaks_behind(1, STR("[1,"));
	assert_breaks_behind(2, STR("[1,[]}"));
}

static void
an_unclosed_bracket_is_noticed_at_the_end(void **state)
{
	struct scan sc;

	(void)state;
	scan_init(&sc, STR("[1"), 4);
	assert_int_equal(scan_enter(&sc), 0);
	assert_int_equal(scan_item(&sc), 0);
	assert_next_value(&sc, SCAN_NUMBER, STR("1"));
	assert_int_equal(scan_finish(&sc), SCAN_INVALID);
}

/* The same rules without JSON around it. */
static void
a_whole_text_may_be_asked_about(void **state)
{
	static const struct str good[] = {
		{ "", 0 }, { NULL, 0 }, { "abcdefgh", 8 }, { "\0\x1f\x7f", 3 },
		{ "abcdefg\xc3\xa9", 9 }, { "\xf4\x8f\xbf\xbf", 4 },
	};
	static const struct str bad[] = {
		{ "\x80", 1 }, { "abcdefgh\xff", 9 }, { "\xc0\x80", 2 },
		{ "\xed\xa0\x80", 3 }, { "\xf4\x90\x80\x80", 4 }, { "\xc3\xa9\xc3", 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(scan_is_utf8(good[i]));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(scan_is_utf8(bad[i]));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_every_kind_are_valid),
		cmocka_unit_test(words_are_exact),
		cmocka_unit_test(numbers_are_as_in_rfc_8259),
		cmocka_unit_test(strings_hold_anything_but_raw_controls_and_quotes),
		cmocka_unit_test(characters_are_well_formed_utf8),
		cmocka_unit_test(a_whole_text_may_be_asked_about),
		cmocka_unit_test(a_byte_order_mark_is_not_json),
		cmocka_unit_test(brackets_and_commas_must_fit),
		cmocka_unit_test(nothing_is_not_json_and_neither_is_a_comment),
		cmocka_unit_test(the_place_of_a_byte_does_not_matter),
		cmocka_unit_test(a_text_cut_anywhere_is_invalid),
		cmocka_unit_test(nesting_stops_at_the_limit),
		cmocka_unit_test(nesting_has_a_limit_of_its_own),
		cmocka_unit_test(many_siblings_are_not_deep),
		cmocka_unit_test(a_batch_is_read_member_by_member),
		cmocka_unit_test(peeking_takes_nothing),
		cmocka_unit_test(entering_counts_towards_the_nesting),
		cmocka_unit_test(only_brackets_can_be_entered),
		cmocka_unit_test(stepping_notices_what_is_wrong_between_items),
		cmocka_unit_test(an_unclosed_bracket_is_noticed_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
