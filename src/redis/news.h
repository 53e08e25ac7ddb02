/* What the uplink tells its worker: mails that become the engine's events, in the
 * order of everything. */
#ifndef REDIS_NEWS_H
#define REDIS_NEWS_H

#include "host/mailbox.h"
#include "redis/text.h"

struct redis_engine;

enum news_kind {
	NEWS_MESSAGE,
	NEWS_NOTE,   /* as `text` says */
	NEWS_WANTED, /* `text` is the pattern */
	NEWS_DOWN,
	NEWS_UP,
	NEWS_ISLAND,   /* `seq` is its k */
	NEWS_MAINLAND, /* `k` is its k */
	NEWS_RESTORE,  /* `seq` is whether changes were missed */
	NEWS_BEAT, /* `seq` is the cursor */
};

struct news {
	struct mail mail;
	struct redis_engine *engine;
	enum news_kind kind;
	uint64_t seq, k;
	size_t cost; /* what it takes, in bytes, while it waits */
	struct frozen *message; /* owned */
	size_t n;
	char text[]; /* a copy */
};

/* The uplink says whose it is when it posts it. NULL: out of memory. */
struct news *news_new(enum news_kind kind, uint64_t seq, struct str text);
void news_free(struct news *news);
/* A mail that nobody will read; it may be another. */
void news_drop(struct mail *m);

#endif
