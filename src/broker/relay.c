#include "broker/relay.h"

#include <errno.h>
#include <stdlib.h>

#include "broker/broker.h"
#include "broker/late.h"
#include "broker/waiting.h"
#include "engine/hub.h"

struct relay {
	struct mail mail;         /* there and back */
	struct mail cancelling;   /* likewise, when its exchange has gone */
	struct mail word;         /* back before `mail`, with `prompt`: only connects are
				   * left of it */
	struct mail due;          /* likewise: these are due */
	struct mail leave;        /* to answer them, which goes there and back */
	struct broker *from, *to;
	/* Where it came from: */
	struct exchange *exchange; /* NULL: nobody waits */
	struct list_node in_exchange;
	unsigned mails;           /* that are not back, but for `word` */
	unsigned number;          /* of its first message in the batch */
	bool connects;            /* are among it */
	bool is_held;             /* its `word` has come */
	bool is_waited_for;       /* before its exchange goes on */
	bool is_due, is_let;      /* its `due` has come; its `leave` is on its way */
	/* There: */
	struct outlet outlet;
	struct list_node guest;   /* in the broker's guests, or in those that leave */
	bool is_done;
	bool has_asked, has_leave;
	/* Wherever it is: */
	bool is_awaited;          /* `word` is wanted; set before it is sent, */
	bool asks_leave;          /* since the batch has more to do or to wait for; likewise */
	struct buf prompt;        /* "[" and the answers that did not wait for connects */
	struct buf text;          /* what is asked; then the answers */
	bool hung_up;
};

/* ---- who has it ---- */

int
relay_home(const struct exchange *x, const struct message *m)
{
	const struct broker *b = x->broker;
	struct buf scratch = BUF_INIT;
	int home;

	if (!b->hub || m->client_id.type != SCAN_STRING ||
	    span_is(&m->channel, STR("/meta/handshake")))
		return BROKER_HERE;
	home = broker_home(b, span_string(&m->client_id, &scratch));
	buf_clear(&scratch);
	return home;
}

/* ---- back where it came from ---- */

static void
free_if_back(struct relay *r)
{
	if (--r->mails)
		return;
	buf_clear(&r->prompt);
	buf_clear(&r->text);
	free(r);
}

static void
leave_exchange(struct relay *r)
{
	struct exchange *x = r->exchange;

	list_unlink(&r->in_exchange);
	r->exchange = NULL;
	if (x && r->is_waited_for)
		x->awaits_relay = r->is_waited_for = false;
}

static struct str
without_brackets(const struct buf *array)
{
	return (struct str){ array->p + 1, array->n - 2 };
}

static void
on_back(struct mail *m)
{
	struct relay *r = list_entry(m, struct relay, mail);
	struct exchange *x = r->exchange;
	bool was_awaited = r->is_waited_for;

	leave_exchange(r);
	if (x && r->hung_up)
		x->hangs_up = true;
	else if (x && (!r->is_held || late_keep(x, r->number, &r->text)))
		exchange_add_replies(x, without_brackets(&r->text));
	free_if_back(r);
	if (x)
		exchange_heard(x, was_awaited);
}

static void
on_word(struct mail *m)
{
	struct relay *r = list_entry(m, struct relay, word);
	struct exchange *x = r->exchange;

	r->is_held = true;
	if (!x)
		return;
	if (r->prompt.n)
		exchange_add_replies(x, (struct str){ r->prompt.p + 1, r->prompt.n - 1 });
	if (!r->is_waited_for)
		return;
	x->awaits_relay = r->is_waited_for = false;
	exchange_heard(x, true);
}

static void
on_due(struct mail *m)
{
	struct relay *r = list_entry(m, struct relay, due);

	r->is_due = true;
	if (r->exchange)
		relay_let_answer(r->exchange);
}

static void
on_leave_back(struct mail *m)
{
	free_if_back(list_entry(m, struct relay, leave));
}

static void
on_cancel_back(struct mail *m)
{
	free_if_back(list_entry(m, struct relay, cancelling));
}

/* ---- there ---- */

void
relay_send_back(void *broker)
{
	struct broker *b = broker;
	struct list_node *n;

	while ((n = list_take_first(&b->leaving))) {
		struct relay *r = list_entry(n, struct relay, guest);

		r->mail.run = on_back;
		hub_post(b->hub, r->from->worker, &r->mail);
	}
}

/* At the turn's end, since the outlet is still in the hands of who answered. */
static void
finish(struct relay *r)
{
	if (r->is_done)
		return;
	r->is_done = true;
	list_unlink(&r->guest);
	list_append(&r->to->leaving, &r->guest);
	loop_at_end(r->to->loop, &r->to->leave);
}

static void
on_reply(struct outlet *o, struct buf *array)
{
	struct relay *r = list_entry(o, struct relay, outlet);

	r->hung_up = array->failed;
	r->text = *array;
	*array = BUF_INIT;
	finish(r);
}

static void
on_hang_up(struct outlet *o)
{
	struct relay *r = list_entry(o, struct relay, outlet);

	r->hung_up = true;
	finish(r);
}

static void
on_held(struct outlet *o)
{
	struct relay *r = list_entry(o, struct relay, outlet);
	struct exchange *x = list_entry(list_first(&o->exchanges), struct exchange, node);

	if (!r->is_awaited && !r->asks_leave)
		return;
	r->prompt = x->replies;
	x->replies = BUF_INIT;
	r->word.run = on_word;
	hub_post(r->to->hub, r->from->worker, &r->word);
}

static bool
on_may_answer(struct outlet *o)
{
	struct relay *r = list_entry(o, struct relay, outlet);

	if (!r->asks_leave || r->has_leave)
		return true;
	if (!r->has_asked) {
		r->has_asked = true;
		r->due.run = on_due;
		hub_post(r->to->hub, r->from->worker, &r->due);
	}
	return false;
}

static const struct outlet_ops guest_ops = {
	.reply = on_reply,
	.hang_up = on_hang_up,
	.held = on_held,
	.may_answer = on_may_answer,
};

static void
on_arrival(struct mail *m)
{
	struct relay *r = list_entry(m, struct relay, mail);
	size_t n = r->text.n;
	char *text = buf_take(&r->text);

	outlet_init(&r->outlet, &guest_ops, r->to);
	list_append(&r->to->guests, &r->guest);
	if (!text || broker_take(r->to, &r->outlet, text, n))
		on_hang_up(&r->outlet);
}

static void
on_leave(struct mail *m)
{
	struct relay *r = list_entry(m, struct relay, leave);
	struct list_node *n = r->is_done ? NULL : list_first(&r->outlet.exchanges);

	r->has_leave = true;
	if (n)
		waiting_look_again(list_entry(n, struct exchange, node));
	r->leave.run = on_leave_back;
	hub_post(r->to->hub, r->from->worker, &r->leave);
}

static void
on_cancel(struct mail *m)
{
	struct relay *r = list_entry(m, struct relay, cancelling);

	if (!r->is_done) {
		outlet_gone(&r->outlet);
		finish(r);
	}
	r->cancelling.run = on_cancel_back;
	hub_post(r->to->hub, r->from->worker, &r->cancelling);
}

void
relay_drain(struct broker *b)
{
	struct list_node *n;

	while ((n = list_first(&b->guests))) {
		struct relay *r = list_entry(n, struct relay, guest);

		outlet_drain(&r->outlet);
		if (!r->is_done)
			outlet_hang_up(&r->outlet);
	}
}

/* ---- the way there ---- */

/* One message alone, or the array of them all: what is between them comes along. */
static void
put_text(struct buf *out, const struct message *first, const struct message *last)
{
	const char *end = last->text.p + last->text.n;
	struct str text = { first->text.p, (size_t)(end - first->text.p) };

	if (first != last)
		buf_add_char(out, '[');
	buf_add_str(out, text);
	if (first != last)
		buf_add_char(out, ']');
}

/* Whether the batch has connects besides those from `first` to `last`. */
static bool
is_in_company(const struct exchange *x, const struct message *first,
	      const struct message *last)
{
	const struct message *m = x->batch.messages, *end = m + x->batch.count;

	for (; m < end; m++)
		if ((m < first || m > last) && span_is(&m->channel, STR("/meta/connect")))
			return true;
	return false;
}

int
relay_send(struct exchange *x, int home, const struct message *first,
	   const struct message *last, bool connects)
{
	struct broker *b = x->broker;
	struct relay *r = calloc(1, sizeof(*r));

	if (!r)
		return -ENOMEM;
	put_text(&r->text, first, last);
	if (r->text.failed) {
		buf_clear(&r->text);
		free(r);
		return -ENOMEM;
	}
	r->from = b;
	r->to = b->workers[home];
	r->exchange = x;
	r->mails = 1;
	r->number = (unsigned)(first - x->batch.messages);
	r->connects = connects;
	r->is_awaited = x->next < x->batch.count;
	/* What the batch itself goes on to publish is still to come along. */
	r->asks_leave = connects && (r->is_awaited || is_in_company(x, first, last));
	x->awaits_relay = r->is_waited_for = r->is_awaited;
	list_append(&x->relays, &r->in_exchange);
	r->mail.run = on_arrival;
	hub_post(b->hub, (unsigned)home, &r->mail);
	return 0;
}

static bool
may_be_let(const struct exchange *x)
{
	struct list_node *n;

	if (x->state != EXCHANGE_HELD || !waiting_all_due(x))
		return false;
	for (n = list_first(&x->relays); n; n = list_next(&x->relays, n))
		if (!list_entry(n, struct relay, in_exchange)->is_due)
			return false;
	return true;
}

void
relay_let_answer(struct exchange *x)
{
	struct list_node *n;

	if (!may_be_let(x))
		return;
	for (n = list_first(&x->relays); n; n = list_next(&x->relays, n)) {
		struct relay *r = list_entry(n, struct relay, in_exchange);

		if (r->is_let)
			continue;
		r->is_let = true;
		r->mails++;
		r->leave.run = on_leave;
		hub_post(r->from->hub, r->to->worker, &r->leave);
	}
}

bool
relay_has_connects(const struct exchange *x)
{
	struct list_node *n;

	for (n = list_first(&x->relays); n; n = list_next(&x->relays, n))
		if (list_entry(n, struct relay, in_exchange)->connects)
			return true;
	return false;
}

static void
abandon(struct relay *r)
{
	leave_exchange(r);
	r->mails++;
	r->cancelling.run = on_cancel;
	hub_post(r->from->hub, r->to->worker, &r->cancelling);
}

void
relay_abandon_all(struct exchange *x)
{
	struct list_node *n;

	while ((n = list_first(&x->relays)))
		abandon(list_entry(n, struct relay, in_exchange));
}

void
relay_abandon_connects(struct exchange *x)
{
	struct list_node *n, *next;

	for (n = list_first(&x->relays); n; n = next) {
		struct relay *r = list_entry(n, struct relay, in_exchange);

		next = list_next(&x->relays, n);
		if (r->connects)
			abandon(r);
	}
}
