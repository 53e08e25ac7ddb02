/* The connection for commands: how it begins, what it carries, how it ends. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "redis-link/ear.h"

#define SHORT_MS 300 /* of tests that wait for it to be over */

/* ---- beginnings ---- */

static void
by_address_name_and_path(void **state)
{
	struct server s = SERVER();
	struct ear tcp, name, path;

	(void)state;
	LINK(&tcp, "redis://127.0.0.1:%d", s.port);
	LINK(&name, "redis://localhost:%d", s.port);
	LINK(&path, "redis+unix://%s", s.path);
	ear_assert_ready(&tcp);
	ear_assert_ready(&name);
	ear_assert_ready(&path);
	ear_assert_says(&tcp, "SET a tcp", "OK ");
	ear_assert_says(&name, "GET a", "tcp ");
	ear_assert_says(&path, "GET a", "tcp ");
	assert_string_equal(link_peer(path.link), s.path);
	ear_close(&tcp);
	ear_close(&name);
	ear_close(&path);
	server_kill(&s);
}

static void
it_has_its_database_and_its_name(void **state)
{
	struct server s = SERVER();
	struct ear three, zero;

	(void)state;
	LINK(&three, "redis://127.0.0.1:%d/3", s.port);
	ear_assert_ready(&three);
	ear_assert_says(&three, "SET a 3", "OK ");
	ear_assert_says(&three, "CLIENT GETNAME", "fayed-test ");
	LINK(&zero, "redis+unix://%s", s.path);
	ear_assert_ready(&zero);
	ear_assert_says(&zero, "EXISTS a", "0 ");
	ear_close(&zero);
	LINK(&zero, "redis+unix://%s?db=3", s.path);
	ear_assert_ready(&zero);
	ear_assert_says(&zero, "GET a", "3 ");
	ear_close(&three);
	ear_close(&zero);
	server_kill(&s);
}

static void
commands_before_it_is_ready_are_refused(void **state)
{
	const char *argv[] = { "PING" };
	struct server s = SERVER();
	struct ear e;

	(void)state;
	LINK(&e, "redis://127.0.0.1:%d", s.port);
	assert_int_equal(link_send(e.link, 1, argv, NULL, NULL, NULL), -ENOTCONN);
	ear_assert_ready(&e);
	server_kill(&s);
	ear_assert_closed(&e, LINK_PASSING, "the server closed the connection");
	assert_int_equal(link_send(e.link, 1, argv, NULL, NULL, NULL), -ENOTCONN);
	ear_close(&e);
}

static void
a_password_and_a_user(void **state)
{
	struct server s = SERVER("--requirepass", "p@ss", "--user", "fayed", "on", ">se/cret",
				 "~*", "&*", "+@all");
	struct ear e;

	(void)state;
	LINK(&e, "redis://:p%%40ss@127.0.0.1:%d/1", s.port);
	ear_assert_ready(&e);
	ear_assert_says(&e, "ACL WHOAMI", "default ");
	ear_close(&e);
	LINK(&e, "redis+unix://fayed:se%%2Fcret@%s", s.path);
	ear_assert_ready(&e);
	ear_assert_says(&e, "ACL WHOAMI", "fayed ");
	ear_close(&e);
	server_kill(&s);
}

static void
assert_fatal(const char *why, const char *url, int port)
{
	struct ear e;

	LINK(&e, url, port);
	ear_assert_closed(&e, LINK_FATAL, why);
	assert_false(e.ready);
	ear_close(&e);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static void
what_only_the_operator_can_mend_is_fatal(void **state)
{
	struct server s = SERVER("--requirepass", "secret", "--user", "low", "on", ">pw", "~*",
				 "&*", "+@all", "-info");

	(void)state;
	assert_fatal(": WRONGPASS ", "redis://:wrong@127.0.0.1:%d", s.port);
	assert_fatal(": WRONGPASS ", "redis://nobody:secret@127.0.0.1:%d/1", s.port);
	assert_fatal(": NOAUTH ", "redis://127.0.0.1:%d", s.port);
	assert_fatal(": NOPERM ", "redis://low:pw@127.0.0.1:%d", s.port);
	assert_fatal(": ERR DB index is out of range", "redis://:secret@127.0.0.1:%d/16",
		     s.port);
	server_kill(&s);
	s = SERVER();
	assert_fatal(": ERR AUTH ", "redis://:needless@127.0.0.1:%d", s.port);
	server_kill(&s);
}

#pragma GCC diagnostic pop

static void
nobody_there(void **state)
{
	struct ear e;

	(void)state;
	LINK(&e, "redis://127.0.0.1:%d", server_free_port());
	ear_assert_closed(&e, LINK_PASSING, ": Connection refused");
	ear_close(&e);
	LINK(&e, "redis+unix:///nowhere/redis.sock");
	ear_assert_closed(&e, LINK_PASSING, "/nowhere/redis.sock: No such file or directory");
	ear_close(&e);
	LINK(&e, "redis://no-such-host.invalid");
	ear_assert_closed(&e, LINK_PASSING, "no-such-host.invalid:6379: ");
	ear_close(&e);
}

int __real_getaddrinfo(const char *name, const char *port, const struct addrinfo *hints,
		       struct addrinfo **found);
int __wrap_getaddrinfo(const char *name, const char *port, const struct addrinfo *hints,
		       struct addrinfo **found);

/* Gives one name two addresses, of which the first has no server. */
int
__wrap_getaddrinfo(const char *name, const char *port, const struct addrinfo *hints,
		   struct addrinfo **found)
{
	int rc;

	if (strcmp(name, "two.invalid") != 0)
		return __real_getaddrinfo(name, port, hints, found);
	rc = __real_getaddrinfo("127.0.0.2", port, hints, found);
	return rc ? rc : __real_getaddrinfo("127.0.0.1", port, hints, &(*found)->ai_next);
}

static void
all_addresses_of_a_name_are_tried(void **state)
{
	struct server s = SERVER();
	struct ear e;

	(void)state;
	LINK(&e, "redis://two.invalid:%d", s.port);
	ear_assert_ready(&e);
	ear_close(&e);
	LINK(&e, "redis://two.invalid:%d", server_free_port());
	ear_assert_closed(&e, LINK_PASSING, "two.invalid:");
	assert_non_null(strstr(e.why, ": Connection refused"));
	ear_close(&e);
	server_kill(&s);
}

static void
a_replica_is_no_master(void **state)
{
	struct server master = SERVER(), replica;
	char port[16];
	struct ear e;

	(void)state;
	snprintf(port, sizeof(port), "%d", master.port);
	replica = SERVER("--replicaof", "127.0.0.1", port);
	LINK(&e, "redis://127.0.0.1:%d", replica.port);
	ear_assert_closed(&e, LINK_PASSING, ": is a replica");
	assert_false(e.ready);
	ear_close(&e);
	server_kill(&replica);
	server_kill(&master);
}

/* ---- a server that is none ---- */

/* Answers whatever comes first with one text, then is silent. */
struct fake {
	struct loop_watch door, watch;
	int listening, fd, port;
	const char *text;
};

static void
on_asked(void *arg, short events)
{
	struct fake *f = arg;
	char skipped[4096];

	(void)events;
	assert_true(read(f->fd, skipped, sizeof(skipped)) >= 0);
	assert_true(write(f->fd, f->text, strlen(f->text)) > 0);
	loop_watch_clear(&f->watch);
}

static void
on_knock(void *arg, short events)
{
	struct fake *f = arg;

	(void)events;
	f->fd = accept(f->listening, NULL, NULL);
	assert_true(f->fd >= 0);
	loop_watch_clear(&f->door);
	assert_int_equal(loop_watch_set(&f->watch, f->fd, LOOP_READ), 0);
}

static void
fake_start(struct fake *f, const char *text)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t n = sizeof(at);

	*f = (struct fake){ .text = text, .fd = -1 };
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	f->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(f->listening, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(f->listening, 0), 0);
	assert_int_equal(getsockname(f->listening, (struct sockaddr *)&at, &n), 0);
	f->port = ntohs(at.sin_port);
	loop_watch_init(&f->door, ear_loop, on_knock, f);
	loop_watch_init(&f->watch, ear_loop, on_asked, f);
	if (text)
		assert_int_equal(loop_watch_set(&f->door, f->listening, LOOP_READ), 0);
}

static void
fake_stop(struct fake *f)
{
	loop_watch_clear(&f->door);
	loop_watch_clear(&f->watch);
	close(f->listening);
	if (f->fd >= 0)
		close(f->fd);
}

static void
assert_refused(const char *text, enum link_end end, const char *why)
{
	struct fake f;
	struct ear e;

	fake_start(&f, text);
	LINK(&e, "redis://127.0.0.1:%d", f.port);
	ear_assert_closed(&e, end, why);
	assert_false(e.ready);
	ear_close(&e);
	fake_stop(&f);
}

static void
other_servers(void **state)
{
	(void)state;
	assert_refused("$45\r\n# Server\r\nredis_version:5.0.14\r\nrole:master\r\n\r\n",
		       LINK_FATAL, ": Redis 5.0.14 is too old: 6.2 or later is needed");
	assert_refused("+PONG\r\n", LINK_FATAL, ": does not say which version of Redis it is");
	assert_refused(":1\r\n", LINK_FATAL, ": does not say which version of Redis it is");
	assert_refused("HTTP/1.1 400 Bad Request\r\n\r\n", LINK_PASSING, ": Protocol error");
	assert_refused("-ERR max number of clients reached\r\n", LINK_PASSING,
		       ": ERR max number of clients reached");
	assert_refused("-LOADING Redis is loading the dataset in memory\r\n", LINK_PASSING,
		       ": LOADING ");
}

/* A queue of no length that is full: the kernel answers nobody. */
static void
no_connection_in_time(void **state)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	int waiting[8];
	struct fake f;
	struct ear e;

	(void)state;
	fake_start(&f, NULL);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	to.sin_port = htons((uint16_t)f.port);
	for (size_t i = 0; i < sizeof(waiting) / sizeof(waiting[0]); i++) {
		waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		connect(waiting[i], (struct sockaddr *)&to, sizeof(to));
	}
	ear_open(&e, LINK_COMMANDS, SHORT_MS, "redis://127.0.0.1:%d", f.port);
	ear_assert_closed(&e, LINK_PASSING, ": no connection within 0.3 s");
	ear_close(&e);
	for (size_t i = 0; i < sizeof(waiting) / sizeof(waiting[0]); i++)
		close(waiting[i]);
	fake_stop(&f);
}

/* ---- commands ---- */

static void
many_in_one_turn_are_answered_in_order(void **state)
{
	struct server s = SERVER();
	struct buf expected = BUF_INIT;
	struct ear e;

	(void)state;
	LINK(&e, "redis://127.0.0.1:%d", s.port);
	ear_assert_ready(&e);
	for (unsigned i = 1; i <= 100000; i++) {
		ear_send(&e, "INCR n");
		buf_addf(&expected, "%u ", i);
	}
	ear_turn_to(&e.replies, 100000);
	assert_int_equal(e.heard.n, expected.n);
	assert_memory_equal(e.heard.p, expected.p, expected.n);
	buf_clear(&expected);
	ear_close(&e);
	server_kill(&s);
}

static void
large_ones_come_whole(void **state)
{
	size_t n = (size_t)20 << 20;
	char *words = malloc(n + 1);
	struct server s = SERVER();
	struct ear e;

	(void)state;
	memset(words, 'x', n);
	memcpy(words, "SET big ", 8);
	words[n] = '\0';
	LINK(&e, "redis://127.0.0.1:%d", s.port);
	ear_assert_ready(&e);
	ear_assert_says(&e, words, "OK ");
	ear_send(&e, "GET big");
	ear_turn_to(&e.replies, 2);
	assert_int_equal(e.heard.n, n - 8 + 1);
	assert_memory_equal(e.heard.p, words + 8, n - 8);
	free(words);
	ear_close(&e);
	server_kill(&s);
}

static void
an_error_is_a_reply(void **state)
{
	struct server s = SERVER();
	struct ear e;

	(void)state;
	LINK(&e, "redis://127.0.0.1:%d", s.port);
	ear_assert_ready(&e);
	ear_assert_says(&e, "EVALSHA 0000000000000000000000000000000000000000 0",
			"NOSCRIPT No matching script. Please use EVAL. ");
	ear_assert_says(&e, "ECHO a", "a ");
	ear_close(&e);
	server_kill(&s);
}

/* ---- ends ---- */

static void
silence_ends_it(void **state)
{
	struct server s = SERVER();
	struct ear e;

	(void)state;
	ear_open(&e, LINK_COMMANDS, SHORT_MS, "redis://127.0.0.1:%d", s.port);
	ear_assert_ready(&e);
	server_pause(&s);
	ear_send(&e, "PING");
	ear_send(&e, "PING");
	ear_assert_closed(&e, LINK_PASSING, ": no answer for 0.3 s");
	assert_int_equal(e.nulls, 2);
	assert_int_equal(e.replies, 0);
	ear_close(&e);
	/* It is not let in either. */
	ear_open(&e, LINK_COMMANDS, SHORT_MS, "redis+unix://%s", s.path);
	ear_assert_closed(&e, LINK_PASSING, ": no answer for 0.3 s");
	assert_false(e.ready);
	ear_close(&e);
	server_kill(&s);
}

/* Nothing is due, so nothing is late; and a slow answer before another is a sign
 * of life for both. */
static void
silence_is_fine_while_nothing_is_asked(void **state)
{
	struct server s = SERVER();
	struct ear e;

	(void)state;
	ear_open(&e, LINK_COMMANDS, 4000, "redis://127.0.0.1:%d", s.port);
	ear_assert_ready(&e);
	ear_assert_says(&e, "PING", "PONG ");
	ear_turn_for(4500);
	for (int i = 0; i < 3; i++)
		ear_send(&e, "BLPOP nothing 1.5"); /* 4.5 s together */
	ear_turn_to(&e.replies, 4);
	assert_false(e.closed);
	ear_close(&e);
	server_kill(&s);
}

static void
a_client_that_is_killed_is_told(void **state)
{
	struct server s = SERVER();
	struct ear victim, killer;
	char kill[64];

	(void)state;
	LINK(&victim, "redis://127.0.0.1:%d", s.port);
	LINK(&killer, "redis://127.0.0.1:%d", s.port);
	ear_assert_ready(&victim);
	ear_assert_ready(&killer);
	ear_send(&victim, "CLIENT ID");
	ear_turn_to(&victim.replies, 1);
	snprintf(kill, sizeof(kill), "CLIENT KILL ID %.*s", (int)victim.heard.n,
		 victim.heard.p);
	ear_send(&victim, "BLPOP nothing 0");
	ear_send(&victim, "PING");
	ear_assert_says(&killer, kill, "1 ");
	ear_assert_closed(&victim, LINK_PASSING, ": the server closed the connection");
	assert_int_equal(victim.nulls, 2);
	ear_close(&victim);
	ear_close(&killer);
	server_kill(&s);
}

/* As after a fail-over by hand, which cuts nobody off. */
static void
a_master_that_is_demoted_is_left(void **state)
{
	static const char *const writes[] = { "SET a b", "EVAL redis.call('set','a','b') 0" };
	struct server s = SERVER();
	struct ear e, other;

	(void)state;
	LINK(&other, "redis://127.0.0.1:%d", s.port);
	ear_assert_ready(&other);
	for (size_t i = 0; i < 2; i++) {
		LINK(&e, "redis://127.0.0.1:%d", s.port);
		ear_assert_ready(&e);
		ear_assert_says(&other, "REPLICAOF 127.0.0.1 1", "OK ");
		ear_send(&e, "GET a"); /* may be answered yet */
		ear_send(&e, writes[i]);
		ear_send(&e, "GET a");
		ear_assert_closed(&e, LINK_PASSING, ": is a replica");
		assert_int_equal(e.nulls, 2);
		ear_close(&e);
		ear_assert_says(&other, "REPLICAOF NO ONE", "OK ");
	}
	ear_close(&other);
	server_kill(&s);
}

static void
send_script(struct ear *e)
{
	ear_send(e, "EVALSHA 0 0");
}

/* Redis 6.2 tells the same of a script in other words. */
static void
a_replica_of_old_is_left(void **state)
{
	struct fake f;
	struct ear e;

	(void)state;
	fake_start(&f, "$54\r\nredis_version:6.2.0\r\nrole:master\r\nconnected_slaves:0\r\n\r\n"
		       "+OK\r\n"
		       "-ERR Error running script (call to f_0): @user_script:1: @user_script: 1: "
		       "-READONLY You can't write against a read only replica.\r\n");
	LINK(&e, "redis://127.0.0.1:%d", f.port);
	e.prank = send_script;
	e.when = PRANK_READY;
	ear_assert_closed(&e, LINK_PASSING, ": is a replica");
	assert_int_equal(e.nulls, 1);
	ear_close(&e);
	fake_stop(&f);
}

/* ---- freed whenever ---- */

static void
drop(struct ear *e)
{
	link_free(e->link);
	e->link = NULL; /* any further call of it fails */
}

static void
freed_before_it_begins_and_on_its_way(void **state)
{
	struct server s = SERVER();
	struct ear e, other;

	(void)state;
	LINK(&e, "redis://127.0.0.1:%d", s.port);
	ear_close(&e); /* before it dials */
	server_pause(&s);
	LINK(&e, "redis://127.0.0.1:%d", s.port);
	ear_open(&other, LINK_COMMANDS, SHORT_MS, "redis://127.0.0.1:%d", s.port);
	ear_assert_closed(&other, LINK_PASSING, ": no answer for 0.3 s");
	ear_close(&e); /* while it is not greeted */
	ear_close(&other);
	server_kill(&s);
}

static void
freed_in_the_midst(void **state)
{
	static const int moments[] = { PRANK_READY, PRANK_REPLY, PRANK_CLOSED, PRANK_NULL };
	struct server s;
	struct ear e;

	(void)state;
	for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
		s = SERVER();
		LINK(&e, "redis://127.0.0.1:%d", s.port);
		e.prank = drop;
		e.when = (__typeof__(e.when))moments[i];
		ear_assert_ready(&e);
		if (e.link) {
			for (int n = 0; n < 3; n++)
				ear_send(&e, "ECHO x");
			if (moments[i] != PRANK_REPLY) {
				ear_turn_to(&e.replies, 3);
				server_pause(&s);
				for (int n = 0; n < 3; n++)
					ear_send(&e, "ECHO x");
				server_kill(&s);
			}
			while (e.link)
				ear_turn_to(moments[i] == PRANK_REPLY ? &e.replies : &e.nulls, 1);
		}
		/* Each command was answered or given up, once. */
		assert_int_equal(e.replies + e.nulls, moments[i] == PRANK_READY ? 0 :
						      moments[i] == PRANK_REPLY ? 3 : 6);
		assert_int_equal(e.closed, moments[i] == PRANK_CLOSED);
		ear_close(&e);
		server_kill(&s);
	}
}

static void
drop_again(struct ear *e)
{
	link_free(e->link);
}

static void
freed_with_commands_under_way(void **state)
{
	struct server s = SERVER();
	struct ear e;

	(void)state;
	LINK(&e, "redis://127.0.0.1:%d", s.port);
	ear_assert_ready(&e);
	for (int i = 0; i < 3; i++)
		ear_send(&e, "PING");
	e.prank = drop_again; /* inside link_free: harmless */
	e.when = PRANK_NULL;
	ear_close(&e);
	assert_int_equal(e.nulls, 3);
	assert_int_equal(e.replies, 0);
	server_kill(&s);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_address_name_and_path),
		cmocka_unit_test(it_has_its_database_and_its_name),
		cmocka_unit_test(commands_before_it_is_ready_are_refused),
		cmocka_unit_test(a_password_and_a_user),
		cmocka_unit_test(what_only_the_operator_can_mend_is_fatal),
		cmocka_unit_test(nobody_there),
		cmocka_unit_test(all_addresses_of_a_name_are_tried),
		cmocka_unit_test(a_replica_is_no_master),
		cmocka_unit_test(other_servers),
		cmocka_unit_test(no_connection_in_time),
		cmocka_unit_test(many_in_one_turn_are_answered_in_order),
		cmocka_unit_test(large_ones_come_whole),
		cmocka_unit_test(an_error_is_a_reply),
		cmocka_unit_test(silence_ends_it),
		cmocka_unit_test(silence_is_fine_while_nothing_is_asked),
		cmocka_unit_test(a_client_that_is_killed_is_told),
		cmocka_unit_test(a_master_that_is_demoted_is_left),
		cmocka_unit_test(a_replica_of_old_is_left),
		cmocka_unit_test(freed_before_it_begins_and_on_its_way),
		cmocka_unit_test(freed_in_the_midst),
		cmocka_unit_test(freed_with_commands_under_way),
	};

	return cmocka_run_group_tests(tests, ear_setup, ear_teardown);
}
