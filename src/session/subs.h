/* Who wants what: pattern -> sessions, and from each session back to its
 * patterns. A topic has its sessions in an array, so that a message finds thousands of
 * them without waiting for memory at each. */
#ifndef SESSION_SUBS_H
#define SESSION_SUBS_H

#include "session/session.h"

/* A pattern that somebody wants; exists as long as somebody does. */
struct topic {
	struct map_node by_name;
	struct subscriber {
		struct session *session;
		struct sub *sub;
	} *subscribers; /* owned array, in no order */
	uint32_t count, room;
	bool heard; /* the owner's: what joined nodes publish to it comes here */
	char name[];
};

struct sub {
	struct topic *topic;
	struct sub *next; /* the session's next */
	uint32_t place;   /* in the topic's array */
};

struct subs {
	struct map topics;
	size_t count; /* of subscriptions */
	/* A pattern is wanted for the first time, or by nobody any more. */
	void (*on_interest)(void *arg, struct str pattern, bool wanted);
	void *arg;
};

static inline struct str
topic_name(const struct topic *t)
{
	return (struct str){ t->by_name.key, t->by_name.key_n };
}

void subs_init(struct subs *su, const uint64_t seed[2]);
void subs_clear(struct subs *su); /* no session has a subscription any more */

enum { SUBS_ALREADY = 1, SUBS_NONE };

/* 0, SUBS_ALREADY (nothing changed) or -ENOMEM. */
int subs_add(struct subs *su, struct session *s, struct str pattern);
/* 0 or SUBS_NONE (there was no such subscription). */
int subs_remove(struct subs *su, struct session *s, struct str pattern);
void subs_remove_all(struct subs *su, struct session *s);
bool subs_has(const struct subs *su, const struct session *s, struct str pattern);

struct topic *subs_find(const struct subs *su, struct str pattern); /* or NULL */

#endif
