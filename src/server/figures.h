/* What is counted in a worker, and what all of them make together. */
#ifndef SERVER_FIGURES_H
#define SERVER_FIGURES_H

#include "server/worker.h"

enum figures_stream { FIGURES_WEBSOCKET, FIGURES_EVENTSOURCE, FIGURES_STREAMS };

struct figures {
	uint64_t connections; /* of all kinds */
	uint64_t suspended, lent; /* requests, and those that lend to an event source */
	uint64_t full, refused, requests, origins_refused;
	struct {
		uint64_t count, opened, stalled, overflowed, unproved;
	} streams[FIGURES_STREAMS];
	uint64_t sessions, subscriptions, topics;
	struct broker_counts counts;
	unsigned workers;           /* whose figures these are */
	bool joins_nodes;
	uint64_t redis[STAT_COUNT]; /* if it does */
};

/* On the worker's thread. */
void figures_add(struct figures *f, const struct worker *w);

#endif
