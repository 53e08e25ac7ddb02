/* What the files of a worker's end share: engine.c what it asks, news.c what it is told. */
#ifndef REDIS_ENGINE_PRIVATE_H
#define REDIS_ENGINE_PRIVATE_H

#include "redis/engine.h"
#include "redis/uplink.h"

struct redis_engine {
	struct engine engine;
	const struct engine_events *events;
	void *arg;
	struct mailbox box; /* from the uplink */
	struct redis_crew *crew, alone;
	unsigned worker;
	uint64_t log_messages;
	uint64_t restoring; /* which news asked for that */
	struct list jobs;   /* all that are under way */
	struct list failed; /* calls for which there was no memory */
	struct loop_task fail;
	struct loop *loop;
};

#endif
