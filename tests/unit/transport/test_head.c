#include "transport/head.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct str plain = STR("GET /bayeux?x=1 HTTP/1.1\r\n"
				    "Host: a\r\n"
				    "Accept:*/*\r\n"
				    "X-Blank:  \t two words \t\r\n"
				    "X-Empty:\r\n"
				    "\r\n");

static struct head
head_of(const char *text)
{
	struct head h;
	int rc = head_parse(&h, str_from(text));

	if (rc)
		fail_msg("%d for %s", rc, text);
	return h;
}

static void
assert_same(struct str found, const char *expected)
{
	if (!str_equal(found, str_from(expected)))
		fail_msg("'%.*s', not '%s'", (int)found.n, found.p, expected);
}

static void
assert_field(const struct head *h, const char *name, const char *value)
{
	const struct str *found = head_find(h, str_from(name));

	assert_non_null(found);
	assert_same(*found, value);
}

/* ---- what is read ---- */

static void
a_head_is_taken_apart(void **state)
{
	struct head h;

	(void)state;
	assert_int_equal(head_parse(&h, plain), 0);
	assert_same(h.method, "GET");
	assert_same(h.target, "/bayeux?x=1");
	assert_int_equal(h.minor, 1);
	assert_int_equal(h.count, 4);
	assert_int_equal(h.n, plain.n);
	assert_field(&h, "Host", "a");
	assert_field(&h, "accept", "*/*");
	assert_field(&h, "X-BLANK", "two words");
	assert_field(&h, "X-Empty", "");
	assert_null(head_find(&h, STR("X-Blan")));
	assert_null(head_find(&h, STR("X-Blankk")));
}

static void
what_comes_behind_it_is_left_alone(void **state)
{
	struct head h = head_of("POST / HTTP/1.0\r\n\r\nbody\r\n\r\n");

	(void)state;
	assert_int_equal(h.n, 19);
	assert_int_equal(h.minor, 0);
	assert_int_equal(h.count, 0);
}

static void
any_beginning_of_it_is_partial(void **state)
{
	struct head h;

	(void)state;
	for (size_t n = 0; n < plain.n; n++)
		assert_int_equal(head_parse(&h, (struct str){ plain.p, n }), HEAD_PARTIAL);
	assert_int_equal(head_parse(&h, (struct str){ NULL, 0 }), HEAD_PARTIAL);
}

/* A struct that was used before is as good as new. */
static void
the_next_head_forgets_the_last(void **state)
{
	struct head h = head_of("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\n\r\n");

	(void)state;
	assert_int_equal(head_parse(&h, STR("GET / HTTP/1.0\r\nY: 2\r\n\r\n")), 0);
	assert_int_equal(h.minor, 0);
	assert_null(head_find(&h, STR("X")));
	assert_field(&h, "Y", "2");
}

static void
targets_and_values_may_hold_other_letters(void **state)
{
	struct head h = head_of("GET /\xc3\xa9 HTTP/1.1\r\nX: \xe9,\x80\tb\r\n\r\n");

	(void)state;
	assert_same(h.target, "/\xc3\xa9");
	assert_field(&h, "X", "\xe9,\x80\tb");
}

/* ---- what is refused ---- */

static void
assert_bad(const char *text)
{
	struct head h;
	int rc = head_parse(&h, str_from(text));

	if (rc != HEAD_BAD)
		fail_msg("%d for %s", rc, text);
}

static void
a_bad_request_line_is_refused(void **state)
{
	static const char *const bad[] = {
		"",			 "GET",			  "GET /",
		"GET / ",		 "GET  HTTP/1.1",	  "GET  / HTTP/1.1",
		" GET / HTTP/1.1",	 "/ HTTP/1.1",		  " / HTTP/1.1",
		"GET / HTTP/1.1 ",	 "GET /  HTTP/1.1",	  "GET /a b HTTP/1.1",
		"GET / HTTP/1.2",	 "GET / HTTP/2.0",	  "GET / HTTP/0.9",
		"GET / http/1.1",	 "GET / HTTP/1.10",	  "GET / HTTP/11",
		"GET / HTTP/1.1\t",	 "GET\t/ HTTP/1.1",	  "G(T / HTTP/1.1",
		"G\x80T / HTTP/1.1",	 "GET /\t HTTP/1.1",	  "GET /\x7f HTTP/1.1",
		"GET /\x01 HTTP/1.1",	 "GET / HTTP/1.1\r",	  "GE\rT / HTTP/1.1",
		"G:T / HTTP/1.1",	 "GET /\r HTTP/1.1",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		char text[100];

		snprintf(text, sizeof(text), "%s\r\nHost: a\r\n\r\n", bad[i]);
		assert_bad(text);
	}
}

static void
a_bad_field_is_refused(void **state)
{
	static const char *const bad[] = {
		"Host",		"Host : a",    " Host: a", "\tHost: a",	 ": a",
		" folded",	"\tfolded",    "Ho st: a", "Host\t: a",	 "H\xc3\xb6st: a",
		"Host: a\rb",	"Host: a\r",   "X: \x01",  "X: \x1f",	 "X: a\x7f",
		"X: \x0b",	"X: \x0c",     "(X): a",   "X,Y: a",	 "X/Y: a",
		"\"X\": a",	"X@Y: a",      "X[0]: a",  "X{}: a",	 "X=: a",
		"\rX: a",	"X\r: a",      "X;: a",	   "X?: a",	 "X\\: a",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		char text[100];

		snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nA: b\r\n%s\r\n\r\n", bad[i]);
		assert_bad(text);
		/* As soon as its line is whole. */
		text[strlen(text) - 2] = '\0';
		assert_bad(text);
	}
}

static void
a_line_ends_in_both_characters(void **state)
{
	struct head h;

	(void)state;
	assert_bad("GET / HTTP/1.1\n");
	assert_bad("\n");
	assert_bad("\r\n");
	assert_bad("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
	assert_bad("GET / HTTP/1.1\nHost: a\n\n");
	assert_bad("GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n");
	assert_bad("GET / HTTP/1.1\r\nHost: a\r\n\n");
	assert_bad("GET / HTTP/1.1\r\nHost: a\n\r\n");
	assert_int_equal(head_parse(&h, STR("GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n")),
			 HEAD_BAD);
	assert_int_equal(head_parse(&h, STR("GET / HTTP/1.1\r\nHo\0st: a\r\n\r\n")),
			 HEAD_BAD);
	assert_int_equal(head_parse(&h, STR("G\0T / HTTP/1.1\r\n\r\n")), HEAD_BAD);
	assert_int_equal(head_parse(&h, STR("GET /\0 HTTP/1.1\r\n\r\n")), HEAD_BAD);
}

static void
a_hundred_fields_are_enough(void **state)
{
	char text[2000] = "GET / HTTP/1.1\r\n";
	struct head h;

	(void)state;
	for (int i = 0; i < HEAD_MAX_FIELDS; i++)
		strcat(text, "X: 1\r\n");
	strcat(text, "\r\n");
	assert_int_equal(head_parse(&h, str_from(text)), 0);
	assert_int_equal(h.count, HEAD_MAX_FIELDS);
	strcpy(text + strlen(text) - 2, "X: 1\r\n\r\n");
	assert_int_equal(head_parse(&h, str_from(text)), HEAD_TOO_MANY);
}

static void
fields_that_others_parsed_are_held_to_the_same(void **state)
{
	struct head h = { .count = 0 };

	(void)state;
	assert_int_equal(head_add(&h, STR("Host"), STR(" a\t")), 0);
	assert_field(&h, "host", "a");
	assert_int_equal(head_add(&h, STR(""), STR("a")), HEAD_BAD);
	assert_int_equal(head_add(&h, STR("Host "), STR("a")), HEAD_BAD);
	assert_int_equal(head_add(&h, STR("Host"), STR("a\r\n b")), HEAD_BAD);
	assert_int_equal(head_add(&h, STR("Host"), STR("a\0")), HEAD_BAD);
	while (h.count < HEAD_MAX_FIELDS)
		assert_int_equal(head_add(&h, STR("X"), STR("")), 0);
	assert_int_equal(head_add(&h, STR("X"), STR("")), HEAD_TOO_MANY);
}

/* ---- what the fields say together ---- */

/* `fields`: lines that follow the request line. */
static int
check(const char *version, const char *fields)
{
	char text[500];
	struct head h;

	snprintf(text, sizeof(text), "POST / HTTP/%s\r\n%s\r\n", version, fields);
	h = head_of(text);
	return head_check(&h);
}

static void
there_is_one_host(void **state)
{
	(void)state;
	assert_int_equal(check("1.1", "Host: a\r\n"), 0);
	assert_int_equal(check("1.1", "host:\r\n"), 0);
	assert_int_equal(check("1.0", ""), 0);
	assert_int_equal(check("1.0", "Host: a\r\n"), 0);
	assert_int_equal(check("1.1", ""), 400);
	assert_int_equal(check("1.1", "Host: a\r\nHost: a\r\n"), 400);
	assert_int_equal(check("1.1", "Host: a\r\nX: b\r\nhOST: b\r\n"), 400);
	assert_int_equal(check("1.0", "Host: a\r\nHost: b\r\n"), 400);
}

static void
a_length_is_one_plain_number(void **state)
{
	static const char *const bad[] = {
		"",  "-1", "+1", "1 2", "0x10", "1,1", "1, 1", "1.0", "1e3", "five",
		"1234567890123456789", "18446744073709551617",
	};
	char fields[100];

	(void)state;
	assert_int_equal(check("1.1", "Host: a\r\nContent-Length: 0\r\n"), 0);
	assert_int_equal(check("1.1", "Host: a\r\nContent-Length: 0012 \r\n"), 0);
	assert_int_equal(check("1.1", "Host: a\r\ncontent-length: "
				      "999999999999999999\r\n"), 0);
	assert_int_equal(check("1.1", "Host: a\r\nContent-Length: 1\r\n"
				      "Content-Length: 1\r\n"), 400);
	assert_int_equal(check("1.0", "Content-Length: 1\r\ncontent-length: 2\r\n"), 400);
	for (size_t i = 0; i < COUNT(bad); i++) {
		snprintf(fields, sizeof(fields), "Host: a\r\nContent-Length: %s\r\n",
			 bad[i]);
		if (check("1.1", fields) != 400)
			fail_msg("a length of '%s'", bad[i]);
	}
}

static void
a_body_has_one_way_to_end(void **state)
{
	(void)state;
	assert_int_equal(check("1.1", "Host: a\r\nTransfer-Encoding: chunked\r\n"), 0);
	assert_int_equal(check("1.1", "Host: a\r\ntransfer-encoding: Chunked\r\n"), 0);
	assert_int_equal(check("1.1", "Host: a\r\nTransfer-Encoding: chunked\r\n"
				      "Content-Length: 1\r\n"), 400);
	assert_int_equal(check("1.1", "Host: a\r\nContent-Length: 1\r\n"
				      "Transfer-Encoding: identity\r\n"), 400);
	assert_int_equal(check("1.0", "Transfer-Encoding: chunked\r\n"), 400);
}

static void
only_chunked_is_understood(void **state)
{
	static const char *const others[] = {
		"", "identity", "gzip", "gzip, chunked", "chunked, chunked", "chunked,",
		"xchunked", "chunked;q=1", "chunked chunked", "\"chunked\"",
	};
	char fields[100];

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		snprintf(fields, sizeof(fields), "Host: a\r\nTransfer-Encoding: %s\r\n",
			 others[i]);
		if (check("1.1", fields) != 501)
			fail_msg("a coding of '%s'", others[i]);
	}
	assert_int_equal(check("1.1", "Host: a\r\nTransfer-Encoding: chunked\r\n"
				      "Transfer-Encoding: chunked\r\n"), 501);
}

/* ---- lists ---- */

static void
tokens_are_found_in_all_lists_of_that_name(void **state)
{
	struct head h = head_of("GET / HTTP/1.1\r\nConnection: keep-alive,\t Upgrade ,\r\n"
				"X: close\r\nconnection: ,, te\r\n\r\n");

	(void)state;
	assert_true(head_has_token(&h, STR("Connection"), STR("upgrade")));
	assert_true(head_has_token(&h, STR("Connection"), STR("Keep-Alive")));
	assert_true(head_has_token(&h, STR("Connection"), STR("te")));
	assert_false(head_has_token(&h, STR("Connection"), STR("close")));
	assert_false(head_has_token(&h, STR("Connection"), STR("keep")));
	assert_false(head_has_token(&h, STR("Connection"), STR("alive")));
	assert_false(head_has_token(&h, STR("Upgrade"), STR("upgrade")));
}

static void
sameness_does_not_see_case(void **state)
{
	(void)state;
	assert_true(head_same(STR("aBc-1"), STR("AbC-1")));
	assert_true(head_same((struct str){ NULL, 0 }, STR("")));
	assert_false(head_same(STR("abc"), STR("ab")));
	assert_false(head_same(STR("abc"), STR("abd")));
}

static size_t
cost_of(const char *bytes)
{
	struct head h;

	assert_int_equal(head_parse(&h, str_from(bytes)), 0);
	return head_cost(&h);
}

/* A cookie is copied and each of a list gets a record, as each field does. */
static void
cookies_cost_twice_and_each_its_record(void **state)
{
	size_t bare = cost_of("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
	size_t other = cost_of("GET / HTTP/1.1\r\nHost: h\r\nCookin: abcdefgh\r\n\r\n");
	size_t one = cost_of("GET / HTTP/1.1\r\nHost: h\r\nCookie: abcdefgh\r\n\r\n");
	size_t two = cost_of("GET / HTTP/1.1\r\nHost: h\r\ncookie: abcd;fgh\r\n\r\n");
	size_t comma = cost_of("GET / HTTP/1.1\r\nHost: h\r\nCookie: abcd,fgh\r\n\r\n");
	size_t record = other - bare - sizeof("Cookin: abcdefgh\r\n") + 1;

	(void)state;
	assert_true(record > 0);
	assert_int_equal(one, other + 8 + record);
	assert_int_equal(two, one + record);
	assert_int_equal(comma, two);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_is_taken_apart),
		cmocka_unit_test(what_comes_behind_it_is_left_alone),
		cmocka_unit_test(any_beginning_of_it_is_partial),
		cmocka_unit_test(the_next_head_forgets_the_last),
		cmocka_unit_test(targets_and_values_may_hold_other_letters),
		cmocka_unit_test(a_bad_request_line_is_refused),
		cmocka_unit_test(a_bad_field_is_refused),
		cmocka_unit_test(a_line_ends_in_both_characters),
		cmocka_unit_test(a_hundred_fields_are_enough),
		cmocka_unit_test(fields_that_others_parsed_are_held_to_the_same),
		cmocka_unit_test(there_is_one_host),
		cmocka_unit_test(a_length_is_one_plain_number),
		cmocka_unit_test(a_body_has_one_way_to_end),
		cmocka_unit_test(only_chunked_is_understood),
		cmocka_unit_test(tokens_are_found_in_all_lists_of_that_name),
		cmocka_unit_test(sameness_does_not_see_case),
		cmocka_unit_test(cookies_cost_twice_and_each_its_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
