/* One worker's sessions: made, found, delivered to, forgotten. Ids and times
 * are passed in. Not thread-safe. */
#ifndef SESSION_REGISTRY_H
#define SESSION_REGISTRY_H

#include "session/session.h"
#include "session/subs.h"

struct registry_limits {
	uint32_t sessions;
	uint32_t subscriptions; /* per session */
	struct queue_limits queue;
	int64_t life_ms; /* forgotten so long after the last handshake or connect */
};

/* Filled by the owner. They may not end a session. */
struct registry_events {
	/* A publication for `s`; the reference is borrowed. */
	void (*on_message)(void *arg, struct session *s, struct frozen *f);
	void (*on_interest)(void *arg, struct str pattern, bool wanted);
	/* It is about to go. NULL: that is of no interest. */
	void (*on_end)(void *arg, const struct session *s);
};

struct registry {
	struct map sessions;
	struct subs subs;
	struct heap expiry;
	struct list doomed; /* sessions to be ended by registry_take_doomed's caller */
	struct registry_limits limits;
	const struct registry_events *events;
	void *arg;
	uint64_t mark; /* of the latest delivery */
	int64_t alive_ms; /* until then nobody could be missed: see registry_excuse */
};

void registry_init(struct registry *r, const struct registry_limits *limits,
		   const uint64_t seed[2], const struct registry_events *events,
		   void *arg);
/* Ends all sessions. */
void registry_clear(struct registry *r);

enum { REGISTRY_FULL = 1, REGISTRY_TAKEN };

/* A session named `id` (SESSION_ID_BYTES). 0 and *out, REGISTRY_FULL,
 * REGISTRY_TAKEN (somebody has that id) or -ENOMEM. */
int registry_create(struct registry *r, struct str id, int64_t now_ms,
		    struct session **out);
struct session *registry_find(const struct registry *r, struct str id); /* or NULL */
void registry_end(struct registry *r, struct session *s); /* frees it */

/* A sign of life. */
void registry_touch(struct registry *r, struct session *s, int64_t now_ms);

/* The next moment to call registry_expire, INT64_MAX: never. */
int64_t registry_deadline(const struct registry *r);
/* Dooms the sessions that were silent for too long. One with a held connect
 * is alive. */
void registry_expire(struct registry *r, int64_t now_ms);
/* Until now clients could not reach us by others, which is not their fault: none counts
 * as silent since before now. */
void registry_excuse(struct registry *r, int64_t now_ms);
/* Marks `s` for its end; it may be in use right now. Idempotent. */
void registry_doom(struct registry *r, struct session *s);
/* The next doomed session, still whole; NULL: no more. */
struct session *registry_take_doomed(struct registry *r);

/* Hands `f` to each session that wants its channel, once, however many of its
 * patterns match. Returns how many it reached. */
size_t registry_deliver(struct registry *r, struct frozen *f);

#endif
