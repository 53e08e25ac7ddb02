/* The command line's own mistakes, and what help, version and check say. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "fayed/version.h"
#include "unit/server/reading.h"

static void
wrong_words_are_named(void **state)
{
	(void)state;
	ASSERT_WRONG("fayed: unknown option '--timout' (try --help)",
		     "--timout", "5");
	ASSERT_WRONG("fayed: unknown option '--timout' (try --help)",
		     "--timout=5");
	ASSERT_WRONG("fayed: unknown option '--time' (try --help)", "--time=5");
	ASSERT_WRONG("fayed: unknown option '--TIMEOUT' (try --help)",
		     "--TIMEOUT=5");
	ASSERT_WRONG("fayed: unknown option '-x' (try --help)", "-x");
	ASSERT_WRONG("fayed: unknown option '-timeout' (try --help)",
		     "-timeout", "5");
	ASSERT_WRONG("fayed: unknown option '---' (try --help)", "---");
	ASSERT_WRONG("fayed: unknown option '--' (try --help)", "--=x");
	ASSERT_WRONG("fayed: stray argument 'now' (try --help)", "--ping", "1",
		     "now");
	ASSERT_WRONG("fayed: stray argument '-' (try --help)", "-");
	ASSERT_WRONG("fayed: stray argument '' (try --help)", "");
	ASSERT_WRONG("fayed: stray argument 'x' (try --help)", "--", "x");
}

static void
missing_and_needless_arguments_are_named(void **state)
{
	(void)state;
	ASSERT_WRONG("fayed: --timeout needs an argument: --timeout SECONDS",
		     "--timeout");
	ASSERT_WRONG("fayed: -c needs an argument: -c FILE", "-c");
	ASSERT_WRONG("fayed: --listen needs an argument: --listen ADDR:PORT",
		     "--mount", "/x", "--listen");
	ASSERT_WRONG("fayed: --check takes no argument", "--check=yes");
	ASSERT_WRONG("fayed: --help takes no argument", "--help=");
}

static void
values_that_are_none_come_with_an_example(void **state)
{
	(void)state;
	ASSERT_WRONG("fayed: --timeout: 'abc' is no number of seconds "
		     "(try --timeout 60)",
		     "--timeout", "abc");
	ASSERT_WRONG("fayed: --ping: '' is no number of seconds (try --ping 0)",
		     "--ping=");
	ASSERT_WRONG("fayed: --limit-stall: '--check' is no number of seconds "
		     "(try --limit-stall 30)",
		     "--limit-stall", "--check");
	ASSERT_WRONG("fayed: --limit-queue-bytes: '4X' is no number of bytes "
		     "(try --limit-queue-bytes 4M)",
		     "--limit-queue-bytes", "4X");
	ASSERT_WRONG("fayed: --limit-sessions: '1k' is no number "
		     "(try --limit-sessions 1000000)",
		     "--limit-sessions", "1k");
}

static void
bytes_take_units(void **state)
{
	struct config cfg = SETTINGS("--limit-message-bytes", "64k",
				     "--limit-queue-bytes=2M");

	(void)state;
	assert_int_equal(cfg.limits.message_bytes, 65536);
	assert_int_equal(cfg.limits.queue_bytes, 2097152);
	server_config_clear(&cfg);
}

static void
two_dashes_alone_end_the_options(void **state)
{
	struct config cfg = SETTINGS("--timeout", "5", "--");

	(void)state;
	assert_int_equal(cfg.timeout_ms, 5000);
	server_config_clear(&cfg);
}

static void
no_words_at_all_are_the_defaults(void **state)
{
	char error[CONFIG_ERROR_BYTES], *argv[] = { NULL };
	struct config cfg;

	(void)state;
	assert_int_equal(server_config_read(&cfg, 0, argv, stdout, error), 0);
	assert_int_equal(cfg.timeout_ms, 60000);
	server_config_clear(&cfg);
}

static void
an_error_stays_one_line_that_fits(void **state)
{
	char word[2000];
	struct reading r;

	(void)state;
	ASSERT_WRONG("fayed: --mount: 'a?b?c?' does not begin with / "
		     "(try --mount /bayeux)",
		     "--mount", "a\nb\x1b"
				"c\x7f");
	memset(word, 'x', sizeof(word));
	word[sizeof(word) - 1] = '\0';
	READ(&r, word);
	assert_int_equal(r.rc, CONFIG_WRONG);
	assert_non_null(strstr(r.error, "xxx' (try --help)"));
	reading_clear(&r);
	word[0] = word[1] = '-';
	READ(&r, word);
	assert_int_equal(r.rc, CONFIG_WRONG);
	assert_non_null(strstr(r.error, "xxx' (try --help)"));
	reading_clear(&r);
	READ(&r, "--config", word);
	assert_int_equal(r.rc, CONFIG_WRONG);
	assert_int_equal(strlen(r.error), CONFIG_ERROR_BYTES - 1);
	reading_clear(&r);
}

static void
assert_says(const char *text, const char *const *words)
{
	struct reading r;

	reading_start(&r, words);
	assert_int_equal(r.rc, CONFIG_EXIT_OK);
	assert_string_equal(r.said, text);
	assert_string_equal(r.error, "");
	assert_null(r.cfg.listens);
	assert_null(r.cfg.mounts);
	assert_null(r.cfg.origins);
	reading_clear(&r);
}

static void
version_is_said(void **state)
{
	const char *text = "fayed " FAYED_VERSION "\n";

	(void)state;
	assert_says(text, WORDS("--version"));
	assert_says(text, WORDS("--timeout", "5", "--version", "--bogus"));
	ASSERT_WRONG("fayed: unknown option '--bogus' (try --help)", "--bogus",
		     "--version");
}

static void
help_fits_a_screen(void **state)
{
	struct reading r;
	int lines = 0;

	(void)state;
	READ(&r, "--help");
	assert_int_equal(r.rc, CONFIG_EXIT_OK);
	for (char *p = r.said; *p; lines++) {
		size_t n = strcspn(p, "\n");

		if (n > 79)
			fail_msg("a line has %zu columns: %.*s", n, (int)n, p);
		p += n + 1;
	}
	assert_in_range(lines, 20, 40);
	reading_clear(&r);
}

/* Spaces do not count: where the columns are is help's own affair. */
static bool
says_line(const char *said, const char *line)
{
	for (const char *p = said; *p; p += strcspn(p, "\n") + 1) {
		const char *a = p, *b = line;

		for (;; a++, b++) {
			a += strspn(a, " ");
			b += strspn(b, " ");
			if (!*b && *a == '\n')
				return true;
			if (*a != *b)
				break;
		}
	}
	return false;
}

static void
help_has_arguments_choices_and_defaults(void **state)
{
	static const char *const lines[] = {
		"-c, --config FILE read settings from FILE",
		"--listen ADDR:PORT serve here; may be repeated "
		"[127.0.0.1:8000]",
		"--timeout SECONDS longest wait of a /meta/connect [60]",
		"--redis URL share clients with other nodes there",
		"--redis-prefix PREFIX in its keys: {PREFIX}: [fayed]",
		"--log-level LEVEL log: error|warn|info|debug [info]",
		"--help print this text",
		"--limit-message-bytes N a request's body, a WebSocket "
		"message [1M]",
		"--limit-overflow POLICY beyond: drop-session|drop-oldest "
		"[drop-session]",
	};
	struct reading r;

	(void)state;
	READ(&r, "--help", "--bogus");
	assert_int_equal(r.rc, CONFIG_EXIT_OK);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (!says_line(r.said, lines[i]))
			fail_msg("--help lacks: %s", lines[i]);
	}
	reading_clear(&r);
}

static void
check_says_the_settings_and_ok(void **state)
{
	(void)state;
	assert_says("listen = [\"127.0.0.1:8000\"];\n"
		    "mount = [\"/bayeux\"];\n"
		    "origins = [\"*\"];\n"
		    "timeout = 60;\n"
		    "interval = 0;\n"
		    "ping = 0;\n"
		    "workers = 0;\n"
		    "redelivery = \"on\";\n"
		    "compress = \"off\";\n"
		    "client_dir = \"\";\n"
		    "redis = \"\";\n"
		    "redis_prefix = \"fayed\";\n"
		    "redis_log = 10000;\n"
		    "metrics = \"off\";\n"
		    "log_level = \"info\";\n"
		    "limits = {\n"
		    "\tmessage_bytes = 1048576;\n"
		    "\tbatch_messages = 100;\n"
		    "\tnesting = 64;\n"
		    "\theader_bytes = 8192;\n"
		    "\tsubscriptions = 1000;\n"
		    "\tqueue_messages = 10000;\n"
		    "\tqueue_bytes = 4194304;\n"
		    "\toverflow = \"drop-session\";\n"
		    "\tunsent_bytes = 4194304;\n"
		    "\tstall = 30;\n"
		    "\thead = 10;\n"
		    "\tconnections = 0;\n"
		    "\tsessions = 1000000;\n"
		    "\tkept_messages = 10000;\n"
		    "\tkept_bytes = 67108864;\n"
		    "};\n"
		    "ok\n",
		    WORDS("--check"));
}

static void
check_prints_a_file_that_says_the_same(void **state)
{
	struct reading first;

	(void)state;
	READ(&first, "--check", "--listen", "*:1", "--listen", "[::1]:0",
	     "--mount", "/", "--mount", "/a'b", "--origin",
	     "http://[::1]:3000", "--origin", "null", "--timeout", "0.25",
	     "--interval", "1.001", "--log-level", "debug", "--limit-overflow",
	     "drop-oldest", "--limit-nesting", "7", "--limit-header-bytes",
	     "3k", "--redis", "redis-sentinel://a,[::1]:1/m/2", "--redis-prefix",
	     "a:b");
	assert_int_equal(first.rc, CONFIG_EXIT_OK);
	assert_true(strlen(first.said) > 3);
	reading_write_bytes(first.said, strlen(first.said) - 3); /* no "ok\n" */
	assert_says(first.said, WORDS("--config", CONF, "--check"));
	reading_clear(&first);
}

static void
check_finds_what_is_wrong(void **state)
{
	(void)state;
	ASSERT_WRONG("fayed: --ping: 'x' is no number of seconds "
		     "(try --ping 0)",
		     "--check", "--ping", "x");
	reading_write_file("timout = 1;");
	ASSERT_WRONG("fayed: fayed.conf:1: unknown key 'timout'", "--check",
		     "-c", CONF);
}

static void
the_example_is_right_and_shows_every_default(void **state)
{
	struct reading defaults;

	(void)state;
	READ(&defaults, "--check");
	assert_int_equal(defaults.rc, CONFIG_EXIT_OK);
	assert_says(defaults.said, WORDS("--check", "-c", EXAMPLE_CONF));
	reading_clear(&defaults);
}

/* Otherwise a setting could be missing there and nobody would see. */
static void
the_example_has_every_key(void **state)
{
	char text[16384], *line, *rest;
	struct reading r;
	FILE *file;
	size_t n;

	(void)state;
	file = fopen(EXAMPLE_CONF, "re");
	assert_non_null(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	assert_true(feof(file));
	text[n] = '\0';
	fclose(file);
	READ(&r, "--check");
	for (line = strtok_r(r.said, "\n", &rest); line && *line != '}';
	     line = strtok_r(NULL, "\n", &rest)) {
		char *key = line + strspn(line, "\t"), at_start[64];

		snprintf(at_start, sizeof(at_start), "\n%s%.*s = ",
			 key == line ? "" : "\t", (int)strcspn(key, " "), key);
		if (!strstr(text, at_start))
			fail_msg("the example lacks:%s", at_start);
	}
	reading_clear(&r);
}

static int
say_to_full_device(const char *option)
{
	char error[CONFIG_ERROR_BYTES], program[] = "fayed", word[16];
	char *argv[] = { program, word, NULL };
	FILE *out = fopen("/dev/full", "we");
	struct config cfg;
	int rc;

	assert_non_null(out);
	snprintf(word, sizeof(word), "%s", option);
	rc = server_config_read(&cfg, 2, argv, out, error);
	assert_null(cfg.listens);
	fclose(out);
	return rc;
}

static void
what_cannot_be_said_is_a_fault(void **state)
{
	(void)state;
	if (access("/dev/full", W_OK))
		skip();
	assert_int_equal(say_to_full_device("--help"), -ENOSPC);
	assert_int_equal(say_to_full_device("--version"), -ENOSPC);
	assert_int_equal(say_to_full_device("--check"), -ENOSPC);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wrong_words_are_named),
		cmocka_unit_test(missing_and_needless_arguments_are_named),
		cmocka_unit_test(values_that_are_none_come_with_an_example),
		cmocka_unit_test(bytes_take_units),
		cmocka_unit_test(two_dashes_alone_end_the_options),
		cmocka_unit_test(no_words_at_all_are_the_defaults),
		cmocka_unit_test(an_error_stays_one_line_that_fits),
		cmocka_unit_test(version_is_said),
		cmocka_unit_test(help_fits_a_screen),
		cmocka_unit_test(help_has_arguments_choices_and_defaults),
		cmocka_unit_test(check_says_the_settings_and_ok),
		cmocka_unit_test(check_prints_a_file_that_says_the_same),
		cmocka_unit_test(check_finds_what_is_wrong),
		cmocka_unit_test(the_example_is_right_and_shows_every_default),
		cmocka_unit_test(the_example_has_every_key),
		cmocka_unit_test(what_cannot_be_said_is_a_fault),
	};

	return cmocka_run_group_tests(tests, reading_setup, reading_teardown);
}
