#include "bayeux/ext.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/failing_alloc.h"

/* With ' for ". Borrowed until the next call. */
static struct span
span_of(const char *words)
{
	static char text[512];
	struct span value;
	struct scan sc;
	size_t n = strlen(words);

	assert_true(n < sizeof(text));
	for (size_t i = 0; i <= n; i++)
		text[i] = words[i] == '\'' ? '"' : words[i];
	scan_init(&sc, str_from(text), SCAN_DEPTH_LIMIT);
	assert_int_equal(scan_value(&sc, &value), 0);
	return value;
}

/* ---- ack ---- */

static void
a_handshake_asks_for_acks_in_two_ways(void **state)
{
	static const char *const yes[] = {
		"{'ack':true}",
		"{ 'token' : [ 1, {'ack':false} ], 'ack' : true }",
		"{'ack':false,'ack':true}",
		"{'\\u0061ck':true}",
		"{'ack':{'enabled':true}}",
		"{'ack':{'batch':7,'enabled':true}}",
	};
	static const char *const no[] = {
		"{}", "{'ack':false}", "{'ack':null}", "{'ack':1}", "{'ack':'true'}",
		"{'ack':[true]}", "{'ack':{}}", "{'ack':{'enabled':1}}",
		"{'ack':{'enabled':false}}", "{'ack':{'ack':true}}",
		"{'ack':true,'ack':0}", "{'Ack':true}", "{'x':{'ack':true}}",
		"[{'ack':true}]", "'ack'", "true", "null", "7",
	};
	const struct span absent = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		struct span ext = span_of(yes[i]);

		if (!ext_wants_acks(&ext))
			fail_msg("%s", yes[i]);
	}
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		struct span ext = span_of(no[i]);

		if (ext_wants_acks(&ext))
			fail_msg("%s", no[i]);
	}
	assert_false(ext_wants_acks(&absent));
}

static void
a_connect_acknowledges_by_a_number(void **state)
{
	static const struct {
		const char *ext;
		uint32_t number;
	} good[] = {
		{ "{'ack':0}", 0 },
		{ "{'ack':-0.0}", 0 },
		{ "{'ack':7,'timesync':{}}", 7 },
		{ "{'ack':7.0}", 7 },
		{ "{'ack':3e2}", 300 },
		{ "{'ack':1,'ack':2}", 2 },
		{ "{'ack':4294967295}", UINT32_MAX },
	};
	static const char *const bad[] = {
		"{}", "{'ack':-1}", "{'ack':0.5}", "{'ack':1e-9}", "{'ack':4294967296}",
		"{'ack':1e9999}", "{'ack':-1e9999}", "{'ack':99999999999999999999999999}",
		"{'ack':'7'}", "{'ack':true}", "{'ack':null}", "{'ack':[7]}",
		"{'ack':{'batch':7}}", "{'ack':7,'ack':null}", "[7]", "7",
	};
	uint32_t number;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct span ext = span_of(good[i].ext);

		if (!ext_read_ack(&ext, &number) || number != good[i].number)
			fail_msg("%s", good[i].ext);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct span ext = span_of(bad[i]);

		if (ext_read_ack(&ext, &number))
			fail_msg("%s", bad[i]);
	}
}

/* ---- timesync ---- */

static void
a_timesync_is_three_numbers(void **state)
{
	static const char *const bad[] = {
		"{}", "{'timesync':{}}", "{'timesync':null}", "{'timesync':7}",
		"{'timesync':[1,2,3]}", "{'tc':1,'l':2,'o':3}",
		"{'timesync':{'tc':1,'l':2}}", "{'timesync':{'tc':1,'o':2}}",
		"{'timesync':{'l':1,'o':2}}", "{'timesync':{'tc':'1','l':2,'o':3}}",
		"{'timesync':{'tc':1,'l':null,'o':3}}",
		"{'timesync':{'tc':1e9999,'l':2,'o':3}}",
		"{'timesync':{'tc':1,'l':-9007199254740994,'o':3}}",
		"{'timesync':{'tc':1,'l':2,'o':1e300}}",
		"{'timesync':{'tc':1,'l':2,'o':3},'timesync':0}",
	};
	struct span ext = span_of("{'ack':1,'timesync':{'tc':1700000000123,'l':23,'o':-4567.5,"
				  "'more':{'tc':9}},'x':0}");
	struct ext_timesync ts;

	(void)state;
	assert_true(ext_read_timesync(&ext, &ts));
	assert_true(ts.client_ms == 1700000000123 && ts.lag_ms == 23 &&
		    ts.offset_ms == -4567.5);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ext = span_of(bad[i]);
		if (ext_read_timesync(&ext, &ts))
			fail_msg("%s", bad[i]);
	}
}

/* ---- replies ---- */

static void
assert_adds(const struct ext_reply *reply, const char *expected)
{
	struct buf out = BUF_INIT;

	buf_add_char(&out, '{');
	ext_add(&out, reply);
	assert_false(out.failed);
	if (!str_equal(buf_str(&out), str_from(expected)))
		fail_msg("%.*s, not %s", (int)out.n, out.p, expected);
	buf_clear(&out);
}

static void
a_reply_has_what_there_is_to_say(void **state)
{
	const struct ext_timesync now = { 1700000000000, 20, -500 };
	const struct ext_timesync odd = { -0.0, 0.25, -9007199254740992.0 };
	struct ext_reply reply = { .number = 9 };

	(void)state;
	assert_adds(&reply, "{");
	reply.acks = true;
	assert_adds(&reply, "{,\"ext\":{\"ack\":true}");
	reply.acks = false;
	reply.is_numbered = true;
	reply.number = UINT32_MAX;
	assert_adds(&reply, "{,\"ext\":{\"ack\":4294967295}");
	reply.number = 0;
	reply.timesync = &now;
	reply.came_ms = 1699999999530;
	reply.took_ms = 45000;
	assert_adds(&reply, "{,\"ext\":{\"ack\":0,\"timesync\":{\"tc\":1700000000000,"
			    "\"ts\":1699999999530,\"p\":45000,\"a\":-10}}");
	reply.is_numbered = false;
	reply.timesync = &odd;
	reply.came_ms = 1;
	assert_adds(&reply, "{,\"ext\":{\"timesync\":{\"tc\":0,\"ts\":1,\"p\":45000,"
			    "\"a\":-9007199254740992}}");
}

static int
add_all(void *arg)
{
	const struct ext_timesync now = { 1, 2, 3 };
	struct ext_reply reply = { .is_numbered = true, .timesync = &now };
	struct buf out = BUF_INIT;
	bool failed;

	(void)arg;
	ext_add(&out, &reply);
	failed = out.failed;
	buf_clear(&out);
	return failed ? -ENOMEM : 0;
}

static void
memory_that_runs_out_sticks_in_the_buffer(void **state)
{
	(void)state;
	failing_alloc_play(add_all, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handshake_asks_for_acks_in_two_ways),
		cmocka_unit_test(a_connect_acknowledges_by_a_number),
		cmocka_unit_test(a_timesync_is_three_numbers),
		cmocka_unit_test(a_reply_has_what_there_is_to_say),
		cmocka_unit_test(memory_that_runs_out_sticks_in_the_buffer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
