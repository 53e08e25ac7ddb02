/* A value below HIST_SUB has a bucket of its own. Above, the position of the
 * highest bit chooses a row and the HIST_SUB_BITS bits after it the bucket. */
#include "hist.h"

#include <string.h>

void
hist_reset(struct hist *h)
{
	memset(h, 0, sizeof(*h));
}

void
hist_add(struct hist *h, uint64_t ns)
{
	unsigned row = 0, index = (unsigned)ns;

	if (ns >= HIST_SUB) {
		row = 64u - (unsigned)__builtin_clzll(ns) - HIST_SUB_BITS;
		index = row * HIST_SUB +
			(unsigned)((ns >> (row - 1)) & (HIST_SUB - 1));
	}
	h->bucket[index]++;
	h->count++;
	if (ns > h->max)
		h->max = ns;
}

uint64_t
hist_quantile(const struct hist *h, double q)
{
	uint64_t rank = (uint64_t)(q * (double)h->count), seen = 0;

	for (unsigned i = 0; i < HIST_BUCKETS; i++) {
		unsigned row = i / HIST_SUB, sub = i % HIST_SUB;

		seen += h->bucket[i];
		if (seen > rank)
			return row ? (uint64_t)(HIST_SUB + sub) << (row - 1)
				   : sub;
	}
	return h->max;
}
