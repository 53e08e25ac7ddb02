/* Where the master is, as Redis's Sentinels have it: they are asked one after the
 * other. What they say may be old, so whoever is sent to a server looks whether it
 * is a master, and otherwise asks on. */
#ifndef REDIS_SENTINEL_H
#define REDIS_SENTINEL_H

#include "redis/wire.h"

struct sentinel;

struct sentinel_events {
	/* Borrowed. An address that was not named since sentinel_new(). */
	void (*on_found)(void *arg, const struct redis_host *master);
	/* All were asked; why the last one did not help. */
	void (*on_end)(void *arg, const char *why);
};

/* Asks those of `url`, which stays as it is meanwhile. One on_found or on_end
 * follows, on a later step of the loop; both may free. NULL: out of memory. */
struct sentinel *sentinel_new(struct loop *loop, const struct redis_url *url,
			      int64_t timeout_ms, const struct sentinel_events *events,
			      void *arg);
void sentinel_free(struct sentinel *s);

/* What was found does not help: asks the next, with the same outcome as above. */
void sentinel_ask_on(struct sentinel *s);

#endif
