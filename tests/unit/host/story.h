/* A loop and what happened in it. */
#ifndef UNIT_HOST_STORY_H
#define UNIT_HOST_STORY_H

#include "host/loop.h"

/* What happened, a letter each, and a rope to stop by. A loop that hangs is
 * ended by the alarm set in main. */
struct story {
	struct loop *loop;
	char told[256];
	size_t n;
};

static inline void
start(struct story *st)
{
	*st = (struct story){ .loop = loop_new() };
	assert_non_null(st->loop);
}

static inline void
tell(struct story *st, char letter)
{
	assert_true(st->n + 1 < sizeof(st->told));
	st->told[st->n++] = letter;
}

static inline void
run(struct story *st)
{
	assert_int_equal(loop_run(st->loop), 0);
}

#endif
