/* Latencies in nanoseconds, in log-linear buckets: less than 1 % wrong, of
 * fixed size. */
#ifndef BENCH_HIST_H
#define BENCH_HIST_H

#include <stdint.h>

enum {
	HIST_SUB_BITS = 7,
	HIST_SUB = 1 << HIST_SUB_BITS,
	HIST_BUCKETS = (65 - HIST_SUB_BITS) * HIST_SUB,
};

struct hist {
	uint64_t count, max;
	uint64_t bucket[HIST_BUCKETS];
};

void hist_reset(struct hist *h);
void hist_add(struct hist *h, uint64_t ns);
uint64_t hist_quantile(const struct hist *h, double q); /* 0 when empty */

#endif
