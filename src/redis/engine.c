#include "redis/engine.h"

#include <stdlib.h>

#include "engine/hub.h"
#include "redis/engine_private.h"
#include "redis/job.h"
#include "redis/news.h"
#include "session/session.h"

static struct redis_engine *
of(struct engine *e)
{
	return list_entry(e, struct redis_engine, engine);
}

/* ---- from the uplink ---- */

static void
free_job(struct job *j)
{
	list_unlink(&j->all);
	job_free(j);
}

/* A job is back. */
static void
on_job(struct mail *m)
{
	struct job *j = list_entry(m, struct job, mail);
	struct engine_call *call = j->base.call;

	if (call) {
		call->job = NULL;
		call->taken = j->taken;
		call->client = &j->client;
		call->read = &j->read;
		call->done(call, j->result);
	}
	free_job(j);
}

static void
drop_mail(struct mail *m)
{
	news_drop(m); /* jobs are in a list of their own */
}

/* ---- to the uplink ---- */

static void
finish_failed(void *arg)
{
	struct redis_engine *e = arg;
	struct list_node *n;

	while ((n = list_take_first(&e->failed))) {
		struct engine_call *call = list_entry(n, struct engine_call, node);

		call->done(call, -ENOMEM);
	}
}

/* There is no memory to ask with; told later, as everything. */
static void
fail(struct redis_engine *e, struct engine_call *call)
{
	if (!call)
		return;
	list_append(&e->failed, &call->node);
	loop_defer(e->loop, &e->fail);
}

/* Takes what `args` and `f` (may be NULL) hold. */
static void
ask(struct redis_engine *e, enum redis_script_id script, struct args *args,
     struct frozen *f, struct engine_call *call)
{
	struct job *j = args_failed(args) ? NULL : job_new(&e->box, script);

	if (call) {
		call->message = NULL;
		call->job = NULL;
	}
	if (!j) {
		args_clear(args);
		frozen_unref(f);
		fail(e, call);
		return;
	}
	if (call)
		call->job = &j->base;
	j->base.call = call;
	j->args = *args;
	j->message = f;
	j->mail.run = on_job;
	list_append(&e->jobs, &j->all);
	uplink_take(e->crew->uplink, j);
}

static struct args
begin(struct str client_id)
{
	struct args a = { 0 };

	args_add(&a, client_id);
	return a;
}

static void
create(struct engine *engine, struct engine_call *call, struct str client_id,
       unsigned flags)
{
	struct args a = begin(client_id);

	args_add_uint(&a, flags);
	ask(of(engine), REDIS_CREATE, &a, NULL, call);
}

static void
destroy(struct engine *engine, struct engine_call *call, struct str client_id,
	uint64_t turn)
{
	struct args a = begin(client_id);

	if (turn)
		args_add_uint(&a, turn);
	else
		args_add(&a, STR("")); /* any */
	ask(of(engine), REDIS_DESTROY, &a, NULL, call);
}

static void
change(struct engine *engine, struct engine_call *call, struct str client_id,
       struct str sign, uint64_t key, unsigned limit, const struct str *patterns,
       unsigned n)
{
	struct args a = begin(client_id);
	unsigned i;

	args_add(&a, sign);
	args_add_key(&a, key);
	args_add_uint(&a, limit);
	for (i = 0; i < n; i++)
		args_add(&a, patterns[i]);
	ask(of(engine), REDIS_CHANGE, &a, NULL, call);
}

static void
subscribe(struct engine *engine, struct engine_call *call, struct str client_id,
	  uint64_t key, unsigned limit, const struct str *patterns, unsigned n)
{
	change(engine, call, client_id, STR("+"), key, limit, patterns, n);
}

static void
unsubscribe(struct engine *engine, struct engine_call *call, struct str client_id,
	    uint64_t key, const struct str *patterns, unsigned n)
{
	change(engine, call, client_id, STR("-"), key, 0, patterns, n);
}

/* The text is put together by the uplink, of the message's own bytes. */
static void
publish(struct engine *engine, struct engine_call *call, struct frozen *f,
	struct str client_id, uint64_t key)
{
	char once[SESSION_ID_BYTES + 1 + ARGS_KEY_BYTES];
	struct args a = { 0 };

	if (key) {
		memcpy(once, client_id.p, SESSION_ID_BYTES);
		once[SESSION_ID_BYTES] = ' ';
		args_put_key(once + SESSION_ID_BYTES + 1, key);
	}
	job_add_publication(&a, (struct str){ once, key ? sizeof(once) : 0 }, f);
	ask(of(engine), REDIS_PUBLISH, &a, f, call);
}

static void
attach(struct engine *engine, struct engine_call *call, struct str client_id,
       uint64_t connect, uint32_t count, int64_t stalled_ms)
{
	struct args a = begin(client_id);

	args_add_key(&a, connect);
	args_add_uint(&a, count);
	args_add_uint(&a, (uint64_t)stalled_ms);
	ask(of(engine), REDIS_ATTACH, &a, NULL, call);
}

static void
touch(struct engine *engine, struct engine_call *call, struct str client_id,
      uint64_t turn, uint64_t connect, uint32_t count, uint64_t cursor, uint32_t acked)
{
	struct args a = begin(client_id);

	args_add_uint(&a, turn);
	args_add_key(&a, connect);
	args_add_uint(&a, count);
	if (cursor) {
		args_add_uint(&a, cursor);
		args_add_uint(&a, acked);
	} else {
		args_add(&a, STR("")); /* as they are */
		args_add(&a, STR(""));
	}
	ask(of(engine), REDIS_TOUCH, &a, NULL, call);
}

static void
record(struct engine *engine, struct engine_call *call, struct str client_id,
       uint64_t turn, uint64_t cursor, uint64_t sent, uint64_t connect, uint32_t acked)
{
	struct args a = begin(client_id);

	args_add_uint(&a, turn);
	args_add_uint(&a, cursor);
	args_add_uint(&a, sent);
	args_add_key(&a, connect);
	args_add_uint(&a, acked);
	ask(of(engine), REDIS_SENT, &a, NULL, call);
}

static void
read_logs(struct engine *engine, struct engine_call *call, const struct engine_sub *from,
	  size_t n)
{
	struct args a = { 0 };
	size_t i;

	args_add_uint(&a, of(engine)->log_messages);
	for (i = 0; i < n; i++) {
		args_add(&a, from[i].pattern);
		args_add_uint(&a, from[i].since);
	}
	ask(of(engine), REDIS_READ, &a, NULL, call);
}

static void
beat(struct engine *engine, uint64_t cursor, const struct engine_flow *enter, size_t n)
{
	struct redis_engine *e = of(engine);
	bool is_last = cursor || !n;
	struct args a = { 0 };
	size_t i;

	args_add(&a, STR("0")); /* the cursor comes when all workers have answered */
	args_add(&a, STR("0")); /* who leaves has said so by a record */
	for (i = 0; i < n; i++) {
		args_add(&a, enter[i].client_id);
		args_add_uint(&a, enter[i].turn);
	}
	if (n)
		ask(e, REDIS_BEAT, &a, NULL, NULL);
	else
		args_clear(&a);
	if (is_last)
		uplink_beat(e->crew->uplink, e->worker, cursor);
}

static void
add_seen(struct args *a, const struct engine_client *c)
{
	char list[ENGINE_SEEN * (ARGS_KEY_BYTES + 1)];
	size_t n = 0;
	unsigned i;

	for (i = 0; i < c->seen_count; i++) {
		if (i)
			list[n++] = ',';
		args_put_key(list + n, c->seen[i]);
		n += ARGS_KEY_BYTES;
	}
	args_add(a, (struct str){ list, n });
}

static void
restore(struct engine *engine, struct engine_call *call, struct str client_id,
	const struct engine_client *c)
{
	struct args a = begin(client_id);
	size_t i;

	args_add_uint(&a, c->turn);
	args_add_uint(&a, c->cursor);
	args_add_uint(&a, c->sent);
	args_add_key(&a, c->connect);
	args_add_uint(&a, c->acked);
	args_add_uint(&a, c->flags);
	add_seen(&a, c);
	args_add_uint(&a, c->sub_count);
	for (i = 0; i < c->sub_count; i++) {
		args_add(&a, c->subs[i].pattern);
		args_add_uint(&a, c->subs[i].since);
	}
	ask(of(engine), REDIS_RESTORE, &a, NULL, call);
}

static void
restored(struct engine *engine)
{
	uplink_restored(of(engine)->crew->uplink, of(engine)->worker, of(engine)->restoring);
}

static int
want(struct engine *engine, struct str pattern)
{
	return uplink_want(of(engine)->crew->uplink, of(engine)->worker, pattern, true);
}

static void
unwant(struct engine *engine, struct str pattern)
{
	uplink_want(of(engine)->crew->uplink, of(engine)->worker, pattern, false);
}

/* ---- life ---- */

static void
leave_crew(struct redis_engine *e)
{
	struct redis_crew *crew = e->crew;

	uplink_stop(crew->uplink);
	if (--crew->users)
		return;
	uplink_free(crew->uplink);
	crew->uplink = NULL;
}

static void
free_engine(struct engine *engine)
{
	struct redis_engine *e = of(engine);
	struct list_node *n;

	uplink_stop(e->crew->uplink); /* nobody posts here any more */
	loop_task_clear(&e->fail);
	mailbox_clear(&e->box, drop_mail);
	while ((n = list_first(&e->jobs)))
		free_job(list_entry(n, struct job, all));
	leave_crew(e);
	free(e);
}

static const struct engine_ops ops = {
	.joins_nodes = true,
	.free = free_engine,
	.want = want,
	.unwant = unwant,
	.create = create,
	.destroy = destroy,
	.subscribe = subscribe,
	.unsubscribe = unsubscribe,
	.publish = publish,
	.attach = attach,
	.touch = touch,
	.record = record,
	.read = read_logs,
	.restore = restore,
	.restored = restored,
	.beat = beat,
};

/* The first to come makes the uplink. 0 or negative errno. */
static int
join_crew(struct redis_engine *e, const struct redis_options *options)
{
	struct redis_crew *crew = options->crew ? options->crew : &e->alone;
	int rc;

	if (crew == &e->alone)
		crew->workers = 1;
	if (!crew->uplink)
		crew->uplink = uplink_new(options, crew->workers);
	if (!crew->uplink)
		return -ENOMEM;
	e->crew = crew;
	crew->users++;
	rc = uplink_add_worker(crew->uplink, e->worker, e, &e->box);
	if (rc)
		leave_crew(e);
	return rc;
}

struct engine *
redis_engine_new(void *options, struct loop *loop, const struct engine_events *events,
		 void *arg)
{
	const struct redis_options *opt = options;
	struct redis_engine *e = calloc(1, sizeof(*e));

	if (!e)
		return NULL;
	e->engine.ops = &ops;
	e->events = events;
	e->arg = arg;
	e->loop = loop;
	e->worker = opt->crew ? opt->worker : 0;
	e->log_messages = opt->log_messages;
	list_init(&e->jobs);
	list_init(&e->failed);
	loop_task_init(&e->fail, finish_failed, e);
	if (mailbox_init(&e->box, loop)) {
		free(e);
		return NULL;
	}
	if (join_crew(e, opt)) {
		mailbox_clear(&e->box, drop_mail);
		free(e);
		return NULL;
	}
	return &e->engine;
}

const struct redis_stats *
redis_engine_stats(struct engine *engine)
{
	return uplink_stats(of(engine)->crew->uplink);
}
