/* Which worker of this process has which client's session. From any thread: the table
 * is in shards, each with its lock. */
#ifndef ENGINE_DIRECTORY_H
#define ENGINE_DIRECTORY_H

#include <pthread.h>
#include <stdbool.h>

#include "util/map.h"

enum { DIRECTORY_SHARDS = 64, DIRECTORY_NOBODY = -1 };

struct directory {
	uint64_t seed[2];
	struct directory_shard {
		_Alignas(64) pthread_mutex_t lock;
		struct map clients;
	} shards[DIRECTORY_SHARDS];
};

void directory_init(struct directory *d, const uint64_t seed[2]);
void directory_clear(struct directory *d);

enum { DIRECTORY_TAKEN = 1 };

/* The client is that worker's from now on, if it was nobody's, or its own already. 0,
 * DIRECTORY_TAKEN or -ENOMEM. `fresh` (may be NULL): whether it was nobody's. */
int directory_claim(struct directory *d, struct str id, unsigned worker, bool *fresh);
/* The reverse; false: it was not that worker's. */
bool directory_release(struct directory *d, struct str id, unsigned worker);

/* DIRECTORY_NOBODY: it has none. */
int directory_find(struct directory *d, struct str id);

#endif
