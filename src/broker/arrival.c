#include "broker/arrival.h"

#include <stdlib.h>

#include "broker/broker.h"
#include "broker/outlet.h"
#include "broker/waiting.h"

struct note {
	struct list_node node;
	char word;
	uint64_t seq, turn, connect;
	size_t pattern_count;
	struct str patterns[]; /* their text is behind them */
};

struct arrival {
	struct map_node by_id;
	struct engine_call call;
	struct broker *broker;
	bool by_connect;     /* it was sent for one, */
	uint64_t connect;    /* for that, whose peer may have gone */
	struct list waiting; /* connects, oldest first */
	struct list streams; /* outlets that were opened for it */
	struct list notes;
	char client_id[SESSION_ID_BYTES + 1];
};

static struct arrival *
find(const struct broker *b, struct str client_id)
{
	struct map_node *n = map_find(&b->cluster.arrivals, client_id);

	return n ? map_entry(n, struct arrival, by_id) : NULL;
}

static void
free_arrival(struct arrival *a)
{
	struct list_node *n;

	engine_forget(&a->call);
	while ((n = list_take_first(&a->notes)))
		free(list_entry(n, struct note, node));
	while (list_take_first(&a->waiting) || list_take_first(&a->streams))
		; /* they go with their peers */
	free(a);
}

void
arrivals_clear(struct broker *b)
{
	struct map_node *n;

	while ((n = map_take_any(&b->cluster.arrivals)))
		free_arrival(map_entry(n, struct arrival, by_id));
	map_clear(&b->cluster.arrivals);
}

/* ---- what is told meanwhile ---- */

void
arrival_note(struct broker *b, struct str client_id, char word, uint64_t seq,
	     uint64_t turn, uint64_t connect, const struct str *patterns, size_t n)
{
	struct arrival *a = find(b, client_id);
	struct note *note;
	size_t i, bytes = 0;
	char *p;

	if (!a)
		return;
	for (i = 0; i < n; i++)
		bytes += patterns[i].n;
	note = malloc(sizeof(*note) + n * sizeof(*patterns) + bytes);
	if (!note) {
		log_error(b->log, "broker: out of memory, a change of a subscription is lost");
		return;
	}
	*note = (struct note){ .word = word, .seq = seq, .turn = turn,
			       .connect = connect, .pattern_count = n };
	p = (char *)&note->patterns[n];
	for (i = 0; i < n; i++) {
		memcpy(p, patterns[i].p, patterns[i].n);
		note->patterns[i] = (struct str){ p, patterns[i].n };
		p += patterns[i].n;
	}
	list_append(&a->notes, &note->node);
}

static void
tell(struct arrival *a, const struct note *note)
{
	struct broker *b = a->broker;
	struct str id = str_from(a->client_id);

	switch (note->word) {
	case 't':
		cluster_on_taken(b, note->seq, id, note->turn, note->connect);
		break;
	case 'g':
		cluster_on_gone(b, note->seq, id, note->turn);
		break;
	default:
		cluster_on_change(b, note->seq, id, note->word, note->patterns,
				  note->pattern_count);
	}
}

/* The newest position stays what it was: these are told late. */
static void
tell_all(struct arrival *a)
{
	uint64_t pos = a->broker->cluster.pos;
	struct list_node *n;

	while ((n = list_take_first(&a->notes))) {
		tell(a, list_entry(n, struct note, node));
		free(list_entry(n, struct note, node));
	}
	a->broker->cluster.pos = pos;
}

/* ---- it is here, or will never be ---- */

static struct waiting *
take_first(struct list *waiting)
{
	struct list_node *n = list_take_first(waiting);

	return n ? list_entry(n, struct waiting, arriving) : NULL;
}

/* The connect that it was sent for, or the same sent again. NULL: it has gone. */
static struct waiting *
take_asked(const struct arrival *a, struct list *waiting)
{
	struct list_node *n = list_first(waiting);

	if (!n || !a->by_connect || list_entry(n, struct waiting, arriving)->key != a->connect)
		return NULL;
	return take_first(waiting);
}

/* What is said of the connect that it was sent for does not concern the others:
 * they ask for themselves. */
static void
ask_again(struct list *waiting, struct str client_id)
{
	struct waiting *w;

	while ((w = take_first(waiting))) {
		struct session *s = registry_find(&w->broker->registry, client_id);

		if (s)
			connect_come(w, s);
		else
			arrival_add(w, client_id);
	}
}

static void
fail(struct arrival *a, struct list *waiting, int result)
{
	struct str id = str_from(a->client_id);
	struct waiting *w;

	switch (result) {
	case ENGINE_UNKNOWN:
		while ((w = take_first(waiting)))
			waiting_refuse(w, id);
		return;
	case ENGINE_OLD:
		if ((w = take_asked(a, waiting)))
			waiting_pass(w, id);
		ask_again(waiting, id);
		return;
	case ENGINE_UNSURE:
		if ((w = take_asked(a, waiting)))
			outlet_hang_up(w->outlet);
		ask_again(waiting, id);
		return;
	default:
		/* Any answer would acknowledge what its home has recorded. */
		while ((w = take_first(waiting)))
			outlet_hang_up(w->outlet);
	}
}

/* They are closed where there is nothing to be had; a browser then opens another. */
static void
bind_streams(struct list *streams, struct str client_id)
{
	struct list_node *n;

	while ((n = list_take_first(streams))) {
		struct outlet *o = list_entry(n, struct outlet, arrival);

		if (outlet_attach_here(o, client_id))
			o->ops->close(o);
	}
}

static int
make_session(struct arrival *a, const struct engine_client *c)
{
	struct broker *b = a->broker;
	struct session *s = registry_find(&b->registry, str_from(a->client_id));
	int rc;

	if (s)
		member_lose(s, 0); /* an older turn of it */
	rc = broker_create_session(b, a->client_id, c->flags, &s);
	if (rc)
		return rc < 0 ? rc : -EAGAIN; /* full: another node may have room */
	s->acked = c->acked;
	rc = member_attach(b, s, c);
	if (rc)
		return rc;
	tell_all(a);
	return 0;
}

static void
on_attached(struct engine_call *call, int result)
{
	struct arrival *a = list_entry(call, struct arrival, call);
	struct str id = str_from(a->client_id);
	struct broker *b = a->broker;
	struct list waiting, streams;
	struct session *s;
	struct waiting *w;

	list_init(&waiting);
	list_move(&waiting, &a->waiting);
	list_init(&streams);
	list_move(&streams, &a->streams);
	map_remove(&b->cluster.arrivals, &a->by_id);
	if (result == 0)
		result = make_session(a, call->client);
	if (!registry_find(&b->registry, id))
		broker_release(b, id);
	if (result) {
		fail(a, &waiting, result);
	} else {
		s = registry_find(&b->registry, id);
		w = take_asked(a, &waiting);
		if (s && w) {
			member_of(s)->fresh = true;
			connect_come(w, s);
			s = registry_find(&b->registry, id);
			if (s)
				member_of(s)->fresh = false;
		} else if (w) {
			outlet_hang_up(w->outlet); /* it has gone on already */
		}
		ask_again(&waiting, id);
	}
	bind_streams(&streams, id);
	free_arrival(a);
}

static struct arrival *
new_arrival(struct broker *b, struct str client_id)
{
	struct arrival *a = calloc(1, sizeof(*a));

	if (!a)
		return NULL;
	a->broker = b;
	a->call.done = on_attached;
	list_init(&a->waiting);
	list_init(&a->streams);
	list_init(&a->notes);
	memcpy(a->client_id, client_id.p, SESSION_ID_BYTES);
	if (map_add(&b->cluster.arrivals, &a->by_id, str_from(a->client_id))) {
		free(a);
		return NULL;
	}
	return a;
}

/* That client's, which is sent for by the first who wants it: for a connect, or for a
 * stream that has none. */
static struct arrival *
fetch(struct broker *b, struct str client_id, const struct waiting *w)
{
	struct arrival *a = find(b, client_id);

	if (a)
		return a;
	if (broker_claim(b, client_id))
		return NULL; /* another worker was faster; the next request will go there */
	a = new_arrival(b, client_id);
	if (!a) {
		broker_release(b, client_id);
		return NULL;
	}
	a->by_connect = w != NULL;
	a->connect = w ? w->key : 0;
	engine_attach(b->engine, &a->call, str_from(a->client_id), a->connect,
		      w ? w->count : 0, cluster_stalled_ms(b));
	return a;
}

void
arrival_add(struct waiting *w, struct str client_id)
{
	struct arrival *a = fetch(w->broker, client_id, w);

	if (a)
		list_append(&a->waiting, &w->arriving);
	else
		outlet_hang_up(w->outlet);
}

void
arrival_add_stream(struct outlet *o, struct str client_id)
{
	struct arrival *a = fetch(o->broker, client_id, NULL);

	if (a)
		list_append(&a->streams, &o->arrival);
	else
		o->ops->close(o);
}
