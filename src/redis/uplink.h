/* This node's end of Redis, for all its workers, on a thread of its own: two connections, one for scripts
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

/* For so many workers. NULL: out of memory. */
struct uplink *uplink_new(const struct redis_options *options, unsigned workers);
/* One of them, whose news go to `box`. It starts with the last. 0 or negative errno. */
int uplink_add_worker(struct uplink *up, unsigned worker, struct redis_engine *engine,
		      struct mailbox *box);
/* What is under way is given a moment to be done; then it stops. Jobs stay where they
 * are: they are the engines'. Idempotent. */
void uplink_stop(struct uplink *up);
void uplink_free(struct uplink *up); /* stops it */

/* Takes the job; it comes back by its mail. */
void uplink_take(struct uplink *up, struct job *j);

/* The worker has handled news that cost so much. */
void uplink_handled(struct uplink *up, size_t cost);

/* The worker has asked to write back all of its sessions, as the news with that
 * number wanted. */
void uplink_restored(struct uplink *up, unsigned worker, uint64_t gen);

/* The worker has answered a beat: what it had to say of its sessions went before. Redis
 * hears of it when all have. */
void uplink_beat(struct uplink *up, unsigned worker, uint64_t cursor);

/* As long as it lives; from any thread. */
const struct redis_stats *uplink_stats(const struct uplink *up);

/* The worker wants a pattern, or does not any more. 0 or -ENOMEM. */
int uplink_want(struct uplink *up, unsigned worker, struct str pattern, bool wanted);

#endif
