#include "session/queue.h"

#include <errno.h>
#include <stdlib.h>

enum { QUEUE_FIRST_ROOM = 4 };

static struct frozen **
slot(const struct queue *q, uint32_t i)
{
	return &q->items[(q->head + i) & (q->room - 1)];
}

int
queue_grow(struct queue *q)
{
	uint32_t i, room = q->room ? q->room * 2 : QUEUE_FIRST_ROOM;
	struct frozen **items = malloc(room * sizeof(struct frozen *));

	if (!items)
		return -ENOMEM;
	for (i = 0; i < q->count; i++)
		items[i] = *slot(q, i);
	free(q->items);
	q->items = items;
	q->room = room;
	q->head = 0;
	return 0;
}

static int
make_room(struct queue *q, struct frozen *f)
{
	if (queue_reserve(q)) {
		frozen_unref(f);
		return -ENOMEM;
	}
	q->count++;
	q->bytes += frozen_wire(f).n;
	return 0;
}

int
queue_give(struct queue *q, struct frozen *f)
{
	int rc = make_room(q, f);

	if (!rc)
		*slot(q, q->count - 1) = f;
	return rc;
}

int
queue_give_front(struct queue *q, struct frozen *f)
{
	int rc = make_room(q, f);

	if (rc)
		return rc;
	q->head = (q->head - 1) & (q->room - 1);
	*slot(q, 0) = f;
	return 0;
}

uint64_t
queue_least(const struct queue *q, uint32_t i)
{
	uint64_t least = 0;

	for (; i < q->count; i++) {
		uint64_t seq = queue_peek(q, i)->seq;

		if (seq && (!least || seq < least))
			least = seq;
	}
	return least;
}

struct frozen *
queue_take(struct queue *q)
{
	struct frozen *f;

	if (q->count == 0)
		return NULL;
	f = frozen_ref(queue_peek(q, 0));
	queue_drop(q, 1);
	return f;
}

void
queue_drop(struct queue *q, uint32_t n)
{
	for (; n && q->count; n--) {
		q->bytes -= frozen_wire(*slot(q, 0)).n;
		frozen_unref(*slot(q, 0));
		q->head = (q->head + 1) & (q->room - 1);
		q->count--;
	}
	if (q->count == 0) {
		free(q->items);
		*q = (struct queue){ 0 };
	}
}

void
queue_clear(struct queue *q)
{
	queue_drop(q, q->count);
}
