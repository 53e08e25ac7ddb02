#include "transport/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* A gate with a list of one, and the other end of its log. */
struct porch {
	struct origin origin;
	struct loop *loop;
	struct log log;
	int ear;
	struct gate gate;
};

static void
open_porch(struct porch *p)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds), 0);
	assert_int_equal(origin_parse(&p->origin, STR("https://example.com")), 0);
	p->loop = loop_new();
	assert_non_null(p->loop);
	p->log = (struct log){ .level = LOG_LEVEL_WARN, .fd = fds[0] };
	p->ear = fds[1];
	p->gate = (struct gate){ .origins = { &p->origin, 1 }, .loop = p->loop, .log = &p->log };
}

static void
close_porch(struct porch *p)
{
	loop_free(p->loop);
	close(p->log.fd);
	close(p->ear);
}

/* The next line of the log; "": there is none. */
static const char *
hear(struct porch *p)
{
	static char line[2000];
	ssize_t n = recv(p->ear, line, sizeof(line) - 1, MSG_DONTWAIT);

	line[n < 0 ? 0 : n] = '\0';
	return line;
}

/* `fields` are whole lines. */
static bool
admits(struct porch *p, const char *method, const char *fields)
{
	char text[4000];
	struct head head;

	snprintf(text, sizeof(text), "%s /bayeux HTTP/1.1\r\nHost: a\r\n%s\r\n", method, fields);
	assert_int_equal(head_parse(&head, str_from(text)), 0);
	return gate_admits(&p->gate, &head);
}

static void
origin_is_what_counts(void **state)
{
	struct porch p;

	(void)state;
	open_porch(&p);
	assert_true(admits(&p, "POST", "Origin: https://example.com\r\n"));
	assert_true(admits(&p, "POST", "ORIGIN:https://example.com  \r\n"));
	assert_true(admits(&p, "GET", "Origin: https://example.com\r\n"));
	assert_true(admits(&p, "POST", "Origin: https://example.com\r\n"
				       "Referer: https://evil.com/\r\n"));
	assert_int_equal(p.gate.refused, 0);
	assert_string_equal(hear(&p), "");
	assert_false(admits(&p, "POST", "Origin: https://evil.com\r\n"));
	assert_false(admits(&p, "OPTIONS", "Origin: https://evil.com\r\n"));
	assert_false(admits(&p, "GET", "Origin: https://evil.com\r\nUpgrade: websocket\r\n"));
	assert_false(admits(&p, "GET", "Origin: https://evil.com\r\n"
				       "Accept: text/event-stream\r\n"));
	assert_false(admits(&p, "POST", "Origin: https://evil.com\r\n"
					"Referer: https://example.com/\r\n"));
	assert_false(admits(&p, "POST", "Origin: null\r\n"));
	assert_false(admits(&p, "POST", "Origin:\r\nReferer: https://example.com/\r\n"));
	assert_int_equal(p.gate.refused, 7);
	close_porch(&p);
}

static void
without_it_the_referer_counts(void **state)
{
	struct porch p;

	(void)state;
	open_porch(&p);
	assert_true(admits(&p, "GET", "Referer: https://example.com/page?x\r\n"));
	assert_true(admits(&p, "OPTIONS", "Referer: https://example.com/\r\n"));
	assert_false(admits(&p, "GET", "Referer: https://evil.com/https://example.com\r\n"));
	assert_false(admits(&p, "OPTIONS", "Referer: https://evil.com/\r\n"));
	assert_false(admits(&p, "POST", "Referer: https://evil.com/\r\n"));
	close_porch(&p);
}

static void
who_names_neither_passes_but_for_scripts(void **state)
{
	struct porch p;

	(void)state;
	open_porch(&p);
	assert_true(admits(&p, "POST", "Content-Type: application/json\r\n"));
	assert_true(admits(&p, "POST", ""));
	assert_true(admits(&p, "OPTIONS", ""));
	assert_true(admits(&p, "GET", "Upgrade: websocket\r\n"));
	assert_true(admits(&p, "GET", "Accept: text/event-stream\r\n"));
	assert_false(admits(&p, "GET", ""));
	assert_string_equal(hear(&p), "fayed: warn: gate: refused origin=unknown (if it is "
				      "yours, add it to origins) count=1\n");
	close_porch(&p);
}

static void
without_a_list_all_pass(void **state)
{
	struct porch p;

	(void)state;
	open_porch(&p);
	p.gate.origins.count = 0;
	assert_true(admits(&p, "GET", ""));
	assert_true(admits(&p, "GET", "Referer: nonsense\r\n"));
	assert_true(admits(&p, "POST", "Origin: https://evil.com\r\n"));
	assert_int_equal(p.gate.refused, 0);
	close_porch(&p);
}

static void
the_log_names_the_first_and_how_many(void **state)
{
	struct porch p;
	int i;

	(void)state;
	open_porch(&p);
	assert_false(admits(&p, "POST", "Origin: https://evil.com\r\n"));
	assert_string_equal(hear(&p), "fayed: warn: gate: refused origin=https://evil.com (if "
				      "it is yours, add it to origins) count=1\n");
	for (i = 0; i < 1000; i++)
		assert_false(admits(&p, "POST", "Origin: https://evil.com\r\n"));
	assert_string_equal(hear(&p), "");
	assert_int_equal(p.gate.refused, 1001);
	p.gate.lines.next_ms = 0; /* as if a while had passed */
	assert_false(admits(&p, "POST", "Origin: https://other.evil.com\r\n"));
	assert_string_equal(hear(&p), "fayed: warn: gate: refused origin=https://other.evil.com "
				      "(if it is yours, add it to origins) count=1001\n");
	close_porch(&p);
}

static void
the_log_gets_one_bounded_word(void **state)
{
	char fields[3000];
	struct porch p;

	(void)state;
	open_porch(&p);
	assert_false(admits(&p, "POST", "Origin: a b\tc\xc3\xa4\xff%s%n\r\n"));
	assert_string_equal(hear(&p), "fayed: warn: gate: refused origin=a?b?c???%s%n (if it is "
				      "yours, add it to origins) count=1\n");
	snprintf(fields, sizeof(fields), "Origin: %02000d\r\n", 0);
	p.gate.lines.next_ms = 0;
	assert_false(admits(&p, "POST", fields));
	snprintf(fields, sizeof(fields),
		 "fayed: warn: gate: refused origin=%0100d (if it is yours, add it to origins) "
		 "count=1\n", 0);
	assert_string_equal(hear(&p), fields);
	close_porch(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(origin_is_what_counts),
		cmocka_unit_test(without_it_the_referer_counts),
		cmocka_unit_test(who_names_neither_passes_but_for_scripts),
		cmocka_unit_test(without_a_list_all_pass),
		cmocka_unit_test(the_log_names_the_first_and_how_many),
		cmocka_unit_test(the_log_gets_one_bounded_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
