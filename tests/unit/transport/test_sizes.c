/* What an idle client has in memory, counted in docs/memory.md: whoever makes one of
 * these larger means to, and says so there. Where pointers are short, all are smaller. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/exchange.h"
#include "broker/waiting.h"
#include "session/session.h"
#include "session/subs.h"
#include "transport/plain_private.h"
#include "transport/websocket_private.h"

#define AT_MOST(type, bytes) assert_in_range(sizeof(type), 1, bytes)

static void
of_every_client(void **state)
{
	(void)state;
	AT_MOST(struct session, 216);
	AT_MOST(struct sub, 24);
	AT_MOST(struct subscriber, 16);
	AT_MOST(struct waiting, 184); /* and the id of its connect */
}

static void
of_a_websocket(void **state)
{
	(void)state;
	AT_MOST(struct event, 128); /* libevent's, in loop_watch */
	AT_MOST(struct loop_watch, 160);
	AT_MOST(struct outbox, 80);
	AT_MOST(struct stream, 432); /* with the two above */
	AT_MOST(struct websocket, 472); /* with that */
}

static void
of_a_poll(void **state)
{
	(void)state;
	AT_MOST(struct plain, 384);
	AT_MOST(struct exchange, 408);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_every_client),
		cmocka_unit_test(of_a_websocket),
		cmocka_unit_test(of_a_poll),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
