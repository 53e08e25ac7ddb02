#include "broker/member.h"

#include <stdlib.h>

#include "broker/arrival.h"
#include "broker/broker.h"
#include "broker/errand.h"
#include "broker/waiting.h"

void
cluster_init(struct cluster *c, const uint64_t seed[2])
{
	map_init(&c->arrivals, seed);
	list_init(&c->members);
	list_init(&c->errands);
}

void
cluster_clear(struct broker *b)
{
	struct list_node *n;

	loop_timer_clear(b->loop, &b->cluster.pulse);
	arrivals_clear(b);
	while ((n = list_first(&b->cluster.errands)))
		errand_free(list_entry(n, struct errand, node));
	while ((n = list_first(&b->cluster.members)))
		member_end(list_entry(n, struct member, node)->session);
}

/* ---- standing still ---- */

enum {
	PULSE_MS = 500,
	STILL_MS = 1000, /* a pulse that late is not due to work alone */
	ECHO_MS = 1000,  /* so long may what came meanwhile wait to be read */
};

static void
on_pulse(void *arg)
{
	struct broker *b = arg;
	struct cluster *c = &b->cluster;
	int64_t now = loop_now_ms(b->loop);

	if (now - c->pulse_ms > STILL_MS) {
		c->stalled_ms = now - c->pulse_ms;
		c->stalled_until_ms = now + ECHO_MS;
	}
	c->pulse_ms = now;
	if (loop_timer_set(b->loop, &c->pulse, now + PULSE_MS))
		log_error(b->log, "broker: out of memory, a standstill would not be noticed");
}

int64_t
cluster_stalled_ms(const struct broker *b)
{
	const struct cluster *c = &b->cluster;
	int64_t now = loop_now_ms(b->loop);

	/* Requests may be read before the pulse is felt. */
	if (c->pulse_ms && now - c->pulse_ms > STILL_MS)
		return now - c->pulse_ms;
	return now < c->stalled_until_ms ? c->stalled_ms + ECHO_MS : 0;
}

/* ---- life ---- */

static struct member *
new_member(struct broker *b, struct session *s, const struct engine_client *c)
{
	struct member *m = calloc(1, sizeof(*m));

	if (!m) {
		registry_end(&b->registry, s);
		return NULL;
	}
	m->broker = b;
	m->session = s;
	m->turn = c->turn;
	m->since = c->at;
	m->had = b->cluster.island;
	s->member = m;
	list_append(&b->cluster.members, &m->node);
	return m;
}

int
member_create(struct broker *b, struct session *s, const struct engine_client *c)
{
	struct member *m = new_member(b, s, c);

	if (!m)
		return -ENOMEM;
	m->live = true;
	return 0;
}

static int
take_subscriptions(struct member *m, const struct engine_client *c)
{
	struct subs *subs = &m->broker->registry.subs;
	size_t i;

	for (i = 0; i < c->sub_count; i++) {
		uint64_t since = c->subs[i].since;

		if (since < c->cursor)
			since = c->cursor;
		if (subs_add(subs, m->session, c->subs[i].pattern) < 0 ||
		    member_need(m, c->subs[i].pattern, since))
			return -ENOMEM;
	}
	return 0;
}

int
member_attach(struct broker *b, struct session *s, const struct engine_client *c)
{
	struct member *m = new_member(b, s, c);

	if (!m)
		return -ENOMEM;
	m->again = c->connect;
	m->again_to = c->connect ? c->sent : 0;
	m->seen_count = (uint8_t)c->seen_count;
	memcpy(m->seen, c->seen, sizeof(m->seen));
	if (take_subscriptions(m, c)) {
		member_end(s);
		registry_end(&b->registry, s);
		return -ENOMEM;
	}
	m->live = true;
	if (c->sub_count)
		member_hold(m, c->cursor);
	return 0;
}

void
member_end(struct session *s)
{
	struct member *m = member_of(s);

	if (!m)
		return;
	member_clear_hold(m);
	engine_forget(&m->read);
	list_unlink(&m->node);
	free(m);
	s->member = NULL;
}

uint64_t
member_turn(const struct session *s)
{
	return s->member ? member_of(s)->turn : 0;
}

/* What has no place in the order yet will have a later one. */
uint64_t
member_proven(const struct session *s)
{
	const struct member *m = member_of(s);
	struct outlet *o = s->outlet;
	uint64_t least = queue_least(&s->queue, 0);
	uint64_t unproved = o ? o->ops->least_unproved(o) : 0;

	if (unproved && (!least || unproved < least))
		least = unproved;
	if (least)
		return least - 1;
	/* A read may have brought later ones than what was told here. */
	return m->live && m->broker->cluster.pos > m->pos ? m->broker->cluster.pos : m->pos;
}

uint64_t
member_given(const struct session *s, uint32_t n)
{
	uint64_t least_left = queue_least(&s->queue, n), most = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		if (queue_peek(&s->queue, i)->seq > most)
			most = queue_peek(&s->queue, i)->seq;
	return least_left && least_left <= most ? least_left - 1 : most;
}

/* ---- it goes ---- */

static bool
is_told_of(const struct session *s, const struct waiting *w)
{
	const struct member *m = member_of(s);

	return m->telling && m->touching && m->asked == w->key;
}

/* It waits without its session for the reply to `e`, which will tell what becomes of it. */
static void
leave_to(struct errand *e, struct session *s)
{
	struct waiting *w = s->held;

	e->waiting = w;
	w->record = e;
	w->session = NULL;
	s->held = NULL;
}

/* Of the connect that is held here. One whose answer is being recorded is answered
 * if that comes to something: the new home then takes it as given. */
static void
release_held(struct session *s, uint64_t by)
{
	struct waiting *w = s->held;

	if (w->record) {
		if (member_of(s)->sure != w->key)
			w->record->taken_by = by;
		leave_to(w->record, s);
	} else if (by && by != w->key && member_of(s)->sure == w->key) {
		waiting_answer(w);
	} else if (by && by != w->key && w->exchange && is_told_of(s, w)) {
		/* Which of the two came first will be known soon. */
		leave_to(member_of(s)->touching, s);
	} else {
		outlet_hang_up(w->outlet);
	}
}

void
member_lose(struct session *s, uint64_t by)
{
	struct broker *b = member_of(s)->broker;
	struct outlet *o;

	member_of(s)->dropped = true;
	if (s->held)
		release_held(s, by);
	o = s->outlet;
	if (o) {
		outlet_unbind(o);
		if (o->ops->is_bound_by_opening)
			o->ops->close(o);
	}
	member_end(s);
	registry_end(&b->registry, s);
}

/* ---- events ---- */

static struct session *
find(struct broker *b, uint64_t seq, struct str client_id)
{
	struct session *s = registry_find(&b->registry, client_id);

	b->cluster.pos = seq;
	return s && s->member && seq > member_of(s)->since ? s : NULL;
}

void
cluster_on_taken(void *arg, uint64_t seq, struct str client_id, uint64_t turn,
		 uint64_t connect)
{
	struct broker *b = arg;
	struct session *s = find(b, seq, client_id);

	arrival_note(b, client_id, 't', seq, turn, connect, NULL, 0);
	if (s && turn >= member_turn(s))
		member_lose(s, connect);
}

void
cluster_on_gone(void *arg, uint64_t seq, struct str client_id, uint64_t turn)
{
	struct broker *b = arg;
	struct session *s = find(b, seq, client_id);

	arrival_note(b, client_id, 'g', seq, turn, 0, NULL, 0);
	if (!s || turn < member_turn(s))
		return;
	member_of(s)->dropped = true;
	broker_end_session(b, s);
}

void
cluster_on_change(void *arg, uint64_t seq, struct str client_id, char sign,
		  const struct str *patterns, size_t n)
{
	struct broker *b = arg;
	struct session *s = find(b, seq, client_id);

	arrival_note(b, client_id, sign, seq, 0, 0, patterns, n);
	if (s)
		member_change(s, seq, sign, patterns, n);
}

void
cluster_on_wanted(void *arg, struct str pattern)
{
	struct broker *b = arg;
	struct topic *t = subs_find(&b->registry.subs, pattern);
	uint32_t i;

	if (!t)
		return;
	t->heard = true;
	for (i = 0; i < t->count; i++) {
		struct session *s = t->subscribers[i].session;

		if (s->member)
			member_try_read(member_of(s));
	}
}

void
cluster_on_down(void *arg)
{
	struct broker *b = arg;

	b->cluster.up = false;
}

void
cluster_on_up(void *arg)
{
	struct broker *b = arg;
	struct list_node *n;

	b->cluster.up = true;
	registry_excuse(&b->registry, loop_now_ms(b->loop));
	if (!b->cluster.pulse_ms) {
		loop_timer_init(&b->cluster.pulse, on_pulse, b);
		b->cluster.pulse_ms = loop_now_ms(b->loop);
		on_pulse(b);
	}
	if (b->on_joined)
		b->on_joined(b->on_joined_arg);
	b->on_joined = NULL;
	for (n = list_first(&b->cluster.members); n; n = list_next(&b->cluster.members, n))
		member_try_read(list_entry(n, struct member, node));
}
