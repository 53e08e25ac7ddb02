/* How a holding member comes to live: it waits until all it needs is heard here,
 * reads what was published before, and merges both. */
#include <errno.h>
#include <stdlib.h>

#include "bayeux/channel.h"
#include "broker/broker.h"
#include "broker/waiting.h"

static struct need *
find_need(const struct member *m, struct str pattern)
{
	size_t i;

	for (i = 0; i < m->need_count; i++)
		if (str_equal(pattern, (struct str){ m->needs[i].pattern, m->needs[i].n }))
			return &m->needs[i];
	return NULL;
}

int
member_need(struct member *m, struct str pattern, uint64_t since)
{
	struct need *more = realloc(m->needs, (m->need_count + 1) * sizeof(*more));
	char *text = malloc(pattern.n);

	if (more)
		m->needs = more;
	if (!more || !text) {
		free(text);
		return -ENOMEM;
	}
	memcpy(text, pattern.p, pattern.n);
	m->needs[m->need_count++] = (struct need){ text, pattern.n, since };
	m->round++;
	return 0;
}

static void
drop_need(struct member *m, struct need *need)
{
	free(need->pattern);
	*need = m->needs[--m->need_count];
	m->round++;
}

void
member_clear_hold(struct member *m)
{
	while (m->need_count)
		drop_need(m, m->needs);
	free(m->needs);
	m->needs = NULL;
	queue_clear(&m->held);
}

void
member_hold(struct member *m, uint64_t pos)
{
	if (m->live) {
		m->live = false;
		m->pos = pos;
	}
	member_try_read(m);
}

/* What cannot be held back any longer: the client is as one with a full queue. */
static void
give_up(struct member *m)
{
	struct session *s = m->session;

	s->overflowed = true;
	registry_doom(&m->broker->registry, s);
	loop_at_end(m->broker->loop, &m->broker->finish);
}

static bool
make_room(struct member *m)
{
	const struct queue_limits *limits = &m->broker->registry.limits.queue;

	if (m->held.count < limits->messages)
		return true;
	if (!limits->drop_oldest) {
		give_up(m);
		return false;
	}
	queue_drop(&m->held, 1);
	m->broker->counts.dropped++;
	return true;
}

/* One that held then, or came later, did not get it. */
static bool
had(const struct member *m)
{
	return m->broker->cluster.mainland > m->had;
}

bool
member_holds_back(struct session *s, struct frozen *f)
{
	struct member *m = member_of(s);

	if (m->broker->cluster.mainland && had(m))
		return true; /* it has it */
	if (m->live)
		return false;
	if (!f->seq) {
		m->had = m->broker->cluster.island;
		return true; /* it will be told again */
	}
	if (make_room(m) && queue_give(&m->held, frozen_ref(f)))
		broker_count_lost(m->broker, s);
	return true;
}

/* ---- what is heard and what is read ---- */

/* Heard, while it had a subscription that matched; but did it begin earlier? */
static bool
is_covered(const struct member *m, const struct frozen *f)
{
	struct str patterns[CHANNEL_MAX_PATTERNS];
	char scratch[CHANNEL_SCRATCH];
	size_t i, n = channel_expand(frozen_channel(f), patterns, scratch);

	for (i = 0; i < n; i++) {
		const struct need *need = find_need(m, patterns[i]);

		if (need ? f->seq > need->since
			 : subs_has(&m->broker->registry.subs, m->session, patterns[i]))
			return true;
	}
	return false;
}

static void
hand_over(struct member *m, struct frozen *f)
{
	if (f->seq <= m->pos)
		return; /* it had that, or has just got it */
	m->pos = f->seq;
	if (f->seq <= m->skip_to)
		return;
	m->broker->counts.delivered++;
	broker_hand_over(m->broker, m->session, f);
}

static void
merge(struct member *m, const struct engine_read *read)
{
	size_t i = 0;

	while (i < read->count || m->held.count) {
		struct frozen *heard = m->held.count ? queue_peek(&m->held, 0) : NULL;
		struct frozen *f = i < read->count ? read->entries[i].message : NULL;

		if (f && (!heard || f->seq <= heard->seq)) {
			hand_over(m, f);
			i++;
			continue;
		}
		if (is_covered(m, heard))
			hand_over(m, heard);
		queue_drop(&m->held, 1);
	}
}

void
member_acknowledge(struct session *s, uint32_t number)
{
	struct member *m = member_of(s);

	m->acked = number;
	m->has_acked = !m->live;
}

/* Another node has given it. A number that it cannot have been says nothing. */
static void
drop_acknowledged(struct member *m)
{
	struct session *s = m->session;
	uint32_t n = m->acked - s->acked;

	if (m->has_acked && n <= s->queue.count) {
		session_give(s, n > s->given ? n : s->given, 0);
		session_acknowledge(s, m->acked);
	}
	m->has_acked = false;
}

static void
release(struct member *m, const struct engine_read *read)
{
	m->live = true; /* so that what is handed over is not held again */
	m->had = m->broker->cluster.island;
	merge(m, read);
	drop_acknowledged(m);
	member_clear_hold(m);
	member_look_again(m->session);
}

static void
on_read(struct engine_call *call, int result)
{
	struct member *m = list_entry(call, struct member, read);

	m->reading = false;
	if (m->live)
		return;
	if (result == 0 && m->round == m->reading_round)
		release(m, call->read);
	else if (result == 0)
		member_try_read(m);
	else if (result != -EAGAIN) /* that: when the nodes are in reach again */
		give_up(m);
}

static bool
is_heard(const struct member *m, const struct need *need)
{
	const struct topic *t = subs_find(&m->broker->registry.subs,
					  (struct str){ need->pattern, need->n });

	return t && t->heard;
}

void
member_try_read(struct member *m)
{
	struct engine_sub *from;
	size_t i;

	if (m->live || m->reading || !m->broker->cluster.up)
		return;
	for (i = 0; i < m->need_count; i++)
		if (!is_heard(m, &m->needs[i]))
			return;
	from = calloc(m->need_count + 1, sizeof(*from));
	if (!from)
		return; /* at the next occasion */
	for (i = 0; i < m->need_count; i++)
		from[i] = (struct engine_sub){
			{ m->needs[i].pattern, m->needs[i].n }, m->needs[i].since
		};
	m->reading = true;
	m->reading_round = m->round;
	m->read.done = on_read;
	engine_read(m->broker->engine, &m->read, from, m->need_count);
	free(from);
}

/* ---- changes ---- */

static void
subscribe(struct member *m, struct str pattern, uint64_t seq)
{
	struct subs *subs = &m->broker->registry.subs;
	int rc = subs_add(subs, m->session, pattern);
	const struct topic *t = subs_find(subs, pattern);

	if (rc == SUBS_ALREADY)
		return;
	/* It may match what came when it was not there: rather twice than never. */
	if (m->broker->cluster.island > m->had)
		m->had = m->broker->cluster.island;
	if (rc < 0 || (!t->heard && member_need(m, pattern, seq)))
		log_error(m->broker->log, "broker: out of memory, a subscription is lost");
}

static void
unsubscribe(struct member *m, struct str pattern)
{
	struct need *need = find_need(m, pattern);

	subs_remove(&m->broker->registry.subs, m->session, pattern);
	if (need)
		drop_need(m, need);
}

void
member_change(struct session *s, uint64_t seq, char sign, const struct str *patterns,
	      size_t n)
{
	struct member *m = member_of(s);
	size_t i;

	if (n == 0) /* a sign of life */
		registry_touch(&m->broker->registry, s, loop_now_ms(m->broker->loop));
	for (i = 0; i < n; i++) {
		if (sign == '+')
			subscribe(m, patterns[i], seq);
		else
			unsubscribe(m, patterns[i]);
	}
	if (m->need_count)
		member_hold(m, seq);
	else
		member_try_read(m);
}
