/* What is read from spans. How they are found is in test_scan.c. */
#include "bayeux/scan.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/failing_alloc.h"

static struct span
value_of(struct str text)
{
	struct span value;
	struct scan sc;

	scan_init(&sc, text, SCAN_DEPTH_LIMIT);
	assert_int_equal(scan_value(&sc, &value), 0);
	assert_int_equal(scan_finish(&sc), 0);
	return value;
}

static void
assert_same(struct str found, struct str expected)
{
	if (!str_equal(found, expected))
		fail_msg("'%.*s', not '%.*s'", (int)found.n, found.p,
			 (int)expected.n, expected.p);
}

static void
spans_know_of_their_spaces_and_escapes(void **state)
{
	(void)state;
	assert_false(value_of(STR(" [1,\"a b\"] ")).spaced);
	assert_true(value_of(STR("[1, 2]")).spaced);
	assert_true(value_of(STR("[\n]")).spaced);
	assert_true(value_of(STR("{\"a\" :1}")).spaced);
	assert_false(value_of(STR("  1  ")).spaced);
	assert_false(value_of(STR("\"plain\"")).escaped);
	assert_true(value_of(STR("\"a\\nb\"")).escaped);
	assert_false(value_of(STR("[\"a\\nb\"]")).escaped);
}

/* ---- truth ---- */

static void
assert_truth(const char *text, bool expected)
{
	struct span s = value_of(str_from(text));

	if (span_is_true(&s) != expected)
		fail_msg("%s is taken for %s", text, expected ? "false" : "true");
}

static void
truth_is_as_in_javascript(void **state)
{
	static const char *const falsy[] = {
		"null", "false", "\"\"", "0", "-0", "0.0", "-0.00", "0e9",
		"0.0E-5", "1e-400", "-1e-400",
	};
	static const char *const truthy[] = {
		"true", "\"0\"", "\"false\"", "\"\\u0000\"", "\" \"", "1",
		"-1", "0.1", "1e-300", "1e400", "[]", "{}", "[0]",
	};
	const struct span absent = { 0 };

	(void)state;
	assert_false(span_is_true(&absent));
	for (size_t i = 0; i < sizeof(falsy) / sizeof(falsy[0]); i++)
		assert_truth(falsy[i], false);
	for (size_t i = 0; i < sizeof(truthy) / sizeof(truthy[0]); i++)
		assert_truth(truthy[i], true);
}

/* ---- strings ---- */

static bool
is(struct str text, struct str content)
{
	struct span s = value_of(text);

	return span_is(&s, content);
}

static void
strings_are_compared_by_content(void **state)
{
	const struct span absent = { 0 };

	(void)state;
	assert_true(is(STR("\"/meta\""), STR("/meta")));
	assert_true(is(STR("\"\\/meta\""), STR("/meta")));
	assert_true(is(STR("\"\\u002fmeta\""), STR("/meta")));
	assert_true(is(STR("\"\\u002Fm\\u0065ta\""), STR("/meta")));
	assert_true(is(STR("\"\\u00e9\""), STR("\xc3\xa9")));
	assert_true(is(STR("\"\\ud83d\\ude00!\""), STR("\xf0\x9f\x98\x80!")));
	assert_true(is(STR("\"a\\u0000b\""), STR("a\0b")));
	assert_true(is(STR("\"\""), STR("")));

	assert_false(is(STR("\"/meta\""), STR("/met")));
	assert_false(is(STR("\"/met\""), STR("/meta")));
	assert_false(is(STR("\"\\/met\""), STR("/meta")));
	assert_false(is(STR("\"\\/meta\""), STR("/met")));
	assert_false(is(STR("\"\\/metb\""), STR("/meta")));
	assert_false(is(STR("\"\\n\""), STR("")));
	assert_false(is(STR("12"), STR("12")));
	assert_false(is(STR("null"), STR("null")));
	assert_false(span_is(&absent, STR("")));
}

static void
assert_content(struct str text, struct str expected)
{
	struct buf scratch = BUF_INIT;
	struct span s = value_of(text);
	struct str found = span_string(&s, &scratch);

	assert_non_null(found.p);
	assert_same(found, expected);
	assert_true(span_is(&s, expected));
	buf_clear(&scratch);
}

static void
escapes_are_decoded(void **state)
{
	(void)state;
	assert_content(STR("\"plain\""), STR("plain"));
	assert_content(STR("\"\""), STR(""));
	assert_content(STR("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
		       STR("\"\\/\b\f\n\r\t"));
	assert_content(STR("\"\\u0000\\u007f\\u0080\\u07ff\\u0800\\uffff\""),
		       STR("\0\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf"));
	assert_content(STR("\"\\uD800\\uDC00\\udbff\\udfff\""),
		       STR("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
}

static void
half_a_pair_is_a_replacement_character(void **state)
{
	(void)state;
	assert_content(STR("\"\\ud83d\""), STR("\xef\xbf\xbd"));
	assert_content(STR("\"\\ude00\""), STR("\xef\xbf\xbd"));
	assert_content(STR("\"\\ud800\\udbff\\udc00\\udfff\""),
		       STR("\xef\xbf\xbd\xf4\x8f\xb0\x80\xef\xbf\xbd"));
	assert_content(STR("\"\\ud83dx\""), STR("\xef\xbf\xbdx"));
	assert_content(STR("\"\\ud83d\\n\""), STR("\xef\xbf\xbd\n"));
	assert_content(STR("\"\\ud83d\\u0041\""), STR("\xef\xbf\xbd" "A"));
	assert_content(STR("\"\\ude00\\ud83d\""),
		       STR("\xef\xbf\xbd\xef\xbf\xbd"));
	assert_content(STR("\"\\ud83d\\ud83d\\ude00\""),
		       STR("\xef\xbf\xbd\xf0\x9f\x98\x80"));
}

static void
plain_strings_are_borrowed_and_others_appended(void **state)
{
	struct span plain = value_of(STR("\"plain\""));
	struct span escaped = value_of(STR("\"\\u0041\""));
	struct buf scratch = BUF_INIT;

	(void)state;
	assert_ptr_equal(span_string(&plain, &scratch).p, plain.text.p + 1);
	assert_int_equal(scratch.n, 0);
	buf_add_str(&scratch, STR("before"));
	assert_same(span_string(&escaped, &scratch), STR("A"));
	assert_same(buf_str(&scratch), STR("beforeA"));
	buf_clear(&scratch);
}

static void
assert_quoted(struct str text, struct str expected)
{
	struct buf out = BUF_INIT;
	struct span s;

	scan_quote(text, &out);
	assert_same(buf_str(&out), expected);
	s = value_of(buf_str(&out));
	assert_true(span_is(&s, text));
	buf_clear(&out);
}

static void
quoting_escapes_what_it_must(void **state)
{
	(void)state;
	assert_quoted(STR(""), STR("\"\""));
	assert_quoted((struct str){ NULL, 0 }, STR("\"\""));
	assert_quoted(STR("plain/\x7f\xc3\xa9"), STR("\"plain/\x7f\xc3\xa9\""));
	assert_quoted(STR("\"\\\b\f\n\r\t"), STR("\"\\\"\\\\\\b\\f\\n\\r\\t\""));
	assert_quoted(STR("\0a\x1f"), STR("\"\\u0000a\\u001f\""));
}

/* ---- copies ---- */

static void
assert_copied(struct str text, struct str expected)
{
	struct span s = value_of(text);
	struct buf out = BUF_INIT;

	span_copy(&s, &out);
	assert_same(buf_str(&out), expected);
	buf_clear(&out);
}

static void
copies_have_no_space_between_tokens(void **state)
{
	(void)state;
	assert_copied(STR(" { \"a b\" :\t[ 1 ,\r\n2 ] , \"\\\" \" : \" x \" } "),
		      STR("{\"a b\":[1,2],\"\\\" \":\" x \"}"));
	assert_copied(STR("[ ]"), STR("[]"));
	assert_copied(STR("[ \" \\\\\" , true , null , -1.5e3 ]"),
		      STR("[\" \\\\\",true,null,-1.5e3]"));
}

static void
copies_are_otherwise_byte_for_byte(void **state)
{
	struct str text = STR("{\"n\":12345678901234567890,\"f\":1.0,\"e\":1e400,"
			      "\"s\":\"\\u0041\\/\\ud83d\",\"n\":2,\"9\":0,\"1\":-0}");

	(void)state;
	assert_copied(text, text);
}

static void
an_absent_value_is_copied_as_nothing(void **state)
{
	const struct span absent = { 0 };
	struct buf out = BUF_INIT;

	(void)state;
	span_copy(&absent, &out);
	span_text(&absent, &out);
	assert_same(buf_str(&out), STR(""));
	assert_false(out.failed);
}

/* ---- texts ---- */

static void
assert_text(struct str value, struct str expected)
{
	struct span s = value_of(value);
	struct buf out = BUF_INIT;

	span_text(&s, &out);
	assert_same(buf_str(&out), expected);
	buf_clear(&out);
}

static void
scalars_turn_to_text_as_in_javascript(void **state)
{
	(void)state;
	assert_text(STR("null"), STR("null"));
	assert_text(STR("true"), STR("true"));
	assert_text(STR("false"), STR("false"));
	assert_text(STR("\"a\\u0041\\n\""), STR("aA\n"));
	assert_text(STR("\"\""), STR(""));
	assert_text(STR("1.0"), STR("1"));
	assert_text(STR("-0"), STR("0"));
	assert_text(STR("1e2"), STR("100"));
	assert_text(STR("1e21"), STR("1e+21"));
	assert_text(STR("0.0000001"), STR("1e-7"));
	assert_text(STR("0.10"), STR("0.1"));
	assert_text(STR("12345678901234567890"), STR("12345678901234567000"));
	assert_text(STR("1e400"), STR("Infinity"));
	assert_text(STR("-1e400"), STR("-Infinity"));
	assert_text(STR("{\"a\":1}"), STR("[object Object]"));
}

static void
arrays_turn_to_text_joined_by_commas(void **state)
{
	(void)state;
	assert_text(STR("[]"), STR(""));
	assert_text(STR("[1]"), STR("1"));
	assert_text(STR("[ 1 , \"a,b\" , true ]"), STR("1,a,b,true"));
	assert_text(STR("[null]"), STR(""));
	assert_text(STR("[null,null,1]"), STR(",,1"));
	assert_text(STR("[[1,2],[3,[4]],[]]"), STR("1,2,3,4,"));
	assert_text(STR("[[],[]]"), STR(","));
	assert_text(STR("[[null],{},[{}]]"),
		    STR(",[object Object],[object Object]"));
}

static void
arrays_turn_to_text_at_any_depth(void **state)
{
	char text[2 * SCAN_DEPTH_LIMIT + 1];

	(void)state;
	memset(text, '[', SCAN_DEPTH_LIMIT);
	text[SCAN_DEPTH_LIMIT] = '5';
	memset(text + SCAN_DEPTH_LIMIT + 1, ']', SCAN_DEPTH_LIMIT);
	assert_text((struct str){ text, sizeof(text) }, STR("5"));
}

/* ---- numbers ---- */

static double
number(struct str text)
{
	struct span s = value_of(text);

	return span_number(&s);
}

static void
numbers_are_read_from_numbers_and_strings(void **state)
{
	const struct span absent = { 0 };

	(void)state;
	assert_true(number(STR("12.5")) == 12.5);
	assert_true(number(STR("-1e3")) == -1000);
	assert_true(number(STR("1e400")) == INFINITY);
	assert_true(number(STR("\"60000\"")) == 60000);
	assert_true(number(STR("\" 6e4 \"")) == 60000);
	assert_true(number(STR("\"\\u0036\\n\"")) == 6);
	assert_true(number(STR("\"\"")) == 0);
	assert_true(isnan(number(STR("\"soon\""))));
	assert_true(isnan(number(STR("null"))));
	assert_true(isnan(number(STR("true"))));
	assert_true(isnan(number(STR("[1]"))));
	assert_true(isnan(number(STR("{}"))));
	assert_true(isnan(span_number(&absent)));
}

/* ---- no memory ---- */

static int
read_everything(void *arg)
{
	struct span text = value_of(STR("\"long enough for \\u0061 growth, "
					"again and \\u0061gain and again\""));
	struct span list = value_of(STR("[ [\"\\u0061\\u0061\", 1.5], {}, "
					"\"............................\" ]"));
	struct buf decoded = BUF_INIT, out = BUF_INIT;
	int rc = 0;

	(void)arg;
	if (!span_string(&text, &decoded).p) {
		assert_true(decoded.failed);
		rc = -ENOMEM;
	}
	for (int i = 0; i < 4; i++) {
		span_copy(&list, &out);
		span_text(&list, &out);
		span_text(&text, &out);
		scan_quote(STR("\n\1"), &out);
	}
	if (out.failed)
		rc = -ENOMEM;
	buf_clear(&decoded);
	buf_clear(&out);
	return rc;
}

static void
out_of_memory_is_told_by_the_buffer(void **state)
{
	(void)state;
	failing_alloc_play(read_everything, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spans_know_of_their_spaces_and_escapes),
		cmocka_unit_test(truth_is_as_in_javascript),
		cmocka_unit_test(strings_are_compared_by_content),
		cmocka_unit_test(escapes_are_decoded),
		cmocka_unit_test(half_a_pair_is_a_replacement_character),
		cmocka_unit_test(plain_strings_are_borrowed_and_others_appended),
		cmocka_unit_test(quoting_escapes_what_it_must),
		cmocka_unit_test(copies_have_no_space_between_tokens),
		cmocka_unit_test(copies_are_otherwise_byte_for_byte),
		cmocka_unit_test(an_absent_value_is_copied_as_nothing),
		cmocka_unit_test(scalars_turn_to_text_as_in_javascript),
		cmocka_unit_test(arrays_turn_to_text_joined_by_commas),
		cmocka_unit_test(arrays_turn_to_text_at_any_depth),
		cmocka_unit_test(numbers_are_read_from_numbers_and_strings),
		cmocka_unit_test(out_of_memory_is_told_by_the_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
