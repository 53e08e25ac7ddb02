#include "redis-link/server.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	MAX_WORDS = 40,
	START_MS = 60000, /* only a hang gets there */
	MAX_STARTED = 16,
	FIRST_PORT = 10000,
	PORTS = 20000,
};

static char folder[SERVER_PATH_BYTES / 2];
static pid_t started[MAX_STARTED]; /* 0: ended */

int
server_setup(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN); /* as the daemon does */
	snprintf(folder, sizeof(folder), "/tmp/fayed-redis.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

/* Also what a test that failed has left. */
int
server_teardown(void **state)
{
	char command[SERVER_PATH_BYTES];

	(void)state;
	for (int i = 0; i < MAX_STARTED; i++) {
		if (!started[i])
			continue;
		kill(started[i], SIGKILL);
		waitpid(started[i], NULL, 0);
		started[i] = 0;
	}
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

const char *
server_folder(void)
{
	return folder;
}

static bool
is_free(int port)
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	rc = bind(fd, (struct sockaddr *)&at, sizeof(at));
	close(fd);
	return rc == 0;
}

/* Below those that the system gives away by itself, and none twice: else another
 * connection may have it before the server does. */
int
server_free_port(void)
{
	static int port;

	if (!port)
		port = FIRST_PORT + getpid() * 37 % PORTS;
	do
		port = FIRST_PORT + (port - FIRST_PORT + 1) % PORTS;
	while (!is_free(port));
	return port;
}

static void
remember(pid_t pid)
{
	for (int i = 0; i < MAX_STARTED; i++) {
		if (!started[i]) {
			started[i] = pid;
			return;
		}
	}
	fail_msg("too many servers at once");
}

static void
run(struct server *s, const char *const *argv)
{
	const char *program = getenv("REDIS_SERVER");
	int pipes[2];

	if (!program)
		program = "redis-server";
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	s->pid = fork();
	assert_true(s->pid >= 0);
	if (s->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(pipes[1], STDOUT_FILENO);
		execvp(program, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	remember(s->pid);
	close(pipes[1]);
	s->said = pipes[0];
}

/* False: it ended before. */
static bool
logs(const struct server *s, const char *words)
{
	char text[65536];
	size_t n = 0;

	while (n < sizeof(text) - 1) {
		struct pollfd p = { .fd = s->said, .events = POLLIN };
		ssize_t got;

		if (poll(&p, 1, START_MS) != 1)
			break;
		got = read(s->said, text + n, sizeof(text) - 1 - n);
		if (got <= 0)
			break;
		n += (size_t)got;
		text[n] = '\0';
		if (strstr(text, words))
			return true;
	}
	fprintf(stderr, "%.*s", (int)n, text);
	return false;
}

static void
start(struct server *s, const char *const *words)
{
	const char *argv[MAX_WORDS] = { "redis-server" };
	char port[16];
	int n = 1;

	snprintf(port, sizeof(port), "%d", s->port);
	snprintf(s->path, sizeof(s->path), "%s/%d.sock", folder, s->port);
	for (const char *const *w = (const char *const[]){
		     "--port", port, "--bind", "127.0.0.1", "--unixsocket", s->path, "--dir",
		     folder, "--save", "", "--appendonly", "no", NULL };
	     *w; w++)
		argv[n++] = *w;
	for (; *words; words++) {
		assert_true(n < MAX_WORDS - 1);
		argv[n++] = *words;
	}
	run(s, argv);
	if (!logs(s, "eady to accept connections"))
		fail_msg("redis-server did not start");
}

struct server
server_start(const char *const *words)
{
	struct server s = { .port = server_free_port() };

	start(&s, words);
	return s;
}

void
server_restart(struct server *s)
{
	start(s, (const char *const[]){ NULL });
}

struct server
server_start_sentinel(int port, const char *words)
{
	struct server s = { .port = server_free_port() };
	char path[SERVER_PATH_BYTES];
	const char *argv[] = { "redis-server", path, "--sentinel", NULL };
	FILE *file;

	snprintf(path, sizeof(path), "%s/%d.conf", folder, s.port);
	file = fopen(path, "we");
	assert_non_null(file);
	fprintf(file,
		"port %d\nbind 127.0.0.1\ndir %s\n"
		"sentinel monitor mymaster 127.0.0.1 %d 1\n"
		"sentinel down-after-milliseconds mymaster 500\n%s\n",
		s.port, folder, port, words);
	assert_int_equal(fclose(file), 0);
	run(&s, argv);
	if (!logs(&s, "+monitor master"))
		fail_msg("the Sentinel did not start");
	return s;
}

void
server_wait_for(const struct server *s, const char *words)
{
	if (!logs(s, words))
		fail_msg("the server did not say '%s'", words);
}

void
server_kill(struct server *s)
{
	if (!s->pid)
		return;
	kill(s->pid, SIGKILL);
	waitpid(s->pid, NULL, 0);
	close(s->said);
	for (int i = 0; i < MAX_STARTED; i++)
		if (started[i] == s->pid)
			started[i] = 0;
	s->pid = 0;
}

void
server_pause(const struct server *s)
{
	siginfo_t info;

	kill(s->pid, SIGSTOP);
	waitid(P_PID, (id_t)s->pid, &info, WSTOPPED); /* it has stopped */
}

void
server_resume(const struct server *s)
{
	kill(s->pid, SIGCONT);
}
