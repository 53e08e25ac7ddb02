#include "account.h"

#include <stdlib.h>
#include <string.h>

static void
add_missing(struct track *t, uint32_t seq)
{
	if (t->missing_n == t->missing_room) {
		t->missing_room = t->missing_room ? t->missing_room * 2 : 16;
		t->missing = realloc(t->missing, t->missing_room *
							 sizeof(*t->missing));
		if (!t->missing)
			abort();
	}
	t->missing[t->missing_n++] = seq;
}

/* From the end: what is missing came most probably late, not never. */
static bool
take_missing(struct track *t, uint32_t seq)
{
	for (uint32_t i = t->missing_n; i-- > 0;) {
		if (t->missing[i] != seq)
			continue;
		t->missing_n--;
		memmove(t->missing + i, t->missing + i + 1,
			(t->missing_n - i) * sizeof(*t->missing));
		return true;
	}
	return false;
}

enum track_result
track_take(struct track *t, uint32_t seq)
{
	if (seq >= t->next) {
		while (t->next < seq)
			add_missing(t, t->next++);
		t->next++;
		return TRACK_NEW;
	}
	if (take_missing(t, seq))
		return TRACK_LATE;
	return seq < t->before_loss ? TRACK_RESENT : TRACK_AGAIN;
}

void
track_connection_lost(struct track *t)
{
	t->before_loss = t->next;
}

void
track_clear(struct track *t)
{
	free(t->missing);
	*t = (struct track){ 0 };
}

void
stream_clear(struct stream *s)
{
	free(s->acked);
	*s = (struct stream){ 0 };
}

bool
stream_acked(const struct stream *s, uint32_t seq)
{
	return seq / 8 < s->acked_bytes && (s->acked[seq / 8] >> (seq & 7) & 1);
}

void
stream_set_acked(struct stream *s, uint32_t seq)
{
	uint32_t n = s->acked_bytes ? s->acked_bytes : 1024;

	while (n <= seq / 8)
		n *= 2;
	if (n != s->acked_bytes) {
		s->acked = realloc(s->acked, n);
		if (!s->acked)
			abort();
		memset(s->acked + s->acked_bytes, 0, n - s->acked_bytes);
		s->acked_bytes = n;
	}
	s->acked[seq / 8] |= (uint8_t)(1u << (seq & 7));
}

/* What was forgiven may come in after all. */
static uint64_t
less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

uint64_t
stream_undelivered(const struct stream *s)
{
	return less((uint64_t)s->sent * s->subscribers,
		    s->received + s->forgiven);
}

uint64_t
stream_unanswered(const struct stream *s)
{
	return less(s->sent, s->answered + s->forgiven_answers);
}

void
stream_forgive(struct stream *s)
{
	s->forgiven += stream_undelivered(s);
	s->forgiven_answers += stream_unanswered(s);
}
