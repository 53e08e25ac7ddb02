/* One thread's share of the server: loop, broker, HTTP daemons, streams, the
 * way in. */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include "server/config.h"
#include "redis/engine.h"
#include "transport/entry.h"

struct worker {
	const struct log *log;
	struct loop *loop;
	struct broker *broker;
	struct http http, roomy; /* see entry.h */
	struct websockets websockets;
	struct streams eventsources;
	struct entries entries;
	struct str *mounts; /* owned array; the texts are the config's */
	struct origin *origins; /* likewise */
	struct gate gate;
	struct redis_options redis;
	char prefix[REDIS_PREFIX_BYTES];
	const struct redis_stats *redis_stats; /* the engine's; NULL: it is alone */
	struct health health;
	struct metrics metrics;
	int64_t started_ms; /* on the wall's clock */
};

/* 0 or negative errno; clear it in any case. `cfg` must outlive it. */
int worker_init(struct worker *w, const struct config *cfg, unsigned connections,
		const struct log *log);
/* The server is about to stop: streams that other nodes will go on with are closed in
 * an orderly way, while the loop runs. */
void worker_drain(struct worker *w);
bool worker_is_drained(const struct worker *w);
/* Answers what is held, closes all, frees all. */
void worker_clear(struct worker *w);

#endif
