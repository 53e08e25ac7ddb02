/* Other nodes are out of reach, or have forgotten what they knew. */
#include <stdlib.h>

#include "broker/broker.h"
#include "broker/errand.h"

/* ---- publications before their place in the order ---- */

void
cluster_on_island(void *arg, struct frozen *f, uint64_t k)
{
	struct broker *b = arg;

	b->cluster.island = k;
	b->counts.delivered += registry_deliver(&b->registry, f);
}

void
cluster_on_mainland(void *arg, struct frozen *f, uint64_t k)
{
	struct broker *b = arg;

	b->cluster.pos = f->seq;
	b->cluster.mainland = k;
	registry_deliver(&b->registry, f);
	b->cluster.mainland = 0;
}

/* ---- writing back ---- */

static void
on_restored(struct errand *e, int result)
{
	struct session *s = errand_session(e);

	/* Where changes may have been missed, what is there is right and what is here
	 * may not be. */
	if (s && (result == ENGINE_LOST || (result == ENGINE_KEPT && e->messages)))
		member_lose(s, 0);
}

static void
fill(const struct session *s, struct engine_client *c, struct engine_sub *subs)
{
	const struct member *m = member_of(s);
	const struct sub *sub;
	size_t n = 0;

	*c = (struct engine_client){
		.turn = m->turn,
		.cursor = member_proven(s),
		.acked = s->acked,
		.flags = (s->acks ? ENGINE_ACKS : 0) |
			 (s->max_interval ? ENGINE_MAX_INTERVAL : 0),
		.seen_count = m->seen_count,
		.sub_count = s->sub_count,
		.subs = subs,
	};
	memcpy(c->seen, m->seen, sizeof(c->seen));
	/* An answer that is still to be acknowledged. */
	if (s->given && !s->acks) {
		c->sent = member_given(s, s->given);
		c->connect = c->sent ? s->given_id : 0;
	}
	for (sub = s->subs; sub; sub = sub->next)
		subs[n++] = (struct engine_sub){ topic_name(sub->topic), 0 };
}

static bool
restore(struct session *s, bool missed)
{
	struct member *m = member_of(s);
	struct engine_sub *subs = calloc(s->sub_count + 1, sizeof(*subs));
	struct errand *e = subs ? errand_new(s, on_restored) : NULL;
	struct engine_client c;

	if (e) {
		fill(s, &c, subs);
		m->flow = 0;
		e->messages = missed;
		engine_restore(m->broker->engine, &e->call, session_id(s), &c);
	}
	free(subs);
	return e != NULL;
}

void
cluster_on_restore(void *arg, bool missed)
{
	struct broker *b = arg;
	struct list *members = &b->cluster.members;
	struct list_node *n;
	size_t lost = 0;

	for (n = list_first(members); n; n = list_next(members, n))
		lost += !restore(list_entry(n, struct member, node)->session, missed);
	if (lost)
		log_error(b->log, "broker: out of memory, %zu sessions are not known to other "
				  "nodes", lost);
	engine_restored(b->engine);
}
