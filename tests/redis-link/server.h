/* Real Redis servers and Sentinels for a test, each a process of its own that ends
 * with the test's. */
#ifndef REDIS_LINK_SERVER_H
#define REDIS_LINK_SERVER_H

#include <sys/types.h>

enum { SERVER_PATH_BYTES = 96 };

struct server {
	pid_t pid;
	int port;  /* on 127.0.0.1 */
	int said;  /* what it logs, from behind the line that it is ready */
	char path[SERVER_PATH_BYTES]; /* its Unix socket */
};

/* A folder for this program's servers: cmocka's group setup and teardown. */
int server_setup(void **state);
int server_teardown(void **state);
const char *server_folder(void);

/* Runs redis-server (or REDIS_SERVER) with these words, NULL-terminated, behind
 * those for its place, until it accepts connections. */
struct server server_start(const char *const *words);
/* One that was killed is there again, empty, and without words. */
void server_restart(struct server *s);
/* Of a master on `port`, which is called "mymaster" there; fails over when that is
 * not heard of for half a second. `words` are lines of its configuration. */
struct server server_start_sentinel(int port, const char *words);
/* Until it has logged these words, which were not there when it was ready. */
void server_wait_for(const struct server *s, const char *words);
void server_kill(struct server *s); /* SIGKILL, and waits; idempotent */
void server_pause(const struct server *s);
void server_resume(const struct server *s);

/* A port where nobody listens, another each time. */
int server_free_port(void);

#define SERVER(...) server_start((const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL })

#endif
