/* A listening socket and its accepting. */
#ifndef SERVER_LISTENER_H
#define SERVER_LISTENER_H

#include "host/log.h"
#include "host/loop.h"
#include "server/address.h"

struct listener {
	struct loop *loop;
	const struct log *log;
	struct loop_watch watch;
	struct loop_timer pause; /* nobody can be taken: try again then */
	int fd;                  /* -1: none */
	/* Descriptors from this one on are ours: since the kernel gives the lowest that is
	 * free, who gets one finds us full. */
	int crowded_from;
	struct log_limit lines;
	/* A connection, non-blocking; takes the descriptor. */
	void (*on_accept)(void *arg, int fd, const struct sockaddr *addr, socklen_t n);
	/* One that finds us full: is told to go, and closed before it returns. */
	void (*on_crowded)(void *arg, int fd);
	void *arg;
};

struct listener_times {
	int64_t stall_ms; /* a peer may leave unacknowledged what was sent to it */
	int64_t quiet_ms; /* it has no reason to say anything for so long */
};

/* Whether others of this process listen at the same place, and which comes first. */
enum listener_share { LISTENER_ALONE, LISTENER_FIRST, LISTENER_NEXT };

/* Binds and listens. 0 or negative errno; then nothing is open. */
int listener_open(struct listener *l, const struct address *at, enum listener_share share,
		  const struct listener_times *times);
/* Where it listens, with the real port. */
int listener_address(const struct listener *l, struct address *at);
/* Accepts from now on. 0 or -ENOMEM. */
int listener_start(struct listener *l, struct loop *loop, const struct log *log);
void listener_close(struct listener *l); /* idempotent */

enum { LISTENER_NAME_BYTES = 64 };
/* ADDRESS:PORT as bound, for people: with the real port. */
const char *listener_name(const struct listener *l, char out[LISTENER_NAME_BYTES]);

#endif
