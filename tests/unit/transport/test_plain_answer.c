#include "transport/plain_answer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct plain_date date = { .text = "Thu, 01 Jan 1970 00:00:00 GMT" };

static void
assert_array(struct plain_answer a, size_t n, const char *wanted)
{
	struct buf out = BUF_INIT;

	a.date = &date;
	plain_answer_array(&a, n, &out);
	buf_add_char(&out, '\0');
	assert_string_equal(out.p, wanted);
	buf_clear(&out);
}

static void
assert_status(struct plain_answer a, unsigned status, const struct origins *readers,
	      const char *wanted)
{
	struct buf out = BUF_INIT;

	a.date = &date;
	plain_answer_status(&a, status, readers, &out);
	buf_add_char(&out, '\0');
	assert_string_equal(out.p, wanted);
	buf_clear(&out);
}

static void
an_array_has_its_length_and_is_for_no_cache(void **state)
{
	(void)state;
	assert_array((struct plain_answer){ 0 }, 1234,
		     "HTTP/1.1 200 OK\r\n"
		     "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
		     "Content-Type: application/json; charset=utf-8\r\n"
		     "Cache-Control: no-cache, no-store\r\n"
		     "X-Content-Type-Options: nosniff\r\n"
		     "Content-Length: 1234\r\n\r\n");
}

static void
a_page_may_read_it(void **state)
{
	(void)state;
	assert_array((struct plain_answer){ .origin = STR("http://a.example"), .closing = true },
		     2,
		     "HTTP/1.1 200 OK\r\n"
		     "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
		     "Connection: close\r\n"
		     "Content-Type: application/json; charset=utf-8\r\n"
		     "Cache-Control: no-cache, no-store\r\n"
		     "X-Content-Type-Options: nosniff\r\n"
		     "Access-Control-Allow-Origin: http://a.example\r\n"
		     "Access-Control-Allow-Credentials: true\r\n"
		     "Vary: Origin\r\n"
		     "Content-Length: 2\r\n\r\n");
}

static void
what_is_wrong_is_told_in_a_word(void **state)
{
	struct origin listed;
	struct origins any = { 0 }, one = { &listed, 1 };

	(void)state;
	assert_int_equal(origin_parse(&listed, STR("https://b.example")), 0);
	assert_status((struct plain_answer){ .origin = STR("http://a.example") }, 400, &any,
		      "HTTP/1.1 400 Bad Request\r\n"
		      "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
		      "Content-Type: text/plain; charset=utf-8\r\n"
		      "Access-Control-Allow-Origin: http://a.example\r\n"
		      "Access-Control-Allow-Credentials: true\r\n"
		      "Vary: Origin\r\n"
		      "Content-Length: 11\r\n\r\n"
		      "Bad request");
	assert_status((struct plain_answer){ .origin = STR("http://a.example") }, 403, &one,
		      "HTTP/1.1 403 Forbidden\r\n"
		      "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
		      "Content-Type: text/plain; charset=utf-8\r\n"
		      "Vary: Origin\r\n"
		      "Content-Length: 18\r\n\r\n"
		      "Origin not allowed");
	assert_status((struct plain_answer){ 0 }, 500, &any,
		      "HTTP/1.1 500 Internal Server Error\r\n"
		      "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
		      "Content-Type: text/plain; charset=utf-8\r\n"
		      "Vary: Origin\r\n"
		      "Content-Length: 21\r\n\r\n"
		      "Internal server error");
}

static void
a_date_is_as_http_writes_it(void **state)
{
	struct plain_date d = { 0 };

	(void)state;
	plain_date_set(&d, 1795460430);
	assert_string_equal(d.text, "Mon, 23 Nov 2026 19:00:30 GMT");
	plain_date_set(&d, 784111777);
	assert_string_equal(d.text, "Sun, 06 Nov 1994 08:49:37 GMT");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_array_has_its_length_and_is_for_no_cache),
		cmocka_unit_test(a_page_may_read_it),
		cmocka_unit_test(what_is_wrong_is_told_in_a_word),
		cmocka_unit_test(a_date_is_as_http_writes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
