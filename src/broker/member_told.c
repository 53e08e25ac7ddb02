/* What the other nodes are told of a member: connects that came to it, what its
 * answers give, and, each second, which streams have got everything. */
#include <stdlib.h>

#include "broker/arrival.h"
#include "broker/broker.h"
#include "broker/errand.h"
#include "broker/waiting.h"

/* ---- connects ---- */

bool
member_is_old(const struct session *s, uint64_t connect)
{
	const struct member *m = member_of(s);
	unsigned i;

	for (i = 0; connect && i + 1 < m->seen_count; i++)
		if (m->seen[i] == connect)
			return true;
	return false;
}

static void
see(struct member *m, uint64_t connect)
{
	if (!connect || (m->seen_count && m->seen[m->seen_count - 1] == connect))
		return;
	if (m->seen_count == ENGINE_SEEN)
		memmove(m->seen, m->seen + 1, --m->seen_count * sizeof(m->seen[0]));
	m->seen[m->seen_count++] = connect;
}

static bool
is_up_to(const struct frozen *f, uint64_t seq)
{
	return f->seq && f->seq <= seq;
}

/* Another node gave an answer that this connect acknowledges. */
static void
acknowledge_again(struct member *m, uint64_t connect)
{
	struct session *s = m->session;

	if (!m->again || m->again == connect)
		return;
	m->again = 0;
	m->skip_to = m->again_to;
	while (s->queue.count && is_up_to(queue_peek(&s->queue, 0), m->skip_to))
		queue_drop(&s->queue, 1);
}

/* The session has its home elsewhere, though that was not heard here yet: this
 * connect brings it back. */
static void
move_back(struct session *s)
{
	struct waiting *w = s->held;
	struct outlet *o = w->outlet;
	char id[SESSION_ID_BYTES + 1];

	memcpy(id, s->id, sizeof(id));
	s->held = NULL;
	w->session = NULL;
	errand_forget(w);
	if (!w->exchange)
		list_append(&o->arriving, &w->in_exchange);
	member_lose(s, 0);
	arrival_add(w, str_from(id));
}

/* Its session was taken by another connect while this one was told of: lost, it came
 * later and brings it back; else the other did, and this one is done with. */
static void
settle(const struct errand *e, int result)
{
	if (result == ENGINE_LOST)
		arrival_add(e->waiting, str_from(e->client_id));
	else if (result == 0)
		waiting_pass(e->waiting, str_from(e->client_id));
	else
		outlet_hang_up(e->waiting->outlet);
}

static void
on_touched(struct errand *e, int result)
{
	struct session *s = errand_session(e);
	const struct waiting *w = s ? s->held : NULL;

	if (s && member_of(s)->touching == e)
		member_of(s)->touching = NULL;
	if (e->waiting) {
		settle(e, result);
		return;
	}
	if (!s || e->connect != member_of(s)->asked)
		return; /* a later one is under way */
	member_of(s)->telling = false;
	if (result == ENGINE_LOST) {
		if (w && w->key == e->connect)
			move_back(s);
		else
			member_lose(s, 0);
		return;
	}
	member_of(s)->sure = e->connect;
	if (s->unsure) {
		s->unsure = false;
		if (s->outlet)
			outlet_feed(s->outlet);
	}
	member_look_again(s);
}

static void
touch(struct session *s, uint64_t connect, uint32_t count)
{
	struct member *m = member_of(s);
	struct errand *e = errand_new(s, on_touched);

	if (!e) {
		log_error(m->broker->log, "broker: out of memory, a client must connect again");
		return;
	}
	e->connect = m->asked = connect;
	m->telling = true;
	m->touching = e;
	engine_touch(m->broker->engine, &e->call, session_id(s), m->turn, connect, count,
		     s->acks ? member_proven(s) : 0, s->acked);
}

void
member_connect(struct session *s, const struct waiting *w)
{
	struct member *m = member_of(s);

	see(m, w->key);
	acknowledge_again(m, w->key);
	if (m->fresh)
		m->sure = w->key;
	else
		touch(s, w->key, w->count);
}

/* ---- streams ---- */

/* A newly bound stream gets nothing until it is sure that its session has its home
 * here: elsewhere it may be getting the same. */
void
member_bound_stream(struct session *s)
{
	struct member *m = member_of(s);

	if (!m || m->fresh)
		return;
	s->unsure = true;
	if (!m->telling) /* it came without a connect */
		touch(s, 0, 0);
}

static void
on_left(struct errand *e, int result)
{
	struct session *s = errand_session(e);

	if (s && result == ENGINE_LOST)
		member_lose(s, 0);
	else if (s && member_of(s)->flow == e->flow && result == 0)
		member_of(s)->flow = 0; /* unless it has entered again */
}

void
member_left_stream(struct session *s)
{
	struct member *m = member_of(s);
	struct errand *e;

	if (!m || m->dropped)
		return;
	e = errand_new(s, on_left);
	if (e)
		engine_record(m->broker->engine, &e->call, session_id(s), m->turn,
			      member_proven(s), 0, 0, s->acked);
}

/* ---- answers ---- */

/* Its answer does not count. Where an earlier connect had taken the session when this
 * one came, which was not heard here then, it brings it back. The same connect
 * elsewhere is answered there, and after a later one nobody waits for this. */
static void
not_recorded(const struct errand *e, struct waiting *w)
{
	if (e->taken_by && e->taken_by != w->key)
		arrival_add(w, str_from(e->client_id));
	else
		outlet_hang_up(w->outlet);
}

static void
on_recorded(struct errand *e, int result)
{
	struct session *s = errand_session(e);
	struct waiting *w = e->waiting;

	if (result == ENGINE_LOST) {
		if (s)
			member_lose(s, 0);
		else if (w)
			not_recorded(e, w);
		return;
	}
	if (s && member_of(s)->flow == e->flow && result == 0)
		member_of(s)->flow = 0;
	if (!w)
		return;
	w->recorded = true;
	if (s && s->held == w) {
		session_give(s, e->messages, e->connect);
		member_of(s)->again = 0; /* what it now carries counts */
	}
	waiting_make_ready(w);
}

static void
record(struct waiting *w)
{
	struct session *s = w->session;
	struct member *m = member_of(s);
	struct errand *e = errand_new(s, on_recorded);
	uint32_t n;

	if (!e) {
		outlet_hang_up(w->outlet);
		return;
	}
	n = waiting_prepare(w);
	e->waiting = w;
	e->connect = w->key;
	e->messages = n;
	w->record = e;
	engine_record(m->broker->engine, &e->call, session_id(s), m->turn, member_proven(s),
		      member_given(s, n), w->key, s->acked);
}

/* An empty answer would acknowledge what was recorded for this connect elsewhere
 * and is still to be given again. */
static bool
owes(const struct session *s, const struct waiting *w)
{
	const struct member *m = member_of(s);

	return m->again && m->again == w->key &&
	       (!m->live || s->queue.count || s->unsure);
}

/* A connect that asks not to be held is, for the moment that it takes to read what
 * waits for it: a client that asks another node each time would never get anything. */
static bool
reads_first(struct waiting *w)
{
	enum { PATIENCE_MS = 1000 };
	struct loop *loop = w->broker->loop;

	if (member_of(w->session)->live || !w->at_once || !waiting_brings_messages(w))
		return false;
	if (w->impatient)
		return heap_has(&w->timer.node);
	w->impatient = true;
	return loop_timer_set(loop, &w->timer, loop_now_ms(loop) + PATIENCE_MS) == 0;
}

bool
member_may_answer(struct waiting *w)
{
	struct session *s = w->session;

	if (w->record || reads_first(w))
		return false;
	if (waiting_brings_messages(w) && !s->acks && s->queue.count) {
		record(w);
		return false;
	}
	return !owes(s, w);
}

bool
member_may_end_empty(const struct waiting *w)
{
	return !w->record && !owes(w->session, w);
}

void
member_look_again(struct session *s)
{
	struct waiting *w = s->held;

	if (w && (w->due || (s->queue.count && waiting_brings_messages(w))))
		waiting_make_ready(w);
}

/* ---- the beat ---- */

/* Whether the client of a stream has everything up to there. */
static bool
keeps_up(const struct member *m, uint64_t cursor)
{
	return session_streams(m->session) && m->live &&
	       member_proven(m->session) >= cursor;
}

/* Those that do not any more tell for themselves how far they are, before all is said
 * of the others at once by the last call. */
void
cluster_on_beat(void *arg, uint64_t cursor)
{
	struct broker *b = arg;
	struct list *members = &b->cluster.members;
	struct engine_flow flows[64];
	size_t count = 0;
	struct list_node *n;

	/* What nobody here wanted was not told. */
	if (b->cluster.pos < cursor)
		b->cluster.pos = cursor;
	for (n = list_first(members); n; n = list_next(members, n)) {
		struct member *m = list_entry(n, struct member, node);
		bool keeps = keeps_up(m, cursor);

		if (m->flow && !keeps)
			member_left_stream(m->session);
		/* Without a cursor the one that was said last is still good. */
		if (!cursor || m->flow || !keeps)
			continue;
		m->flow = ++b->cluster.flows;
		flows[count++] = (struct engine_flow){ session_id(m->session), m->turn };
		if (count == sizeof(flows) / sizeof(flows[0])) {
			engine_beat(b->engine, 0, flows, count);
			count = 0;
		}
	}
	engine_beat(b->engine, cursor, flows, count);
}
