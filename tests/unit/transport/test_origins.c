#include "transport/origins.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MOST = 4 };

/* A list as the configuration would make it. */
struct welcome {
	struct origin list[MOST];
	struct origins origins;
};

static void
welcome(struct welcome *w, const char *const *texts)
{
	size_t n;

	for (n = 0; texts[n]; n++)
		assert_int_equal(origin_parse(&w->list[n], str_from(texts[n])), 0);
	w->origins = (struct origins){ w->list, n };
}

#define WELCOME(w, ...) welcome(w, (const char *const[]){ __VA_ARGS__, NULL })

/* Each is copied to where a sanitizer sees a look beyond its end. */
static bool
allows(bool (*allow)(const struct origins *, struct str), const struct welcome *w,
       const char *text)
{
	size_t n = strlen(text);
	char *copy = malloc(n ? n : 1);
	bool allowed;

	assert_non_null(copy);
	memcpy(copy, text, n);
	allowed = allow(&w->origins, (struct str){ copy, n });
	free(copy);
	return allowed;
}

static void
assert_all(const struct welcome *w, bool allowed, const char *const *texts)
{
	for (; *texts; texts++)
		if (allows(origins_allow, w, *texts) != allowed)
			fail_msg("%s is %s", *texts, allowed ? "refused" : "allowed");
}

#define ASSERT_ALLOWED(w, ...) assert_all(w, true, (const char *const[]){ __VA_ARGS__, NULL })
#define ASSERT_REFUSED(w, ...) \
	assert_all(w, false, (const char *const[]){ __VA_ARGS__, NULL })

static void
without_a_list_all_are_allowed(void **state)
{
	struct welcome w = { 0 };

	(void)state;
	ASSERT_ALLOWED(&w, "https://example.com", "null", "", "nonsense", "https://a/b");
	assert_true(origins_allow(&w.origins, (struct str){ NULL, 0 }));
	assert_true(allows(origins_allow_page, &w, "what?"));
}

static void
the_listed_are_allowed_and_none_that_looks_like_it(void **state)
{
	struct welcome w;

	(void)state;
	WELCOME(&w, "https://example.com", "http://localhost:3000");
	ASSERT_ALLOWED(&w, "https://example.com", "http://localhost:3000");
	ASSERT_REFUSED(&w, "https://example.com.evil.com", "https://evilexample.com",
		       "https://www.example.com", "https://example.co", "https://example.comm",
		       "https://example.com.", "https://.example.com", "https://example.com/",
		       "https://example.com/x", "https://example.com?", "https://example.com#",
		       "https://example.com@evil.com", "https://example.com:443@evil.com",
		       "https://example.com:pw@evil.com", "https://evil.com/https://example.com",
		       "https://evil.com#https://example.com", "https://example.com\\.evil.com",
		       "https://example.com%2eevil.com", "https://example.com evil.com",
		       "https://example.com, https://evil.com",
		       "https://evil.com https://example.com", " https://example.com",
		       "https://example.com ", "https://ex\xc3\xa4mple.com", "*", "https://*",
		       "https://*.com", "https://*.example.com");
	ASSERT_REFUSED(&w, "", "null", "example.com", "//example.com", "https:", "https:/",
		       "https://", "https:example.com", "https:/example.com",
		       "https:///example.com", "://example.com", "httpss://example.com",
		       "xhttps://example.com", "ttps://example.com", "file://", "http://localhost",
		       "javascript://example.com");
	assert_false(origins_allow(&w.origins, (struct str){ NULL, 0 }));
}

static void
the_scheme_counts(void **state)
{
	struct welcome w;

	(void)state;
	WELCOME(&w, "https://example.com:8080", "http://example.org:443");
	ASSERT_REFUSED(&w, "http://example.com:8080", "https://example.org", "wss://example.com:8080",
		       "http://example.org");
	ASSERT_ALLOWED(&w, "http://example.org:443");
}

static void
letters_case_does_not_count(void **state)
{
	struct welcome w;

	(void)state;
	WELCOME(&w, "https://Example.COM", "http://*.Other.example");
	ASSERT_ALLOWED(&w, "HTTPS://EXAMPLE.COM", "https://example.com", "Https://eXample.com:443",
		       "http://WWW.other.EXAMPLE");
	/* A browser writes it so, and in no other way. */
	ASSERT_REFUSED(&w, "NULL", "Null");
}

static void
a_usual_port_is_as_good_as_none(void **state)
{
	struct welcome w;

	(void)state;
	WELCOME(&w, "https://a", "http://b:80", "https://c:8443", "app://d");
	ASSERT_ALLOWED(&w, "https://a", "https://a:443", "https://a:0443", "http://b",
		       "http://b:80", "https://c:8443", "app://d");
	ASSERT_REFUSED(&w, "https://a:80", "https://a:44", "https://a:4430", "https://a:",
		       "https://a:443:443", "https://a:+443", "https://a:-443", "https://a: 443",
		       "https://a:0x1bb", "https://a:65979", "https://a:000443",
		       "https://a:4294967739", "https://a:18446744073709552059", "https://c",
		       "https://c:443", "http://b:443", "app://d:0", "app://d:80", "app://d:443");
}

static void
a_star_is_all_below_a_name_but_not_the_name(void **state)
{
	struct welcome w;

	(void)state;
	WELCOME(&w, "https://*.example.com", "http://*.test:3000");
	ASSERT_ALLOWED(&w, "https://www.example.com", "https://a.b.c.example.com",
		       "https://example.com.example.com", "https://x.example.com:443",
		       "http://a.test:3000");
	ASSERT_REFUSED(&w, "https://example.com", "https://.example.com", "https://..example.com",
		       "https://evilexample.com", "https://www.example.com.evil.com",
		       "https://www.example.com.", "http://www.example.com",
		       "https://www.example.com:8443", "https://*.example.com",
		       "https://evil.com/.example.com", "https://evil.com?.example.com",
		       "https://evil.com\\.example.com", "https://evil.com#.example.com",
		       "https://evil.com:443.example.com", "https://u@www.example.com",
		       "https://[::1].example.com", "http://a.test", "http://test:3000");
}

static void
null_is_allowed_when_it_is_listed(void **state)
{
	struct welcome w;

	(void)state;
	WELCOME(&w, "null", "file://");
	ASSERT_ALLOWED(&w, "null", "file://");
	ASSERT_REFUSED(&w, "", "nul", "nulll", "null:", "null://", "null://x", "null/", "file:",
		       "file:///", "file:///etc/passwd", "file://host", "file://*.", "http://null");
}

static void
addresses_of_ipv6_are_compared_as_such(void **state)
{
	struct welcome w;

	(void)state;
	WELCOME(&w, "http://[::1]:8000", "https://[2001:DB8:0:0:0:0:0:A]");
	ASSERT_ALLOWED(&w, "http://[::1]:8000", "http://[0:0:0:0:0:0:0:1]:8000",
		       "https://[2001:db8::a]", "https://[2001:db8::a]:443");
	ASSERT_REFUSED(&w, "http://[::1]", "http://[::2]:8000", "http://::1:8000", "http://[::1:8000",
		       "http://[::1]]:8000", "http://[[::1]]:8000", "http://[]:8000", "http://[:8000",
		       "http://[::1%25lo]:8000", "http://[::1].evil.com:8000", "http://[::1]evil:8000",
		       "http://[1]:8000", "http://[::1", "http://[",
		       "http://[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0001]:8000");
	assert_false(origins_allow(&w.origins, STR("http://[::1\0]:8000")));
}

static void
what_is_very_long_is_refused(void **state)
{
	size_t n = 100000, at;
	char *text = malloc(n);
	struct welcome w;

	(void)state;
	WELCOME(&w, "https://*.example.com", "http://[::1]");
	assert_non_null(text);
	for (const char *fill = "a.[:1/h*"; *fill; fill++) {
		memset(text, *fill, n);
		assert_false(origins_allow(&w.origins, (struct str){ text, n }));
		memcpy(text, "https://", 8);
		assert_false(origins_allow(&w.origins, (struct str){ text, n }));
		for (at = 0; at < 200; at++)
			assert_false(origins_allow(&w.origins, (struct str){ text, at }));
	}
	/* One that is what it says, if only just. */
	memset(text, 'a', n);
	memcpy(text, "https://", 8);
	memcpy(text + n - 12, ".example.com", 12);
	assert_true(origins_allow(&w.origins, (struct str){ text, n }));
	free(text);
}

static void
a_page_is_of_the_origin_its_url_begins_with(void **state)
{
	static const char *const own[] = { "https://example.com", "https://example.com/",
					   "https://example.com/a/b?c#d", "https://example.com:443/",
					   "https://example.com?x", "https://example.com#x",
					   "HTTPS://EXAMPLE.COM/" };
	static const char *const others[] = { "", "/", "about:blank", "example.com/",
					      "https://example.com.evil.com/",
					      "https://evil.com/https://example.com/",
					      "https://evil.com?https://example.com",
					      "https://example.com@evil.com/",
					      "https://example.com:443@evil.com/",
					      "https://example.com:x@evil.com/",
					      "https://example.com\\@evil.com/",
					      "https://example.com:444/", "http://example.com/",
					      "https:///example.com" };
	struct welcome w;
	size_t i;

	(void)state;
	WELCOME(&w, "https://example.com");
	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		if (!allows(origins_allow_page, &w, own[i]))
			fail_msg("%s is refused", own[i]);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (allows(origins_allow_page, &w, others[i]))
			fail_msg("%s is allowed", others[i]);
}

static void
assert_fault(const char *text, int fault)
{
	struct origin o;
	int rc = origin_parse(&o, str_from(text));

	if (rc != fault)
		fail_msg("%s: %d, not %d", text, rc, fault);
}

static void
what_is_wrong_is_told(void **state)
{
	(void)state;
	assert_fault("", ORIGIN_BAD_SCHEME);
	assert_fault("*", ORIGIN_BAD_SCHEME);
	assert_fault("example.com", ORIGIN_BAD_SCHEME);
	assert_fault("localhost:3000", ORIGIN_BAD_SCHEME);
	assert_fault("*.example.com", ORIGIN_BAD_SCHEME);
	assert_fault("*://example.com", ORIGIN_BAD_SCHEME);
	assert_fault("1http://example.com", ORIGIN_BAD_SCHEME);
	assert_fault("https://", ORIGIN_BAD_HOST);
	assert_fault("https:///", ORIGIN_BAD_HOST);
	assert_fault("https://*", ORIGIN_BAD_HOST);
	assert_fault("https://*.", ORIGIN_BAD_HOST);
	assert_fault("https://*..com", ORIGIN_BAD_HOST);
	assert_fault("https://*.[::1]", ORIGIN_BAD_HOST);
	assert_fault("https://www.*.com", ORIGIN_BAD_HOST);
	assert_fault("https://*.*.com", ORIGIN_BAD_HOST);
	assert_fault("https://a b", ORIGIN_BAD_HOST);
	assert_fault("https://a:", ORIGIN_BAD_PORT);
	assert_fault("https://a:b", ORIGIN_BAD_PORT);
	assert_fault("https://a:*", ORIGIN_BAD_PORT);
	assert_fault("https://a:0", ORIGIN_BAD_PORT);
	assert_fault("https://a:65536", ORIGIN_BAD_PORT);
	assert_fault("https://a/", ORIGIN_HAS_PATH);
	assert_fault("https://a:1/b", ORIGIN_HAS_PATH);
	assert_fault("https://*.a?b", ORIGIN_HAS_PATH);
	assert_fault("https://a#", ORIGIN_HAS_PATH);
	assert_fault("chrome-extension://abcdefgh", 0);
	assert_fault("moz-extension://0a-1b", 0);
	assert_fault("capacitor://localhost", 0);
	assert_fault("https://xn--bcher-kva.example:65535", 0);
}

static void
the_same_is_seen_in_other_clothes(void **state)
{
	struct origin a, b, below;

	(void)state;
	assert_int_equal(origin_parse(&a, STR("https://a.b")), 0);
	assert_int_equal(origin_parse(&b, STR("HTTPS://A.B:443")), 0);
	assert_int_equal(origin_parse(&below, STR("https://*.a.b")), 0);
	assert_true(origin_same(&a, &b));
	assert_true(origin_same(&below, &below));
	assert_false(origin_same(&a, &below));
	assert_false(origin_same(&below, &a));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_list_all_are_allowed),
		cmocka_unit_test(the_listed_are_allowed_and_none_that_looks_like_it),
		cmocka_unit_test(the_scheme_counts),
		cmocka_unit_test(letters_case_does_not_count),
		cmocka_unit_test(a_usual_port_is_as_good_as_none),
		cmocka_unit_test(a_star_is_all_below_a_name_but_not_the_name),
		cmocka_unit_test(null_is_allowed_when_it_is_listed),
		cmocka_unit_test(addresses_of_ipv6_are_compared_as_such),
		cmocka_unit_test(what_is_very_long_is_refused),
		cmocka_unit_test(a_page_is_of_the_origin_its_url_begins_with),
		cmocka_unit_test(what_is_wrong_is_told),
		cmocka_unit_test(the_same_is_seen_in_other_clothes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
