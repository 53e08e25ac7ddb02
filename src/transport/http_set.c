#include "transport/http_set.h"

#include <errno.h>
#include <stdlib.h>

/* Makes room for one more. */
static int
grow(struct http_set *set)
{
	struct http **all = realloc(set->all, (set->count + 1) * sizeof(struct http *));

	if (!all)
		return -ENOMEM;
	set->all = all;
	return 0;
}

static int
add_daemon(struct http_set *set, struct loop *loop, const struct log *log, struct broker *b,
	   struct websockets *ws, struct streams *eventsources, const struct http_config *cfg)
{
	struct http *h;
	int rc = grow(set);

	if (rc)
		return rc;
	h = malloc(sizeof(*h));
	if (!h)
		return -ENOMEM;
	rc = http_init(h, loop, log, b, ws, eventsources, cfg, &set->connections);
	if (rc) {
		free(h);
		return rc;
	}
	set->roomy = set->count;
	set->all[set->count++] = h;
	return 0;
}

int
http_set_init(struct http_set *set, struct loop *loop, const struct log *log,
	      struct broker *b, struct websockets *ws, struct streams *eventsources,
	      const struct http_config *cfg)
{
	*set = (struct http_set){ 0 };
	return add_daemon(set, loop, log, b, ws, eventsources, cfg);
}

void
http_set_clear(struct http_set *set)
{
	unsigned i;

	for (i = 0; i < set->count; i++) {
		http_clear(set->all[i]);
		free(set->all[i]);
	}
	free(set->all);
	*set = (struct http_set){ 0 };
}

bool
http_set_has_room(const struct http_set *set, size_t head_cost)
{
	return http_has_room(set->all[0], head_cost);
}

/* Without memory or descriptors for another the walks get longer. */
static struct http *
find_roomy(struct http_set *set)
{
	const struct http *first = set->all[0];
	unsigned i;

	for (i = 0; i < set->count; i++) {
		if (http_count(set->all[set->roomy]) < HTTP_SET_CROWD)
			return set->all[set->roomy];
		set->roomy = (set->roomy + 1) % set->count;
	}
	add_daemon(set, first->loop, first->log, first->broker, first->websockets,
		   first->eventsources, &first->config);
	return set->all[set->roomy];
}

void
http_set_add(struct http_set *set, int fd, const struct sockaddr *addr, socklen_t n)
{
	http_add(find_roomy(set), fd, addr, n);
}

unsigned
http_set_suspended(const struct http_set *set)
{
	unsigned i, n = 0;

	for (i = 0; i < set->count; i++)
		n += set->all[i]->suspended;
	return n;
}

uint64_t
http_set_requests(const struct http_set *set)
{
	uint64_t n = 0;
	unsigned i;

	for (i = 0; i < set->count; i++)
		n += set->all[i]->requests;
	return n;
}
