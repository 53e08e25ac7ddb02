/* A hash map from strings to structs that hold a `struct map_node`. Keys are
 * borrowed: the struct keeps its key unchanged while it is in the map. Seeded
 * SipHash, since peers choose the keys. Not thread-safe. */
#ifndef UTIL_MAP_H
#define UTIL_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "util/str.h"

struct map_node {
	struct map_node *next; /* in the same slot */
	const char *key;
	uint32_t key_n, hash;
};

struct map {
	struct map_node **slots; /* NULL until the first map_add */
	size_t slot_count;       /* a power of two */
	size_t count;
	size_t sweep; /* no slot below it holds anything: for map_take_any */
	uint64_t seed[2];
};

#define map_entry(node, type, member) \
	((type *)(void *)((char *)(node) - offsetof(type, member)))

/* `seed` should come from the system's random source. Allocates nothing. */
void map_init(struct map *m, const uint64_t seed[2]);
/* Frees the table, not the elements. */
void map_clear(struct map *m);

struct map_node *map_find(const struct map *m, struct str key); /* or NULL */
/* `key` must stay as it is while the node is in the map and must not be there
 * yet. 0 or -ENOMEM (only when the very first table cannot be had: a table
 * that cannot grow goes on with longer chains). */
int map_add(struct map *m, struct map_node *n, struct str key);
void map_remove(struct map *m, struct map_node *n); /* must be in it */

/* Removes one element, whichever; NULL when empty. For taking a map down. */
struct map_node *map_take_any(struct map *m);

/* SipHash-1-3. */
uint64_t map_hash(const uint64_t seed[2], const void *p, size_t n);

#endif
