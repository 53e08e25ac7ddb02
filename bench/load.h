/* Making the clients and streams of a scenario, and moving them on. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdint.h>

#include "client.h"

#define SECOND_NS 1000000000ull

/* `opt` must outlive it. 0 or -errno. */
int load_init(struct load *load, const struct options *opt);
void load_clear(struct load *load); /* half-made ones too */

/* Publishes what there is room for, or what is due. */
struct pump {
	struct load *load;
	uint32_t first;	   /* stream to begin with: each gets its turn */
	uint64_t limit;	   /* publishes in all; 0: none */
	uint64_t begin_ns; /* open loop: when message 0 was due */
	uint64_t due;	   /* open loop: messages sent or skipped */
	uint64_t skipped;  /* due while their publisher was reconnecting */
	uint64_t progress, progress_ns; /* closed loop: to notice stalls */
};

void pump_run(struct pump *pump, uint64_t now);
/* When pump_run() has something to do without any event; at most `end`. */
uint64_t pump_next(const struct pump *pump, uint64_t end);
bool pump_done(const struct pump *pump);

/* Deliveries and answers that are still to come. */
uint64_t load_in_flight(const struct load *load);

#endif
