/* Chains hang off a table of a power of two slots, about one element a slot.
 * The table doubles when it is full and halves (repeatedly) when it is seven
 * eighths empty, so that a burst of clients does not cost memory for ever; the
 * distance between the two keeps it from flapping. */
#include "util/map.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { MAP_SLOTS_MIN = 16, MAP_SPARSE = 8 };

void
map_init(struct map *m, const uint64_t seed[2])
{
	*m = (struct map){ .seed = { seed[0], seed[1] } };
}

void
map_clear(struct map *m)
{
	const uint64_t seed[2] = { m->seed[0], m->seed[1] };

	free(m->slots);
	map_init(m, seed);
}

static struct map_node **
slot_of(const struct map *m, uint32_t hash)
{
	return &m->slots[hash & (m->slot_count - 1)];
}

static void
push(struct map *m, struct map_node *n)
{
	struct map_node **slot = slot_of(m, n->hash);
	size_t i = (size_t)(slot - m->slots);

	n->next = *slot;
	*slot = n;
	if (i < m->sweep)
		m->sweep = i;
}

/* Does nothing when there is no memory: the table works at any size. */
static void
resize(struct map *m, size_t slot_count)
{
	struct map_node **slots = calloc(slot_count, sizeof(*slots));
	struct map_node **old = m->slots;
	size_t old_count = m->slot_count;

	if (!slots)
		return;
	m->slots = slots;
	m->slot_count = slot_count;
	m->sweep = slot_count;
	for (size_t i = 0; i < old_count; i++) {
		for (struct map_node *n = old[i], *next; n; n = next) {
			next = n->next;
			push(m, n);
		}
	}
	free(old);
}

static void
shrink_if_sparse(struct map *m)
{
	size_t slot_count = m->slot_count;

	if (slot_count == MAP_SLOTS_MIN || m->count > slot_count / MAP_SPARSE)
		return;
	while (slot_count > MAP_SLOTS_MIN && slot_count / 4 >= m->count)
		slot_count /= 2;
	resize(m, slot_count);
}

struct map_node *
map_find(const struct map *m, struct str key)
{
	uint32_t hash;

	if (m->count == 0)
		return NULL;
	hash = (uint32_t)map_hash(m->seed, key.p, key.n);
	for (struct map_node *n = *slot_of(m, hash); n; n = n->next) {
		if (n->hash == hash &&
		    str_equal((struct str){ n->key, n->key_n }, key))
			return n;
	}
	return NULL;
}

int
map_add(struct map *m, struct map_node *n, struct str key)
{
	assert(key.n <= UINT32_MAX);
	if (m->count >= m->slot_count)
		resize(m, m->slots ? m->slot_count * 2 : MAP_SLOTS_MIN);
	if (!m->slots)
		return -ENOMEM;
	n->key = key.p;
	n->key_n = (uint32_t)key.n;
	n->hash = (uint32_t)map_hash(m->seed, key.p, key.n);
	push(m, n);
	m->count++;
	return 0;
}

void
map_remove(struct map *m, struct map_node *n)
{
	struct map_node **at = slot_of(m, n->hash);

	while (*at != n) {
		assert(*at);
		at = &(*at)->next;
	}
	*at = n->next;
	n->next = NULL;
	m->count--;
	shrink_if_sparse(m);
}

struct map_node *
map_take_any(struct map *m)
{
	struct map_node *n;

	if (m->count == 0)
		return NULL;
	while (!m->slots[m->sweep])
		m->sweep++;
	n = m->slots[m->sweep];
	m->slots[m->sweep] = n->next;
	n->next = NULL;
	m->count--;
	return n;
}

/* ---- SipHash (Aumasson, Bernstein: "SipHash: a fast short-input PRF") ---- */

struct sip {
	uint64_t a, b, c, d;
};

static inline uint64_t
rotate(uint64_t v, unsigned bits)
{
	return v << bits | v >> (64 - bits);
}

static inline void
sip_round(struct sip *s)
{
	s->a += s->b;
	s->c += s->d;
	s->b = rotate(s->b, 13) ^ s->a;
	s->d = rotate(s->d, 16) ^ s->c;
	s->a = rotate(s->a, 32) + s->d;
	s->c += s->b;
	s->d = rotate(s->d, 21) ^ s->a;
	s->b = rotate(s->b, 17) ^ s->c;
	s->c = rotate(s->c, 32);
}

static inline void
sip_word(struct sip *s, uint64_t word)
{
	s->d ^= word;
	sip_round(s);
	s->a ^= word;
}

/* Up to 8 bytes, little endian whatever the machine. */
static inline uint64_t
load(const char *p, size_t n)
{
	uint64_t word = 0;

	if (n > 0)
		memcpy(&word, p, n);
	return le64toh(word);
}

uint64_t
map_hash(const uint64_t seed[2], const void *bytes, size_t n)
{
	const char *p = bytes;
	struct sip s = {
		seed[0] ^ UINT64_C(0x736f6d6570736575),
		seed[1] ^ UINT64_C(0x646f72616e646f6d),
		seed[0] ^ UINT64_C(0x6c7967656e657261),
		seed[1] ^ UINT64_C(0x7465646279746573),
	};
	size_t left;

	for (left = n; left >= 8; left -= 8, p += 8)
		sip_word(&s, load(p, 8));
	sip_word(&s, (uint64_t)n << 56 | load(p, left));
	s.c ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(&s);
	return s.a ^ s.b ^ s.c ^ s.d;
}
