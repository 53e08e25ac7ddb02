#include "engine/directory.h"

#include <errno.h>
#include <stdlib.h>

struct client {
	struct map_node by_id;
	unsigned worker;
	char id[];
};

void
directory_init(struct directory *d, const uint64_t seed[2])
{
	unsigned i;

	memcpy(d->seed, seed, sizeof(d->seed));
	for (i = 0; i < DIRECTORY_SHARDS; i++) {
		pthread_mutex_init(&d->shards[i].lock, NULL);
		map_init(&d->shards[i].clients, seed);
	}
}

void
directory_clear(struct directory *d)
{
	struct map_node *n;
	unsigned i;

	for (i = 0; i < DIRECTORY_SHARDS; i++) {
		while ((n = map_take_any(&d->shards[i].clients)))
			free(map_entry(n, struct client, by_id));
		map_clear(&d->shards[i].clients);
		pthread_mutex_destroy(&d->shards[i].lock);
	}
}

/* By the ends of the id: they are random, and who picks ids of his own only finds
 * himself in a line with others of his. */
static struct directory_shard *
lock(struct directory *d, struct str id)
{
	unsigned at = id.n ? (unsigned char)id.p[0] + 36u * (unsigned char)id.p[id.n - 1] : 0;
	struct directory_shard *s = &d->shards[at % DIRECTORY_SHARDS];

	pthread_mutex_lock(&s->lock);
	return s;
}

static struct client *
find(const struct directory_shard *s, struct str id)
{
	struct map_node *n = map_find(&s->clients, id);

	return n ? map_entry(n, struct client, by_id) : NULL;
}

static int
add(struct directory_shard *s, struct str id, unsigned worker)
{
	struct client *c = malloc(sizeof(*c) + id.n);

	if (!c)
		return -ENOMEM;
	c->worker = worker;
	memcpy(c->id, id.p, id.n);
	if (map_add(&s->clients, &c->by_id, (struct str){ c->id, id.n })) {
		free(c);
		return -ENOMEM;
	}
	return 0;
}

int
directory_claim(struct directory *d, struct str id, unsigned worker, bool *fresh)
{
	struct directory_shard *s = lock(d, id);
	struct client *c = find(s, id);
	int rc;

	if (fresh)
		*fresh = !c;
	if (c)
		rc = c->worker == worker ? 0 : DIRECTORY_TAKEN;
	else
		rc = add(s, id, worker);
	pthread_mutex_unlock(&s->lock);
	return rc;
}

bool
directory_release(struct directory *d, struct str id, unsigned worker)
{
	struct directory_shard *s = lock(d, id);
	struct client *c = find(s, id);
	bool is_its = c && c->worker == worker;

	if (is_its) {
		map_remove(&s->clients, &c->by_id);
		free(c);
	}
	pthread_mutex_unlock(&s->lock);
	return is_its;
}

int
directory_find(struct directory *d, struct str id)
{
	struct directory_shard *s = lock(d, id);
	struct client *c = find(s, id);
	int worker = c ? (int)c->worker : DIRECTORY_NOBODY;

	pthread_mutex_unlock(&s->lock);
	return worker;
}
