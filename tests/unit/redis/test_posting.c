/* What other programs ask us to publish: what of it gets through, and how. */
#include "redis/posting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/failing_alloc.h"

static const struct posting_limits limits = {
	.bytes = 4096,
	.batch = { .messages = 3, .nesting = 8 },
};

enum { MOST_WORDS = 32 };

/* ---- entries ---- */

static int
read_entry(struct frozen **f, const char **why, const struct posting_limits *most, va_list ap)
{
	struct str words[MOST_WORDS];
	const char *word;
	size_t n = 0;

	while ((word = va_arg(ap, const char *)) && n < MOST_WORDS)
		words[n++] = str_from(word);
	*f = NULL;
	*why = NULL;
	return posting_read_entry(f, words, n, most, why);
}

static void
assert_text(struct str s, const char *expected)
{
	assert_int_equal(s.n, strlen(expected));
	assert_memory_equal(s.p, expected, s.n);
}

/* Name, value, …, NULL. */
static void
assert_entry(const char *channel, const char *json, ...)
{
	struct frozen *f;
	const char *why;
	va_list ap;
	int rc;

	va_start(ap, json);
	rc = read_entry(&f, &why, &limits, ap);
	va_end(ap);
	if (rc)
		fail_msg("refused: %s", why);
	assert_text(frozen_channel(f), channel);
	assert_text(frozen_json(f), json);
	frozen_unref(f);
}

static void
assert_refused(const char *expected, ...)
{
	struct frozen *f;
	const char *why;
	va_list ap;
	int rc;

	va_start(ap, expected);
	rc = read_entry(&f, &why, &limits, ap);
	va_end(ap);
	assert_null(f);
	assert_int_equal(rc, POSTING_REFUSED);
	assert_string_equal(why, expected);
}

static void
an_entry_is_a_message(void **state)
{
	(void)state;
	assert_entry("/x", "{\"channel\":\"/x\",\"data\":1}", "channel", "/x", "data",
		     "1", NULL);
	assert_entry("/x/y", "{\"data\":null,\"channel\":\"/x/y\"}", "data", "null", "channel",
		     "/x/y", NULL);
	assert_entry("/x", "{\"channel\":\"/x\",\"data\":\"\",\"id\":\"\\\"7\\\"\"}", "channel",
		     "/x", "data", "\"\"", "id", "\"7\"", NULL);
	/* What is not known passes on as from any client. */
	assert_entry("/x", "{\"channel\":\"/x\",\"data\":1,\"ext\":{\"a\":[]},\"a \\\"b\":2}",
		     "channel", "/x", "data", "1", "ext", "{\"a\":[]}", "a \"b", "2", NULL);
}

static void
data_stays_the_bytes_it_was(void **state)
{
	(void)state;
	assert_entry("/x",
		     "{\"channel\":\"/x\",\"data\":[1.10,1E400,-0,123456789012345678901234567890]}",
		     "channel", "/x", "data",
		     "[1.10,1E400,-0,123456789012345678901234567890]", NULL);
	assert_entry("/x",
		     "{\"channel\":\"/x\",\"data\":\"\\u00fc\\ud800\\/ü\xf0\x9f\x98\x80\"}",
		     "channel", "/x", "data", "\"\\u00fc\\ud800\\/ü\xf0\x9f\x98\x80\"", NULL);
	assert_entry("/x", "{\"channel\":\"/x\",\"data\":{\"a\":1,\"a\":2}}", "channel", "/x",
		     "data", "{\"a\":1,\"a\":2}", NULL);
	/* White space between tokens goes. */
	assert_entry("/x", "{\"channel\":\"/x\",\"data\":{\"a b\":[1,2]}}", "channel", "/x",
		     "data", " {\"a b\":\n[1 , 2]}\r\n", NULL);
}

static void
what_only_a_server_says_and_secrets_stay_here(void **state)
{
	(void)state;
	assert_entry("/x", "{\"channel\":\"/x\",\"data\":1}", "channel", "/x", "clientId",
		     "\"secret\"", "advice", "{\"reconnect\":\"none\"}", "data", "1",
		     "successful", "true", "error", "1", "subscription", "\"/y\"", NULL);
}

static void
a_value_cannot_end_its_message(void **state)
{
	(void)state;
	assert_refused("data that is no JSON", "channel", "/x", "data",
		       "1,\"channel\":\"/meta/connect\"", NULL);
	assert_refused("data that is no JSON", "channel", "/x", "data", "1}", NULL);
	assert_refused("data that is no JSON", "channel", "/x", "data", "{", NULL);
	assert_refused("a field that is no JSON", "channel", "/x", "data", "1", "a",
		       "1,\"b\":2", NULL);
	assert_refused("no name of a channel", "channel", "/x\",\"data\":\"", "data", "1",
		       NULL);
	assert_entry("/x", "{\"channel\":\"/x\",\"data\":1,\"b\\\":1,\\\"channel\":2}",
		     "channel",
		     "/x", "data", "1", "b\":1,\"channel", "2", NULL);
}

static void
bad_entries_say_why(void **state)
{
	(void)state;
	assert_refused("no channel", NULL);
	assert_refused("no channel", "data", "1", NULL);
	assert_refused("no channel", "message", "{\"channel\":\"/x\",\"data\":1}", NULL);
	assert_refused("no data", "channel", "/x", NULL);
	assert_refused("data that is no JSON", "channel", "/x", "data", "", NULL);
	assert_refused("data that is no JSON", "channel", "/x", "data", "hello", NULL);
	assert_refused("data that is no JSON", "channel", "/x", "data", "1 2", NULL);
	assert_refused("data that is no JSON", "channel", "/x", "data", "\"\xff\"", NULL);
	assert_refused("no JSON can be made of it", "channel", "/x", "data", "1", "\xff", "1",
		       NULL);
	assert_refused("no JSON can be made of it", "channel", "/x", "data", "1", "id",
		       "\xc0\x80",
		       NULL);
	assert_refused("no JSON can be made of it", "channel", "/x\xff", "data", "1", NULL);
	assert_refused("too deeply nested", "channel", "/x", "data", "[[[[[[[[[]]]]]]]]]",
		       NULL);
	/* The message around it counts, as in a batch. */
	assert_refused("too deeply nested", "channel", "/x", "data", "[[[[[[[[]]]]]]]]", NULL);
}

static void
channels_are_those_that_can_be_subscribed_to(void **state)
{
	char deep[64] = "", wide[300] = "/";
	int i;

	(void)state;
	assert_refused("no name of a channel", "channel", "", "data", "1", NULL);
	assert_refused("no name of a channel", "channel", "x", "data", "1", NULL);
	assert_refused("no name of a channel", "channel", "/x/", "data", "1", NULL);
	assert_refused("no name of a channel", "channel", "/x/**", "data", "1", NULL);
	assert_refused("no name of a channel", "channel", "\"/x\"", "data", "1", NULL);
	assert_refused("a channel that nobody can subscribe to", "channel",
		       "/meta/connect", "data",
		       "1", NULL);
	assert_refused("a channel that nobody can subscribe to", "channel", "/service/x",
		       "data",
		       "1", NULL);
	for (i = 0; i < 17; i++)
		strcat(deep, "/a");
	assert_refused("the channel's name is too long", "channel", deep, "data", "1", NULL);
	memset(wide + 1, 'a', 256);
	assert_refused("the channel's name is too long", "channel", wide, "data", "1", NULL);
	/* Of repeated fields the last counts. */
	assert_refused("a channel that nobody can subscribe to", "channel", "/x", "data", "1",
		       "channel", "/meta/x", NULL);
}

static void
an_entry_may_have_as_many_bytes_as_a_body(void **state)
{
	static char data[4200] = "\"";
	size_t frame = strlen("channel") + strlen("/x") + strlen("data") + 4;

	(void)state;
	memset(data + 1, 'x', limits.bytes - frame - 2);
	data[limits.bytes - frame - 1] = '"';
	{
		struct str words[] = { STR("channel"), STR("/x"), STR("data"), str_from(data) };
		struct frozen *f = NULL;
		const char *why;

		assert_int_equal(posting_read_entry(&f, words, 4, &limits, &why), 0);
		frozen_unref(f);
	}
	data[limits.bytes - frame - 1] = 'x';
	data[limits.bytes - frame] = '"';
	assert_refused("too long", "channel", "/x", "data", data, NULL);
}

/* ---- texts ---- */

static void
note_down(void *arg, struct frozen *f, const char *why)
{
	struct buf *told = arg;

	if (!f) {
		buf_addf(told, "no: %s; ", why);
		return;
	}
	buf_add_str(told, frozen_channel(f));
	buf_add_char(told, ' ');
	buf_add_str(told, frozen_json(f));
	buf_add_str(told, STR("; "));
	frozen_unref(f);
}

static void
assert_told(const char *expected, const char *text)
{
	struct buf told = BUF_INIT;

	assert_int_equal(posting_read_text(str_from(text), &limits, note_down, &told), 0);
	assert_text(buf_str(&told), expected);
	buf_clear(&told);
}

static void
a_text_is_a_message_or_an_array_of_them(void **state)
{
	(void)state;
	assert_told("/x {\"channel\":\"/x\",\"data\":1,\"id\":7}; ",
		    "{\"channel\":\"/x\", \"clientId\":\"secret\", \"data\":1, \"id\":7}");
	assert_told("/x {\"channel\":\"/x\",\"data\":1}; /y {\"channel\":\"/y\",\"data\":2}; ",
		    "[{\"channel\":\"/x\",\"data\":1},{\"channel\":\"/y\",\"data\":2}]");
}

static void
a_bad_message_does_not_stop_those_around_it(void **state)
{
	(void)state;
	assert_told("/x {\"channel\":\"/x\",\"data\":1}; no: no data; "
		    "/y {\"channel\":\"/y\",\"data\":2}; ",
		    "[{\"channel\":\"/x\",\"data\":1},{\"channel\":\"/x\"},"
		    "{\"channel\":\"/y\",\"data\":2}]");
	assert_told("no: no channel; /x {\"channel\":\"/x\",\"data\":1}; ",
		    "[7,{\"channel\":\"/x\",\"data\":1}]");
	assert_told("no: no channel; ", "{\"channel\":7,\"data\":1}");
}

static void
bad_texts_say_why(void **state)
{
	static char long_text[4200];

	(void)state;
	assert_told("no: no JSON; ", "");
	assert_told("no: no JSON; ", "x");
	assert_told("no: no JSON; ", "\"x\"");
	assert_told("no: no JSON; ", "{\"channel\":\"/x\",\"data\":\"\xff\"}");
	assert_told("no: no JSON; ", "{\"channel\":\"/x\",\"data\":1}{}");
	assert_told("no: no message; ", "null");
	assert_told("no: no message; ", "[]");
	assert_told("no: too many messages; ", "[1,2,3,4]");
	assert_told("no: too deeply nested; ", "[[[[[[[[[1]]]]]]]]]");
	memset(long_text, ' ', limits.bytes + 1);
	assert_told("no: too long; ", long_text);
}

/* ---- out of memory ---- */

static int
read_an_entry(void *arg)
{
	const struct str words[] = { STR("channel"), STR("/x"), STR("data"),
				     STR(" {\"a\" : 1}"), STR("id"), STR("7") };
	struct frozen *f = NULL;
	const char *why;
	int rc = posting_read_entry(&f, words, 6, &limits, &why);

	(void)arg;
	frozen_unref(f);
	return rc;
}

static void
count_message(void *arg, struct frozen *f, const char *why)
{
	(void)why;
	*(int *)arg += f != NULL;
	frozen_unref(f);
}

static int
read_a_text(void *arg)
{
	int n = 0, rc;

	(void)arg;
	rc = posting_read_text(STR("[{\"channel\":\"\\/x\",\"data\":1},"
				   "{\"channel\" : \"/y\",\"data\":2}]"),
			       &limits, count_message, &n);
	if (!rc)
		assert_int_equal(n, 2);
	return rc;
}

static void
memory_may_run_out(void **state)
{
	(void)state;
	failing_alloc_play(read_an_entry, NULL);
	failing_alloc_play(read_a_text, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_is_a_message),
		cmocka_unit_test(data_stays_the_bytes_it_was),
		cmocka_unit_test(what_only_a_server_says_and_secrets_stay_here),
		cmocka_unit_test(a_value_cannot_end_its_message),
		cmocka_unit_test(bad_entries_say_why),
		cmocka_unit_test(channels_are_those_that_can_be_subscribed_to),
		cmocka_unit_test(an_entry_may_have_as_many_bytes_as_a_body),
		cmocka_unit_test(a_text_is_a_message_or_an_array_of_them),
		cmocka_unit_test(a_bad_message_does_not_stop_those_around_it),
		cmocka_unit_test(bad_texts_say_why),
		cmocka_unit_test(memory_may_run_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
