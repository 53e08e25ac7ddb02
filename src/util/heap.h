/* Deadlines in order: a 4-ary heap of nodes that know their place, so that one can be
 * moved or removed at any time. Nodes belong to the caller. */
#ifndef UTIL_HEAP_H
#define UTIL_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct heap_node {
	int64_t at;     /* when; any unit, smallest first */
	uint32_t place; /* index + 1; 0: not in a heap */
};

struct heap {
	struct heap_node **nodes;
	uint32_t count, room;
};

#define heap_entry(node, type, member) \
	((type *)(void *)((char *)(node) - offsetof(type, member)))

static inline bool
heap_has(const struct heap_node *n)
{
	return n->place != 0;
}

void heap_init(struct heap *h);
void heap_clear(struct heap *h); /* frees the table; nodes are out of it */

/* Puts `n` in at `at`, or moves it there. 0 or -ENOMEM (only for a new one). */
int heap_set(struct heap *h, struct heap_node *n, int64_t at);
void heap_remove(struct heap *h, struct heap_node *n); /* idempotent */
struct heap_node *heap_first(const struct heap *h); /* NULL: empty */

#endif
