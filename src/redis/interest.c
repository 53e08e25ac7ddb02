#include "redis/interest.h"

#include <stdlib.h>

void
interests_init(struct interests *is, const uint64_t seed[2])
{
	map_init(&is->patterns, seed);
	list_init(&is->all);
	list_init(&is->lingering);
}

void
interests_clear(struct interests *is)
{
	struct list_node *n;

	while ((n = list_first(&is->all)))
		interests_drop(is, list_entry(n, struct interest, node));
	map_clear(&is->patterns);
}

struct interest *
interests_find(const struct interests *is, struct str pattern)
{
	struct map_node *n = map_find(&is->patterns, pattern);

	return n ? map_entry(n, struct interest, by_pattern) : NULL;
}

struct interest *
interests_want(struct interests *is, struct str pattern, bool *fresh)
{
	struct interest *in = interests_find(is, pattern);

	*fresh = !in;
	if (in) {
		in->users++;
		list_unlink(&in->lingering);
		return in;
	}
	in = calloc(1, sizeof(*in) + pattern.n);
	if (!in)
		return NULL;
	memcpy(in->pattern, pattern.p, pattern.n);
	in->n = pattern.n;
	in->users = 1;
	if (map_add(&is->patterns, &in->by_pattern, interest_pattern(in))) {
		free(in);
		return NULL;
	}
	list_append(&is->all, &in->node);
	return in;
}

void
interests_unwant(struct interests *is, struct str pattern, int64_t now_ms)
{
	struct interest *in = interests_find(is, pattern);

	if (!in || in->users == 0 || --in->users)
		return;
	in->told = false;
	in->until_ms = now_ms + INTEREST_LINGER_MS;
	list_append(&is->lingering, &in->lingering);
}

void
interests_off(struct interests *is)
{
	struct list_node *n;

	for (n = list_first(&is->all); n; n = list_next(&is->all, n))
		list_entry(n, struct interest, node)->on = false;
}

struct interest *
interests_expired(const struct interests *is, int64_t now_ms)
{
	struct list_node *n = list_first(&is->lingering);
	struct interest *in = n ? list_entry(n, struct interest, lingering) : NULL;

	return in && in->until_ms <= now_ms ? in : NULL;
}

void
interests_drop(struct interests *is, struct interest *in)
{
	map_remove(&is->patterns, &in->by_pattern);
	list_unlink(&in->node);
	list_unlink(&in->lingering);
	free(in);
}
