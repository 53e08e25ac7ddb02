/* Which patterns this node hears, and how far it has come with each:
 *
 *     asked (SUBSCRIBE sent) → on (confirmed) → lingering (nobody wants it) → gone
 *
 * One that nobody wants any more is kept for a while: long-polling clients come and
 * go. */
#ifndef REDIS_INTEREST_H
#define REDIS_INTEREST_H

#include "host/loop.h"
#include "util/list.h"
#include "util/map.h"

enum { INTEREST_LINGER_MS = 5000 };

struct interest {
	struct map_node by_pattern;
	struct list_node node;      /* in interests.all */
	struct list_node lingering; /* in interests.lingering */
	int64_t until_ms;
	uint32_t users;  /* of all workers */
	uint64_t wanted; /* by which workers, a bit each */
	uint64_t told;   /* which of them know that it is on */
	bool on;
	size_t n;
	char *pattern;
	uint32_t counts[]; /* each worker's users; then the pattern */
};

struct interests {
	unsigned workers;
	struct map patterns;
	struct list all;
	struct list lingering; /* the one that goes first is first */
};

static inline struct str
interest_pattern(const struct interest *in)
{
	return (struct str){ in->pattern, in->n };
}

void interests_init(struct interests *is, unsigned workers, const uint64_t seed[2]);
void interests_clear(struct interests *is);

struct interest *interests_find(const struct interests *is, struct str pattern);
/* One more user; *fresh: it was not there. NULL: out of memory. */
struct interest *interests_want(struct interests *is, struct str pattern, unsigned worker,
				bool *fresh);
void interests_unwant(struct interests *is, struct str pattern, unsigned worker,
		      int64_t now_ms);
/* Which workers want a pattern of that channel. */
uint64_t interests_workers(const struct interests *is, struct str channel);

/* The connection is gone: none is on. */
void interests_off(struct interests *is);

/* The next whose time is over; NULL: none. It is still there. */
struct interest *interests_expired(const struct interests *is, int64_t now_ms);
void interests_drop(struct interests *is, struct interest *in);

#endif
