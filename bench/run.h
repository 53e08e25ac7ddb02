/* One run: set up, warm up, measure, drain, count. */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "load.h"
#include "probe.h"

struct figures {
	/* setup */
	double setup_s, setup_cpu_s;
	uint64_t rss_before, rss_ready, rss_peak, rss_after; /* bytes */
	/* from the end of the warm-up to the last delivery */
	double elapsed_s, cpu_s, own_cpu_s;
	uint64_t deliveries, published, acks, polls;
	struct redis_stats redis;
	/* over everything */
	uint64_t expected; /* deliveries, had nothing been lost */
	uint64_t lost, lost_unacked, skipped, slow_expected;
	double own_share; /* of a core */
	double recovery_s; /* from the kill until all were served again */
};

enum { RUN_NOBODY_READY = 1, RUN_NO_REDIS };

/* 0, one of the above, or -errno. */
int run_scenario(struct load *load, struct figures *f);

/* Nothing lost, doubled, misrouted or damaged; everybody got ready. */
bool run_sound(const struct load *load, const struct figures *f);

#endif
