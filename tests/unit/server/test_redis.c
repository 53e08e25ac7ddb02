/* Redis's URL and prefix, by every way in; and that nobody is told a password. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "redis/url.h"
#include "unit/failing_alloc.h"
#include "unit/server/reading.h"

#define TEN "0123456789"
#define SIXTY_FOUR TEN TEN TEN TEN TEN TEN "abcd"

/* NULL: none. */
static void
assert_redis(struct config cfg, const char *name)
{
	char got[REDIS_URL_NAME_BYTES];

	if (name)
		assert_string_equal(redis_url_name(cfg.redis, got), name);
	else
		assert_null(cfg.redis);
	server_config_clear(&cfg);
}

static void
assert_prefix(struct config cfg, const char *prefix)
{
	assert_string_equal(cfg.redis_prefix, prefix);
	server_config_clear(&cfg);
}

static void
a_node_is_alone_by_default(void **state)
{
	(void)state;
	assert_redis(SETTINGS(), NULL);
	assert_redis(SETTINGS("--redis="), NULL);
	assert_redis(FILE_SETTINGS("redis = \"\";"), NULL);
	assert_prefix(SETTINGS(), "fayed");
}

static void
the_command_line_wins_over_the_file(void **state)
{
	(void)state;
	assert_redis(FILE_SETTINGS("redis = \"redis://a\";"), "redis://a:6379/0");
	assert_redis(SETTINGS("-c", CONF, "--redis", "redis://b/1"), "redis://b:6379/1");
	assert_redis(SETTINGS("-c", CONF, "--redis", ""), NULL);
	assert_redis(SETTINGS("--redis", "redis://b", "--redis", "redis+unix:///c"),
		     "redis+unix:///c?db=0");
	assert_prefix(FILE_SETTINGS("redis_prefix = \"a\";"), "a");
	assert_prefix(SETTINGS("-c", CONF, "--redis-prefix", "b"), "b");
}

static void
the_whole_url_is_kept(void **state)
{
	struct config cfg = FILE_SETTINGS("redis = \"redis://u:p%40@h:1/2\";");

	(void)state;
	assert_string_equal(cfg.redis->user, "u");
	assert_string_equal(cfg.redis->password, "p@");
	assert_redis(cfg, "redis://u:***@h:1/2");
}

static void
what_is_wrong_is_told_without_the_url(void **state)
{
	(void)state;
	ASSERT_WRONG("fayed: --redis: the URL has a port that is not from 1 to 65535",
		     "--redis", "redis://u:secret@h:x");
	ASSERT_WRONG("fayed: --redis: the URL does not begin with redis://, rediss://, "
		     "redis+unix:// or redis-sentinel://",
		     "--redis=secret@h");
	ASSERT_FILE_WRONG("fayed: fayed.conf:2: redis: the URL has no password before "
			  "the @ (try redis://:PASSWORD@HOST)",
			  "\nredis = \"redis://secret@h\";");
}

static void
check_hides_the_password(void **state)
{
	struct reading r;

	(void)state;
	READ(&r, "--check", "--redis", "redis://me:secret@h");
	assert_int_equal(r.rc, CONFIG_EXIT_OK);
	assert_non_null(strstr(r.said, "redis = \"redis://me:***@h:6379/0\";\n"));
	assert_null(strstr(r.said, "secret"));
	/* Whoever starts with that hears why it cannot be. */
	reading_write_bytes(r.said, strlen(r.said) - 3);
	reading_clear(&r);
	READ(&r, "--config", CONF);
	assert_int_equal(r.rc, CONFIG_WRONG);
	assert_non_null(strstr(r.error, "redis: the URL has *** where its password was"));
	reading_clear(&r);
}

static void
a_prefix_has_few_characters(void **state)
{
	(void)state;
	assert_prefix(SETTINGS("--redis-prefix", "aZ09-_.:"), "aZ09-_.:");
	assert_prefix(SETTINGS("--redis-prefix", SIXTY_FOUR), SIXTY_FOUR);
	ASSERT_WRONG("fayed: --redis-prefix: '' has not 1 to 64 characters "
		     "(try --redis-prefix fayed)",
		     "--redis-prefix", "");
	ASSERT_WRONG("fayed: --redis-prefix: '" SIXTY_FOUR "e' has not 1 to 64 characters "
		     "(try --redis-prefix fayed)",
		     "--redis-prefix", SIXTY_FOUR "e");
	ASSERT_WRONG("fayed: --redis-prefix: 'a}' has more than letters, digits and "
		     "- _ . : (try --redis-prefix fayed)",
		     "--redis-prefix", "a}");
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: redis_prefix: 'a b' has more than letters, "
			  "digits and - _ . : (try redis_prefix = \"fayed\")",
			  "redis_prefix = \"a b\";");
}

static int
read_settings(void *arg)
{
	char program[] = "fayed", redis[] = "--redis=redis://u:p@h";
	char other[] = "--redis=redis://h", prefix[] = "--redis-prefix=x";
	char *argv[] = { program, redis, other, prefix, NULL };
	char error[CONFIG_ERROR_BYTES];
	struct config cfg;
	int rc;

	(void)arg;
	rc = server_config_read(&cfg, 4, argv, stdout, error);
	if (rc == CONFIG_RUN)
		server_config_clear(&cfg);
	return rc;
}

static void
memory_may_run_out(void **state)
{
	(void)state;
	failing_alloc_play(read_settings, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_node_is_alone_by_default),
		cmocka_unit_test(the_command_line_wins_over_the_file),
		cmocka_unit_test(the_whole_url_is_kept),
		cmocka_unit_test(what_is_wrong_is_told_without_the_url),
		cmocka_unit_test(check_hides_the_password),
		cmocka_unit_test(a_prefix_has_few_characters),
		cmocka_unit_test(memory_may_run_out),
	};

	return cmocka_run_group_tests(tests, reading_setup, reading_teardown);
}
