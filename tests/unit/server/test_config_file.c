/* The file as a text: its shapes, and all that may be wrong with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/server/reading.h"

static void
comments_and_all_shapes_of_numbers_are_read(void **state)
{
	struct config cfg = FILE_SETTINGS("# one\n"
					  "// two\n"
					  "/* three\n"
					  "   four */\n"
					  "timeout = 0.25; interval : 2\n"
					  "ping = \"1.5\"\n"
					  "limits : {\n"
					  "  message_bytes = \"64k\";\n"
					  "  queue_bytes = 0x10000;\n"
					  "  nesting = 10L;\n"
					  "  stall = 1.5e1;\n"
					  "}\n");

	(void)state;
	assert_int_equal(cfg.timeout_ms, 250);
	assert_int_equal(cfg.interval_ms, 2000);
	assert_int_equal(cfg.ping_ms, 1500);
	assert_int_equal(cfg.limits.message_bytes, 65536);
	assert_int_equal(cfg.limits.queue_bytes, 65536);
	assert_int_equal(cfg.limits.nesting, 10);
	assert_int_equal(cfg.limits.stall_ms, 15000);
	server_config_clear(&cfg);
}

static void
unknown_keys_are_named_with_their_line(void **state)
{
	(void)state;
	ASSERT_FILE_WRONG("fayed: fayed.conf:3: unknown key 'timout'",
			  "# a comment\ntimeout = 5;\ntimout = 5;\n");
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: unknown key 'log-level'",
			  "log-level = \"info\";");
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: unknown key 'nesting'",
			  "nesting = 5;");
	ASSERT_FILE_WRONG("fayed: fayed.conf:4: unknown key 'limits.timeout'",
			  "limits =\n{\n  nesting = 5;\n  timeout = 5;\n};");
	ASSERT_FILE_WRONG("fayed: fayed.conf:2: unknown key 'limits.limits'",
			  "limits = {\n limits = { nesting = 5; }; };");
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: unknown key 'limit'",
			  "limit = { nesting = 5; };");
}

static void
what_is_no_setting_is_no_key(void **state)
{
	(void)state;
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: unknown key 'config'",
			  "config = \"other.conf\";");
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: unknown key 'check'",
			  "check = true;");
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: unknown key 'help'",
			  "help = true;");
}

static void
values_of_the_wrong_shape_are_named(void **state)
{
	(void)state;
	ASSERT_FILE_WRONG("fayed: fayed.conf:2: timeout: "
			  "must be a single value",
			  "\ntimeout = [1];");
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: timeout: "
			  "must be a single value",
			  "timeout = { seconds = 1; };");
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: listen: must be a single value",
			  "listen = { a = \":1\"; };");
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: mount: must be a single value",
			  "mount = ( \"/a\", [ \"/b\" ] );");
	ASSERT_FILE_WRONG("fayed: fayed.conf:2: limits: "
			  "must be a group: limits = { ... };",
			  "\nlimits = 5;");
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: limits: "
			  "must be a group: limits = { ... };",
			  "limits = [];");
}

static void
values_that_are_none_come_with_an_example(void **state)
{
	(void)state;
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: timeout: 'abc' is no number "
			  "of seconds (try timeout = 60)",
			  "timeout = \"abc\";");
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: timeout: 'true' is no number "
			  "of seconds (try timeout = 60)",
			  "timeout = true;");
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: ping: 'inf' is no number "
			  "of seconds (try ping = 0)",
			  "ping = 1e999;");
	ASSERT_FILE_WRONG("fayed: fayed.conf:2: limits.queue_bytes: '1.5' is "
			  "no number of bytes (try queue_bytes = \"4M\")",
			  "limits = {\n queue_bytes = 1.5; };");
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: limits.sessions: '1k' is "
			  "no number (try sessions = 1000000)",
			  "limits = { sessions = \"1k\"; };");
}

/* libconfig 1.5 would make 1000000 of it. */
static void
integers_beyond_32_bits_do_not_wrap(void **state)
{
	(void)state;
	ASSERT_FILE_WRONG("fayed: fayed.conf:3: '4295967296' is beyond what "
			  "any setting takes",
			  "/*\n*/\nlimits = { sessions = 4295967296; };");
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: '-4294967295L' is beyond what "
			  "any setting takes",
			  "ping = -4294967295L;");
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: '0x100000001' is beyond what "
			  "any setting takes",
			  "ping = 0x100000001;");
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: '99999999999999999999999' is "
			  "beyond what any setting takes",
			  "timeout=99999999999999999999999;");
}

static void
large_numbers_elsewhere_are_none_of_our_business(void **state)
{
	struct config cfg;

	(void)state;
	cfg = FILE_SETTINGS("# 4295967296\n// 4295967296\n"
			    "/* 4295967296 @include */\n"
			    "mount = \"/4295967296\";\n");
	assert_string_equal(cfg.mounts[0], "/4295967296");
	server_config_clear(&cfg);
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: unknown key 'a4295967296'",
			  "a4295967296 = 1;");
	ASSERT_FILE_WRONG("fayed: fayed.conf:2: mount: '\"4295967296' does not "
			  "begin with / (try mount = \"/bayeux\")",
			  "\nmount = \"\\\"4295967296\";");
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: ping: '4295967296.5' is out of "
			  "range (0 to 86400 seconds)",
			  "ping = 4295967296.5;");
}

static void
includes_are_refused(void **state)
{
	(void)state;
	ASSERT_FILE_WRONG("fayed: fayed.conf:2: @include is not supported",
			  "timeout = 5;\n@include \".\"\n");
}

static void
broken_texts_are_named_with_their_line(void **state)
{
	(void)state;
	ASSERT_FILE_WRONG("fayed: fayed.conf:2: syntax error",
			  "timeout = 5;\nping;\n");
	ASSERT_FILE_WRONG("fayed: fayed.conf:3: syntax error",
			  "limits = {\n nesting = 5;\n");
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: syntax error", "{");
	ASSERT_FILE_WRONG("fayed: fayed.conf:2: duplicate setting name",
			  "timeout = 5;\ntimeout = 6;\n");
}

static void
comments_must_end(void **state)
{
	(void)state;
	ASSERT_FILE_WRONG("fayed: fayed.conf:2: a comment does not end",
			  "timeout = 5;\n/* ping = 5;\nmount = \"/x\";\n");
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: a comment does not end", "/*/");
}

static void
unfinished_texts_end(void **state)
{
	static const char *const texts[] = { "a = \"", "a = \"\\", "/*", "/",
					     "a = 0x", "@", "a = [", "#" };
	struct reading r;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(texts) / sizeof(texts[0]); i++) {
		reading_write_file(texts[i]);
		READ(&r, "-c", CONF);
		if (r.rc != CONFIG_WRONG)
			fail_msg("accepted: %s", texts[i]);
		assert_non_null(strstr(r.error, "fayed: fayed.conf:"));
		reading_clear(&r);
	}
	reading_write_file("#");
	READ(&r, "-c", CONF);
	assert_int_equal(r.rc, CONFIG_RUN);
	reading_clear(&r);
}

static void
files_that_cannot_be_read_are_named(void **state)
{
	(void)state;
	ASSERT_WRONG("fayed: none/x.conf: No such file or directory",
		     "--config", "none/x.conf");
	ASSERT_WRONG("fayed: .: Is a directory", "-c.");
	ASSERT_WRONG("fayed: --config: '' is no name of a file", "--config=");
	reading_write_bytes("timeout\0= 5;", 12);
	ASSERT_WRONG("fayed: fayed.conf: is no text: has a zero byte", "-c",
		     CONF);
}

static void
a_file_may_have_a_megabyte(void **state)
{
	size_t n = 1024 * 1024;
	char *text = malloc(n + 1);
	struct config cfg;

	(void)state;
	assert_non_null(text);
	memset(text, '\n', n + 1);
	memcpy(text, "ping = 5;", 9);
	reading_write_bytes(text, n);
	cfg = SETTINGS("-c", CONF);
	assert_int_equal(cfg.ping_ms, 5000);
	server_config_clear(&cfg);
	reading_write_bytes(text, n + 1);
	ASSERT_WRONG("fayed: fayed.conf: is longer than 1048576 bytes", "-c",
		     CONF);
	free(text);
}

static void
the_last_file_named_is_the_one_read(void **state)
{
	struct config cfg;

	(void)state;
	reading_write_file("ping = 7;");
	cfg = SETTINGS("-c", "none.conf", "--config", CONF);
	assert_int_equal(cfg.ping_ms, 7000);
	server_config_clear(&cfg);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comments_and_all_shapes_of_numbers_are_read),
		cmocka_unit_test(unknown_keys_are_named_with_their_line),
		cmocka_unit_test(what_is_no_setting_is_no_key),
		cmocka_unit_test(values_of_the_wrong_shape_are_named),
		cmocka_unit_test(values_that_are_none_come_with_an_example),
		cmocka_unit_test(integers_beyond_32_bits_do_not_wrap),
		cmocka_unit_test(
			large_numbers_elsewhere_are_none_of_our_business),
		cmocka_unit_test(includes_are_refused),
		cmocka_unit_test(broken_texts_are_named_with_their_line),
		cmocka_unit_test(comments_must_end),
		cmocka_unit_test(unfinished_texts_end),
		cmocka_unit_test(files_that_cannot_be_read_are_named),
		cmocka_unit_test(a_file_may_have_a_megabyte),
		cmocka_unit_test(the_last_file_named_is_the_one_read),
	};

	return cmocka_run_group_tests(tests, reading_setup, reading_teardown);
}
