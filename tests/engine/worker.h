/* A worker that uses an engine, and the calls it makes. */
#ifndef ENGINE_WORKER_H
#define ENGINE_WORKER_H

#include <unistd.h>

#include "engine/contract.h"

enum { PATIENCE_S = 60, MANY_SUBSCRIPTIONS = 1000 };

/* What happened, in order: a letter for each message or completion. */
struct worker {
	struct loop *loop;
	struct engine *e;
	char told[2048];
	size_t n;
	unsigned pending; /* completions to come; the loop stops at 0 */
	bool calling;     /* inside an operation: nothing may be completed */
};

struct call {
	struct engine_call engine;
	struct worker *w;
	char letter;
	int result;
	void (*then)(struct call *call);
};

static inline void
tell(struct worker *w, char letter)
{
	assert_true(w->n + 1 < sizeof(w->told));
	w->told[w->n++] = letter;
	w->told[w->n] = '\0';
}

static inline void
assert_told(struct worker *w, const char *expected)
{
	assert_string_equal(w->told, expected);
	w->n = 0;
	w->told[0] = '\0';
}

/* Messages are told by the first byte of their JSON. */
static inline void
on_message(void *arg, struct frozen *f)
{
	struct worker *w = arg;

	assert_false(w->calling);
	tell(w, frozen_json(f).p[0]);
}

static inline void
on_done(struct engine_call *engine_call, int result)
{
	struct call *call = list_entry(engine_call, struct call, engine);
	struct worker *w = call->w;

	assert_false(w->calling);
	tell(w, call->letter);
	call->result = result;
	if (call->then)
		call->then(call);
	if (--w->pending == 0)
		loop_stop(w->loop);
}

static inline void
start(struct worker *w, const struct contract *contract)
{
	static const struct engine_events events = { .on_message = on_message };

	*w = (struct worker){ .loop = loop_new() };
	assert_non_null(w->loop);
	w->e = contract->make(w->loop, &events, w);
	assert_non_null(w->e);
	alarm(PATIENCE_S);
}

static inline void
end(struct worker *w)
{
	engine_free(w->e);
	loop_free(w->loop);
	alarm(0);
}

/* Until all calls are done. */
static inline void
run(struct worker *w)
{
	assert_true(w->pending > 0);
	assert_int_equal(loop_run(w->loop), 0);
	assert_int_equal(w->pending, 0);
}

static inline void
begin(struct worker *w, struct call *c, char letter)
{
	*c = (struct call){ .engine.done = on_done, .w = w, .letter = letter,
			    .then = c->then, .result = -1 };
	w->pending++;
	w->calling = true;
}

static inline void
create(struct worker *w, struct call *c, char letter, struct str id)
{
	begin(w, c, letter);
	engine_create(w->e, &c->engine, id, 0);
	w->calling = false;
}

static inline void
destroy(struct worker *w, struct call *c, char letter, struct str id)
{
	begin(w, c, letter);
	engine_destroy(w->e, &c->engine, id, 0);
	w->calling = false;
}

static inline void
subscribe(struct worker *w, struct call *c, char letter, struct str id,
	  struct str pattern)
{
	begin(w, c, letter);
	engine_subscribe(w->e, &c->engine, id, 0, MANY_SUBSCRIPTIONS, &pattern, 1);
	w->calling = false;
}

static inline void
unsubscribe(struct worker *w, struct call *c, char letter, struct str id,
	    struct str pattern)
{
	begin(w, c, letter);
	engine_unsubscribe(w->e, &c->engine, id, 0, &pattern, 1);
	w->calling = false;
}

static inline struct frozen *
message_new(char text, struct str channel)
{
	struct frozen *f = frozen_new_message(channel, 1);

	assert_non_null(f);
	f->bytes[f->head_n + 1] = text;
	return f;
}

static inline void
publish(struct worker *w, struct call *c, char letter, char text, struct str channel)
{
	begin(w, c, letter);
	engine_publish(w->e, &c->engine, message_new(text, channel), STR(""), 0);
	w->calling = false;
}

static inline void
want(struct worker *w, struct str pattern)
{
	assert_int_equal(engine_want(w->e, pattern), 0);
}

/* Waits for it. */
static inline int
result_of_create(struct worker *w, struct str id)
{
	struct call c = { .then = NULL };

	create(w, &c, 'c', id);
	run(w);
	return c.result;
}

static inline int
result_of_destroy(struct worker *w, struct str id)
{
	struct call c = { .then = NULL };

	destroy(w, &c, 'd', id);
	run(w);
	return c.result;
}

/* What is heard of one publication, before its completion `.`. */
static inline void
assert_heard(struct worker *w, struct str channel, const char *expected)
{
	struct call c = { .then = NULL };

	w->n = 0;
	publish(w, &c, '.', 'm', channel);
	run(w);
	assert_int_equal(c.result, 0);
	assert_told(w, expected);
}

#endif
