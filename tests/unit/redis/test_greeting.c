/* What is read out of INFO. The rest of a greeting needs a server:
 * tests/redis-link. */
#include "redis/greeting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define INFO(version, loading, role) \
	"# Server\r\nredis_version:" version "\r\nredis_git_sha1:0\r\n\r\n" \
	"# Persistence\r\nloading:" loading "\r\nasync_loading:0\r\n\r\n" \
	"# Replication\r\nrole:" role "\r\nconnected_slaves:0\r\n"

static void
assert_welcome(const char *info)
{
	char why[WIRE_WHY_BYTES] = "";

	if (greeting_judge(str_from(info), why) != GREETING_WELCOME)
		fail_msg("'%s' %s", info, why);
}

static void
assert_not(enum greeting_verdict verdict, const char *expected, const char *info)
{
	char why[WIRE_WHY_BYTES] = "";

	assert_int_equal(greeting_judge(str_from(info), why), verdict);
	assert_string_equal(why, expected);
}

static void
masters_of_today_are_welcome(void **state)
{
	(void)state;
	assert_welcome(INFO("6.2.0", "0", "master"));
	assert_welcome(INFO("6.10.1", "0", "master"));
	assert_welcome(INFO("7.0.15", "0", "master"));
	assert_welcome(INFO("10.0", "0", "master"));
	assert_welcome(INFO("7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1", "0", "master"));
	assert_welcome("redis_version:7\nrole:master");
}

static void
old_ones_are_never(void **state)
{
	(void)state;
	assert_not(GREETING_NEVER, "Redis 6.0.16 is too old: 6.2 or later is needed",
		   INFO("6.0.16", "0", "master"));
	assert_not(GREETING_NEVER, "Redis 5.9 is too old: 6.2 or later is needed",
		   INFO("5.9", "1", "slave"));
	assert_not(GREETING_NEVER, "Redis 6 is too old: 6.2 or later is needed",
		   INFO("6", "0", "master"));
	assert_not(GREETING_NEVER, "Redis x is too old: 6.2 or later is needed",
		   INFO("x", "0", "master"));
}

static void
what_says_no_version_is_never(void **state)
{
	static const char fault[] = "does not say which version of Redis it is";

	(void)state;
	assert_not(GREETING_NEVER, fault, "");
	assert_not(GREETING_NEVER, fault, INFO("", "0", "master"));
	assert_not(GREETING_NEVER, fault, "x_redis_version:7.0.0\r\nrole:master\r\n");
	assert_not(GREETING_NEVER, fault,
		   INFO("7.0123456789012345678901234567890", "0", "master"));
}

static void
others_may_be_later(void **state)
{
	(void)state;
	assert_not(GREETING_LATER, "is a replica", INFO("7.0.15", "0", "slave"));
	assert_not(GREETING_LATER, "is still loading its data", INFO("7.0.15", "1", "master"));
	assert_not(GREETING_LATER, "is a replica", "redis_version:7.0.15\r\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(masters_of_today_are_welcome),
		cmocka_unit_test(old_ones_are_never),
		cmocka_unit_test(what_says_no_version_is_never),
		cmocka_unit_test(others_may_be_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
