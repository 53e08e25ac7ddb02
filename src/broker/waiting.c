#include "broker/waiting.h"

#include <errno.h>
#include <stdlib.h>

#include "bayeux/ext.h"
#include "bayeux/reply.h"
#include "broker/broker.h"

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
new_waiting(struct exchange *x, const struct message *m, struct session *s)
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
		w->broker = x->broker;
		w->session = s;
		w->outlet = x->outlet;
		w->event_source = span_is(&m->connection_type, STR("eventsource"));
		loop_timer_init(&w->timer, on_due, w);
	}
	buf_clear(&id);
	return w;
}

/* Whether its answer does. An event source gets them by its stream, once it is
 * open: given here, too, they might come twice. With acks nobody streams. */
static bool
brings_messages(const struct waiting *w)
{
	return w->session->acks || (w->exchange && !w->event_source);
}

int
waiting_hold(struct exchange *x, const struct message *m, struct session *s,
	     uint64_t key, int64_t hold_ms)
{
	struct waiting *w = new_waiting(x, m, s);
	struct loop *loop = x->broker->loop;

	if (!w)
		return -ENOMEM;
	w->key = key;
	if (hold_ms > 0 && loop_timer_set(loop, &w->timer, loop_now_ms(loop) + hold_ms)) {
		free(w);
		return -ENOMEM;
	}
	if (outlet_is_stream(x->outlet)) {
		x->stream_held = true;
	} else {
		w->exchange = x;
		list_append(&x->held, &w->in_exchange);
	}
	s->held = w;
	if (hold_ms <= 0 || (brings_messages(w) && s->queue.count))
		waiting_make_ready(w);
	return 0;
}

/* Out of all tables; the struct is still there. */
static void
detach(struct waiting *w)
{
	loop_timer_clear(w->broker->loop, &w->timer);
	list_unlink(&w->ready);
	list_unlink(&w->in_exchange);
	if (w->session->held == w)
		w->session->held = NULL;
}

/* One of the batch has gone: those that were due may have waited for it. */
static void
look_again(struct exchange *x)
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
	free(w);
	if (x)
		look_again(x);
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

static void
add_answer(struct waiting *w, struct buf *out, bool with_messages)
{
	struct session *s = w->session;
	struct reply_advice advice = broker_advice(w->broker, s, w->event_source);
	bool gives = with_messages && brings_messages(w);
	uint32_t n = gives ? session_portion(s) : 0;

	reply_begin_connect(out, (struct str){ w->id, w->id_n }, session_id(s), &advice);
	add_ext(w, out, gives, n);
	reply_end(out);
	add_messages(s, out, n);
	if (gives)
		session_give(s, n, w->key);
}

static void
answer_stream(struct waiting *w, bool with_messages)
{
	struct buf array = BUF_INIT;

	buf_add_char(&array, '[');
	add_answer(w, &array, with_messages);
	buf_add_char(&array, ']');
	if (!array.failed)
		w->outlet->ops->reply(w->outlet, &array);
	buf_clear(&array);
}

static void
answer(struct waiting *w, bool with_messages)
{
	struct exchange *x = w->exchange;

	detach(w);
	if (x)
		add_answer(w, exchange_reply(x), with_messages);
	else
		answer_stream(w, with_messages);
	free(w);
	if (!x)
		return;
	look_again(x);
	exchange_finish_if_done(x);
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

void
waiting_answer_all(struct exchange *x)
{
	answer_all(x, false);
}

static bool
all_due(const struct exchange *x)
{
	struct list_node *n;

	for (n = list_first(&x->held); n; n = list_next(&x->held, n))
		if (!list_entry(n, struct waiting, in_exchange)->due)
			return false;
	return true;
}

/* A batch is answered as a whole, so what it gives to a session is taken from the
 * queue only when the last of its connects is due: an answer that never left
 * must not count as given. */
static void
answer_when_all_due(struct waiting *w)
{
	struct exchange *x = w->exchange;

	w->due = true;
	if (!x) {
		answer(w, true);
		return;
	}
	if (all_due(x))
		answer_all(x, true);
}

void
waiting_answer_ready(struct broker *b)
{
	struct list_node *n;
	struct list later;

	list_init(&later);
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
