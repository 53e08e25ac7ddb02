#include "broker/waiting.h"

#include <errno.h>
#include <stdlib.h>

#include "bayeux/reply.h"
#include "broker/broker.h"

static void
on_due(void *arg)
{
	waiting_make_ready(arg);
}

static struct waiting *
new_waiting(struct exchange *x, const struct message *m, struct session *s)
{
	struct buf id = BUF_INIT;
	struct waiting *w = NULL;

	if (span_is_true(&m->id))
		span_copy(&m->id, &id);
	if (!id.failed)
		w = calloc(1, sizeof(*w) + id.n);
	if (w) {
		w->id_n = (uint32_t)id.n;
		if (id.n)
			memcpy(w->id, id.p, id.n);
		w->broker = x->broker;
		w->session = s;
		w->outlet = x->outlet;
		w->event_source = span_is(&m->connection_type, STR("eventsource"));
		loop_timer_init(&w->timer, on_due, w);
	}
	buf_clear(&id);
	return w;
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
	if (hold_ms <= 0 || (w->exchange && s->queue.count))
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

static void
add_reply(struct waiting *w, struct buf *out)
{
	struct reply_advice advice = broker_advice(w->broker, w->event_source);

	reply_connect(out, (struct str){ w->id, w->id_n }, session_id(w->session), &advice);
}

static void
answer_stream(struct waiting *w)
{
	struct buf array = BUF_INIT;

	buf_add_char(&array, '[');
	add_reply(w, &array);
	buf_add_char(&array, ']');
	if (!array.failed)
		w->outlet->ops->reply(w->outlet, &array);
	buf_clear(&array);
}

static void
add_messages(struct exchange *x, const struct queue *q)
{
	uint32_t i;

	for (i = 0; i < q->count; i++)
		buf_add_str(exchange_reply(x), frozen_json(queue_peek(q, i)));
}

static void
answer(struct waiting *w, bool with_messages)
{
	struct exchange *x = w->exchange;

	detach(w);
	if (x) {
		add_reply(w, exchange_reply(x));
		/* An event source gets its messages by its stream, once it is open:
		 * given here, too, they might come twice. */
		if (with_messages && !w->event_source) {
			add_messages(x, &w->session->queue);
			session_give_all(w->session, w->key);
		}
	} else {
		answer_stream(w);
	}
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
