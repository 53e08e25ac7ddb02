#include "broker/outlet.h"

#include "broker/arrival.h"
#include "broker/broker.h"
#include "broker/exchange.h"
#include "broker/relay.h"
#include "broker/waiting.h"

void
outlet_init(struct outlet *o, const struct outlet_ops *ops, struct broker *b)
{
	*o = (struct outlet){ .ops = ops, .broker = b };
	list_init(&o->exchanges);
	list_init(&o->arriving);
}

bool
outlet_holds(const struct outlet *o, const struct session *s)
{
	const struct waiting *w = s->held;

	return w && w->outlet == o;
}

bool
outlet_waits(const struct outlet *o)
{
	struct list_node *n = list_first(&o->exchanges);
	const struct exchange *x = n ? list_entry(n, struct exchange, node) : NULL;

	return x && (!list_is_empty(&x->held) || relay_has_connects(x));
}

void
outlet_gone(struct outlet *o)
{
	struct list_node *n;

	o->gone = true;
	list_unlink(&o->arrival);
	while ((n = list_first(&o->arriving)))
		waiting_drop(list_entry(n, struct waiting, in_exchange));
	/* A stream's connect is held by the session, a poll's by its exchange. */
	if (o->session && outlet_holds(o, o->session))
		waiting_drop(o->session->held);
	outlet_unbind(o);
	exchange_orphan_all(o);
	o->backlog = 0;
}

void
outlet_hang_up(struct outlet *o)
{
	outlet_gone(o);
	o->ops->hang_up(o);
}

void
outlet_drain(struct outlet *o)
{
	struct list_node *n = list_first(&o->exchanges);

	if (n && !waiting_answer_all(list_entry(n, struct exchange, node)))
		outlet_hang_up(o);
}

void
outlet_put_back(struct outlet *o, struct frozen *f)
{
	o->behind = true;
	if (session_put_back(o->session, f))
		broker_count_lost(o->broker, o->session);
}

void
outlet_unbind(struct outlet *o)
{
	struct session *s = o->session;

	if (!s)
		return;
	o->ops->give_back(o);
	s->outlet = NULL;
	s->rests = s->unsure = false;
	o->session = NULL;
	member_left_stream(s);
}

void
outlet_move(struct outlet *o)
{
	if (o->session && outlet_holds(o, o->session))
		waiting_answer(o->session->held);
	outlet_unbind(o);
}

void
outlet_moved(struct outlet *o, struct broker *b)
{
	o->broker = b;
	o->moving = false;
	exchange_move_all(o, b);
}

void
outlet_part(struct outlet *o)
{
	struct session *s = o->session;

	s->outlet = NULL;
	s->rests = s->unsure = false;
	o->session = NULL;
	o->ops->close(o);
}

void
outlet_feed(struct outlet *o)
{
	struct session *s = o->session;

	if (!s || !session_streams(s))
		return;
	while (s->queue.count && !s->given && o->ops->has_room(o))
		o->ops->send(o, queue_take(&s->queue));
	o->behind = s->queue.count > 0;
}

void
outlet_rest(struct outlet *o)
{
	if (!o->ops->is_bound_by_opening) {
		outlet_unbind(o);
		return;
	}
	o->ops->give_back(o);
	o->session->rests = true;
}

void
outlet_wake(struct outlet *o)
{
	o->session->rests = false;
	outlet_feed(o);
}

/* Another has its session. */
static void
supersede(struct outlet *o)
{
	outlet_unbind(o);
	if (o->ops->is_bound_by_opening)
		o->ops->close(o); /* it would be silent for ever */
}

void
outlet_bind(struct outlet *o, struct session *s)
{
	struct outlet *former = s->outlet;

	if (former != o) {
		if (former)
			supersede(former);
		if (o->session && o->session->held)
			waiting_answer(o->session->held);
		outlet_unbind(o);
		if (o->gone) /* that answer found no memory */
			return;
		o->session = s;
		o->behind = true;
		s->outlet = o;
		member_bound_stream(s);
	}
	outlet_feed(o);
}

int
outlet_attach_here(struct outlet *o, struct str client_id)
{
	struct session *s = registry_find(&o->broker->registry, client_id);

	if (!s)
		return OUTLET_UNKNOWN;
	if (s->held) /* elsewhere: this one takes over */
		waiting_answer(s->held);
	outlet_bind(o, s);
	return 0;
}

int
outlet_attach(struct outlet *o, struct str client_id)
{
	int rc = outlet_attach_here(o, client_id);

	if (rc == 0 || !engine_joins_nodes(o->broker->engine) || !session_is_id(client_id))
		return rc;
	arrival_add_stream(o, client_id);
	return 0;
}
