/* One call of the engine on its way: from the worker to the uplink, by a script to
 * Redis, and back with what that replied. One thread has it at a time. */
#ifndef REDIS_JOB_H
#define REDIS_JOB_H

#include "engine/engine.h"
#include "host/mailbox.h"
#include "redis/args.h"
#include "redis/scripts.h"

struct redisReply;
struct uplink;

struct job {
	struct engine_job base; /* the worker's alone */
	struct mail mail;
	struct list_node node; /* in one of the uplink's lists */
	struct uplink *uplink;          /* which has it */
	void (*back)(struct mail *m);   /* how it comes back to the worker */
	void (*own)(struct job *j);     /* the uplink's own, which comes back by this */
	struct mailbox *home;           /* where that is; NULL: the uplink's own */
	enum redis_script_id script;
	struct args args;     /* those behind node, gen and T */
	struct list_node all; /* in a list of its owner's, of all its jobs */
	/* Publish: */
	struct frozen *message; /* whose bytes are the text */
	uint64_t k;             /* 0: it has none yet */
	uint64_t seq;
	bool is_refused;  /* Redis gave an error, once */
	bool is_repeated; /* sent before, on a connection that ended */
	bool is_kept;     /* accepted while Redis was away: the uplink's own */
	bool is_heard;    /* and its message has come back */
	struct frozen **copies; /* of such: each worker's, owned; see uplink_island.c */
	unsigned copy_count;
	/* What came of it: */
	int result;
	unsigned taken;
	unsigned made, trimmed; /* read: logs that were missing, or cut off too early */
	struct engine_client client;
	struct engine_read read;
	struct buf memory; /* what those point into */
};

/* `home`: the mailbox of the worker whose it is; NULL: the uplink's own. */
struct job *job_new(struct mailbox *home, enum redis_script_id script);
/* The arguments of a publication: what makes it done once, and its patterns. */
void job_add_publication(struct args *a, struct str once, const struct frozen *f);
void job_free(struct job *j); /* NULL is welcome */

/* Puts what Redis said into the job. 0; or 1: the connection's standing is not what
 * the uplink thinks, so it is to begin anew; `why` is not NULL then. */
int job_read_reply(struct job *j, const struct redisReply *reply, const char **why);

#endif
