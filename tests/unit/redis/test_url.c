#include "redis/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct redis_url
parsed(const char *text)
{
	struct redis_url url;
	const char *fault = redis_url_parse(&url, str_from(text));

	if (fault)
		fail_msg("'%s' %s", text, fault);
	return url;
}

static void
assert_named(const char *text, const char *expected)
{
	struct redis_url url = parsed(text);
	char name[REDIS_URL_NAME_BYTES];

	assert_string_equal(redis_url_name(&url, name), expected);
}

/* What is wrong is said, nothing is filled, and nothing of the text is told. */
static void
assert_refused(const char *text, const char *expected)
{
	struct redis_url url, before;
	const char *fault;

	memset(&url, 0x5a, sizeof(url));
	before = url;
	fault = redis_url_parse(&url, str_from(text));
	if (!fault || !strstr(fault, expected))
		fail_msg("'%s' %s, not: %s", text, fault ? fault : "is taken", expected);
	assert_memory_equal(&url, &before, sizeof(url));
}

static void
one_server(void **state)
{
	struct redis_url url = parsed("redis://redis.example:7000/12");

	(void)state;
	assert_int_equal(url.kind, REDIS_URL_TCP);
	assert_false(url.tls);
	assert_int_equal(url.host_count, 1);
	assert_string_equal(url.hosts[0].name, "redis.example");
	assert_int_equal(url.hosts[0].port, 7000);
	assert_int_equal(url.db, 12);
	assert_string_equal(url.user, "");
	assert_string_equal(url.password, "");
}

static void
what_is_left_out_has_a_default(void **state)
{
	(void)state;
	assert_named("redis://h", "redis://h:6379/0");
	assert_named("redis://h/", "redis://h:6379/0");
	assert_named("redis://h:1", "redis://h:1/0");
	assert_named("redis://h/3", "redis://h:6379/3");
	assert_named("redis://127.0.0.1:65535/0", "redis://127.0.0.1:65535/0");
	assert_named("redis-sentinel://a,b:1/m", "redis-sentinel://a:26379,b:1/m/0");
	assert_named("redis-sentinel://a/m/", "redis-sentinel://a:26379/m/0");
	assert_named("redis+unix:///s", "redis+unix:///s?db=0");
}

static void
ipv6_stands_in_brackets(void **state)
{
	struct redis_url url = parsed("redis://[::1]:7000");

	(void)state;
	assert_string_equal(url.hosts[0].name, "::1");
	assert_int_equal(url.hosts[0].port, 7000);
	assert_named("redis://[2001:db8::1]/1", "redis://[2001:db8::1]:6379/1");
	assert_named("redis-sentinel://[::1]:1,[::2]/m",
		     "redis-sentinel://[::1]:1,[::2]:26379/m/0");
}

static void
user_and_password_are_decoded(void **state)
{
	struct redis_url url = parsed("redis://fay%65d:p%40%2F%3a%25:x@h");

	(void)state;
	assert_string_equal(url.user, "fayed");
	assert_string_equal(url.password, "p@/:%:x");
	assert_string_equal(url.hosts[0].name, "h");

	url = parsed("redis://:secret@h");
	assert_string_equal(url.user, "");
	assert_string_equal(url.password, "secret");

	url = parsed("redis://u:p@ss@h"); /* should have been %40, but is clear */
	assert_string_equal(url.password, "p@ss");

	url = parsed("redis-sentinel://u:p@a,b/m");
	assert_string_equal(url.user, "u");
	assert_string_equal(url.password, "p");
	assert_string_equal(url.hosts[0].name, "a");

	url = parsed("redis+unix://u:p@/run/s");
	assert_string_equal(url.password, "p");
	assert_string_equal(url.path, "/run/s");
}

static void
a_unix_socket(void **state)
{
	struct redis_url url = parsed("redis+unix:///run/a%3fb,c.sock?db=5");

	(void)state;
	assert_int_equal(url.kind, REDIS_URL_UNIX);
	assert_string_equal(url.path, "/run/a?b,c.sock");
	assert_int_equal(url.db, 5);
	assert_int_equal(url.host_count, 0);
}

static void
sentinels(void **state)
{
	struct redis_url url = parsed("redis-sentinel://s1:1,s2,[::1]:3/my%20master/2");

	(void)state;
	assert_int_equal(url.kind, REDIS_URL_SENTINEL);
	assert_int_equal(url.host_count, 3);
	assert_string_equal(url.hosts[2].name, "::1");
	assert_int_equal(url.hosts[1].port, 26379);
	assert_string_equal(url.master, "my master");
	assert_int_equal(url.db, 2);
}

static void
the_name_hides_the_password(void **state)
{
	(void)state;
	assert_named("redis://u%3a:secret@h", "redis://u%3A:***@h:6379/0");
	assert_named("redis://:secret@h", "redis://:***@h:6379/0");
	assert_named("redis-sentinel://:secret@h/m/1", "redis-sentinel://:***@h:26379/m/1");
	assert_named("redis+unix://:secret@/s", "redis+unix://:***@/s?db=0");
	assert_refused("redis://:***@h", "has *** where its password was");
}

/* Everything as long as it may be. */
static void
the_longest_fits_its_name(void **state)
{
	char host[REDIS_URL_HOST_BYTES], word[REDIS_URL_WORD_BYTES];
	char text[REDIS_URL_NAME_BYTES], name[REDIS_URL_NAME_BYTES];
	struct redis_url url, again;
	size_t n;

	(void)state;
	memset(host, 'h', sizeof(host) - 1);
	memset(word, '+', sizeof(word) - 1); /* three bytes each in a name */
	host[sizeof(host) - 1] = word[sizeof(word) - 1] = '\0';
	n = (size_t)snprintf(text, sizeof(text), "redis-sentinel://%s:%s@", word, word);
	for (int i = 0; i < REDIS_URL_MAX_HOSTS; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s:65535",
				      i ? "," : "", host);
	snprintf(text + n, sizeof(text) - n, "/%s/999999", word);
	url = parsed(text);
	redis_url_name(&url, name);
	n = strlen(name);
	assert_true(n < sizeof(name) - 1);
	assert_string_equal(name + n - 7, "/999999");
	memcpy(strchr(strchr(name + 17, ':') + 1, '*'), "xxx", 3);
	again = parsed(name);
	assert_string_equal(again.user, url.user);
	assert_string_equal(again.master, url.master);
	assert_memory_equal(again.hosts, url.hosts, sizeof(url.hosts));

	n = strlen(text);
	snprintf(text + n, sizeof(text) - n, "9");
	assert_refused(text, "database");
}

static void
other_texts_are_refused(void **state)
{
	static const struct {
		const char *text, *fault;
	} bad[] = {
		{ "", "does not begin with redis://" },
		{ "localhost:6379", "does not begin" },
		{ "redis:/h", "does not begin" },
		{ "http://h", "does not begin" },
		{ "REDIS://h", "does not begin" },
		{ " redis://h", "does not begin" },
		{ "redis://", "no host" },
		{ "redis:///1", "no host" },
		{ "redis://:6379", "neither a name nor" },
		{ "redis://a b", "neither a name nor" },
		{ "redis://-a", "neither a name nor" },
		{ "redis://a,b", "neither a name nor" },
		{ "redis://[::1", "neither a name nor" },
		{ "redis://[::1%lo]", "neither a name nor" },
		{ "redis://[127.0.0.1]", "neither a name nor" },
		{ "redis://[]", "neither a name nor" },
		{ "redis://::1", "neither a name nor" },
		{ "redis://[::1]x", "port" },
		{ "redis://h:", "port" },
		{ "redis://h:0", "port" },
		{ "redis://h:65536", "port" },
		{ "redis://h:99999999999999999999", "port" },
		{ "redis://h:1x", "port" },
		{ "redis://h:-1", "port" },
		{ "redis://h/x", "database" },
		{ "redis://h/-1", "database" },
		{ "redis://h/1/", "database" },
		{ "redis://h/1000000", "database" },
		{ "redis://h?db=1", "? or #" },
		{ "redis://h#x", "? or #" },
		{ "redis://h/1?x", "? or #" },
		{ "redis://user@h", "no password" },
		{ "redis://user:@h", "no password" },
		{ "redis://@h", "no password" },
		{ "redis://:%4@h", "bad %" },
		{ "redis://:%4g@h", "bad %" },
		{ "redis://:%00@h", "bad %" },
		{ "redis://:%0a@h", "bad %" },
		{ "redis://%:x@h", "bad %" },
		{ "redis://:a/b@h", "neither a name nor" },
		{ "redis-sentinel://a", "no master" },
		{ "redis-sentinel://a/", "no master" },
		{ "redis-sentinel://a//1", "no master" },
		{ "redis-sentinel:///m", "no host" },
		{ "redis-sentinel://a,/m", "no host" },
		{ "redis-sentinel://,a/m", "no host" },
		{ "redis-sentinel://a/m/x", "database" },
		{ "redis-sentinel://a/%/1", "bad %" },
		{ "redis-sentinel://a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a/m", "too many" },
		{ "redis+unix://", "no absolute path" },
		{ "redis+unix:///", "no absolute path" },
		{ "redis+unix://run/s", "no absolute path" },
		{ "redis+unix://#/s", "? or #" },
		{ "redis+unix://?/s", "no absolute path" },
		{ "redis+unix:///s?", "?db=N" },
		{ "redis+unix:///s?x=1", "?db=N" },
		{ "redis+unix:///s?db=", "database" },
		{ "redis+unix:///s?db=1&x", "database" },
		{ "redis+unix:///s%0a", "bad %" },
		{ "redis+unix:///0123456789012345678901234567890123456789012345678"
		  "90123456789012345678901234567890123456789012345678901234567",
		  "too long" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused(bad[i].text, bad[i].fault);
}

static void
a_zero_byte_is_no_end(void **state)
{
	struct redis_url url;

	(void)state;
	assert_non_null(redis_url_parse(&url, STR("redis://h\0x")));
	assert_non_null(redis_url_parse(&url, STR("redis://:a\0b@h")));
	assert_non_null(redis_url_parse(&url, STR("redis://[::1\0]")));
	assert_non_null(redis_url_parse(&url, STR("redis://h:1\0")));
	assert_non_null(redis_url_parse(&url, STR("redis://h/1\0")));
}

static void
tls_where_it_was_built(void **state)
{
	(void)state;
#ifdef HAVE_HIREDIS_SSL
	assert_true(parsed("rediss://h").tls);
	assert_named("rediss://h:7/1", "rediss://h:7/1");
#else
	assert_refused("rediss://h", "wants TLS, which this fayed was built without");
#endif
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_server),
		cmocka_unit_test(what_is_left_out_has_a_default),
		cmocka_unit_test(ipv6_stands_in_brackets),
		cmocka_unit_test(user_and_password_are_decoded),
		cmocka_unit_test(a_unix_socket),
		cmocka_unit_test(sentinels),
		cmocka_unit_test(the_name_hides_the_password),
		cmocka_unit_test(the_longest_fits_its_name),
		cmocka_unit_test(other_texts_are_refused),
		cmocka_unit_test(a_zero_byte_is_no_end),
		cmocka_unit_test(tls_where_it_was_built),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
