#include "session/subs.h"

#include <errno.h>
#include <stdlib.h>

void
subs_init(struct subs *su, const uint64_t seed[2])
{
	*su = (struct subs){ 0 };
	map_init(&su->topics, seed);
}

void
subs_clear(struct subs *su)
{
	map_clear(&su->topics);
}

struct topic *
subs_find(const struct subs *su, struct str pattern)
{
	struct map_node *n = map_find(&su->topics, pattern);

	return n ? map_entry(n, struct topic, by_name) : NULL;
}

/* The link to `s` and where it hangs. A session has few patterns and a topic
 * may have many sessions, so the session's list is walked. */
static struct sub **
find_link(struct session *s, const struct topic *t)
{
	struct sub **at = &s->subs;

	while (*at && (*at)->topic != t)
		at = &(*at)->next;
	return at;
}

bool
subs_has(const struct subs *su, const struct session *s, struct str pattern)
{
	const struct topic *t = subs_find(su, pattern);
	const struct sub *sub;

	for (sub = t ? s->subs : NULL; sub; sub = sub->next)
		if (sub->topic == t)
			return true;
	return false;
}

static struct topic *
new_topic(struct subs *su, struct str pattern)
{
	struct topic *t = calloc(1, sizeof(*t) + pattern.n);

	if (!t)
		return NULL;
	memcpy(t->name, pattern.p, pattern.n);
	if (map_add(&su->topics, &t->by_name, (struct str){ t->name, pattern.n })) {
		free(t);
		return NULL;
	}
	return t;
}

static void
free_topic(struct topic *t)
{
	free(t->subscribers);
	free(t);
}

/* Nobody wants it any more. */
static void
end_topic(struct subs *su, struct topic *t)
{
	map_remove(&su->topics, &t->by_name);
	if (su->on_interest)
		su->on_interest(su->arg, topic_name(t), false);
	free_topic(t);
}

static int
add_subscriber(struct topic *t, struct session *s, struct sub *sub)
{
	uint32_t room = t->room ? t->room * 2 : 1;
	struct subscriber *more;

	if (t->count == t->room) {
		more = realloc(t->subscribers, room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		t->subscribers = more;
		t->room = room;
	}
	sub->place = t->count;
	t->subscribers[t->count++] = (struct subscriber){ s, sub };
	return 0;
}

/* The last one takes its place; what is too much of the array goes. */
static void
remove_subscriber(struct topic *t, const struct sub *sub)
{
	struct subscriber last = t->subscribers[--t->count], *less;

	t->subscribers[sub->place] = last;
	last.sub->place = sub->place;
	if (t->count == 0 || t->count > t->room / 4)
		return;
	less = realloc(t->subscribers, t->room / 2 * sizeof(*less));
	if (less) {
		t->subscribers = less;
		t->room /= 2;
	}
}

int
subs_add(struct subs *su, struct session *s, struct str pattern)
{
	struct topic *t = subs_find(su, pattern);
	bool fresh = !t;
	struct sub *sub;

	if (t && *find_link(s, t))
		return SUBS_ALREADY;
	sub = calloc(1, sizeof(*sub));
	if (!sub)
		return -ENOMEM;
	if (fresh)
		t = new_topic(su, pattern);
	if (!t || add_subscriber(t, s, sub)) {
		free(sub);
		if (t && fresh) {
			map_remove(&su->topics, &t->by_name);
			free_topic(t);
		}
		return -ENOMEM;
	}
	sub->topic = t;
	sub->next = s->subs;
	s->subs = sub;
	s->sub_count++;
	su->count++;
	if (fresh && su->on_interest)
		su->on_interest(su->arg, topic_name(t), true);
	return 0;
}

static void
cut(struct subs *su, struct session *s, struct sub **at)
{
	struct sub *sub = *at;
	struct topic *t = sub->topic;

	*at = sub->next;
	s->sub_count--;
	remove_subscriber(t, sub);
	free(sub);
	su->count--;
	if (t->count == 0)
		end_topic(su, t);
}

int
subs_remove(struct subs *su, struct session *s, struct str pattern)
{
	struct topic *t = subs_find(su, pattern);
	struct sub **at = t ? find_link(s, t) : NULL;

	if (!at || !*at)
		return SUBS_NONE;
	cut(su, s, at);
	return 0;
}

void
subs_remove_all(struct subs *su, struct session *s)
{
	while (s->subs)
		cut(su, s, &s->subs);
}
