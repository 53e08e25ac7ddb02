#include "bayeux/message.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/failing_alloc.h"

static int
read_to(struct message *m, struct str text, unsigned depth)
{
	struct scan sc;

	scan_init(&sc, text, depth);
	return message_read(m, &sc);
}

static struct message
message_of(struct str text)
{
	struct message m;

	assert_int_equal(read_to(&m, text, SCAN_DEPTH_LIMIT), 0);
	return m;
}

static void
assert_text(struct str found, const char *expected)
{
	if (!str_equal(found, str_from(expected)))
		fail_msg("%.*s, not %s", (int)found.n, found.p, expected);
}

/* ---- fields ---- */

static void
every_field_of_the_protocol_is_found(void **state)
{
	struct message m = message_of(
		STR("{\"ext\":{\"a\":1},\"id\":\"7\",\"version\":\"1.0\","
		    "\"supportedConnectionTypes\":[],\"clientId\":\"me\","
		    "\"connectionType\":\"websocket\",\"channel\":\"/a\","
		    "\"subscription\":[\"/b\"],\"advice\":{},\"error\":\"no\","
		    "\"data\":null,\"unknown\":0}"));

	(void)state;
	assert_text(m.ext.text, "{\"a\":1}");
	assert_text(m.id.text, "\"7\"");
	assert_text(m.version.text, "\"1.0\"");
	assert_text(m.supported_types.text, "[]");
	assert_text(m.client_id.text, "\"me\"");
	assert_text(m.connection_type.text, "\"websocket\"");
	assert_text(m.channel.text, "\"/a\"");
	assert_text(m.subscription.text, "[\"/b\"]");
	assert_text(m.advice.text, "{}");
	assert_text(m.error.text, "\"no\"");
	assert_text(m.data.text, "null");
	assert_int_equal(m.data.type, SCAN_NULL);
}

static void
what_is_not_there_is_absent(void **state)
{
	struct message m = message_of(STR("{\"DATA\":1,\"dat\":2,\"data \":3}"));

	(void)state;
	assert_int_equal(m.data.type, SCAN_ABSENT);
	assert_int_equal(m.id.type, SCAN_ABSENT);
	assert_int_equal(m.channel.type, SCAN_ABSENT);
}

static void
of_a_repeated_field_the_last_counts(void **state)
{
	struct message m = message_of(STR("{\"id\":1,\"channel\":\"/a\",\"id\":2}"));

	(void)state;
	assert_text(m.id.text, "2");
}

static void
escapes_do_not_hide_a_field(void **state)
{
	struct message m = message_of(STR("{\"\\u0063lientId\":\"me\",\"d\\u0061ta\":1}"));

	(void)state;
	assert_text(m.client_id.text, "\"me\"");
	assert_text(m.data.text, "1");
}

static void
what_is_no_object_has_no_fields(void **state)
{
	static const char *const others[] = {
		"[]", "[{\"id\":1}]", "1", "\"id\"", "true", "null",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct message m = message_of(str_from(others[i]));

		assert_int_equal(m.id.type, SCAN_ABSENT);
		assert_int_equal(m.kept_count, 0);
	}
}

static void
what_is_no_json_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "{", "{\"id\"}", "{\"id\":}", "{\"id\":1,}", "{id:1}", "{\"id\":1]",
		"{\"clientId\":01}", "{\"id\":1 \"data\":2}", "nul",
	};
	struct message m;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (read_to(&m, str_from(bad[i]), SCAN_DEPTH_LIMIT) != SCAN_INVALID)
			fail_msg("'%s' was read", bad[i]);
	assert_int_equal(read_to(&m, STR("{\"data\":[[]]}"), 3), 0);
	assert_int_equal(read_to(&m, STR("{\"data\":[[]]}"), 2), SCAN_DEEP);
	assert_int_equal(read_to(&m, STR("{\"clientId\":[[]]}"), 2), SCAN_DEEP);
	assert_int_equal(read_to(&m, STR("{}"), 0), SCAN_DEEP);
}

/* ---- publications ---- */

static void
assert_freezes(const char *text, const char *expected)
{
	struct message m = message_of(str_from(text));
	struct frozen *f = message_freeze(&m, STR("/chat"));

	assert_non_null(f);
	assert_text(frozen_json(f), expected);
	assert_text(frozen_channel(f), "/chat");
	frozen_unref(f);
}

static void
subscribers_get_all_but_what_only_a_server_may_say(void **state)
{
	(void)state;
	assert_freezes("{\"channel\":\"/chat\",\"data\":1,\"id\":\"7\",\"ext\":{},"
		       "\"other\":2}",
		       "{\"channel\":\"/chat\",\"data\":1,\"id\":\"7\",\"ext\":{},"
		       "\"other\":2}");
	assert_freezes("{\"channel\":\"/chat\",\"clientId\":\"me\",\"data\":1}",
		       "{\"channel\":\"/chat\",\"data\":1}");
	assert_freezes("{\"clientId\":\"me\",\"data\":1,\"advice\":{\"reconnect\":\"none\"}}",
		       "{\"data\":1}");
	assert_freezes("{\"successful\":true,\"a\":1,\"error\":\"x\",\"b\":2,"
		       "\"subscription\":\"/x\",\"c\":3}",
		       "{\"a\":1,\"b\":2,\"c\":3}");
	assert_freezes("{\"clientId\":\"me\"}", "{}");
	assert_freezes("{}", "{}");
	assert_freezes("[1]", "{}");
}

static void
escapes_do_not_smuggle_it_through(void **state)
{
	(void)state;
	assert_freezes("{\"\\u0061dvice\":{\"reconnect\":\"none\"},\"data\":1}",
		       "{\"data\":1}");
	assert_freezes("{\"data\":1,\"client\\u0049d\":\"me\"}", "{\"data\":1}");
	assert_freezes("{\"a\":1,\"success\\u0066ul\":true,\"successful\":true}",
		       "{\"a\":1}");
	/* Below the top they are the publisher's own business. */
	assert_freezes("{\"data\":{\"advice\":1,\"clientId\":2}}",
		       "{\"data\":{\"advice\":1,\"clientId\":2}}");
}

static void
data_passes_byte_for_byte(void **state)
{
	static const char text[] =
		"{\"data\":[1.0,1e400,-0,12345678901234567890,\"\\u00e9\\/\xc3\xa9\","
		"\"\\ud800\",{\"b\":1,\"a\":2,\"b\":3,\"__proto__\":4}]}";

	(void)state;
	assert_freezes(text, text);
}

static void
white_space_between_tokens_goes(void **state)
{
	static const char tight[] = "{\"channel\":\"/a b\",\"data\":[1,{\"x\":2}],\"n\":\" \"}";

	(void)state;
	assert_freezes("{\"channel\":\"/a b\",\n\"data\":[1,{\"x\":2}],\"n\":\" \"}", tight);
	assert_freezes("{\"channel\" :\"/a b\",\"data\":[1,{\"x\":2}],\"n\":\" \"}", tight);
	assert_freezes("{\"channel\":\t\"/a b\",\"data\":[1,{\"x\":2}],\"n\":\" \"}", tight);
	assert_freezes("{\"channel\":\"/a b\",\"data\":[1,{\"x\":\r2}],\"n\":\" \"}", tight);
	assert_freezes("{\"channel\":\"/a b\" ,\"data\":[1,{\"x\":2}],\"n\":\" \"}", tight);
	assert_freezes(" { \"channel\":\"/a b\",\"data\":[1,{\"x\":2}],\"n\":\" \" } ", tight);
	assert_freezes("{\"channel\":\"/a b\",\n \"clientId\" : 1 ,\n \"data\" "
		       ": [1, {\"x\":2} ] ,\"n\":\" \"\n}",
		       tight);
}

/* Around what goes there may be any, without work for the rest. */
static void
white_space_around_what_goes_does_not_count(void **state)
{
	struct message m = message_of(STR("{ \"clientId\" : 1 , \"data\":1,\"a\":2 }"));

	(void)state;
	assert_false(m.spaced);
	assert_freezes("{ \"clientId\" : 1 , \"data\":1,\"a\":2 }",
		       "{\"data\":1,\"a\":2}");
}

static void
repeated_fields_cut_it_into_so_many_pieces_and_no_more(void **state)
{
	struct message m;

	(void)state;
	assert_freezes("{\"a\":1,\"error\":0,\"b\":2,\"error\":0,\"c\":3,\"error\":0,"
		       "\"d\":4,\"error\":0,\"e\":5,\"error\":0,\"f\":6,\"error\":0,"
		       "\"g\":7,\"error\":0,\"h\":8,\"error\":0,\"error\":0}",
		       "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8}");
	assert_int_equal(
		read_to(&m,
			STR("{\"a\":1,\"error\":0,\"b\":2,\"error\":0,\"c\":3,\"error\":0,"
			    "\"d\":4,\"error\":0,\"e\":5,\"error\":0,\"f\":6,\"error\":0,"
			    "\"g\":7,\"error\":0,\"h\":8,\"error\":0,\"i\":9}"),
			8),
		SCAN_INVALID);
}

/* ---- memory ---- */

static int
freeze(void *arg)
{
	struct message m = message_of(str_from(arg));
	struct frozen *f = message_freeze(&m, STR("/chat"));

	if (!f)
		return -ENOMEM;
	assert_text(frozen_json(f), "{\"data\":[1,2],\"id\":1}");
	frozen_unref(f);
	return 0;
}

static void
memory_that_runs_out_is_told(void **state)
{
	char tight[] = "{\"data\":[1,2],\"clientId\":\"me\",\"id\":1}";
	char spaced[] = "{\"data\": [1, 2], \"clientId\": \"me\", \"id\": 1}";

	(void)state;
	failing_alloc_play(freeze, tight);
	failing_alloc_play(freeze, spaced);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_field_of_the_protocol_is_found),
		cmocka_unit_test(what_is_not_there_is_absent),
		cmocka_unit_test(of_a_repeated_field_the_last_counts),
		cmocka_unit_test(escapes_do_not_hide_a_field),
		cmocka_unit_test(what_is_no_object_has_no_fields),
		cmocka_unit_test(what_is_no_json_is_refused),
		cmocka_unit_test(subscribers_get_all_but_what_only_a_server_may_say),
		cmocka_unit_test(escapes_do_not_smuggle_it_through),
		cmocka_unit_test(data_passes_byte_for_byte),
		cmocka_unit_test(white_space_between_tokens_goes),
		cmocka_unit_test(white_space_around_what_goes_does_not_count),
		cmocka_unit_test(repeated_fields_cut_it_into_so_many_pieces_and_no_more),
		cmocka_unit_test(memory_that_runs_out_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
