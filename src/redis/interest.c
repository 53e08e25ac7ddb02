#include "redis/interest.h"

#include <stdlib.h>

#include "bayeux/channel.h"

void
interests_init(struct interests *is, unsigned workers, const uint64_t seed[2])
{
	is->workers = workers;
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

static void
add_user(struct interest *in, unsigned worker)
{
	in->users++;
	in->counts[worker]++;
	in->wanted |= UINT64_C(1) << worker;
}

struct interest *
interests_want(struct interests *is, struct str pattern, unsigned worker, bool *fresh)
{
	struct interest *in = interests_find(is, pattern);
	size_t counts = is->workers * sizeof(in->counts[0]);

	*fresh = !in;
	if (in) {
		add_user(in, worker);
		list_unlink(&in->lingering);
		return in;
	}
	in = calloc(1, sizeof(*in) + counts + pattern.n);
	if (!in)
		return NULL;
	in->pattern = (char *)in->counts + counts;
	memcpy(in->pattern, pattern.p, pattern.n);
	in->n = pattern.n;
	add_user(in, worker);
	if (map_add(&is->patterns, &in->by_pattern, interest_pattern(in))) {
		free(in);
		return NULL;
	}
	list_append(&is->all, &in->node);
	return in;
}

void
interests_unwant(struct interests *is, struct str pattern, unsigned worker, int64_t now_ms)
{
	struct interest *in = interests_find(is, pattern);

	if (!in || in->counts[worker] == 0)
		return;
	if (--in->counts[worker] == 0) {
		in->wanted &= ~(UINT64_C(1) << worker);
		in->told &= in->wanted;
	}
	if (--in->users)
		return;
	in->until_ms = now_ms + INTEREST_LINGER_MS;
	list_append(&is->lingering, &in->lingering);
}

uint64_t
interests_workers(const struct interests *is, struct str channel)
{
	struct str patterns[CHANNEL_MAX_PATTERNS];
	char scratch[CHANNEL_SCRATCH];
	const struct interest *in;
	uint64_t workers = 0;
	size_t i, n = channel_expand(channel, patterns, scratch);

	for (i = 0; i < n; i++) {
		in = interests_find(is, patterns[i]);
		if (in)
			workers |= in->wanted;
	}
	return workers;
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
