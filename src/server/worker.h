/* One thread's share of the server: loop, broker, HTTP daemons, streams, the way in. */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include <stdatomic.h>

#include "engine/hub.h"
#include "redis/engine.h"
#include "server/config.h"
#include "server/listener.h"
#include "transport/entry.h"

/* What the workers of a process share; filled while they are initialised, before the
 * first loop runs. */
struct crew {
	const struct config *cfg;
	const struct log *log;
	unsigned count;
	struct hub *hub;             /* NULL: there is one worker */
	struct broker **brokers;     /* by number */
	struct handover **handovers; /* likewise */
	struct health health;
	struct entry_count *connection_counts; /* likewise */
	struct redis_crew redis;     /* if they join other nodes */
	atomic_uint joining;         /* workers that have not joined the other nodes yet */
	unsigned connections;        /* of all, at most */
	int crowded_from;            /* see listener.h */
	struct worker *workers;
	int64_t started_ms; /* on the wall's clock */
};

struct worker {
	struct crew *crew;
	unsigned number;
	const struct log *log;
	struct loop *loop;
	struct broker *broker;
	struct handover handover;
	struct http_set http, roomy; /* see entry.h */
	struct plains plains;
	struct websockets websockets;
	struct streams eventsources;
	struct entries entries;
	struct listener *listeners; /* owned array */
	size_t listener_count;
	struct str *mounts; /* owned array; the texts are the config's */
	struct origin *origins; /* likewise */
	struct gate gate;
	struct redis_options redis;
	char prefix[REDIS_PREFIX_BYTES];
	const struct redis_stats *redis_stats; /* the engine's; NULL: it is alone */
	struct metrics metrics;
	struct mail stop;
	struct loop_timer drain;
	int64_t drain_until_ms; /* 0: it has not been told to stop */
};

/* With room for its listeners, which are opened next. 0 or -ENOMEM; clear it in any
 * case. */
int worker_prepare(struct worker *w, struct crew *crew, unsigned number);
/* 0 or negative errno. */
int worker_init(struct worker *w);
/* Accepts from now on; its listeners are open. 0 or -ENOMEM. */
int worker_start(struct worker *w);

/* Tells it to stop, from any thread: it accepts no more, streams that other nodes will go
 * on with are closed in an orderly way, and its loop ends soon. */
void worker_stop(struct worker *w);

/* When all loops have ended, in this order, each for all workers and with what they have
 * posted to each other run in between: ends what clients have opened by themselves; answers
 * what is held and ends all connections; gives up the rest; frees all. */
void worker_close_streams(struct worker *w);
void worker_close_connections(struct worker *w);
void worker_abandon(struct worker *w);
void worker_clear(struct worker *w);

#endif
