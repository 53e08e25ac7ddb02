/* Four children a node: half the levels of a binary heap, and the four
 * pointers compared lie in one cache line or two. Whoever moves in the table
 * is told its place, which is what makes removing from the middle cheap. */
#include "util/heap.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { HEAP_ARITY = 4, HEAP_ROOM_MIN = 16 };

void
heap_init(struct heap *h)
{
	*h = (struct heap){ 0 };
}

void
heap_clear(struct heap *h)
{
	for (uint32_t i = 0; i < h->count; i++)
		h->nodes[i]->place = 0;
	free(h->nodes);
	heap_init(h);
}

static void
put(struct heap *h, uint32_t i, struct heap_node *n)
{
	h->nodes[i] = n;
	n->place = i + 1;
}

/* Fills the hole at `i` with `n` or, as long as that is later, with the parent. */
static void
rise(struct heap *h, uint32_t i, struct heap_node *n)
{
	while (i > 0) {
		uint32_t parent = (i - 1) / HEAP_ARITY;

		if (h->nodes[parent]->at <= n->at)
			break;
		put(h, i, h->nodes[parent]);
		i = parent;
	}
	put(h, i, n);
}

/* The earliest child of `i`, or h->count when it has none. */
static uint32_t
first_child(const struct heap *h, uint32_t i)
{
	uint64_t child = (uint64_t)i * HEAP_ARITY + 1;
	uint64_t end = child + HEAP_ARITY;
	uint64_t first = child;

	if (child >= h->count)
		return h->count;
	if (end > h->count)
		end = h->count;
	while (++child < end) {
		if (h->nodes[child]->at < h->nodes[first]->at)
			first = child;
	}
	return (uint32_t)first;
}

/* Fills the hole at `i` with `n` or, as long as that is earlier, with a child. */
static void
sink(struct heap *h, uint32_t i, struct heap_node *n)
{
	uint32_t child;

	while ((child = first_child(h, i)) < h->count &&
	       h->nodes[child]->at < n->at) {
		put(h, i, h->nodes[child]);
		i = child;
	}
	put(h, i, n);
}

static void
settle(struct heap *h, uint32_t i, struct heap_node *n)
{
	if (i > 0 && n->at < h->nodes[(i - 1) / HEAP_ARITY]->at)
		rise(h, i, n);
	else
		sink(h, i, n);
}

static int
resize(struct heap *h, uint32_t room)
{
	struct heap_node **nodes;

	nodes = realloc(h->nodes, (size_t)room * sizeof(struct heap_node *));
	if (!nodes)
		return -ENOMEM;
	h->nodes = nodes;
	h->room = room;
	return 0;
}

static int
make_room(struct heap *h)
{
	if (h->count < h->room)
		return 0;
	if (h->room > UINT32_MAX / 2)
		return -ENOMEM;
	return resize(h, h->room ? h->room * 2 : HEAP_ROOM_MIN);
}

int
heap_set(struct heap *h, struct heap_node *n, int64_t at)
{
	int rc;

	if (!heap_has(n)) {
		rc = make_room(h);
		if (rc)
			return rc;
		n->at = at;
		rise(h, h->count++, n);
		return 0;
	}
	assert(h->nodes[n->place - 1] == n);
	n->at = at;
	settle(h, n->place - 1, n);
	return 0;
}

void
heap_remove(struct heap *h, struct heap_node *n)
{
	uint32_t i;

	if (!heap_has(n))
		return;
	i = n->place - 1;
	assert(h->nodes[i] == n);
	n->place = 0;
	h->count--;
	if (i < h->count)
		settle(h, i, h->nodes[h->count]);
	/* Failing to shrink is no failure. */
	if (h->room > HEAP_ROOM_MIN && h->count < h->room / 8)
		(void)resize(h, h->room / 2);
}

struct heap_node *
heap_first(const struct heap *h)
{
	return h->count ? h->nodes[0] : NULL;
}
