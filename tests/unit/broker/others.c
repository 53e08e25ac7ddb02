#include "unit/broker/others.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct others *
of(struct engine *e)
{
	return list_entry(e, struct others, engine);
}

uint64_t
others_key(const char *id)
{
	char text[16];
	double named_ms = 0;
	struct str parts[] = { { text, 0 }, { (const char *)&named_ms, sizeof(named_ms) } };

	if (!id)
		return 0;
	parts[0].n = (size_t)snprintf(text, sizeof(text), "\"%s\"", id);
	return session_key(parts, 2);
}

/* ---- what is asked ---- */

static struct asked *
note(struct others *o, struct engine_call *call, const char *word)
{
	struct asked *a = &o->asked[o->count++];

	assert_true(o->count <= OTHERS_ASKED);
	*a = (struct asked){ .job.call = call };
	snprintf(a->words, sizeof(a->words), "%s", word);
	if (call) {
		call->message = NULL;
		call->job = &a->job;
	}
	return a;
}

__attribute__((format(printf, 2, 3))) static void
add(struct asked *a, const char *format, ...)
{
	size_t n = strlen(a->words);
	va_list ap;

	va_start(ap, format);
	vsnprintf(a->words + n, sizeof(a->words) - n, format, ap);
	va_end(ap);
}

static void
add_by(struct asked *a, uint64_t connect)
{
	char id[] = "?";

	for (id[0] = '1'; connect && id[0] <= '9'; id[0]++) {
		if (others_key(id) == connect) {
			add(a, " by=%s", id);
			return;
		}
	}
	assert_int_equal(connect, 0); /* a key of no id that a test uses */
	add(a, " by=-");
}

static void
attach(struct engine *e, struct engine_call *call, struct str client_id, uint64_t connect,
       uint32_t count, int64_t stalled_ms)
{
	(void)client_id;
	(void)count;
	(void)stalled_ms;
	add_by(note(of(e), call, "attach"), connect);
}

static void
touch(struct engine *e, struct engine_call *call, struct str client_id, uint64_t turn,
      uint64_t connect, uint32_t count, uint64_t cursor, uint32_t acked)
{
	struct asked *a = note(of(e), call, "touch");

	(void)client_id;
	(void)count;
	add(a, " turn=%d", (int)turn);
	add_by(a, connect);
	if (cursor)
		add(a, " cursor=%d acked=%d", (int)cursor, (int)acked);
}

static void
record(struct engine *e, struct engine_call *call, struct str client_id, uint64_t turn,
       uint64_t cursor, uint64_t sent, uint64_t connect, uint32_t acked)
{
	struct asked *a = note(of(e), call, "record");

	(void)client_id;
	(void)acked;
	add(a, " turn=%d cursor=%d sent=%d", (int)turn, (int)cursor, (int)sent);
	add_by(a, connect);
}

static void
read_logs(struct engine *e, struct engine_call *call, const struct engine_sub *from,
	  size_t n)
{
	struct asked *a = note(of(e), call, "read");

	for (size_t i = 0; i < n; i++)
		add(a, " %.*s>%d", (int)from[i].pattern.n, from[i].pattern.p,
		    (int)from[i].since);
}

static void
destroy(struct engine *e, struct engine_call *call, struct str client_id, uint64_t turn)
{
	(void)client_id;
	add(note(of(e), call, "destroy"), " turn=%d", (int)turn);
}

static void
restore(struct engine *e, struct engine_call *call, struct str client_id,
	const struct engine_client *c)
{
	struct asked *a = note(of(e), call, "restore");

	(void)client_id;
	add(a, " turn=%d cursor=%d sent=%d", (int)c->turn, (int)c->cursor, (int)c->sent);
	add_by(a, c->connect);
	for (size_t i = 0; i < c->sub_count; i++)
		add(a, " %.*s", (int)c->subs[i].pattern.n, c->subs[i].pattern.p);
}

static void
restored(struct engine *e)
{
	note(of(e), NULL, "restored");
}

static void
beat(struct engine *e, uint64_t cursor, const struct engine_flow *enter, size_t n)
{
	struct asked *a = note(of(e), NULL, "beat");

	add(a, " cursor=%d", (int)cursor);
	for (size_t i = 0; i < n; i++)
		add(a, " turn=%d", (int)enter[i].turn);
	a->entered = n;
}

/* ---- what is easy ---- */

static void
finish_easy(void *arg)
{
	struct others *o = arg;
	struct list_node *n;

	while ((n = list_take_first(&o->easy))) {
		struct engine_call *call = list_entry(n, struct engine_call, node);
		struct engine_client c = { .turn = 1, .at = ++o->seq, .cursor = o->seq };

		call->client = &c;
		call->done(call, 0);
	}
}

static void
take_easy(struct others *o, struct engine_call *call)
{
	call->message = NULL;
	call->job = NULL;
	list_append(&o->easy, &call->node);
	loop_defer(o->loop, &o->answer_easy);
}

static void
create(struct engine *e, struct engine_call *call, struct str client_id, unsigned flags)
{
	(void)client_id;
	(void)flags;
	take_easy(of(e), call);
}

static void
change(struct engine *e, struct engine_call *call, struct str client_id, uint64_t key,
       const struct str *patterns, unsigned n)
{
	(void)client_id;
	(void)key;
	(void)patterns;
	call->taken = n;
	take_easy(of(e), call);
}

static void
subscribe(struct engine *e, struct engine_call *call, struct str client_id, uint64_t key,
	  unsigned limit, const struct str *patterns, unsigned n)
{
	(void)limit;
	change(e, call, client_id, key, patterns, n);
}

static void
publish(struct engine *e, struct engine_call *call, struct frozen *f, struct str client_id,
	uint64_t key)
{
	(void)client_id;
	(void)key;
	of(e)->published++;
	frozen_unref(f);
	take_easy(of(e), call);
}

static int
want(struct engine *e, struct str pattern)
{
	buf_addf(&of(e)->wanted, "+%.*s ", (int)pattern.n, pattern.p);
	return 0;
}

static void
unwant(struct engine *e, struct str pattern)
{
	buf_addf(&of(e)->wanted, "-%.*s ", (int)pattern.n, pattern.p);
}

/* ---- life ---- */

static void
free_engine(struct engine *e)
{
	struct others *o = of(e);

	loop_task_clear(&o->answer_easy);
	while (list_take_first(&o->easy))
		;
	buf_clear(&o->wanted);
}

static struct engine *
make(void *maker, struct loop *loop, const struct engine_events *events, void *arg)
{
	static const struct engine_ops ops = {
		.joins_nodes = true,
		.free = free_engine,
		.want = want,
		.unwant = unwant,
		.create = create,
		.destroy = destroy,
		.subscribe = subscribe,
		.unsubscribe = change,
		.publish = publish,
		.attach = attach,
		.touch = touch,
		.record = record,
		.read = read_logs,
		.restore = restore,
		.restored = restored,
		.beat = beat,
	};
	struct others *o = maker;

	*o = (struct others){ .engine.ops = &ops, .events = events, .arg = arg, .loop = loop };
	list_init(&o->easy);
	loop_task_init(&o->answer_easy, finish_easy, o);
	return &o->engine;
}

void
others_start(struct others *o, struct world *w, const struct broker_config *cfg)
{
	struct broker_config joined = *cfg;

	joined.make_engine = make;
	joined.maker = o;
	peers_start(w, &joined);
	memcpy(w->me, OTHERS_CLIENT, sizeof(w->me));
	o->events->on_up(o->arg);
}

/* Calls that nobody answered must have been forgotten by then, or be the broker's. */
void
others_end(struct others *o, struct world *w)
{
	(void)o;
	peers_end(w);
}

/* ---- what the test does ---- */

void
others_assert_asked(const struct others *o, const char *lines)
{
	char all[OTHERS_ASKED * sizeof(o->asked[0].words)] = "";
	size_t n = 0;

	for (size_t i = 0; i < o->count; i++)
		n += (size_t)snprintf(all + n, sizeof(all) - n, "%s%s", i ? "\n" : "",
				      o->asked[i].words);
	assert_string_equal(all, lines);
}

void
others_assert_wanted(struct others *o, const char *expected)
{
	buf_add_char(&o->wanted, '\0');
	assert_string_equal(o->wanted.p, expected);
	buf_reset(&o->wanted);
}

void
others_forget(struct others *o)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->asked[i].job.call)
			o->asked[i].job.call->job = NULL;
	o->count = 0;
}

/* A call is taken out of the list before it is done: that may ask anew. */
static struct engine_call *
take(struct others *o, size_t n)
{
	struct engine_call *call;

	assert_true(n < o->count);
	call = o->asked[n].job.call;
	o->count--;
	for (size_t i = n; i < o->count; i++) {
		o->asked[i] = o->asked[i + 1];
		if (o->asked[i].job.call)
			o->asked[i].job.call->job = &o->asked[i].job;
	}
	if (call)
		call->job = NULL;
	return call;
}

void
others_answer_nth(struct others *o, struct world *w, size_t n, int result)
{
	struct engine_call *call = take(o, n);

	if (call)
		call->done(call, result);
	peers_settle(w);
}

void
others_answer(struct others *o, struct world *w, int result)
{
	others_answer_nth(o, w, 0, result);
}

void
others_attach(struct others *o, struct world *w, const struct engine_client *c)
{
	assert_true(o->count && strncmp(o->asked[0].words, "attach", 6) == 0);
	if (o->asked[0].job.call)
		o->asked[0].job.call->client = c;
	others_answer(o, w, 0);
}

static struct frozen *
message_new(uint64_t seq, const char *channel)
{
	char json[80];
	size_t n = (size_t)snprintf(json, sizeof(json), "{\"channel\":\"%s\",\"data\":%d}",
				    channel, (int)seq);
	struct frozen *f = frozen_new_message(str_from(channel), n);

	assert_non_null(f);
	memcpy(f->bytes + f->head_n + 1, json, n);
	f->seq = seq;
	return f;
}

void
others_read(struct others *o, struct world *w, const char *const *found)
{
	struct engine_entry entries[32] = { 0 };
	struct engine_read read = { .entries = entries };

	assert_true(o->count && strncmp(o->asked[0].words, "read", 4) == 0);
	for (; *found; found++) {
		char *channel;
		uint64_t seq = strtoull(*found, &channel, 10);

		entries[read.count++].message =
			message_new(seq, *channel ? channel + 1 : "/a");
	}
	if (o->asked[0].job.call)
		o->asked[0].job.call->read = &read;
	others_answer(o, w, 0);
	for (size_t i = 0; i < read.count; i++)
		frozen_unref(entries[i].message);
}

void
others_say(struct others *o, struct world *w, uint64_t seq, const char *channel)
{
	struct frozen *f = message_new(seq, channel);

	o->events->on_message(o->arg, f);
	frozen_unref(f);
	peers_settle(w);
}

void
others_want(struct others *o, struct world *w, const char *pattern)
{
	o->events->on_wanted(o->arg, str_from(pattern));
	peers_settle(w);
}

void
others_change(struct others *o, struct world *w, uint64_t seq, char sign,
	      const char *pattern)
{
	struct str one = str_from(pattern);

	o->events->on_change(o->arg, seq, str_from(w->me), sign, &one, 1);
	peers_settle(w);
}

void
others_take(struct others *o, struct world *w, uint64_t seq, uint64_t turn, const char *by)
{
	o->events->on_taken(o->arg, seq, str_from(w->me), turn, others_key(by));
	peers_settle(w);
}

void
others_beat(struct others *o, struct world *w, uint64_t cursor)
{
	o->events->on_beat(o->arg, cursor);
	peers_settle(w);
}
