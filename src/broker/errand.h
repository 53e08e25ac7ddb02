/* A call for a session whose answer may come when that is gone: it says whom it
 * was about, and which of its turns. */
#ifndef BROKER_ERRAND_H
#define BROKER_ERRAND_H

#include "broker/member.h"

struct errand {
	struct engine_call call;
	struct list_node node; /* in the cluster's errands */
	struct broker *broker;
	void (*then)(struct errand *e, int result);
	struct waiting *waiting; /* whose answer is being recorded, or whose session went
				  * while the others were told of it; or NULL */
	uint64_t turn, connect;
	/* The connect that moved the session meanwhile, perhaps before the one of
	 * `waiting` came; 0: none, or surely after it. */
	uint64_t taken_by;
	uint32_t messages; /* of that answer */
	unsigned flow;     /* as it was */
	char client_id[SESSION_ID_BYTES + 1];
};

/* `then` gets it, after which it is freed. NULL: out of memory. */
struct errand *errand_new(const struct session *s,
			  void (*then)(struct errand *e, int result));

/* The session, unless it has gone or moved. */
struct session *errand_session(const struct errand *e);

/* The waiting connect goes: what is recorded for it counts for nothing. */
void errand_forget(struct waiting *w);

void errand_free(struct errand *e);

#endif
