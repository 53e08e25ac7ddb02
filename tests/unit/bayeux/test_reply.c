#include "bayeux/reply.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/failing_alloc.h"

static struct message
message_of(const char *text)
{
	struct message m;
	struct scan sc;

	scan_init(&sc, str_from(text), SCAN_DEPTH_LIMIT);
	assert_int_equal(message_read(&m, &sc), 0);
	return m;
}

static struct span
value_of(const char *text)
{
	struct span value;
	struct scan sc;

	scan_init(&sc, str_from(text), SCAN_DEPTH_LIMIT);
	assert_int_equal(scan_value(&sc, &value), 0);
	return value;
}

/* Also clears the buffer. */
static void
assert_wrote(struct buf *out, const char *expected)
{
	assert_false(out->failed);
	if (!str_equal(buf_str(out), str_from(expected)))
		fail_msg("%.*s, not %s", (int)out->n, out->p, expected);
	buf_clear(out);
}

static void
assert_replies(const char *message, int which, const struct reply_error *e,
	       const char *expected)
{
	struct message m = message_of(message);
	struct buf out = BUF_INIT;

	reply_begin(&out, &m, which, e);
	reply_end(&out);
	assert_wrote(&out, expected);
}

/* ---- what is echoed ---- */

static void
id_client_and_channel_come_back_in_this_order(void **state)
{
	const struct reply_error none = { 0 };

	(void)state;
	assert_replies("{\"channel\":\"/a\",\"data\":1,\"clientId\":\"me\",\"id\":\"7\","
		       "\"ext\":{},\"advice\":{},\"other\":1}",
		       REPLY_ALL, NULL,
		       "{\"id\":\"7\",\"clientId\":\"me\",\"channel\":\"/a\","
		       "\"successful\":true}");
	assert_replies("{\"channel\":\"/a\",\"clientId\":\"me\",\"id\":\"7\"}",
		       REPLY_WITHOUT_CLIENT_ID, &none,
		       "{\"id\":\"7\",\"channel\":\"/a\",\"successful\":true}");
	assert_replies("{}", REPLY_ALL, NULL, "{\"successful\":true}");
}

static void
what_is_true_is_echoed_of_whatever_type(void **state)
{
	(void)state;
	assert_replies("{\"id\":0,\"clientId\":\"\",\"channel\":null}", REPLY_ALL, NULL,
		       "{\"successful\":true}");
	assert_replies("{\"id\":[ 1, {} ],\"clientId\":true,\"channel\":{\"a\" :1.0}}",
		       REPLY_ALL, NULL,
		       "{\"id\":[1,{}],\"clientId\":true,\"channel\":{\"a\":1.0},"
		       "\"successful\":true}");
	assert_replies("{\"id\":\"\\u00e9\\n\"}", REPLY_ALL, NULL,
		       "{\"id\":\"\\u00e9\\n\",\"successful\":true}");
}

/* ---- errors ---- */

static void
assert_error(struct reply_error e, const char *text)
{
	struct buf expected = BUF_INIT;

	buf_addf(&expected, "{\"successful\":false,\"error\":\"%s\"}%c", text, '\0');
	assert_replies("{}", REPLY_ALL, &e, expected.p);
	buf_clear(&expected);
}

static void
errors_are_in_fayes_words(void **state)
{
	(void)state;
	assert_error((struct reply_error){ .code = REPLY_CONNECTION_TYPE_MISMATCH,
					   .param = value_of("[\"a\",\"b\"]") },
		     "301:a,b:Connection types not supported");
	assert_error((struct reply_error){ .code = REPLY_CLIENT_UNKNOWN,
					   .param = value_of("\"me\"") },
		     "401:me:Unknown client");
	assert_error((struct reply_error){ .code = REPLY_CLIENT_UNKNOWN },
		     "401::Unknown client");
	assert_error((struct reply_error){ .code = REPLY_PARAMETER_MISSING,
					   .name = STR("data") },
		     "402:data:Missing required parameter");
	assert_error((struct reply_error){ .code = REPLY_CHANNEL_FORBIDDEN,
					   .param = value_of("\"/meta/x\"") },
		     "403:/meta/x:Forbidden channel");
	assert_error((struct reply_error){ .code = REPLY_CHANNEL_INVALID,
					   .param = value_of("{\"a\":1}") },
		     "405:[object Object]:Invalid channel");
	assert_error((struct reply_error){ .code = REPLY_SERVER_ERROR, .name = STR("") },
		     "500::Internal server error");
	assert_error((struct reply_error){ .code = REPLY_SERVER_FULL, .name = STR("") },
		     "503::Too many clients");
	assert_error((struct reply_error){ .code = REPLY_CHANNEL_FORBIDDEN,
					   .name = STR("/x"), .words = STR("So many") },
		     "403:/x:So many");
}

static void
parameters_are_shown_as_javascript_joins_them(void **state)
{
	(void)state;
	assert_error((struct reply_error){ .code = REPLY_CHANNEL_INVALID,
					   .param = value_of("null") },
		     "405::Invalid channel");
	assert_error((struct reply_error){ .code = REPLY_CHANNEL_INVALID,
					   .param = value_of("false") },
		     "405:false:Invalid channel");
	assert_error((struct reply_error){ .code = REPLY_CHANNEL_INVALID,
					   .param = value_of("[1.0,null,[2,{}]]") },
		     "405:1,,2,[object Object]:Invalid channel");
	assert_error((struct reply_error){ .code = REPLY_CHANNEL_INVALID,
					   .param = value_of("\"a\\\"\\u0001\\\\\"") },
		     "405:a\\\"\\u0001\\\\:Invalid channel");
}

static void
an_error_in_the_message_refuses_it(void **state)
{
	const struct reply_error missing = { .code = REPLY_PARAMETER_MISSING,
					     .name = STR("data") };

	(void)state;
	assert_replies("{\"error\":\"no way\"}", REPLY_ALL, NULL,
		       "{\"successful\":false,\"error\":\"no way\"}");
	assert_replies("{\"error\":{\"a\": 1}}", REPLY_ALL, NULL,
		       "{\"successful\":false,\"error\":{\"a\":1}}");
	assert_replies("{\"error\":\"\"}", REPLY_ALL, NULL, "{\"successful\":true}");
	assert_replies("{\"error\":\"no way\"}", REPLY_ALL, &missing,
		       "{\"successful\":false,\"error\":\"402:data:Missing required "
		       "parameter\"}");
}

/* ---- what else a reply has ---- */

static void
advice_says_how_to_go_on(void **state)
{
	const struct reply_advice retry = { ADVICE_RETRY, 0, 45000, 0 };
	const struct reply_advice handshake = { ADVICE_HANDSHAKE, 1, 2, 3 };
	const struct reply_advice none = { .reconnect = ADVICE_NONE };
	const struct reply_advice cometd = { ADVICE_RETRY, 0, 45000, 46000 };
	struct buf out = BUF_INIT;

	(void)state;
	reply_add_advice(&out, &retry);
	assert_wrote(&out, ",\"advice\":{\"reconnect\":\"retry\",\"interval\":0,"
			   "\"timeout\":45000}");
	reply_add_advice(&out, &cometd);
	assert_wrote(&out, ",\"advice\":{\"reconnect\":\"retry\",\"interval\":0,"
			   "\"timeout\":45000,\"maxInterval\":46000}");
	reply_add_advice(&out, &handshake);
	assert_wrote(&out, ",\"advice\":{\"reconnect\":\"handshake\"}");
	reply_add_advice(&out, &none);
	assert_wrote(&out, ",\"advice\":{\"reconnect\":\"none\"}");
}

static void
a_handshake_lists_all_six_types(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	reply_add_versions(&out);
	reply_add_client_id(&out, STR("me"));
	assert_wrote(&out, ",\"version\":\"1.0\",\"supportedConnectionTypes\":["
			   "\"long-polling\",\"cross-origin-long-polling\","
			   "\"callback-polling\",\"websocket\",\"eventsource\","
			   "\"in-process\"],\"clientId\":\"me\"");
}

static void
a_subscription_comes_back_as_given(void **state)
{
	struct span one = value_of("\"/a\""), many = value_of("[ \"/a\", 1 ]");
	struct span nothing = { 0 }, empty = value_of("[]"), null = value_of("null");
	struct buf out = BUF_INIT;

	(void)state;
	reply_add_subscription(&out, &one);
	assert_wrote(&out, ",\"subscription\":\"/a\"");
	reply_add_subscription(&out, &many);
	assert_wrote(&out, ",\"subscription\":[\"/a\",1]");
	reply_add_subscription(&out, &empty);
	assert_wrote(&out, ",\"subscription\":[]");
	reply_add_subscription(&out, &nothing);
	assert_wrote(&out, ",\"subscription\":[]");
	reply_add_subscription(&out, &null);
	assert_wrote(&out, ",\"subscription\":[]");
}

static void
a_held_connect_is_answered_from_what_was_kept_of_it(void **state)
{
	const struct reply_advice advice = { ADVICE_RETRY, 5, 6, 0 };
	struct buf out = BUF_INIT;

	(void)state;
	reply_begin_connect(&out, STR("\"7\""), STR("me"), &advice);
	reply_end(&out);
	assert_wrote(&out, "{\"id\":\"7\",\"clientId\":\"me\",\"channel\":\"/meta/connect\","
			   "\"successful\":true,\"advice\":{\"reconnect\":\"retry\","
			   "\"interval\":5,\"timeout\":6}}");
	reply_begin_connect(&out, (struct str){ NULL, 0 }, STR("me"), &advice);
	reply_end(&out);
	assert_wrote(&out, "{\"clientId\":\"me\",\"channel\":\"/meta/connect\","
			   "\"successful\":true,\"advice\":{\"reconnect\":\"retry\","
			   "\"interval\":5,\"timeout\":6}}");
}

static void
connection_types_are_compared_exactly(void **state)
{
	static const char *const good[] = {
		"\"long-polling\"", "\"cross-origin-long-polling\"", "\"callback-polling\"",
		"\"websocket\"",    "\"eventsource\"",		     "\"in-process\"",
		"\"web\\u0073ocket\"",
	};
	static const char *const bad[] = {
		"\"\"", "\"WebSocket\"", "\"websocket \"", "1", "null", "[\"websocket\"]",
	};
	const struct span absent = { 0 };

	(void)state;
	assert_false(reply_is_connection_type(&absent));
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct span type = value_of(good[i]);

		assert_true(reply_is_connection_type(&type));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct span type = value_of(bad[i]);

		assert_false(reply_is_connection_type(&type));
	}
}

/* ---- memory ---- */

static int
write_reply(void *arg)
{
	struct message m = message_of("{\"id\":[1, 2],\"clientId\":\"me\",\"error\":0}");
	struct reply_error e = { .code = REPLY_CLIENT_UNKNOWN,
				 .param = value_of("[\"\\u00e9\",[1,2]]") };
	struct buf out = BUF_INIT;
	int rc;

	(void)arg;
	reply_begin(&out, &m, REPLY_ALL, &e);
	reply_add_versions(&out);
	reply_end(&out);
	rc = out.failed ? -ENOMEM : 0;
	buf_clear(&out);
	return rc;
}

static void
memory_that_runs_out_sticks_in_the_buffer(void **state)
{
	(void)state;
	failing_alloc_play(write_reply, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(id_client_and_channel_come_back_in_this_order),
		cmocka_unit_test(what_is_true_is_echoed_of_whatever_type),
		cmocka_unit_test(errors_are_in_fayes_words),
		cmocka_unit_test(parameters_are_shown_as_javascript_joins_them),
		cmocka_unit_test(an_error_in_the_message_refuses_it),
		cmocka_unit_test(advice_says_how_to_go_on),
		cmocka_unit_test(a_handshake_lists_all_six_types),
		cmocka_unit_test(a_subscription_comes_back_as_given),
		cmocka_unit_test(a_held_connect_is_answered_from_what_was_kept_of_it),
		cmocka_unit_test(connection_types_are_compared_exactly),
		cmocka_unit_test(memory_that_runs_out_sticks_in_the_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
