/* The engine that joins nodes by Redis, as engine/engine.h has it: a worker's end.
 * The other end is the uplink, on a thread of its own. */
#ifndef REDIS_ENGINE_H
#define REDIS_ENGINE_H

#include "engine/engine.h"
#include "host/log.h"
#include "redis/posting.h"
#include "redis/stats.h"
#include "redis/url.h"

enum { REDIS_PREFIX_BYTES = 80, REDIS_NODE_BYTES = 16 };

/* The workers of one process share the uplink: made with the first of them, started with
 * the last, and stopped with the first that goes. All of it on one thread. */
struct redis_crew {
	struct uplink *uplink;
	unsigned workers, users;
};

struct redis_options {
	struct redis_crew *crew; /* NULL: the worker is alone */
	unsigned worker;
	struct hub *hub;         /* which knows who has which session; NULL: likewise */
	const struct redis_url *url; /* stays as it is as long as the engine */
	const char *prefix;          /* of all keys; likewise. "{fayed}:" */
	int64_t timeout_ms;          /* of sessions; the same on all nodes */
	size_t log_messages; /* of each pattern that are kept, at least; likewise */
	/* What was heard and the worker has not handled yet; then no more is read. */
	size_t news_bytes;
	/* Publishes that are accepted while Redis is away. */
	size_t kept_messages, kept_bytes;
	struct posting_limits posting; /* of what other programs publish */
	const struct log *log;
};

/* Starts the uplink. `options` is what broker_config's maker is. NULL: out of memory
 * or threads. */
struct engine *redis_engine_new(void *options, struct loop *loop,
				const struct engine_events *events, void *arg);

/* Of an engine that redis_engine_new has made; good as long as it. */
const struct redis_stats *redis_engine_stats(struct engine *engine);

#endif
