/* Redis behind TLS; built where hiredis has it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "redis-link/ear.h"

/* Certificates that sign themselves: of the server by name, of it by address, and
 * one that nobody trusts. */
static const char make_certificates[] =
	"cd \"$0\" && for of in DNS:localhost IP:127.0.0.1 DNS:localhost,IP:127.0.0.1; do "
	"name=${of%%:*}$([ \"${of%,*}\" = \"$of\" ] || echo 2) && "
	"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=x -keyout $name.key "
	"-out $name.crt -addext subjectAltName=$of 2>/dev/null || exit; done; "
	"cat DNS.crt IP.crt >trusted.crt";

static int
setup(void **state)
{
	char command[1024], path[SERVER_PATH_BYTES];

	if (ear_setup(state))
		return -1;
	snprintf(command, sizeof(command), "sh -c '%s' %s", make_certificates, server_folder());
	snprintf(path, sizeof(path), "%s/trusted.crt", server_folder());
	return system(command) || setenv("SSL_CERT_FILE", path, 1);
}

/* Its other port is without TLS. */
static struct server
start(const char *certificate, int *tls_port)
{
	char port[16], crt[64], key[64];

	*tls_port = server_free_port();
	snprintf(port, sizeof(port), "%d", *tls_port);
	snprintf(crt, sizeof(crt), "%s.crt", certificate);
	snprintf(key, sizeof(key), "%s.key", certificate);
	return SERVER("--tls-port", port, "--tls-cert-file", crt, "--tls-key-file", key,
		      "--tls-ca-cert-file", crt, "--tls-auth-clients", "no");
}

static void
by_name_and_by_address(void **state)
{
	struct ear e;
	int port;
	struct server s = start("DNS", &port);

	(void)state;
	LINK(&e, "rediss://localhost:%d/1", port);
	ear_assert_ready(&e);
	ear_assert_says(&e, "SET a b", "OK ");
	ear_close(&e);
	LINK(&e, "rediss://127.0.0.1:%d", port);
	ear_assert_closed(&e, LINK_PASSING, ": IP address mismatch");
	ear_close(&e);
	server_kill(&s);

	s = start("IP", &port);
	LINK(&e, "rediss://127.0.0.1:%d", port);
	ear_assert_ready(&e);
	ear_close(&e);
	LINK(&e, "rediss://localhost:%d", port);
	ear_assert_closed(&e, LINK_PASSING, ": hostname mismatch");
	ear_close(&e);
	server_kill(&s);
}

static void
whom_nobody_trusts(void **state)
{
	struct ear e;
	int port;
	struct server s = start("DNS2", &port);

	(void)state;
	LINK(&e, "rediss://localhost:%d", port);
	ear_assert_closed(&e, LINK_PASSING, ": self-signed certificate");
	assert_false(e.ready);
	ear_close(&e);
	server_kill(&s);
}

static void
who_does_not_speak_it(void **state)
{
	struct server s = SERVER();
	struct ear e;

	(void)state;
	LINK(&e, "rediss://localhost:%d", s.port);
	ear_assert_closed(&e, LINK_PASSING, "");
	assert_false(e.ready);
	ear_close(&e);
	server_kill(&s);
}

static void
large_ones_and_many(void **state)
{
	size_t n = (size_t)20 << 20;
	char *words = malloc(n + 1);
	struct ear e;
	int port;
	struct server s = start("DNS", &port);

	(void)state;
	memset(words, 'x', n);
	memcpy(words, "SET big ", 8);
	words[n] = '\0';
	LINK(&e, "rediss://localhost:%d", port);
	ear_assert_ready(&e);
	ear_send(&e, words);
	ear_send(&e, "GET big");
	for (int i = 0; i < 100000; i++)
		ear_send(&e, "ECHO x");
	ear_turn_to(&e.replies, 100002);
	assert_int_equal(e.heard.n, 3 + n - 8 + 1 + 200000);
	assert_memory_equal(e.heard.p + 3, words + 8, n - 8);
	free(words);
	ear_close(&e);
	server_kill(&s);
}

static void
messages_are_heard(void **state)
{
	struct str name = STR("a");
	struct ear e, mouth;
	int port;
	struct server s = start("DNS", &port);

	(void)state;
	SUBSCRIBER(&e, "rediss://localhost:%d", port);
	LINK(&mouth, "redis://localhost:%d", s.port);
	ear_assert_ready(&e);
	ear_assert_ready(&mouth);
	assert_int_equal(link_subscribe(e.link, &name, 1), 0);
	ear_turn_to(&e.subscribed, 1);
	for (int i = 0; i < 1000; i++)
		ear_send(&mouth, "PUBLISH a x");
	ear_turn_to(&e.messages, 1000);
	server_kill(&s);
	ear_assert_closed(&e, LINK_PASSING, "");
	ear_close(&e);
	ear_close(&mouth);
}

static void
silence_ends_it(void **state)
{
	struct ear e;
	int port;
	struct server s = start("DNS", &port);

	(void)state;
	ear_open(&e, LINK_COMMANDS, 300, "rediss://localhost:%d", port);
	server_pause(&s);
	ear_assert_closed(&e, LINK_PASSING, ": no answer for 0.3 s"); /* no handshake */
	ear_close(&e);
	server_kill(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_name_and_by_address),
		cmocka_unit_test(whom_nobody_trusts),
		cmocka_unit_test(who_does_not_speak_it),
		cmocka_unit_test(large_ones_and_many),
		cmocka_unit_test(messages_are_heard),
		cmocka_unit_test(silence_ends_it),
	};

	return cmocka_run_group_tests(tests, setup, ear_teardown);
}
