#include "broker/exchange.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "broker/broker.h"
#include "broker/handler.h"
#include "broker/late.h"
#include "broker/relay.h"
#include "broker/waiting.h"

enum { MOST_COST = 1 << 24 }; /* so that they can be added */

struct buf *
exchange_reply(struct exchange *x)
{
	buf_add_char(&x->replies, x->replies.n ? ',' : '[');
	return &x->replies;
}

void
exchange_add_replies(struct exchange *x, struct str replies)
{
	if (replies.n)
		buf_add_str(exchange_reply(x), replies);
}

/* Clears what belongs to the message that is done. */
static void
clear_message(struct exchange *x)
{
	free(x->channels);
	x->channels = NULL;
	x->channel_count = 0;
	buf_clear(&x->scratch);
}

static void
drop_text(struct exchange *x)
{
	batch_clear(&x->batch);
	free(x->text);
	x->text = NULL;
	x->next = 0;
}

static void
drop_held(struct exchange *x)
{
	struct list_node *n;

	while ((n = list_first(&x->held)))
		waiting_drop(list_entry(n, struct waiting, in_exchange));
}

/* Of the outlet's batches one is more, or less. */
static void
count(struct exchange *x, size_t cost)
{
	struct outlet *o = x->outlet;
	bool was_crowded = o && outlet_is_crowded(o);

	if (!o)
		return;
	o->backlog -= x->cost;
	x->cost = (uint32_t)(cost < MOST_COST ? cost : MOST_COST);
	o->backlog += x->cost;
	if (was_crowded && !outlet_is_crowded(o) && o->ops->has_caught_up)
		o->ops->has_caught_up(o);
}

void
exchange_free(struct exchange *x)
{
	struct list_node *n;

	drop_held(x);
	relay_abandon_all(x);
	late_drop(x);
	while ((n = list_take_first(&x->behind)))
		exchange_free(list_entry(n, struct exchange, node));
	list_unlink(&x->node);
	count(x, 0);
	engine_forget(&x->call);
	clear_message(x);
	drop_text(x);
	buf_clear(&x->replies);
	free(x);
}

static bool
is_connect(const struct message *m)
{
	return span_is(&m->channel, STR("/meta/connect"));
}

/* The stream goes to the session that it connects to, and its batches with it. */
static void
move_stream(struct exchange *x, int home)
{
	x->state = EXCHANGE_QUEUED;
	x->outlet->moving = true;
	x->outlet->ops->move(x->outlet, (unsigned)home);
}

/* The next message's client has its session at another worker, and perhaps those
 * behind it. False: the exchange cannot go on now. */
static bool
pass_on(struct exchange *x, int home)
{
	const struct message *first = &x->batch.messages[x->next], *m = first, *last = first;
	const struct message *end = &x->batch.messages[x->batch.count];
	struct outlet *o = x->outlet;
	bool is_poll = o && !outlet_is_stream(o), connects = is_connect(first);

	if (connects && o && !is_poll) {
		move_stream(x, home);
		return false;
	}
	x->next++;
	if (connects && !o)
		return true; /* gone: what waits goes on waiting */
	while (++m < end && (is_poll || !is_connect(m)) && relay_home(x, m) == home) {
		connects |= is_connect(m);
		last = m;
		x->next++;
	}
	if (relay_send(x, home, first, last, connects))
		x->hangs_up = true;
	return !x->awaits_relay;
}

/* Handles what is left, until something must be waited for. */
static void
run(struct exchange *x)
{
	x->state = EXCHANGE_RUNNING;
	while (x->next < x->batch.count && !x->hangs_up) {
		const struct message *m = &x->batch.messages[x->next];
		int home = relay_home(x, m);

		if (home != BROKER_HERE) {
			if (!pass_on(x, home))
				return;
			continue;
		}
		x->next++;
		if (handler_run(x, m) == HANDLER_PENDING)
			return;
		clear_message(x);
	}
	x->state = EXCHANGE_HELD;
	/* A held poll may last a minute: without its text. */
	drop_text(x);
	/* A connect that became ready meanwhile was put off until now. */
	if (!list_is_empty(&x->held)) {
		loop_at_end(x->broker->loop, &x->broker->finish);
		if (x->outlet->ops->held && !x->hangs_up)
			x->outlet->ops->held(x->outlet);
	}
	exchange_finish_if_done(x);
}

static void
on_call_done(struct engine_call *call, int result)
{
	struct exchange *x = list_entry(call, struct exchange, call);

	x->after(x, &x->batch.messages[x->next - 1], result);
	clear_message(x);
	run(x);
}

/* The stream's batches that came meanwhile. A batch that is done at once ends up
 * here again: that call returns and the loop goes on, so the stack stays flat. */
static void
start_next(struct outlet *o)
{
	struct list_node *n;

	if (o->starting)
		return;
	o->starting = true;
	while (!o->moving && (n = list_first(&o->exchanges))) {
		struct exchange *x = list_entry(n, struct exchange, node);

		if (x->state != EXCHANGE_QUEUED)
			break;
		run(x);
	}
	o->starting = false;
}

/* Soon: the loop's tasks run one after the other, so a long chain of batches
 * needs no deep stack. */
static void
release(struct exchange *x)
{
	list_append(&x->broker->released, &x->node);
	loop_defer(x->broker->loop, &x->broker->go_on);
}

static void
release_next(struct exchange *x)
{
	struct list_node *n = list_take_first(&x->behind);

	if (!n)
		return;
	list_move(&list_entry(n, struct exchange, node)->behind, &x->behind);
	release(list_entry(n, struct exchange, node));
}

void
exchange_heard(struct exchange *x, bool was_awaited)
{
	if (was_awaited) {
		run(x);
		return;
	}
	waiting_look_again(x);
	exchange_finish_if_done(x);
}

void
exchange_finish_if_done(struct exchange *x)
{
	struct outlet *o = x->outlet;
	bool is_stream = o && outlet_is_stream(o);

	if (x->state != EXCHANGE_HELD)
		return;
	if (x->hangs_up && o) {
		outlet_hang_up(o);
		return;
	}
	if (!list_is_empty(&x->held) || !list_is_empty(&x->relays)) {
		relay_let_answer(x);
		return;
	}
	late_write(x, UINT_MAX);
	if (x->replies.n == 0)
		buf_add_char(&x->replies, '[');
	buf_add_char(&x->replies, ']');
	list_unlink(&x->node);
	count(x, 0);
	/* A stream's held connect is answered in a frame of its own; where it was
	 * all there was, there is nothing to say yet. */
	if (o && !(x->replies.n == 2 && x->stream_held))
		o->ops->reply(o, &x->replies);
	if (!o)
		release_next(x);
	exchange_free(x);
	if (is_stream)
		start_next(o);
}

/* ---- without an outlet ---- */

void
exchange_go_on(void *broker)
{
	struct broker *b = broker;
	struct list_node *n;

	while ((n = list_take_first(&b->released))) {
		list_append(&b->orphans, n);
		run(list_entry(n, struct exchange, node));
	}
}

static void
take_behind(struct exchange *x, struct list *rest)
{
	struct list_node *n;

	for (n = list_first(rest); n; n = list_next(rest, n))
		list_entry(n, struct exchange, node)->outlet = NULL;
	list_move(&x->behind, rest);
}

void
exchange_orphan_all(struct outlet *o)
{
	struct list_node *n = list_take_first(&o->exchanges);
	struct exchange *x;
	bool awaited;

	if (!n)
		return;
	x = list_entry(n, struct exchange, node);
	awaited = x->awaits_relay;
	drop_held(x);
	relay_abandon_connects(x);
	x->outlet = NULL;
	take_behind(x, &o->exchanges);
	switch (x->state) {
	case EXCHANGE_RUNNING:
		list_append(&x->broker->orphans, &x->node);
		if (awaited && !x->awaits_relay)
			run(x);
		break;
	case EXCHANGE_QUEUED:
		release(x);
		break;
	case EXCHANGE_HELD:
		list_append(&x->broker->orphans, &x->node);
		exchange_finish_if_done(x);
	}
}

void
exchange_move_all(struct outlet *o, struct broker *b)
{
	struct list_node *n;

	for (n = list_first(&o->exchanges); n; n = list_next(&o->exchanges, n))
		list_entry(n, struct exchange, node)->broker = b;
	start_next(o);
}

int
exchange_start(struct outlet *o, char *text, size_t n)
{
	struct exchange *x = calloc(1, sizeof(*x));
	int rc;

	if (!x) {
		free(text);
		return -ENOMEM;
	}
	x->broker = o->broker;
	x->outlet = o;
	x->came_ms = loop_now_ms(o->broker->loop);
	x->text = text;
	x->call.done = on_call_done;
	list_init(&x->held);
	list_init(&x->relays);
	list_init(&x->late);
	list_init(&x->behind);
	rc = batch_read(&x->batch, (struct str){ text, n }, &o->broker->batch_limits);
	if (rc) {
		exchange_free(x);
		return rc;
	}
	list_append(&o->exchanges, &x->node);
	count(x, sizeof(*x) + n + x->batch.count * sizeof(*x->batch.messages));
	start_next(o);
	return 0;
}
