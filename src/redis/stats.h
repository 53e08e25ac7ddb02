/* How the uplink gets on, for who watches from another thread. The uplink looks once a
 * second, and whenever Redis is joined or lost; until then these are the numbers of its
 * last look. Each is right by itself. */
#ifndef REDIS_STATS_H
#define REDIS_STATS_H

#include <stdatomic.h>
#include <stdint.h>

enum redis_stat {
	STAT_STATE,      /* places in redis_stat_states */
	STAT_UP,         /* 0 or 1 */
	STAT_CHANGED_MS, /* since when it is up or not, as loop_now_ms has it */
	STAT_JOINS, STAT_LOSSES,
	STAT_KEPT, STAT_KEPT_BYTES, /* publications for a Redis that is away, and so many */
	STAT_FORWARDED,             /* have gone there since the start, */
	STAT_REFUSED,               /* or were not kept */
	STAT_GAPS,     /* logs that lacked what somebody had not got */
	STAT_COMMANDS, /* jobs whose reply is due */
	STAT_WAITING,  /* publications not sent yet; without those kept */
	STAT_LAG_US,   /* from a beat's sending until it was heard; or STAT_NONE */
	STAT_POS,
	STAT_INTAKE, /* 0 or 1: publishes for other programs; since the start: */
	STAT_INTAKE_PUBLISHED, STAT_INTAKE_REFUSED, STAT_INTAKE_DROPPED,
	STAT_COUNT
};

#define STAT_NONE UINT64_MAX

struct redis_stats {
	_Atomic uint64_t of[STAT_COUNT];
};

enum { STAT_STATES = 5 };
extern const char *const redis_stat_states[STAT_STATES];

static inline uint64_t
redis_stat(const struct redis_stats *stats, enum redis_stat which)
{
	return atomic_load_explicit(&stats->of[which], memory_order_relaxed);
}

static inline void
redis_stat_set(struct redis_stats *stats, enum redis_stat which, uint64_t v)
{
	atomic_store_explicit(&stats->of[which], v, memory_order_relaxed);
}

#endif
