#include "broker/waiting.h"

#include <errno.h>
#include <stdlib.h>

#include "bayeux/ext.h"
#include "bayeux/reply.h"
#include "broker/broker.h"
#include "broker/errand.h"
#include "broker/late.h"
#include "broker/relay.h"
#include "engine/hub.h"

/* What a timesync's answer needs; few connects have one. */
struct synced {
	struct ext_timesync asked;
	int64_t came_ms; /* by the loop's clock */
};

static void
on_due(void *arg)
{
	waiting_make_ready(arg);
}

static struct waiting *
alloc_waiting(struct exchange *x, const struct message *m)
{
	struct synced synced = { .came_ms = x->came_ms };
	bool is_synced = ext_read_timesync(&m->ext, &synced.asked);
	struct buf id = BUF_INIT;
	struct waiting *w = NULL;

	if (span_is_true(&m->id))
		span_copy(&m->id, &id);
	if (!id.failed)
		w = calloc(1, sizeof(*w) + id.n + (is_synced ? sizeof(synced) : 0));
	if (w) {
		w->id_n = (uint32_t)id.n;
		if (id.n)
			memcpy(w->id, id.p, id.n);
		w->synced = is_synced;
		if (is_synced)
			memcpy(w->id + id.n, &synced, sizeof(synced));
	}
	buf_clear(&id);
	return w;
}

struct waiting *
waiting_new(struct exchange *x, const struct message *m, uint64_t key, int64_t hold_ms)
{
	struct waiting *w = alloc_waiting(x, m);
	struct loop *loop = x->broker->loop;

	if (!w)
		return NULL;
	w->broker = x->broker;
	w->outlet = x->outlet;
	w->key = key;
	w->number = x->next - 1;
	w->event_source = span_is(&m->connection_type, STR("eventsource"));
	w->has_ack = ext_read_ack(&m->ext, &w->acked);
	w->at_once = hold_ms <= 0;
	loop_timer_init(&w->timer, on_due, w);
	if (!w->at_once && loop_timer_set(loop, &w->timer, loop_now_ms(loop) + hold_ms)) {
		free(w);
		return NULL;
	}
	if (outlet_is_stream(x->outlet)) {
		x->stream_held = true;
		list_append(&x->outlet->arriving, &w->in_exchange);
	} else {
		w->exchange = x;
		list_append(&x->held, &w->in_exchange);
	}
	return w;
}

/* An event source gets them by its stream, once it is open: given here, too, they
 * might come twice. With acks nobody streams. */
bool
waiting_brings_messages(const struct waiting *w)
{
	return w->session->acks || (w->exchange && !w->event_source);
}

void
waiting_hold(struct waiting *w, struct session *s)
{
	if (!w->exchange)
		list_unlink(&w->in_exchange); /* its session looks after it */
	if (outlet_may_move(w->outlet))
		w->outlet->ops->has_caught_up(w->outlet);
	w->session = s;
	s->held = w;
	if (w->at_once || w->due || (waiting_brings_messages(w) && s->queue.count))
		waiting_make_ready(w);
}

/* Out of all tables; the struct is still there. */
static void
detach(struct waiting *w)
{
	loop_timer_clear(w->broker->loop, &w->timer);
	list_unlink(&w->ready);
	list_unlink(&w->in_exchange);
	list_unlink(&w->arriving);
	if (w->session && w->session->held == w)
		w->session->held = NULL;
}

static void
free_waiting(struct waiting *w)
{
	errand_forget(w);
	buf_clear(&w->prepared);
	free(w);
}

void
waiting_look_again(struct exchange *x)
{
	struct list_node *n;

	for (n = list_first(&x->held); n; n = list_next(&x->held, n)) {
		struct waiting *w = list_entry(n, struct waiting, in_exchange);

		if (w->due)
			waiting_make_ready(w);
	}
}

void
waiting_drop(struct waiting *w)
{
	struct exchange *x = w->exchange;

	detach(w);
	free_waiting(w);
	if (x)
		waiting_look_again(x);
}

void
waiting_make_ready(struct waiting *w)
{
	if (list_is_linked(&w->ready))
		return;
	list_append(&w->broker->ready, &w->ready);
	loop_at_end(w->broker->loop, &w->broker->finish);
}

/* An answer that only ends the wait has no number: come late, it would take the
 * client back behind a newer one. */
static void
add_ext(struct waiting *w, struct buf *out, bool is_numbered, uint32_t messages)
{
	struct loop *loop = w->broker->loop;
	struct ext_reply reply = { .is_numbered = is_numbered && w->session->acks };
	struct synced synced;

	if (reply.is_numbered)
		reply.number = session_number(w->session, messages);
	if (w->synced) {
		memcpy(&synced, w->id + w->id_n, sizeof(synced));
		reply.timesync = &synced.asked;
		reply.came_ms = loop_wall_ms(loop, synced.came_ms);
		reply.took_ms = loop_now_ms(loop) - synced.came_ms;
	}
	ext_add(out, &reply);
}

static void
add_messages(struct session *s, struct buf *out, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		buf_add_char(out, ',');
		buf_add_str(out, frozen_json(queue_peek(&s->queue, i)));
	}
}

/* The answer's words with the first `n` messages. */
static void
add_words(struct waiting *w, struct str client_id, struct buf *out, bool gives, uint32_t n)
{
	struct reply_advice advice = broker_advice(w->broker, w->session, w->event_source);

	reply_begin_connect(out, (struct str){ w->id, w->id_n }, client_id, &advice);
	add_ext(w, out, gives, n);
	reply_end(out);
	if (n)
		add_messages(w->session, out, n);
}

static void
add_answer(struct waiting *w, struct buf *out, bool with_messages)
{
	struct session *s = w->session;
	bool gives;
	uint32_t n;

	if (w->recorded) { /* its session may have gone meanwhile */
		buf_add_str(out, buf_str(&w->prepared));
		return;
	}
	gives = with_messages && waiting_brings_messages(w);
	n = gives ? session_portion(s) : 0;
	add_words(w, session_id(s), out, gives, n);
	if (gives)
		session_give(s, n, w->key);
}

uint32_t
waiting_prepare(struct waiting *w)
{
	uint32_t n = session_portion(w->session);

	buf_reset(&w->prepared);
	add_words(w, session_id(w->session), &w->prepared, true, n);
	return n;
}

/* ---- how it leaves ---- */

/* Where it is to be written: in its batch's answer or in one of its own. */
static struct buf *
begin_answer(struct waiting *w, struct buf *own)
{
	detach(w);
	if (w->exchange) {
		late_write(w->exchange, w->number);
		return exchange_reply(w->exchange);
	}
	buf_add_char(own, '[');
	return own;
}

static void
end_answer(struct waiting *w, struct buf *own)
{
	struct exchange *x = w->exchange;

	if (!x) {
		buf_add_char(own, ']');
		if (!own->failed)
			w->outlet->ops->reply(w->outlet, own);
		buf_clear(own);
	}
	free_waiting(w);
	if (!x)
		return;
	waiting_look_again(x);
	exchange_finish_if_done(x);
}

static void
answer(struct waiting *w, bool with_messages)
{
	struct buf own = BUF_INIT;

	add_answer(w, begin_answer(w, &own), with_messages);
	end_answer(w, &own);
}

void
waiting_pass(struct waiting *w, struct str client_id)
{
	struct buf own = BUF_INIT;

	add_words(w, client_id, begin_answer(w, &own), false, 0);
	end_answer(w, &own);
}

void
waiting_refuse(struct waiting *w, struct str client_id)
{
	static const struct message connect = {
		.channel = { .text = { "\"/meta/connect\"", 15 }, .type = SCAN_STRING },
	};
	struct reply_advice advice = { .reconnect = ADVICE_HANDSHAKE };
	struct reply_error e = { .code = REPLY_CLIENT_UNKNOWN, .name = client_id };
	struct str id = { w->id, w->id_n };
	struct message m = connect;
	struct buf own = BUF_INIT, *out = begin_answer(w, &own);

	/* As it came: true, so neither absent nor null. */
	if (id.n)
		m.id = (struct span){ .text = id, .type = SCAN_STRING };
	reply_begin(out, &m, REPLY_WITHOUT_CLIENT_ID, &e);
	reply_add_advice(out, &advice);
	reply_end(out);
	end_answer(w, &own);
}

static void
answer_all(struct exchange *x, bool with_messages)
{
	struct list_node *n = list_first(&x->held);
	bool last = !n;

	while (!last) {
		n = list_first(&x->held);
		last = !list_next(&x->held, n); /* its answer ends the exchange */
		answer(list_entry(n, struct waiting, in_exchange), with_messages);
	}
}

void
waiting_answer(struct waiting *w)
{
	answer(w, false);
}

void
waiting_answer_last(struct waiting *w)
{
	answer(w, true);
}

static bool
may_end_empty(const struct waiting *w)
{
	if (!w->session)
		return false; /* it arrives */
	return w->recorded || !w->session->member || member_may_end_empty(w);
}

bool
waiting_answer_all(struct exchange *x)
{
	struct list_node *n;

	for (n = list_first(&x->held); n; n = list_next(&x->held, n))
		if (!may_end_empty(list_entry(n, struct waiting, in_exchange)))
			return false;
	answer_all(x, false);
	return true;
}

bool
waiting_all_due(const struct exchange *x)
{
	struct list_node *n;

	for (n = list_first(&x->held); n; n = list_next(&x->held, n))
		if (!list_entry(n, struct waiting, in_exchange)->due)
			return false;
	return true;
}

/* Joined nodes must know first what an answer gives, see member_may_answer. */
static bool
may_answer(struct waiting *w)
{
	if (!w->session && !w->recorded)
		return false; /* it arrives */
	return w->recorded || !w->session->member || member_may_answer(w);
}

static bool
all_may_answer(struct exchange *x)
{
	struct list_node *n;
	bool all = true;

	for (n = list_first(&x->held); n; n = list_next(&x->held, n))
		if (!may_answer(list_entry(n, struct waiting, in_exchange)))
			all = false;
	return all;
}

static bool
outlet_lets(const struct exchange *x)
{
	return !x->outlet->ops->may_answer || x->outlet->ops->may_answer(x->outlet);
}

/* A batch is answered as a whole, so what it gives to a session is taken from the
 * queue only when the last of its connects is due, at whichever worker: an answer that
 * never left must not count as given. */
static void
answer_when_all_due(struct waiting *w)
{
	struct exchange *x = w->exchange;

	w->due = true;
	if (!x) {
		if (may_answer(w))
			answer(w, true);
		return;
	}
	if (!list_is_empty(&x->relays))
		relay_let_answer(x);
	else if (waiting_all_due(x) && outlet_lets(x) && all_may_answer(x))
		answer_all(x, true);
}

void
waiting_answer_ready(struct broker *b)
{
	struct list_node *n;
	struct list later;

	list_init(&later);
	/* What was published before an answer is in it, whichever worker heard of it. */
	if (b->hub && !list_is_empty(&b->ready))
		hub_hear(b->hub, b->worker);
	while ((n = list_take_first(&b->ready))) {
		struct waiting *w = list_entry(n, struct waiting, ready);

		/* Its batch is still at work: the answer comes last. */
		if (w->exchange && w->exchange->state == EXCHANGE_RUNNING)
			list_append(&later, n);
		else
			answer_when_all_due(w);
	}
	list_move(&b->ready, &later);
}
