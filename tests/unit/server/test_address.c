#include "server/address.h"

#include <netdb.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* As getnameinfo() writes it, in our brackets. */
static void
assert_reads_as(const char *text, const char *expected, bool all)
{
	char host[64], port[16], got[96];
	struct address a;
	bool ipv6;

	assert_int_equal(address_parse(&a, text), 0);
	assert_int_equal(getnameinfo((const struct sockaddr *)&a.sockaddr,
				     a.length, host, sizeof(host), port,
				     sizeof(port),
				     NI_NUMERICHOST | NI_NUMERICSERV),
			 0);
	ipv6 = a.sockaddr.ss_family == AF_INET6;
	snprintf(got, sizeof(got), ipv6 ? "[%s]:%s" : "%s:%s", host, port);
	assert_string_equal(got, expected);
	assert_string_equal(a.text, text);
	assert_int_equal(a.all, all);
	assert_int_equal(a.length, ipv6 ? sizeof(struct sockaddr_in6) :
					  sizeof(struct sockaddr_in));
}

static void
numeric_addresses_are_read(void **state)
{
	(void)state;
	assert_reads_as("127.0.0.1:8000", "127.0.0.1:8000", false);
	assert_reads_as("0.0.0.0:0", "0.0.0.0:0", false);
	assert_reads_as("255.255.255.255:65535", "255.255.255.255:65535",
			false);
	assert_reads_as("10.0.0.1:0080", "10.0.0.1:80", false);
	assert_reads_as("[::1]:8000", "[::1]:8000", false);
	assert_reads_as("[::]:80", "[::]:80", false);
	assert_reads_as("[2001:DB8:0:0:0:0:0:1]:1", "[2001:db8::1]:1", false);
	assert_reads_as("[1111:2222:3333:4444:5555:6666:255.255.255.255]:65535",
			"[1111:2222:3333:4444:5555:6666:ffff:ffff]:65535",
			false);
}

static void
a_star_or_nothing_means_all(void **state)
{
	(void)state;
	assert_reads_as("*:8000", "[::]:8000", true);
	assert_reads_as(":8000", "[::]:8000", true);
	assert_reads_as("*:0", "[::]:0", true);
}

static void
other_texts_are_refused(void **state)
{
	static const char *const bad[] = {
		"", ":", "*", "*:", "8000", "127.0.0.1", "127.0.0.1:",
		"127.0.0.1:65536", "127.0.0.1:99999999999999999999",
		"127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1: 1", "127.0.0.1:1 ",
		"127.0.0.1:8x", "127.1:80", "0x7f.0.0.1:80", "127.0.0.256:80",
		"localhost:8000", " 127.0.0.1:80", "**:80", "::1:80", "::1",
		"[::1]", "[::1:80", "[]:80", "[:80", "[::1]80", "[::1]x:80",
		"[127.0.0.1]:80", "[fe80::1%lo]:80", "[::1]]:80", "[[::1]:80",
		"[1111:2222:3333:4444:5555:6666:255.255.255.255]:00065535",
	};
	struct address a, before;

	(void)state;
	memset(&a, 0x5a, sizeof(a));
	before = a;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (address_parse(&a, bad[i]) != ADDRESS_BAD)
			fail_msg("'%s' is taken for an address", bad[i]);
		assert_memory_equal(&a, &before, sizeof(a));
	}
}

static bool
clash(const char *text_a, const char *text_b)
{
	struct address a, b;

	assert_int_equal(address_parse(&a, text_a), 0);
	assert_int_equal(address_parse(&b, text_b), 0);
	return address_clash(&a, &b);
}

static void
the_same_place_clashes_however_it_is_written(void **state)
{
	(void)state;
	assert_true(clash("127.0.0.1:80", "127.0.0.1:080"));
	assert_true(clash("[::1]:80", "[0:0::1]:80"));
	assert_true(clash("*:80", ":80"));
	assert_false(clash("127.0.0.1:80", "127.0.0.1:81"));
	assert_false(clash("127.0.0.1:80", "127.0.0.2:80"));
	assert_false(clash("0.0.0.0:80", "[::]:80"));
	assert_false(clash("*:80", "[::]:80"));
}

static void
free_ports_never_clash(void **state)
{
	(void)state;
	assert_false(clash("127.0.0.1:0", "127.0.0.1:0"));
	assert_false(clash("[::1]:0", "[::1]:0"));
	assert_false(clash("*:0", "*:0"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numeric_addresses_are_read),
		cmocka_unit_test(a_star_or_nothing_means_all),
		cmocka_unit_test(other_texts_are_refused),
		cmocka_unit_test(the_same_place_clashes_however_it_is_written),
		cmocka_unit_test(free_ports_never_clash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
