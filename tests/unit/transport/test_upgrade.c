#include "transport/upgrade.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

/* A request of which each test spoils something. NULL leaves a field out. */
struct asked {
	const char *line, *upgrade, *connection, *key, *version;
};

static const struct asked good = {
	.line = "GET /chat HTTP/1.1",
	.upgrade = "websocket",
	.connection = "Upgrade",
	.key = "dGhlIHNhbXBsZSBub25jZQ==", /* RFC 6455 1.3 */
	.version = "13",
};

static char text[2000];

static void
add(const char *name, const char *value)
{
	if (value)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s: %s\r\n",
			 name, value);
}

/* Borrows `text`. */
static struct head
head_of(const struct asked *a)
{
	struct head h;

	snprintf(text, sizeof(text), "%s\r\nHost: a\r\n", a->line);
	add("Upgrade", a->upgrade);
	add("Connection", a->connection);
	add("Sec-WebSocket-Key", a->key);
	add("Sec-WebSocket-Version", a->version);
	strcat(text, "\r\n");
	assert_int_equal(head_parse(&h, str_from(text)), 0);
	return h;
}

static void
assert_refused(struct asked a, const char *expected)
{
	char accept[UPGRADE_ACCEPT_BYTES], why[UPGRADE_WHY_BYTES];
	struct head h = head_of(&a);

	assert_int_equal(upgrade_check(&h, accept, why), 400);
	assert_string_equal(why, expected);
}

static void
assert_accepted(struct asked a, const char *expected)
{
	char accept[UPGRADE_ACCEPT_BYTES], why[UPGRADE_WHY_BYTES];
	struct head h = head_of(&a);

	assert_true(upgrade_is_asked(&h));
	assert_int_equal(upgrade_check(&h, accept, why), 0);
	assert_string_equal(accept, expected);
}

#define SPOILT(...) ({ struct asked a_ = good; a_.__VA_ARGS__; a_; })

static void
the_rfcs_example_is_accepted(void **state)
{
	(void)state;
	assert_accepted(good, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	assert_accepted(SPOILT(key = "x3JJHMbDL1EzLkh9GBhXDw=="),
			"HSmrc0sMlYUkAGmm5OPpG2HaGWk=");
}

static void
browsers_ask_in_their_own_ways(void **state)
{
	(void)state;
	assert_accepted(SPOILT(connection = "keep-alive, Upgrade"),
			"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	assert_accepted(SPOILT(connection = "upgrade"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
	assert_accepted(SPOILT(upgrade = "WebSocket"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

static void
what_asks_for_something_else_is_no_upgrade(void **state)
{
	static const char *const others[] = { NULL, "", "h2c", "websockets", "TLS/1.0" };

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct head h = head_of(&(struct asked){ .line = good.line,
							 .upgrade = others[i] });

		assert_false(upgrade_is_asked(&h));
	}
}

static void
it_is_a_get_of_http_1_1(void **state)
{
	(void)state;
	assert_refused(SPOILT(line = "POST /chat HTTP/1.1"),
		       "A WebSocket begins with GET and HTTP/1.1");
	assert_refused(SPOILT(line = "get /chat HTTP/1.1"),
		       "A WebSocket begins with GET and HTTP/1.1");
	assert_refused(SPOILT(line = "GET /chat HTTP/1.0"),
		       "A WebSocket begins with GET and HTTP/1.1");
}

static void
what_is_missing_or_wrong_is_named(void **state)
{
	(void)state;
	assert_refused(SPOILT(connection = NULL),
		       "Missing handshake request header: Connection");
	assert_refused(SPOILT(connection = "close"),
		       "Missing handshake request header: Connection");
	assert_refused(SPOILT(version = NULL),
		       "Missing handshake request header: Sec-WebSocket-Version");
	assert_refused(SPOILT(version = "8"), "Unsupported WebSocket version: 8");
	assert_refused(SPOILT(version = "013"), "Unsupported WebSocket version: 013");
	assert_refused(SPOILT(key = NULL),
		       "Missing handshake request header: Sec-WebSocket-Key");
	assert_refused(SPOILT(key = ""), "Missing handshake request header: Sec-WebSocket-Key");
	assert_refused(SPOILT(key = "dGhlIHNhbXBsZSBub25jZQ="),
		       "Invalid handshake request header: Sec-WebSocket-Key");
	assert_refused(SPOILT(key = "dGhlIHNhbXBsZSBub25jZQ==="),
		       "Invalid handshake request header: Sec-WebSocket-Key");
	/* Seventeen bytes, eighteen, and what is no base64. */
	assert_refused(SPOILT(key = "dGhlIHNhbXBsZSBub25jZQA="),
		       "Invalid handshake request header: Sec-WebSocket-Key");
	assert_refused(SPOILT(key = "dGhlIHNhbXBsZSBub25jZQAA"),
		       "Invalid handshake request header: Sec-WebSocket-Key");
	assert_refused(SPOILT(key = "dGhlIHNhbXBsZSBub25j-Q=="),
		       "Invalid handshake request header: Sec-WebSocket-Key");
}

/* RFC 6455 11.3.1, 11.3.5 */
static void
key_and_version_stand_there_once(void **state)
{
	(void)state;
	assert_refused(SPOILT(key = "dGhlIHNhbXBsZSBub25jZQ==\r\n"
				    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
		       "Invalid handshake request header: Sec-WebSocket-Key");
	assert_refused(SPOILT(version = "13\r\nSec-WebSocket-Version: 13"),
		       "More than one Sec-WebSocket-Version");
}

static void
a_body_is_refused(void **state)
{
	(void)state;
	assert_refused(SPOILT(version = "13\r\nContent-Length: 1"),
		       "A WebSocket request has no body");
	assert_refused(SPOILT(version = "13\r\nTransfer-Encoding: chunked"),
		       "A WebSocket request has no body");
	assert_accepted(SPOILT(version = "13\r\nContent-Length: 0"),
			"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

static void
a_long_version_is_cut(void **state)
{
	char version[500];

	(void)state;
	memset(version, '8', sizeof(version) - 1);
	version[sizeof(version) - 1] = '\0';
	assert_refused(SPOILT(version = version), "Unsupported WebSocket version: "
						  "88888888888888888888888888888888");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rfcs_example_is_accepted),
		cmocka_unit_test(browsers_ask_in_their_own_ways),
		cmocka_unit_test(what_asks_for_something_else_is_no_upgrade),
		cmocka_unit_test(it_is_a_get_of_http_1_1),
		cmocka_unit_test(what_is_missing_or_wrong_is_named),
		cmocka_unit_test(key_and_version_stand_there_once),
		cmocka_unit_test(a_body_is_refused),
		cmocka_unit_test(a_long_version_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
