/* What the measured processes use, and what Redis did meanwhile. */
#ifndef BENCH_PROBE_H
#define BENCH_PROBE_H

#include <stdbool.h>
#include <stdint.h>

/* Sums over `n` processes, all their threads; one that is gone counts as 0. */
double probe_cpu_seconds(const int *pids, unsigned n);
uint64_t probe_rss_bytes(const int *pids, unsigned n);

double probe_own_cpu_seconds(void);

/* What a Redis has served so far. What its scripts call counts, too. */
enum { REDIS_NAMES = 64, REDIS_NAME_BYTES = 40 };
struct redis_stats {
	uint64_t commands;
	double cpu_s;
	struct redis_calls {
		char name[REDIS_NAME_BYTES];
		uint64_t calls;
	} by_name[REDIS_NAMES];
	unsigned names;
};

/* The one at HOST:PORT; false: no answer. */
bool probe_redis(const char *host_port, struct redis_stats *stats);
/* Leaves in `stats` what came after `before`. */
void redis_stats_since(struct redis_stats *stats,
		       const struct redis_stats *before);

#endif
