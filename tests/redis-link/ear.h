/* A link under test, and what it said. Whenever it says something the loop stops, so
 * that the test can look. */
#ifndef REDIS_LINK_EAR_H
#define REDIS_LINK_EAR_H

#include "redis/link.h"
#include "redis-link/server.h"
#include "util/buf.h"

/* All ears' loop. */
extern struct loop *ear_loop;

/* cmocka's group setup and teardown: the loop, and a folder for servers. */
int ear_setup(void **state);
int ear_teardown(void **state);

struct ear {
	struct redis_url url;
	struct link *link; /* NULL: freed */
	bool ready, closed, either;
	enum link_end end;
	char why[1024];
	/* What came, in order: each with a blank behind it. */
	struct buf heard;
	size_t replies, nulls, subscribed, messages;
	/* Called in the midst of things, and then no more. NULL: nothing. */
	void (*prank)(struct ear *e);
	enum { PRANK_NEVER, PRANK_READY, PRANK_CLOSED, PRANK_SUBSCRIBED, PRANK_MESSAGE,
	       PRANK_REPLY, PRANK_NULL } when;
};

/* Turns until *flag; fails the test when nothing comes of it. */
void ear_turn_until(const bool *flag);
/* Turns until *count is `n`. */
void ear_turn_to(const size_t *count, size_t n);
/* Turns for so long. */
void ear_turn_for(int64_t ms);

/* `url` is a printf format. */
__attribute__((format(printf, 4, 5))) void
ear_open(struct ear *e, enum link_kind kind, int64_t timeout_ms, const char *url, ...);
void ear_close(struct ear *e);

/* Turns until it is ready. */
void ear_assert_ready(struct ear *e);
/* Turns until it is closed, and looks why: a part of it. */
void ear_assert_closed(struct ear *e, enum link_end end, const char *why);

/* One command of words without blanks. Its reply is added to `heard`. */
void ear_send(struct ear *e, const char *words);
/* The same, turns, and compares the reply alone. */
void ear_assert_says(struct ear *e, const char *words, const char *reply);

/* What becomes of a reply, for who calls link_send(). `arg` is the ear. */
void ear_on_reply(void *arg, const struct redisReply *reply);

#define PATIENT_MS 60000 /* of tests where nothing ends by it */
#define LINK(e, ...) ear_open(e, LINK_COMMANDS, PATIENT_MS, __VA_ARGS__)
#define SUBSCRIBER(e, ...) ear_open(e, LINK_SUBSCRIBER, PATIENT_MS, __VA_ARGS__)

#endif
