/* A connected socket: a name's addresses are tried one after the other, without
 * blocking but for looking up the name (the loop should have nothing more
 * urgent to do). */
#ifndef REDIS_DIAL_H
#define REDIS_DIAL_H

#include <netdb.h>

#include "host/loop.h"
#include "redis/url.h"

enum { DIAL_WHY_BYTES = 128 };

/* `fd` is now the callee's; or it is -1 and `why` says what the last address
 * said. `dial` is done with and may be cleared. */
typedef void (*dial_done_fn)(void *arg, int fd, const char *why);

struct dial {
	struct loop *loop;
	struct loop_watch watch;
	struct loop_timer patience; /* with one address */
	struct loop_task start;
	int64_t timeout_ms;
	dial_done_fn on_done;
	void *arg;
	struct redis_host host;
	char path[REDIS_URL_PATH_BYTES];  /* of a Unix socket; "": it is `host` */
	struct addrinfo *found, *current; /* of `host` */
	int fd;
};

/* `path` NULL: to `host`, which is copied. Then, on a later step of the loop,
 * exactly one on_done, unless it is cleared before. */
void dial_init(struct dial *d, struct loop *loop, const struct redis_host *host,
	       const char *path, int64_t timeout_ms, dial_done_fn on_done, void *arg);
void dial_clear(struct dial *d); /* idempotent */

#endif
