/* The answer over a connection that libmicrohttpd has, as the health changes. */
#include "transport/http.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	struct log log;
	struct loop *loop;
	struct health health;
	struct http http;
	size_t connections;
	struct loop_watch watch;
	int peer;          /* the client's end */
	char answer[1024]; /* the last one */
};

static void
on_answer(void *arg, short events)
{
	struct fixture *f = arg;

	(void)events;
	loop_stop(f->loop);
}

static int
set_up(void **state)
{
	static struct fixture fixture;
	static const struct sockaddr_in somebody = { .sin_family = AF_INET };
	struct fixture *f = &fixture;
	struct http_config cfg = {
		.body_bytes = 1024,
		.pool_bytes = 8192,
		.connections = 10,
		.head_ms = 10000,
		.body_ms = 10000,
		.health = &f->health,
	};
	int pair[2];

	*f = (struct fixture){ .log = { .level = LOG_LEVEL_ERROR, .fd = STDERR_FILENO } };
	f->loop = loop_new();
	if (!f->loop || http_init(&f->http, f->loop, &f->log, NULL, NULL, NULL, &cfg,
			     &f->connections) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair))
		return -1;
	f->peer = pair[0];
	loop_watch_init(&f->watch, f->loop, on_answer, f);
	if (loop_watch_set(&f->watch, f->peer, LOOP_READ))
		return -1;
	http_add(&f->http, pair[1], (const struct sockaddr *)&somebody, sizeof(somebody));
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	loop_watch_clear(&f->watch);
	close(f->peer);
	http_clear(&f->http);
	loop_free(f->loop);
	return 0;
}

/* The status of the answer to a request for `path`; 0: hung up on. */
static int
ask(struct fixture *f, const char *path)
{
	int status = 0;
	ssize_t n;

	dprintf(f->peer, "GET %s HTTP/1.1\r\nHost: node\r\n\r\n", path);
	assert_int_equal(loop_run(f->loop), 0);
	n = recv(f->peer, f->answer, sizeof(f->answer) - 1, 0);
	assert_true(n >= 0);
	f->answer[n] = '\0';
	sscanf(f->answer, "HTTP/1.1 %d ", &status);
	return status;
}

static void
assert_body(const struct fixture *f, const char *body)
{
	const char *end = strstr(f->answer, "\r\n\r\n");

	assert_non_null(end);
	assert_string_equal(end + 4, body);
}

static void
the_trouble_is_told_as_long_as_it_lasts(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(ask(f, "/health"), 200);
	assert_body(f, "ok");
	f->health.trouble = "never had Redis";
	assert_int_equal(ask(f, "/health"), 503);
	assert_body(f, "never had Redis");
	assert_non_null(strstr(f->answer, "\r\nCache-Control: no-store\r\n"));
	f->health.trouble = NULL;
	assert_int_equal(ask(f, "/health"), 200);
}

static void
a_client_of_a_mount_is_hung_up_on_then(void **state)
{
	static const struct str root = STR("");
	struct fixture *f = *state;

	f->http.config.route = (struct route){ &root, 1 };
	f->http.stopping = true;
	assert_int_equal(ask(f, "/health"), 0);
}

static void
a_server_that_stops_tells(void **state)
{
	struct fixture *f = *state;

	f->http.stopping = true;
	f->health.trouble = "stopping";
	assert_int_equal(ask(f, "/health"), 503);
	assert_body(f, "stopping");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_trouble_is_told_as_long_as_it_lasts,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_server_that_stops_tells, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_client_of_a_mount_is_hung_up_on_then,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
