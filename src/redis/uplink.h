/* This node's end of Redis, on a thread of its own: two connections, one for scripts
 * and one that hears; what is under way; and the one order of everything that is
 * heard (docs/cluster.md). */
#ifndef REDIS_UPLINK_H
#define REDIS_UPLINK_H

#include <stdatomic.h>

#include "host/mailbox.h"
#include "redis/engine.h"
#include "redis/stats.h"

struct job;
struct redis_engine;
struct uplink;

/* Starts it. Its news go to `box`, for `engine`, which counts them off `backlog` when it has
 * handled them. NULL: out of memory or threads. */
struct uplink *uplink_new(const struct redis_options *options, struct redis_engine *engine,
			  struct mailbox *box, atomic_size_t *backlog);
/* What is under way is given a moment to be done; then it stops. Jobs stay where they
 * are: they are the engine's. */
void uplink_free(struct uplink *up);

/* Takes the job; it comes back by its mail. */
void uplink_take(struct uplink *up, struct job *j);

/* The worker has asked to write back all of its sessions, as the news with that
 * number wanted. */
void uplink_restored(struct uplink *up, uint64_t gen);

/* As long as it lives; from any thread. */
const struct redis_stats *uplink_stats(const struct uplink *up);

/* The worker wants a pattern, or does not any more. 0 or -ENOMEM. */
int uplink_want(struct uplink *up, struct str pattern, bool wanted);

#endif
