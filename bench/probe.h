/* What the measured processes use, and what Redis did meanwhile. */
#ifndef BENCH_PROBE_H
#define BENCH_PROBE_H

#include <stdbool.h>
#include <stdint.h>

/* Sums over `n` processes, all their threads; one that is gone counts as 0. */
double probe_cpu_seconds(const int *pids, unsigned n);
uint64_t probe_rss_bytes(const int *pids, unsigned n);

double probe_own_cpu_seconds(void);

/* Commands served so far and CPU seconds of the Redis at HOST:PORT. */
bool probe_redis(const char *host_port, uint64_t *commands,
		 double *cpu_seconds);

#endif
