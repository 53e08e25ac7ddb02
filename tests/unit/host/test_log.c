#include "host/log.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* A socket keeps each write(2) apart. */
struct paper {
	int fds[2];
	struct log log;
};

static void
start(struct paper *p, enum log_level level)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, p->fds), 0);
	p->log = (struct log){ .level = level, .fd = p->fds[0] };
}

static void
end(struct paper *p)
{
	close(p->fds[0]);
	close(p->fds[1]);
}

/* What the next write wrote; "": there was none. */
static const char *
next_write(struct paper *p)
{
	static char text[4096];
	ssize_t n = recv(p->fds[1], text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void
a_line_is_one_write(void **state)
{
	struct paper p;

	(void)state;
	start(&p, LOG_LEVEL_INFO);
	log_warn(&p.log, "websocket: closed peer=%s reason=%s", "127.0.0.1:1", "stalled");
	log_info(&p.log, "ready");
	assert_string_equal(next_write(&p), "fayed: warn: websocket: closed "
					    "peer=127.0.0.1:1 reason=stalled\n");
	assert_string_equal(next_write(&p), "fayed: info: ready\n");
	assert_string_equal(next_write(&p), "");
	end(&p);
}

static void
write_each_level(struct paper *p)
{
	log_error(&p->log, "1");
	log_warn(&p->log, "2");
	log_info(&p->log, "3");
	log_debug(&p->log, "4");
}

static void
what_is_less_urgent_is_not_written(void **state)
{
	static const char *const lines[] = {
		"fayed: error: 1\n", "fayed: warn: 2\n", "fayed: info: 3\n",
		"fayed: debug: 4\n",
	};

	(void)state;
	for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
		struct paper p;

		start(&p, (enum log_level)level);
		write_each_level(&p);
		for (int i = 0; i <= level; i++)
			assert_string_equal(next_write(&p), lines[i]);
		assert_string_equal(next_write(&p), "");
		end(&p);
	}
}

/* However much there is to say, it ends its line. */
static void
a_long_line_is_cut(void **state)
{
	char words[3000];
	const char *line;
	struct paper p;

	(void)state;
	start(&p, LOG_LEVEL_INFO);
	memset(words, 'w', sizeof(words) - 1);
	for (size_t n = 950; n < sizeof(words); n += n < 1050 ? 1 : 500) {
		words[n] = '\0';
		log_info(&p.log, "%s", words);
		words[n] = 'w';
		line = next_write(&p);
		assert_int_equal(strlen(line), n + 14 < 1024 ? n + 14 : 1024);
		assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
		assert_int_equal(strncmp(line, "fayed: info: www", 16), 0);
		assert_string_equal(next_write(&p), "");
	}
	end(&p);
}

static void
errno_stays_as_it_was(void **state)
{
	const struct log nowhere = { .level = LOG_LEVEL_INFO, .fd = -1 };

	(void)state;
	errno = ENOENT;
	log_error(&nowhere, "lost");
	assert_int_equal(errno, ENOENT);
	log_debug(&nowhere, "not even tried");
	assert_int_equal(errno, ENOENT);
}

static void
a_pipe_that_nobody_reads_does_not_stop_us(void **state)
{
	struct log log = { .level = LOG_LEVEL_INFO };
	char byte;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	log.fd = fds[1];
	alarm(60);
	for (int i = 0; i < 10000; i++)
		log_info(&log, "one of many lines, more than a pipe holds");
	alarm(0);
	/* And those that fit are whole. */
	close(fds[1]);
	for (size_t n = 0; read(fds[0], &byte, 1) == 1; n++)
		assert_int_equal(byte, "fayed: info: one of many lines, more than a "
				       "pipe holds\n"[n % 55]);
	close(fds[0]);
}

static void
what_happens_often_is_said_once_a_second_and_counted(void **state)
{
	struct log_limit limit = { .count = 0 };
	struct paper p;

	(void)state;
	start(&p, LOG_LEVEL_INFO);
	log_limited(&p.log, &limit, 50000, 1, "it happened");
	assert_string_equal(next_write(&p), "fayed: warn: it happened count=1\n");
	log_limited(&p.log, &limit, 50001, 2, "it happened");
	log_limited(&p.log, &limit, 50999, 3, "it happened");
	assert_string_equal(next_write(&p), "");
	log_limited(&p.log, &limit, 51000, 4, "it happened");
	assert_string_equal(next_write(&p), "fayed: warn: it happened count=9\n");
	log_limited(&p.log, &limit, 60000, 1, "it happened");
	assert_string_equal(next_write(&p), "fayed: warn: it happened count=1\n");
	assert_string_equal(next_write(&p), "");
	end(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_one_write),
		cmocka_unit_test(what_is_less_urgent_is_not_written),
		cmocka_unit_test(a_long_line_is_cut),
		cmocka_unit_test(errno_stays_as_it_was),
		cmocka_unit_test(a_pipe_that_nobody_reads_does_not_stop_us),
		cmocka_unit_test(what_happens_often_is_said_once_a_second_and_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
