/* What waits for a client: a ring of references to frozen messages, oldest
 * first. */
#ifndef SESSION_QUEUE_H
#define SESSION_QUEUE_H

#include <stdint.h>

#include "bayeux/frozen.h"

struct queue {
	struct frozen **items; /* NULL until something waits */
	uint32_t room;         /* a power of two, or 0 */
	uint32_t head, count;
	size_t bytes; /* of their frames; shared ones count in full */
};

void queue_clear(struct queue *q); /* drops all, frees the ring */

/* 0 or -ENOMEM. */
int queue_grow(struct queue *q);

/* Room for one more, so that the next give cannot fail. 0 or -ENOMEM. */
static inline int
queue_reserve(struct queue *q)
{
	return q->count == q->room ? queue_grow(q) : 0;
}

/* Takes the caller's reference, also when it fails: 0 or -ENOMEM. */
int queue_give(struct queue *q, struct frozen *f);       /* behind the last */
int queue_give_front(struct queue *q, struct frozen *f); /* before the first */

/* Borrowed; i < count. */
static inline struct frozen *
queue_peek(const struct queue *q, uint32_t i)
{
	return q->items[(q->head + i) & (q->room - 1)];
}

/* The least number (frozen.h) of those from the i-th on; 0: none has one. They need not be
 * in the order of their numbers: what was published while Redis was away gets its number
 * when it is back, and then others may have lower ones. */
uint64_t queue_least(const struct queue *q, uint32_t i);

struct frozen *queue_take(struct queue *q); /* the first, now yours; NULL: empty */

/* Drops the first `n`; gives the ring back when nothing is left in it. */
void queue_drop(struct queue *q, uint32_t n);

#endif
