/* What other programs publish through Redis alone (docs/background-jobs.md): entries
 * of the stream PREFIX "publish", and what is said on the channel of that name.
 *
 * One node has the lease and does it for all. That saves work, and no more: an entry
 * leaves the stream in the step that publishes it, so that two nodes which both think
 * that they have the lease still do it once; and as each of them has the entries in
 * their order, whoever is first, the order is the stream's. Entries are always read
 * from the beginning, for what is there is what is to be done.
 *
 * What is heard on the channel carries the lease under which it was heard: whoever
 * has lost that meanwhile publishes nothing any more. */
#ifndef REDIS_INTAKE_H
#define REDIS_INTAKE_H

#include "host/log.h"
#include "redis/engine.h"
#include "redis/job.h"
#include "redis/link.h"

struct intake_counts {
	uint64_t published; /* messages */
	uint64_t elsewhere; /* another node was first */
	uint64_t refused;
	uint64_t dropped; /* heard faster than they could be published */
};

/* Everything is the uplink's thread's. */
struct intake {
	struct uplink *up;
	char name_text[REDIS_PREFIX_BYTES + 8];
	struct str name; /* of the stream's key and of the channel */
	struct intake_counts counts;
	struct list jobs; /* struct job, by `all`: ours until they are done */
	bool stopping;
	/* The lease: */
	uint64_t token; /* 0: it is not ours */
	bool asking;
	/* The channel: */
	bool listening;
	unsigned unconfirmed;       /* what is heard before is of a former lease */
	size_t heard, heard_bytes;  /* under way */
	/* The stream, by a connection that waits for entries: */
	struct link *reader;
	bool ready, reading;
	size_t taken;         /* entries under way */
	int64_t not_before_ms; /* after a fault */
	struct loop_task go_on;
	struct log_limit refusals, drops, faults;
};

void intake_init(struct intake *in, struct uplink *up);
void intake_clear(struct intake *in); /* when the uplink's links are gone */

/* UPLINK_UP, and each beat from then on. */
void intake_beat(struct intake *in);
/* Not UP any more. */
void intake_down(struct intake *in);
/* The node ends: another may take over. */
void intake_stop(struct intake *in);

/* Whether this, of the subscriber connection, is ours and was handled. */
bool intake_subscribed(struct intake *in, struct str channel);
bool intake_message(struct intake *in, struct str channel, struct str text);

/* ---- between its files ---- */

/* Publishes `f`, which is taken, unless what `guard` (publish.lua: done) says was done. `own`
 * gets the job back. 0 or -ENOMEM: it does not. */
int intake_publish(struct intake *in, struct frozen *f, struct str guard,
		   void (*own)(struct job *j));
/* The job is done: counts what came of it and frees it. Its result. */
int intake_account(struct intake *in, struct job *j);
/* `what`: "entry 5-0", "a message". */
void intake_refuse(struct intake *in, const char *what, const char *why);

/* intake_stream.c: reads while there is a lease. */
void intake_stream_init(struct intake *in);
void intake_stream_beat(struct intake *in);
void intake_stream_close(struct intake *in);

#endif
