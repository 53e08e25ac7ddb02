#include "broker/errand.h"

#include <stdlib.h>

#include "broker/broker.h"
#include "broker/waiting.h"

static void
on_done(struct engine_call *call, int result)
{
	struct errand *e = list_entry(call, struct errand, call);

	list_unlink(&e->node);
	if (e->waiting)
		e->waiting->record = NULL;
	e->then(e, result);
	e->waiting = NULL; /* may have been answered by now */
	errand_free(e);
}

struct errand *
errand_new(const struct session *s, void (*then)(struct errand *e, int result))
{
	const struct member *m = member_of(s);
	struct errand *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->call.done = on_done;
	e->then = then;
	e->broker = m->broker;
	e->turn = m->turn;
	e->flow = m->flow;
	memcpy(e->client_id, s->id, sizeof(e->client_id));
	list_append(&m->broker->cluster.errands, &e->node);
	return e;
}

struct session *
errand_session(const struct errand *e)
{
	struct session *s = registry_find(&e->broker->registry, str_from(e->client_id));

	return s && member_turn(s) == e->turn ? s : NULL;
}

void
errand_forget(struct waiting *w)
{
	if (w->record)
		w->record->waiting = NULL;
	w->record = NULL;
}

void
errand_free(struct errand *e)
{
	if (e->waiting)
		e->waiting->record = NULL;
	engine_forget(&e->call);
	list_unlink(&e->node);
	free(e);
}
