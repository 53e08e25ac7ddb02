#include "session/session.h"

#include <errno.h>
#include <stdlib.h>

enum { DONE_FIRST_ROOM = 8 };

bool
session_is_id(struct str id)
{
	size_t i;

	if (id.n != SESSION_ID_BYTES)
		return false;
	for (i = 0; i < id.n; i++)
		if (!(id.p[i] >= '0' && id.p[i] <= '9') && !(id.p[i] >= 'a' && id.p[i] <= 'z'))
			return false;
	return true;
}

uint64_t
session_key(const struct str *parts, unsigned n)
{
	uint64_t seed[2] = { 0x6661796564, n };
	unsigned i;

	for (i = 0; i < n; i++)
		seed[0] ^= map_hash(seed, parts[i].p, parts[i].n) + i;
	return seed[0] ? seed[0] : 1;
}

static bool
is_full(const struct session *s, const struct frozen *f, const struct queue_limits *limits)
{
	size_t bytes = s->queue.bytes + frozen_wire(f).n;

	if (s->returned)
		return bytes > limits->bytes + limits->returned_bytes;
	return s->queue.count >= limits->messages || bytes > limits->bytes;
}

static void
drop_first(struct session *s)
{
	queue_drop(&s->queue, 1);
	s->acked++;
	if (s->given)
		s->given--;
}

int
session_keep(struct session *s, struct frozen *f, const struct queue_limits *limits)
{
	bool dropped = false;
	int rc;

	if (s->queue.count == 0)
		s->returned = false;
	while (s->queue.count && is_full(s, f, limits)) {
		if (!limits->drop_oldest) {
			frozen_unref(f);
			return SESSION_OVERFLOW;
		}
		drop_first(s);
		dropped = true;
	}
	rc = queue_give(&s->queue, f);
	return rc ? rc : dropped ? SESSION_DROPPED : 0;
}

int
session_put_back(struct session *s, struct frozen *f)
{
	s->returned = true;
	return queue_give_front(&s->queue, f);
}

void
session_connect(struct session *s, uint64_t key)
{
	if (s->given == 0)
		return;
	if (key && key == s->given_id && !s->ids_repeat &&
	    s->repeats < SESSION_MAX_REPEATS) {
		s->repeats++;
	} else {
		queue_drop(&s->queue, s->given);
		s->repeats = 0;
	}
	s->given = 0;
}

/* An old number is from before what is gone: as a difference it is huge. */
void
session_acknowledge(struct session *s, uint32_t number)
{
	uint32_t n = number - s->acked;

	if (n > s->given)
		return;
	queue_drop(&s->queue, n);
	s->given -= n;
	s->acked += n;
}

uint32_t
session_portion(const struct session *s)
{
	size_t bytes = 0;
	uint32_t n = 0;

	if (!s->acks)
		return s->queue.count;
	while (n < s->queue.count && bytes < SESSION_PORTION)
		bytes += frozen_wire(queue_peek(&s->queue, n++)).n;
	return n;
}

/* With acks none that was given before is left out: a portion that begins later
 * does not end earlier. So what was given stays acknowledgeable. */
void
session_give(struct session *s, uint32_t n, uint64_t key)
{
	if (key != s->given_id)
		s->repeats = 0;
	s->given = n;
	s->given_id = key;
}

bool
session_has_done(struct session *s, uint64_t key)
{
	unsigned i;

	for (i = 0; i < s->done_count && !s->ids_repeat; i++) {
		if (s->done[i] == key)
			return true;
		if (((s->done[i] ^ key) >> SESSION_CONTENT_BITS) == 0)
			s->ids_repeat = true;
	}
	return false;
}

static bool
grow_done(struct session *s)
{
	unsigned room = s->done_room ? s->done_room * 2u : DONE_FIRST_ROOM;
	uint64_t *more;

	if (room > SESSION_MAX_DONE)
		return false;
	more = realloc(s->done, room * sizeof(*more));
	if (!more)
		return false;
	s->done = more;
	s->done_room = (uint16_t)room;
	return true;
}

void
session_did(struct session *s, uint64_t key)
{
	if (s->done_next == s->done_room && !grow_done(s))
		s->done_next = 0; /* the oldest goes */
	if (s->done_room == 0)
		return;
	s->done[s->done_next++] = key;
	if (s->done_count < s->done_next)
		s->done_count = s->done_next;
}

void
session_did_not(struct session *s, uint64_t key)
{
	unsigned i;

	for (i = 0; i < s->done_count; i++)
		if (s->done[i] == key)
			s->done[i] = 0; /* no key is 0 */
}

void
session_count(struct session *s, uint32_t count)
{
	if (count && count < s->count)
		s->done_count = s->done_next = 0;
	if (count)
		s->count = count;
}

void
session_clear(struct session *s)
{
	queue_clear(&s->queue);
	free(s->done);
	s->done = NULL;
	s->done_count = s->done_room = s->done_next = 0;
}
