/* Every number and choice by every way in: default, file, command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/server/reading.h"

struct number {
	const char *option;
	const char *file;  /* a file that sets it, %s being the value */
	const char *key;   /* as errors have it */
	size_t field;
	bool is_ms;        /* int64_t; else size_t */
	int64_t initial;
	const char *low, *high, *lower, *higher; /* the last two are outside */
	int64_t low_value, high_value;
	const char *range; /* as errors have it */
};

#define AT(member) offsetof(struct config, member)
#define LIMIT(key) "limits = { " key " = %s; };", "limits." key
#define DAY INT64_C(86400000)
#define SECONDS_1MS "0.001", "86400", "0", "86400.001", 1, DAY, \
		    "0.001 to 86400 seconds"
#define SECONDS_0 "0", "86400", "-1", "86400.0001", 0, DAY, "0 to 86400 seconds"

static const struct number numbers[] = {
	{ "--timeout", "timeout = %s;", "timeout", AT(timeout_ms), true, 60000,
	  SECONDS_1MS },
	{ "--interval", "interval = %s;", "interval", AT(interval_ms), true, 0,
	  SECONDS_0 },
	{ "--ping", "ping = %s;", "ping", AT(ping_ms), true, 0, SECONDS_0 },
	{ "--limit-message-bytes", LIMIT("message_bytes"),
	  AT(limits.message_bytes), false, 1048576, "64", "1073741824", "63",
	  "1073741825", 64, 1073741824, "64 to 1073741824 bytes" },
	{ "--limit-batch-messages", LIMIT("batch_messages"),
	  AT(limits.batch_messages), false, 100, "1", "1000000", "0", "1000001",
	  1, 1000000, "1 to 1000000" },
	{ "--limit-nesting", LIMIT("nesting"), AT(limits.nesting), false, 64,
	  "2", "1000", "1", "1001", 2, 1000, "2 to 1000" },
	{ "--limit-header-bytes", LIMIT("header_bytes"),
	  AT(limits.header_bytes), false, 8192, "256", "65536", "255",
	  "65537", 256, 65536, "256 to 65536 bytes" },
	{ "--limit-subscriptions", LIMIT("subscriptions"),
	  AT(limits.subscriptions), false, 1000, "1", "1000000", "0", "1000001",
	  1, 1000000, "1 to 1000000" },
	{ "--limit-queue-messages", LIMIT("queue_messages"),
	  AT(limits.queue_messages), false, 10000, "1", "100000000", "0",
	  "100000001", 1, 100000000, "1 to 100000000" },
	{ "--limit-queue-bytes", LIMIT("queue_bytes"), AT(limits.queue_bytes),
	  false, 4194304, "64", "1073741824", "63", "1073741825", 64,
	  1073741824, "64 to 1073741824 bytes" },
	{ "--limit-unsent-bytes", LIMIT("unsent_bytes"),
	  AT(limits.unsent_bytes), false, 4194304, "1024", "1073741824", "1023",
	  "1073741825", 1024, 1073741824, "1024 to 1073741824 bytes" },
	{ "--limit-stall", LIMIT("stall"), AT(limits.stall_ms), true, 30000,
	  SECONDS_1MS },
	{ "--limit-head", LIMIT("head"), AT(limits.head_ms), true, 10000,
	  SECONDS_1MS },
	{ "--limit-connections", LIMIT("connections"), AT(limits.connections),
	  false, 0, "0", "10000000", "-1", "10000001", 0, 10000000,
	  "0 to 10000000" },
	{ "--limit-sessions", LIMIT("sessions"), AT(limits.sessions), false,
	  1000000, "1", "100000000", "0", "100000001", 1, 100000000,
	  "1 to 100000000" },
	{ "--limit-kept-messages", LIMIT("kept_messages"),
	  AT(limits.kept_messages), false, 10000, "0", "100000000", "-1",
	  "100000001", 0, 100000000, "0 to 100000000" },
	{ "--limit-kept-bytes", LIMIT("kept_bytes"), AT(limits.kept_bytes),
	  false, 67108864, "0", "1073741824", "-1", "1073741825", 0,
	  1073741824, "0 to 1073741824 bytes" },
};

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static int64_t
value(const struct config *cfg, const struct number *n)
{
	const char *p = (const char *)cfg + n->field;

	return n->is_ms ? *(const int64_t *)p :
			  (int64_t) * (const size_t *)p;
}

static void
assert_value(struct config cfg, const struct number *n, int64_t expected)
{
	int64_t got = value(&cfg, n);

	if (got != expected)
		fail_msg("%s is %lld instead of %lld", n->option,
			 (long long)got, (long long)expected);
	server_config_clear(&cfg);
}

static void
write_number(const struct number *n, const char *text)
{
	char file[200], *before, *after;

	before = strdup(n->file);
	after = strstr(before, "%s");
	*after = '\0';
	snprintf(file, sizeof(file), "%s%s%s", before, text, after + 2);
	free(before);
	reading_write_file(file);
}

static void
nothing_said_is_the_defaults(void **state)
{
	struct config cfg = SETTINGS();

	(void)state;
	assert_int_equal(cfg.listen_count, 1);
	assert_string_equal(cfg.listens[0].text, "127.0.0.1:8000");
	assert_int_equal(cfg.mount_count, 1);
	assert_string_equal(cfg.mounts[0], "/bayeux");
	assert_int_equal(cfg.origin_count, 1);
	assert_string_equal(cfg.origins[0], "*");
	assert_int_equal(cfg.log_level, LOG_LEVEL_INFO);
	assert_int_equal(cfg.limits.overflow, CONFIG_DROP_SESSION);
	server_config_clear(&cfg);
	for (size_t i = 0; i < NUMBERS; i++)
		assert_value(SETTINGS(), &numbers[i], numbers[i].initial);
}

static void
an_empty_file_changes_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < NUMBERS; i++)
		assert_value(FILE_SETTINGS("# nothing\n"), &numbers[i],
			     numbers[i].initial);
}

static void
each_number_is_set_by_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < NUMBERS; i++) {
		const struct number *n = &numbers[i];
		char word[80];

		assert_value(SETTINGS(n->option, n->low), n, n->low_value);
		snprintf(word, sizeof(word), "%s=%s", n->option, n->high);
		assert_value(SETTINGS(word), n, n->high_value);
	}
}

static void
each_number_is_set_by_the_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < NUMBERS; i++) {
		const struct number *n = &numbers[i];

		write_number(n, n->low);
		assert_value(SETTINGS("-c", CONF), n, n->low_value);
		write_number(n, n->high);
		assert_value(SETTINGS("-c", CONF), n, n->high_value);
	}
}

static void
words_win_over_the_file_wherever_they_stand(void **state)
{
	(void)state;
	for (size_t i = 0; i < NUMBERS; i++) {
		const struct number *n = &numbers[i];

		write_number(n, n->low);
		assert_value(SETTINGS("-c", CONF, n->option, n->high), n,
			     n->high_value);
		assert_value(SETTINGS(n->option, n->high, "-c", CONF), n,
			     n->high_value);
	}
}

static void
one_beyond_its_range_is_refused_in_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < NUMBERS; i++) {
		const struct number *n = &numbers[i];
		char line[200];

		snprintf(line, sizeof(line),
			 "fayed: %s: '%s' is out of range (%s)", n->option,
			 n->lower, n->range);
		ASSERT_WRONG(line, n->option, n->lower);
		snprintf(line, sizeof(line),
			 "fayed: %s: '%s' is out of range (%s)", n->option,
			 n->higher, n->range);
		ASSERT_WRONG(line, n->option, n->higher);
	}
}

static void
one_beyond_its_range_is_refused_in_the_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < NUMBERS; i++) {
		const struct number *n = &numbers[i];
		char line[200];

		write_number(n, n->lower);
		snprintf(line, sizeof(line),
			 "fayed: fayed.conf:1: %s: '%s' is out of range (%s)",
			 n->key, n->lower, n->range);
		ASSERT_WRONG(line, "-c", CONF);
		write_number(n, n->higher);
		snprintf(line, sizeof(line),
			 "fayed: fayed.conf:1: %s: '%s' is out of range (%s)",
			 n->key, n->higher, n->range);
		ASSERT_WRONG(line, "-c", CONF);
	}
}

static enum log_level
level(struct config cfg)
{
	enum log_level got = cfg.log_level;

	server_config_clear(&cfg);
	return got;
}

static void
log_levels_have_names(void **state)
{
	(void)state;
	assert_int_equal(level(SETTINGS("--log-level", "error")),
			 LOG_LEVEL_ERROR);
	assert_int_equal(level(SETTINGS("--log-level=warn")), LOG_LEVEL_WARN);
	assert_int_equal(level(SETTINGS("--log-level", "info")),
			 LOG_LEVEL_INFO);
	assert_int_equal(level(SETTINGS("--log-level", "debug")),
			 LOG_LEVEL_DEBUG);
	assert_int_equal(level(FILE_SETTINGS("log_level = \"warn\";")),
			 LOG_LEVEL_WARN);
	assert_int_equal(level(SETTINGS("-c", CONF, "--log-level=debug")),
			 LOG_LEVEL_DEBUG);
	ASSERT_WRONG("fayed: --log-level: 'INFO' is none of "
		     "error, warn, info, debug",
		     "--log-level", "INFO");
	ASSERT_FILE_WRONG("fayed: fayed.conf:2: log_level: '2' is none of "
			  "error, warn, info, debug",
			  "\nlog_level = 2;");
}

static enum config_switch
redelivery(struct config cfg)
{
	enum config_switch got = cfg.redelivery;

	server_config_clear(&cfg);
	return got;
}

static void
redelivery_is_on_until_it_is_switched_off(void **state)
{
	(void)state;
	assert_int_equal(redelivery(SETTINGS("--ping", "1")), CONFIG_ON);
	assert_int_equal(redelivery(SETTINGS("--redelivery", "off")), CONFIG_OFF);
	assert_int_equal(redelivery(FILE_SETTINGS("redelivery = \"off\";")),
			 CONFIG_OFF);
	ASSERT_WRONG("fayed: --redelivery: 'no' is none of off, on", "--redelivery",
		     "no");
}

static enum config_switch
compress(struct config cfg)
{
	enum config_switch got = cfg.compress;

	server_config_clear(&cfg);
	return got;
}

static void
compress_is_off_until_it_is_switched_on(void **state)
{
	(void)state;
	assert_int_equal(compress(SETTINGS("--ping", "1")), CONFIG_OFF);
	assert_int_equal(compress(SETTINGS("--compress", "on")), CONFIG_ON);
	assert_int_equal(compress(FILE_SETTINGS("compress = \"on\";")), CONFIG_ON);
	ASSERT_WRONG("fayed: --compress: 'deflate' is none of off, on", "--compress",
		     "deflate");
}

static enum config_switch
metrics(struct config cfg)
{
	enum config_switch got = cfg.metrics;

	server_config_clear(&cfg);
	return got;
}

static void
metrics_are_off_until_they_are_switched_on(void **state)
{
	(void)state;
	assert_int_equal(metrics(SETTINGS("--ping", "1")), CONFIG_OFF);
	assert_int_equal(metrics(SETTINGS("--metrics", "on")), CONFIG_ON);
	assert_int_equal(metrics(FILE_SETTINGS("metrics = \"on\";")), CONFIG_ON);
	ASSERT_WRONG("fayed: --metrics: '/metrics' is none of off, on", "--metrics",
		     "/metrics");
}

static enum config_overflow
overflow(struct config cfg)
{
	enum config_overflow got = cfg.limits.overflow;

	server_config_clear(&cfg);
	return got;
}

static void
overflow_has_two_policies(void **state)
{
	(void)state;
	assert_int_equal(overflow(SETTINGS("--limit-overflow", "drop-oldest")),
			 CONFIG_DROP_OLDEST);
	assert_int_equal(overflow(FILE_SETTINGS(
				 "limits = { overflow = \"drop-oldest\"; };")),
			 CONFIG_DROP_OLDEST);
	assert_int_equal(overflow(SETTINGS("-c", CONF, "--limit-overflow",
					   "drop-session")),
			 CONFIG_DROP_SESSION);
	ASSERT_WRONG("fayed: --limit-overflow: '' is none of "
		     "drop-session, drop-oldest",
		     "--limit-overflow=");
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: limits.overflow: 'drop' is "
			  "none of drop-session, drop-oldest",
			  "limits = { overflow = \"drop\"; };");
}

static void
the_last_word_on_a_number_counts(void **state)
{
	struct config cfg = SETTINGS("--timeout", "1", "--timeout", "2");

	(void)state;
	assert_int_equal(cfg.timeout_ms, 2000);
	server_config_clear(&cfg);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_said_is_the_defaults),
		cmocka_unit_test(an_empty_file_changes_nothing),
		cmocka_unit_test(each_number_is_set_by_words),
		cmocka_unit_test(each_number_is_set_by_the_file),
		cmocka_unit_test(words_win_over_the_file_wherever_they_stand),
		cmocka_unit_test(one_beyond_its_range_is_refused_in_words),
		cmocka_unit_test(one_beyond_its_range_is_refused_in_the_file),
		cmocka_unit_test(log_levels_have_names),
		cmocka_unit_test(redelivery_is_on_until_it_is_switched_off),
		cmocka_unit_test(compress_is_off_until_it_is_switched_on),
		cmocka_unit_test(metrics_are_off_until_they_are_switched_on),
		cmocka_unit_test(overflow_has_two_policies),
		cmocka_unit_test(the_last_word_on_a_number_counts),
	};

	return cmocka_run_group_tests(tests, reading_setup, reading_teardown);
}
