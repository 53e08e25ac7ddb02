#include "session/registry.h"

#include <errno.h>
#include <stdlib.h>

#include "bayeux/channel.h"

void
registry_init(struct registry *r, const struct registry_limits *limits,
	      const uint64_t seed[2], const struct registry_events *events, void *arg)
{
	*r = (struct registry){ .limits = *limits, .events = events, .arg = arg };
	map_init(&r->sessions, seed);
	subs_init(&r->subs, seed);
	r->subs.on_interest = events->on_interest;
	r->subs.arg = arg;
	heap_init(&r->expiry);
	list_init(&r->doomed);
}

void
registry_clear(struct registry *r)
{
	struct map_node *n;

	while ((n = map_take_any(&r->sessions))) {
		struct session *s = map_entry(n, struct session, by_id);

		heap_remove(&r->expiry, &s->expiry);
		list_unlink(&s->doomed);
		subs_remove_all(&r->subs, s);
		session_clear(s);
		free(s);
	}
	map_clear(&r->sessions);
	subs_clear(&r->subs);
	heap_clear(&r->expiry);
}

struct session *
registry_find(const struct registry *r, struct str id)
{
	struct map_node *n = id.n == SESSION_ID_BYTES ? map_find(&r->sessions, id) : NULL;

	return n ? map_entry(n, struct session, by_id) : NULL;
}

int
registry_create(struct registry *r, struct str id, int64_t now_ms, struct session **out)
{
	struct session *s;

	if (r->sessions.count >= r->limits.sessions)
		return REGISTRY_FULL;
	if (registry_find(r, id))
		return REGISTRY_TAKEN;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	memcpy(s->id, id.p, SESSION_ID_BYTES);
	s->seen_ms = now_ms;
	if (heap_set(&r->expiry, &s->expiry, now_ms + r->limits.life_ms))
		goto out;
	if (map_add(&r->sessions, &s->by_id, session_id(s)))
		goto out;
	*out = s;
	return 0;
out:
	heap_remove(&r->expiry, &s->expiry);
	free(s);
	return -ENOMEM;
}

void
registry_end(struct registry *r, struct session *s)
{
	if (r->events->on_end)
		r->events->on_end(r->arg, s);
	map_remove(&r->sessions, &s->by_id);
	heap_remove(&r->expiry, &s->expiry);
	list_unlink(&s->doomed);
	subs_remove_all(&r->subs, s);
	session_clear(s);
	free(s);
}

/* The heap is left alone: registry_expire looks again when the old moment comes.
 * So a busy poller costs no heap move for each poll. */
void
registry_touch(struct registry *r, struct session *s, int64_t now_ms)
{
	(void)r;
	s->seen_ms = now_ms;
}

int64_t
registry_deadline(const struct registry *r)
{
	const struct heap_node *n = heap_first(&r->expiry);

	return n ? n->at : INT64_MAX;
}

void
registry_expire(struct registry *r, int64_t now_ms)
{
	struct heap_node *n;

	while ((n = heap_first(&r->expiry)) && n->at <= now_ms) {
		struct session *s = heap_entry(n, struct session, expiry);
		int64_t seen = s->held ? now_ms : s->seen_ms;

		if (seen < r->alive_ms)
			seen = r->alive_ms;

		if (seen + r->limits.life_ms <= now_ms)
			registry_doom(r, s);
		else
			heap_set(&r->expiry, n, seen + r->limits.life_ms);
	}
}

void
registry_excuse(struct registry *r, int64_t now_ms)
{
	r->alive_ms = now_ms;
}

void
registry_doom(struct registry *r, struct session *s)
{
	heap_remove(&r->expiry, &s->expiry);
	if (!list_is_linked(&s->doomed))
		list_append(&r->doomed, &s->doomed);
}

struct session *
registry_take_doomed(struct registry *r)
{
	struct list_node *n = list_take_first(&r->doomed);

	return n ? list_entry(n, struct session, doomed) : NULL;
}

enum { SESSIONS_AHEAD = 4, OUTLETS_AHEAD = 2 };

/* The memory of the next ones comes while this one is worked on. */
static void
look_ahead(const struct topic *t, uint32_t i)
{
	const char *outlet;

	if (i + SESSIONS_AHEAD < t->count)
		__builtin_prefetch(&t->subscribers[i + SESSIONS_AHEAD].session->mark);
	if (i + OUTLETS_AHEAD >= t->count)
		return;
	outlet = t->subscribers[i + OUTLETS_AHEAD].session->outlet;
	if (outlet) {
		__builtin_prefetch(outlet);
		__builtin_prefetch(outlet + 64);
		__builtin_prefetch(outlet + 128);
	}
}

static size_t
deliver_to_topic(struct registry *r, struct topic *t, struct frozen *f)
{
	size_t reached = 0;
	uint32_t i;

	for (i = 0; i < t->count; i++) {
		struct session *s = t->subscribers[i].session;

		look_ahead(t, i);
		if (s->mark == r->mark)
			continue;
		s->mark = r->mark;
		r->events->on_message(r->arg, s, f);
		reached++;
	}
	return reached;
}

size_t
registry_deliver(struct registry *r, struct frozen *f)
{
	struct str patterns[CHANNEL_MAX_PATTERNS];
	char scratch[CHANNEL_SCRATCH];
	size_t i, n, reached = 0;

	n = channel_expand(frozen_channel(f), patterns, scratch);
	r->mark++;
	for (i = 0; i < n; i++) {
		struct topic *t = subs_find(&r->subs, patterns[i]);

		if (t)
			reached += deliver_to_topic(r, t, f);
	}
	return reached;
}
