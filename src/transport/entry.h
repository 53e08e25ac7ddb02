/* The way in. A fresh connection's head is looked at without being taken: a
 * WebSocket's is answered and the socket is ours from then on, which costs 0.5
 * kB instead of 7; so is an event source's of a client we know, and so are plain
 * requests (plain.h); everything else goes to libmicrohttpd as if untouched.
 *
 * There are two sets of its daemons. One gives each connection a small pool of
 * memory, which is most of what an idle poll costs. A head is held there about
 * twice, since cookies are copied; so a connection whose first head is large
 * goes to the roomy one. */
#ifndef TRANSPORT_ENTRY_H
#define TRANSPORT_ENTRY_H

#include <stdatomic.h>

#include "transport/http_set.h"
#include "transport/plain.h"

struct entry_config {
	size_t head_bytes;
	int64_t head_ms;     /* from accept until the head must be whole */
	unsigned connections; /* of all kinds and workers, at most */
	struct entry_count *counts; /* each worker's, borrowed; NULL: there is one */
	unsigned workers, worker;
	struct route route;  /* borrowed */
	struct gate *gate;   /* borrowed */
};

/* How many connections a worker has, for the others to see: as of its last turn. */
struct entry_count {
	_Alignas(64) atomic_size_t n;
};

struct entries {
	struct loop *loop;
	const struct log *log;
	struct http_set *http, *roomy;
	struct plains *plains;
	struct websockets *websockets;
	struct streams *eventsources;
	struct entry_config config;
	struct list waiting; /* connections without a whole head */
	size_t count;
	char *input;         /* head_bytes + 1 */
	uint64_t refused, full; /* since the start */
	struct handover *handover; /* borrowed */
	struct log_limit lines;
};

/* 0 or -ENOMEM. */
int entries_init(struct entries *en, struct loop *loop, const struct log *log,
		 struct http_set *h, struct http_set *roomy, struct plains *plains,
		 struct websockets *ws, struct streams *eventsources, struct handover *ho,
		 const struct entry_config *cfg);
void entries_clear(struct entries *en);

/* All connections that there are, wherever they have got to. */
size_t entries_connections(const struct entries *en);

/* A connection that was just accepted, non-blocking; takes the descriptor. */
void entry_add(struct entries *en, int fd, const struct sockaddr *addr, socklen_t n);
/* The same of one that another worker has accepted, and counted. */
void entry_take_over(struct entries *en, int fd, const struct sockaddr *addr, socklen_t n);
/* One that was a plain one's: plain_config.on_other. */
void entry_take_back(void *entries, int fd, const struct head *head);
/* One that there is no room for: answers that and closes it. */
void entry_turn_away(struct entries *en, int fd);

#endif
