#include "transport/route.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct str mounts[] = { STR("/bayeux"), STR("/deep/er") };
static const struct route usual = { mounts, 2 };

/* Each is copied to where a sanitizer sees a look beyond its end. */
static bool
is_ours(const struct route *r, const char *target)
{
	size_t n = strlen(target);
	char *copy = malloc(n ? n : 1);
	bool ours;

	assert_non_null(copy);
	memcpy(copy, target, n);
	ours = route_is_ours(r, (struct str){ copy, n });
	free(copy);
	return ours;
}

static void
assert_ours(const char *const *targets)
{
	for (; *targets; targets++)
		if (!is_ours(&usual, *targets))
			fail_msg("%s is not ours", *targets);
}

static void
assert_others(const char *const *targets)
{
	for (; *targets; targets++)
		if (is_ours(&usual, *targets))
			fail_msg("%s is ours", *targets);
}

#define ASSERT_OURS(...) assert_ours((const char *const[]){ __VA_ARGS__, NULL })
#define ASSERT_OTHERS(...) assert_others((const char *const[]){ __VA_ARGS__, NULL })

static void
the_mount_and_what_lies_below_are_ours(void **state)
{
	(void)state;
	ASSERT_OURS("/bayeux", "/bayeux/", "/bayeux/a/b", "/bayeux//", "/bayeux/handshake",
		    "/deep/er", "/deep/er/client.js");
	ASSERT_OTHERS("/", "/bayeu", "/bayeuxfoo", "/bayeux-", "/foo/bayeux", "/deep",
		      "/deep/", "/deep/err", "//bayeux", "/deep//er");
}

static void
a_suffix_that_begins_with_a_dot_is_ours(void **state)
{
	(void)state;
	ASSERT_OURS("/bayeux.js", "/bayeux.json", "/bayeux.", "/bayeux.js.map", "/bayeux..",
		    "/bayeux.x/y");
}

static void
the_query_plays_no_part(void **state)
{
	(void)state;
	ASSERT_OURS("/bayeux?", "/bayeux?a=/../..", "/bayeux/?x", "/bayeux.js?v=1",
		    "/bayeux?/..", "/bayeux#x");
	ASSERT_OTHERS("/?/bayeux", "/x?/../bayeux", "?/bayeux", "/bayeuxx?");
}

static void
case_and_escapes_stay(void **state)
{
	(void)state;
	ASSERT_OTHERS("/Bayeux", "/BAYEUX", "/%62ayeux", "/bayeux%2f", "/bayeu%78");
	ASSERT_OURS("/bayeux/%2e%2e", "/bayeux/%00");
}

static void
dots_are_resolved(void **state)
{
	(void)state;
	ASSERT_OURS("/x/../bayeux", "/./bayeux", "/bayeux/.", "/bayeux/./", "/bayeux/x/..",
		    "/../bayeux", "/../../bayeux/x", "/bayeux/../bayeux", "/x/y/../../bayeux",
		    "/deep/x/../er", "/deep/./er/./x/..//", "/bayeux/...", "/bayeux/.x");
	ASSERT_OTHERS("/bayeux/..", "/bayeux/../", "/bayeux/../x", "/bayeux/x/../..",
		      "/bayeux/./..", "/deep/er/..", "/x/..", "/..", "/.", "/.../bayeux",
		      "/x../bayeux", "/..bayeux");
}

static void
an_absolute_targets_host_is_passed_over(void **state)
{
	(void)state;
	ASSERT_OURS("http://host/bayeux", "https://host:8000/bayeux/x?y",
		    "http://a@[::1]:1/x/../bayeux", "http:///bayeux");
	ASSERT_OTHERS("http://host", "http://host/", "http://bayeux", "http://host?/bayeux",
		      "https://", "http://", "ftp://host/bayeux", "http:/bayeux",
		      "http://host/x", "http://[", "host/bayeux");
}

static void
odd_targets_are_nobodys(void **state)
{
	(void)state;
	ASSERT_OTHERS("", "*", "//", "bayeux", "?", "#", "host:80", "///", ".", "..");
	assert_false(route_is_ours(&usual, (struct str){ NULL, 0 }));
}

static void
too_long_a_path_is_nobodys(void **state)
{
	char *target = malloc(20000);

	(void)state;
	assert_non_null(target);
	memset(target, 'x', 20000);
	memcpy(target, "/bayeux/", 8);
	assert_true(route_is_ours(&usual, (struct str){ target, 8000 }));
	assert_false(route_is_ours(&usual, (struct str){ target, 20000 }));
	/* Of slashes and dots, which are copied and taken back. */
	for (size_t i = 0; i < 20000; i++)
		target[i] = "/x/.."[i % 5];
	for (size_t n = 8180; n < 8200; n++)
		assert_false(route_is_ours(&usual, (struct str){ target, n }));
	/* The query may be of any length. */
	memcpy(target, "/bayeux?", 8);
	assert_true(route_is_ours(&usual, (struct str){ target, 20000 }));
	free(target);
}

static void
the_root_takes_every_path(void **state)
{
	static const struct str root[] = { STR("") };
	static const struct route all = { root, 1 }, none = { root, 0 };

	(void)state;
	assert_true(is_ours(&all, "/"));
	assert_true(is_ours(&all, "/x"));
	assert_true(is_ours(&all, "/x/../.."));
	assert_true(is_ours(&all, "/.x"));
	assert_true(is_ours(&all, "http://host/x"));
	assert_false(is_ours(&all, "*"));
	assert_false(is_ours(&none, "/"));
}

static void
assert_script(const struct route *r, const char *target, const char *name)
{
	struct str got = route_script(r, str_from(target));

	if (!str_equal(got, str_from(name)))
		fail_msg("%s is '%.*s' instead of '%s'", target, (int)got.n, got.p, name);
}

static void
a_script_is_the_last_segment(void **state)
{
	(void)state;
	assert_script(&usual, "/bayeux/client.js", "client.js");
	assert_script(&usual, "/bayeux/x.js", "x.js");
	assert_script(&usual, "/bayeux/x.js?v=1.map", "x.js");
	assert_script(&usual, "http://host/bayeux/x.js.map#y", "x.js.map");
	assert_script(&usual, "/bayeux/any/depth/../client.js", "client.js");
	assert_script(&usual, "/bayeux/../../etc/../bayeux/passwd.js", "passwd.js");
	assert_script(&usual, "/bayeux/..js", "..js");
	assert_script(&usual, "/bayeux/%2e%2e%2fx.js", "%2e%2e%2fx.js");
	assert_script(&usual, "/bayeux//.map", ".map");
}

static void
other_targets_are_no_script(void **state)
{
	static const char *const others[] = {
		"", "*", "/", "/bayeux", "/bayeux/", "/bayeux/x.js/", "/bayeux/x.js/..",
		"/bayeux/x.js/.", "/bayeux/x.json", "/bayeux/x.JS", "/bayeux/js",
		"/bayeux/map", "/bayeux/x?y.js", "/bayeux/x#y.js", "/bayeux/x.js%20",
		"http://host.js", NULL,
	};

	(void)state;
	for (size_t i = 0; others[i]; i++)
		assert_script(&usual, others[i], "");
}

static void
each_mount_has_a_script_of_its_name(void **state)
{
	static const struct str roots[] = { STR(""), STR("/a"), STR("/a/b.c") };
	static const struct route nested = { roots, 3 };

	(void)state;
	assert_script(&usual, "/bayeux.js", "client.js");
	assert_script(&usual, "/bayeux/bayeux.js", "client.js");
	assert_script(&usual, "/x/../bayeux/any/bayeux.js?x", "client.js");
	assert_script(&usual, "/deep/er.js", "client.js");
	assert_script(&usual, "/deep/er/er.js", "client.js");
	assert_script(&usual, "/deep/er/deep.js", "deep.js");
	assert_script(&usual, "/deep/er/bayeux.js", "bayeux.js");
	assert_script(&usual, "/bayeux/er.js", "er.js");
	assert_script(&usual, "/bayeux.js.map", "bayeux.js.map");
	assert_script(&usual, "/bayeux.map", "bayeux.map");
	assert_script(&usual, "/bayeux/bayeuxx.js", "bayeuxx.js");
	assert_script(&nested, "/.js", "client.js");
	assert_script(&nested, "/a.js", "client.js");
	assert_script(&nested, "/a/b.c.js", "client.js");
	assert_script(&nested, "/b.c.js", "b.c.js");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_mount_and_what_lies_below_are_ours),
		cmocka_unit_test(a_suffix_that_begins_with_a_dot_is_ours),
		cmocka_unit_test(the_query_plays_no_part),
		cmocka_unit_test(case_and_escapes_stay),
		cmocka_unit_test(dots_are_resolved),
		cmocka_unit_test(an_absolute_targets_host_is_passed_over),
		cmocka_unit_test(odd_targets_are_nobodys),
		cmocka_unit_test(too_long_a_path_is_nobodys),
		cmocka_unit_test(the_root_takes_every_path),
		cmocka_unit_test(a_script_is_the_last_segment),
		cmocka_unit_test(other_targets_are_no_script),
		cmocka_unit_test(each_mount_has_a_script_of_its_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
