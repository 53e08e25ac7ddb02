#include "transport/deflate_offer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define ACCEPTED "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

/* The answer to a request with these fields, which are whole lines. */
static const char *
answer_to(const char *fields)
{
	static char text[1000];
	struct head h;

	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", fields);
	assert_int_equal(head_parse(&h, str_from(text)), 0);
	return deflate_offer_accept(&h);
}

static const char *
answer_to_offer(const char *offer)
{
	char field[500];

	snprintf(field, sizeof(field), "Sec-WebSocket-Extensions: %s\r\n", offer);
	return answer_to(field);
}

static void
assert_answer(const char *offer, const char *found, const char *expected)
{
	if (!found != !expected || (found && strcmp(found, expected) != 0))
		fail_msg("'%s' was answered '%s'", offer, found ? found : "nothing");
}

/* NULL: declined. */
static const struct {
	const char *offer, *answer;
} offers[] = {
	/* as clients make them */
	{ "permessage-deflate", ACCEPTED },
	{ "permessage-deflate; client_max_window_bits", ACCEPTED }, /* Chromium, ws */
	{ "permessage-deflate; client_no_context_takeover", ACCEPTED },
	{ "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
	  ACCEPTED },
	{ "x-webkit-deflate-frame, permessage-deflate", ACCEPTED },

	/* spelled otherwise */
	{ "permessage-deflate;client_max_window_bits=10", ACCEPTED },
	{ "permessage-deflate ; client_max_window_bits = \"10\"", ACCEPTED },
	{ "permessage-deflate; client_max_window_bits=\"\\1\\0\"", ACCEPTED },
	{ "permessage-deflate\t;\tclient_max_window_bits=8", ACCEPTED },
	{ "Permessage-Deflate", NULL },
	{ "permessage-deflate2", NULL },

	/* windows */
	{ "permessage-deflate; server_max_window_bits=15",
	  ACCEPTED "; server_max_window_bits=15" },
	{ "permessage-deflate; server_max_window_bits=\"15\"; client_max_window_bits=9",
	  ACCEPTED "; server_max_window_bits=15" },
	{ "permessage-deflate; server_max_window_bits=14", NULL },
	{ "permessage-deflate; server_max_window_bits=8", NULL },
	{ "permessage-deflate; server_max_window_bits", NULL },
	{ "permessage-deflate; server_max_window_bits=16", NULL },
	{ "permessage-deflate; server_max_window_bits=015", NULL },
	{ "permessage-deflate; client_max_window_bits=15", ACCEPTED },
	{ "permessage-deflate; client_max_window_bits=7", NULL },
	{ "permessage-deflate; client_max_window_bits=16", NULL },
	{ "permessage-deflate; client_max_window_bits=08", NULL },
	{ "permessage-deflate; client_max_window_bits=x", NULL },
	{ "permessage-deflate; client_max_window_bits=\"15000\"", NULL },

	/* parameters that cannot be */
	{ "permessage-deflate; server_no_context_takeover=1", NULL },
	{ "permessage-deflate; client_no_context_takeover=\"1\"", NULL },
	{ "permessage-deflate; level=9", NULL },
	{ "permessage-deflate; level", NULL },
	{ "permessage-deflate; client_max_window_bits; client_max_window_bits", NULL },
	{ "permessage-deflate; client_no_context_takeover; client_no_context_takeover", NULL },
	{ "permessage-deflate; server_max_window_bits=15; server_max_window_bits=15", NULL },

	/* the first that can be kept */
	{ "permessage-deflate; server_max_window_bits=10, permessage-deflate", ACCEPTED },
	{ "permessage-deflate; level=9, permessage-deflate; server_max_window_bits=15",
	  ACCEPTED "; server_max_window_bits=15" },
	{ "permessage-deflate, permessage-deflate; server_max_window_bits=15", ACCEPTED },
	{ "x; a=\"b\"; c, permessage-deflate", ACCEPTED },

	/* what cannot be read */
	{ "", NULL },
	{ ",", NULL },
	{ ", permessage-deflate", NULL },
	{ "permessage-deflate;", NULL },
	{ "permessage-deflate; ; client_max_window_bits", NULL },
	{ "permessage-deflate client_max_window_bits", NULL },
	{ "permessage-deflate=1", NULL },
	{ "permessage-deflate; client_max_window_bits=", NULL },
	{ "permessage-deflate; client_max_window_bits=\"\"", NULL },
	{ "permessage-deflate; client_max_window_bits=\"10", NULL },
	{ "permessage-deflate; client_max_window_bits=\"10\\", NULL },
	{ "permessage-deflate; client_max_window_bits=\"1 0\"", NULL },
	{ "permessage-deflate; client_max_window_bits=\"10\" x", NULL },
	{ "\"permessage-deflate\"", NULL },
	{ "x=, permessage-deflate", NULL },
};

static void
offers_are_accepted_or_declined(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(offers) / sizeof(offers[0]); i++)
		assert_answer(offers[i].offer, answer_to_offer(offers[i].offer),
			      offers[i].answer);
}

static void
several_fields_are_one_list(void **state)
{
	(void)state;
	assert_string_equal(answer_to("Sec-WebSocket-Extensions: x\r\n"
				      "sec-websocket-extensions: permessage-deflate\r\n"),
			    ACCEPTED);
	assert_string_equal(answer_to("Sec-WebSocket-Extensions: ;\r\n"
				      "Sec-WebSocket-Extensions: permessage-deflate\r\n"),
			    ACCEPTED);
}

static void
without_an_offer_there_is_no_answer(void **state)
{
	(void)state;
	assert_null(answer_to(""));
	assert_null(answer_to("Sec-WebSocket-Protocol: permessage-deflate\r\n"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offers_are_accepted_or_declined),
		cmocka_unit_test(several_fields_are_one_list),
		cmocka_unit_test(without_an_offer_there_is_no_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
