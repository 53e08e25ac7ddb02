/* Real Sentinels: where the master is, also when that changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "redis-link/ear.h"

static struct server
start_replica(const struct server *master)
{
	char port[16];

	snprintf(port, sizeof(port), "%d", master->port);
	return SERVER("--replicaof", "127.0.0.1", port);
}

static void
assert_peer(const struct ear *e, const struct server *s)
{
	char peer[32];

	snprintf(peer, sizeof(peer), "127.0.0.1:%d", s->port);
	assert_string_equal(link_peer(e->link), peer);
}

static void
the_master_is_found(void **state)
{
	struct server master = SERVER("--requirepass", "secret");
	struct server sentinel = server_start_sentinel(master.port,
						       "sentinel auth-pass mymaster secret");
	struct ear e;

	(void)state;
	LINK(&e, "redis-sentinel://:secret@127.0.0.1:%d/mymaster/2", sentinel.port);
	assert_string_equal(link_peer(e.link), "");
	ear_assert_ready(&e);
	assert_peer(&e, &master);
	ear_assert_says(&e, "SET a b", "OK ");
	ear_assert_says(&e, "INFO keyspace", "# Keyspace\r\ndb2:keys=1,expires=0,avg_ttl=0\r\n ");
	ear_close(&e);
	server_kill(&sentinel);
	server_kill(&master);
}

static void
a_dead_or_silent_sentinel_is_passed_over(void **state)
{
	struct server master = SERVER(), silent, sentinel;
	struct ear e;

	(void)state;
	silent = server_start_sentinel(master.port, "");
	sentinel = server_start_sentinel(master.port, "");
	server_pause(&silent);
	SUBSCRIBER(&e, "redis-sentinel://127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d/mymaster",
		   server_free_port(), silent.port, sentinel.port);
	ear_assert_ready(&e);
	assert_peer(&e, &master);
	ear_close(&e);
	server_kill(&silent);
	server_kill(&sentinel);
	server_kill(&master);
}

static void
a_sentinel_with_a_password(void **state)
{
	struct server master = SERVER("--requirepass", "secret");
	struct server sentinel = server_start_sentinel(
		master.port, "sentinel auth-pass mymaster secret\nrequirepass secret");
	struct ear e;

	(void)state;
	LINK(&e, "redis-sentinel://:secret@127.0.0.1:%d/mymaster", sentinel.port);
	ear_assert_ready(&e);
	ear_close(&e);
	LINK(&e, "redis-sentinel://:wrong@127.0.0.1:%d/mymaster", sentinel.port);
	ear_assert_closed(&e, LINK_PASSING, ": WRONGPASS ");
	ear_close(&e);
	LINK(&e, "redis-sentinel://127.0.0.1:%d/mymaster", sentinel.port);
	ear_assert_closed(&e, LINK_PASSING, ": NOAUTH ");
	ear_close(&e);
	server_kill(&sentinel);
	server_kill(&master);
}

static void
nobody_knows(void **state)
{
	struct server master = SERVER();
	struct server sentinel = server_start_sentinel(master.port, "");
	char why[128];
	struct ear e;

	(void)state;
	LINK(&e, "redis-sentinel://127.0.0.1:%d/other", sentinel.port);
	snprintf(why, sizeof(why), "Sentinel 127.0.0.1:%d: knows no master of that name",
		 sentinel.port);
	ear_assert_closed(&e, LINK_PASSING, why);
	ear_close(&e);
	LINK(&e, "redis-sentinel://127.0.0.1:%d/mymaster", master.port); /* is none */
	ear_assert_closed(&e, LINK_PASSING, ": ERR unknown command");
	ear_close(&e);
	LINK(&e, "redis-sentinel://127.0.0.1:%d/mymaster", server_free_port());
	ear_assert_closed(&e, LINK_PASSING, ": Connection refused");
	ear_close(&e);
	server_kill(&sentinel);
	server_kill(&master);
}

/* A Sentinel that slept through a fail-over is one of several: the first address
 * is none, so the next is asked; and nobody goes to the same address twice. */
static void
one_that_is_wrong_is_not_believed(void **state)
{
	struct server master = SERVER(), replica = start_replica(&master), dead = SERVER();
	struct server right, wrong, lost;
	struct ear e;

	(void)state;
	right = server_start_sentinel(master.port, "");
	wrong = server_start_sentinel(dead.port, "");
	lost = server_start_sentinel(dead.port, "");
	server_kill(&dead);
	LINK(&e, "redis-sentinel://127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d/mymaster",
	     wrong.port, lost.port, right.port);
	ear_assert_ready(&e);
	assert_peer(&e, &master);
	ear_close(&e);
	LINK(&e, "redis-sentinel://127.0.0.1:%d,127.0.0.1:%d/mymaster", wrong.port,
	     lost.port);
	ear_assert_closed(&e, LINK_PASSING, ": Connection refused");
	ear_close(&e);
	server_kill(&right);
	server_kill(&wrong);
	server_kill(&lost);
	server_kill(&replica);
	server_kill(&master);
}

/* ---- fail-over ---- */

/* What an uplink does: one link after the other, with a little time between. */
static void
reopen_until_ready(struct ear *e, enum link_kind kind, int sentinel)
{
	for (;;) {
		ear_open(e, kind, PATIENT_MS, "redis-sentinel://127.0.0.1:%d/mymaster",
			 sentinel);
		ear_turn_until(&e->either);
		if (e->ready)
			return;
		assert_int_equal(e->end, LINK_PASSING);
		ear_close(e);
		ear_turn_for(50);
	}
}

/* The replica has all, and the Sentinel has heard of it from the master. */
static void
wait_for_replica(const struct server *master, const struct server *sentinel)
{
	struct ear e;

	LINK(&e, "redis://127.0.0.1:%d", master->port);
	ear_assert_ready(&e);
	ear_assert_says(&e, "SET kept yes", "OK ");
	ear_assert_says(&e, "WAIT 1 0", "1 ");
	ear_close(&e);
	server_wait_for(sentinel, "+slave slave");
}

static void
a_failover_is_followed(void **state)
{
	struct server master = SERVER(), replica = start_replica(&master);
	struct server sentinel = server_start_sentinel(
		master.port, "sentinel failover-timeout mymaster 2000");
	struct ear commands, subscriber;

	(void)state;
	wait_for_replica(&master, &sentinel);
	reopen_until_ready(&commands, LINK_COMMANDS, sentinel.port);
	reopen_until_ready(&subscriber, LINK_SUBSCRIBER, sentinel.port);
	assert_peer(&commands, &master);
	server_kill(&master);
	ear_assert_closed(&commands, LINK_PASSING, ": the server closed the connection");
	ear_assert_closed(&subscriber, LINK_PASSING, ": the server closed the connection");
	ear_close(&commands);
	ear_close(&subscriber);
	reopen_until_ready(&commands, LINK_COMMANDS, sentinel.port);
	reopen_until_ready(&subscriber, LINK_SUBSCRIBER, sentinel.port);
	assert_peer(&commands, &replica);
	assert_peer(&subscriber, &replica);
	ear_assert_says(&commands, "GET kept", "yes ");
	ear_assert_says(&commands, "SET more yes", "OK ");
	ear_close(&commands);
	ear_close(&subscriber);
	server_kill(&sentinel);
	server_kill(&replica);
}

static void
freed_while_it_asks(void **state)
{
	struct server master = SERVER();
	struct server sentinel = server_start_sentinel(master.port, "");
	struct ear e, other;

	(void)state;
	server_pause(&sentinel);
	LINK(&e, "redis-sentinel://127.0.0.1:%d/mymaster", sentinel.port);
	ear_close(&e); /* before it began */
	LINK(&e, "redis-sentinel://127.0.0.1:%d/mymaster", sentinel.port);
	LINK(&other, "redis://127.0.0.1:%d", master.port);
	ear_assert_ready(&other);
	ear_close(&e); /* while it waits */
	server_resume(&sentinel);
	ear_close(&other);
	server_kill(&sentinel);
	server_kill(&master);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_master_is_found),
		cmocka_unit_test(a_dead_or_silent_sentinel_is_passed_over),
		cmocka_unit_test(a_sentinel_with_a_password),
		cmocka_unit_test(nobody_knows),
		cmocka_unit_test(one_that_is_wrong_is_not_believed),
		cmocka_unit_test(a_failover_is_followed),
		cmocka_unit_test(freed_while_it_asks),
	};

	return cmocka_run_group_tests(tests, ear_setup, ear_teardown);
}
