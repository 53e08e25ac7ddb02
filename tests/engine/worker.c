#include "engine/worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

void
tell(struct worker *w, char letter)
{
	assert_true(w->n + 1 < sizeof(w->told));
	w->told[w->n++] = letter;
	w->told[w->n] = '\0';
}

void
assert_told(struct worker *w, const char *expected)
{
	assert_string_equal(w->told, expected);
	w->n = 0;
	w->told[0] = '\0';
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void
assert_same_letters(const char *told, const char *expected)
{
	char letters[2][64];
	size_t n;

	for (int i = 0; i < 2; i++) {
		const char *p = i ? expected : told;

		for (n = 0; *p; p++)
			if (!is_digit(*p))
				letters[i][n++] = *p;
		letters[i][n] = '\0';
	}
	assert_string_equal(letters[0], letters[1]);
}

void
assert_told_in_order(struct worker *w, const char *expected)
{
	if (!engine_joins_nodes(w->e)) {
		assert_told(w, expected);
		return;
	}
	assert_int_equal(w->n, strlen(expected));
	assert_same_letters(w->told, expected);
	for (const char *p = expected; *p; p++) {
		const char *at = strchr(w->told, *p);

		assert_non_null(at);
		if (is_digit(*p) && p > expected && !is_digit(p[-1]))
			assert_true(strchr(w->told, p[-1]) < at);
	}
	w->n = 0;
	w->told[0] = '\0';
}

void
assert_noted(struct worker *w, const char *lines)
{
	buf_add_char(&w->notes, '\0');
	assert_string_equal(w->notes.p, lines);
	buf_reset(&w->notes);
}

/* ---- events ---- */

static void
on_message(void *arg, struct frozen *f)
{
	struct worker *w = arg;

	assert_false(w->calling);
	tell(w, frozen_json(f).p[0]);
	assert_true(w->heard < WORKER_HEARS);
	w->seqs[w->heard++] = f->seq;
	loop_stop(w->loop);
}

static void
on_change(void *arg, uint64_t seq, struct str client_id, char sign,
	  const struct str *patterns, size_t n)
{
	struct worker *w = arg;

	if (str_equal(client_id, str_from(w->subscriber)))
		return;
	buf_addf(&w->notes, "%c %.*s", sign, (int)client_id.n, client_id.p);
	for (size_t i = 0; i < n; i++)
		buf_addf(&w->notes, " %.*s", (int)patterns[i].n, patterns[i].p);
	buf_add_char(&w->notes, '\n');
	w->note_seq = seq;
	loop_stop(w->loop);
}

static void
on_taken(void *arg, uint64_t seq, struct str client_id, uint64_t turns, uint64_t connect)
{
	struct worker *w = arg;

	buf_addf(&w->notes, "taken %.*s %d by=%d\n", (int)client_id.n, client_id.p, (int)turns,
		 (int)connect);
	w->note_seq = seq;
	loop_stop(w->loop);
}

static void
on_gone(void *arg, uint64_t seq, struct str client_id, uint64_t turns)
{
	struct worker *w = arg;

	buf_addf(&w->notes, "gone %.*s %d\n", (int)client_id.n, client_id.p, (int)turns);
	w->note_seq = seq;
	loop_stop(w->loop);
}

static void
on_wanted(void *arg, struct str pattern)
{
	struct worker *w = arg;

	for (int i = 0; i < WORKER_WANTS; i++)
		if (str_equal(str_from(w->wants[i].pattern), pattern))
			w->wants[i].on = w->wants[i].users > 0;
	loop_stop(w->loop);
}

static void
on_down(void *arg)
{
	struct worker *w = arg;

	assert_true(w->up);
	w->up = false;
	w->downs++;
	loop_stop(w->loop);
}

static void
on_up(void *arg)
{
	struct worker *w = arg;

	assert_false(w->up);
	w->up = true;
	w->ups++;
	loop_stop(w->loop);
}

/* What is told before its place in the order is told again in its place. */
static void
on_island(void *arg, struct frozen *f, uint64_t k)
{
	(void)arg;
	(void)f;
	(void)k;
}

static void
on_mainland(void *arg, struct frozen *f, uint64_t k)
{
	(void)k;
	on_message(arg, f);
}

static void
on_restore(void *arg, bool missed)
{
	struct worker *w = arg;

	(void)missed;
	assert_false(w->up);
	w->restores++;
	if (w->answers_restore)
		engine_restored(w->e);
	loop_stop(w->loop);
}

static void
on_beat(void *arg, uint64_t cursor)
{
	struct worker *w = arg;

	w->beat = cursor;
	engine_beat(w->e, cursor, NULL, 0);
	loop_stop(w->loop);
}

/* ---- life ---- */

typedef struct engine *(*make_fn)(struct loop *, const struct engine_events *, void *);

static void
make(struct worker *w, make_fn make_engine)
{
	static const struct engine_events events = {
		.on_message = on_message,
		.on_change = on_change,
		.on_taken = on_taken,
		.on_gone = on_gone,
		.on_wanted = on_wanted,
		.on_down = on_down,
		.on_up = on_up,
		.on_island = on_island,
		.on_mainland = on_mainland,
		.on_restore = on_restore,
		.on_beat = on_beat,
	};

	w->answers_restore = true;
	w->e = make_engine(w->loop, &events, w);
	assert_non_null(w->e);
	alarm(PATIENCE_S);
}

void
start_alone(struct worker *w, const struct contract *contract)
{
	*w = (struct worker){ .loop = loop_new() };
	assert_non_null(w->loop);
	make(w, contract->make);
}

void
start(struct worker *w, const struct contract *contract)
{
	start_alone(w, contract);
	if (engine_joins_nodes(w->e))
		run_until_up(w, 1);
}

void
start_beside(struct worker *w, struct worker *first, const struct contract *contract)
{
	*w = (struct worker){ .loop = first->loop, .shares_loop = true };
	make(w, contract->join);
	run_until_up(w, 1);
}

void
end(struct worker *w)
{
	engine_free(w->e);
	buf_clear(&w->notes);
	if (w->shares_loop)
		return;
	loop_free(w->loop);
	alarm(0);
}

/* ---- turning ---- */

void
turn(struct worker *w)
{
	assert_int_equal(loop_run(w->loop), 0);
}

void
run(struct worker *w)
{
	assert_true(w->pending > 0);
	while (w->pending)
		turn(w);
}

void
run_both(struct worker *w, struct worker *other)
{
	while (w->pending || other->pending)
		turn(w);
}

void
run_to_messages(struct worker *w, size_t n)
{
	while (w->heard < n)
		turn(w);
}

static size_t
count_lines(const struct buf *b)
{
	size_t lines = 0;

	for (size_t i = 0; i < b->n; i++)
		lines += b->p[i] == '\n';
	return lines;
}

void
run_to_notes(struct worker *w, size_t n)
{
	while (count_lines(&w->notes) < n)
		turn(w);
}

void
run_until_up(struct worker *w, unsigned ups)
{
	while (w->ups < ups)
		turn(w);
}

void
run_until_down(struct worker *w, unsigned downs)
{
	while (w->downs < downs)
		turn(w);
}

/* ---- interest ---- */

static int
find_want(const struct worker *w, struct str pattern)
{
	int i;

	for (i = 0; i < WORKER_WANTS - 1 && *w->wants[i].pattern; i++)
		if (str_equal(str_from(w->wants[i].pattern), pattern))
			break;
	return i;
}

/* Nobody is told of it. */
static void
begin_quietly(struct worker *w, struct call *c)
{
	c->then = NULL;
	begin(w, c, '\0');
}

/* Joined nodes let nobody hear to what no session is subscribed. */
static void
subscribe_somebody(struct worker *w, struct str pattern)
{
	struct str id;
	struct call c;

	if (!*w->subscriber) {
		snprintf(w->subscriber, sizeof(w->subscriber), "%p", (void *)w);
		begin_quietly(w, &c);
		engine_create(w->e, &c.engine, str_from(w->subscriber), 0);
		w->calling = false;
		run(w);
		assert_int_equal(c.result, 0);
	}
	id = str_from(w->subscriber);
	begin_quietly(w, &c);
	engine_subscribe(w->e, &c.engine, id, 0, MANY_SUBSCRIPTIONS, &pattern, 1);
	w->calling = false;
	run(w);
	assert_int_equal(c.result, 0);
}

void
want(struct worker *w, struct str pattern)
{
	int i = find_want(w, pattern);

	if (engine_joins_nodes(w->e) && w->wants[i].users == 0)
		subscribe_somebody(w, pattern);
	snprintf(w->wants[i].pattern, sizeof(w->wants[i].pattern), "%.*s", (int)pattern.n,
		 pattern.p);
	w->wants[i].users++;
	assert_int_equal(engine_want(w->e, pattern), 0);
	while (engine_joins_nodes(w->e) && !w->wants[i].on)
		turn(w);
}

void
unwant(struct worker *w, struct str pattern)
{
	int i = find_want(w, pattern);

	assert_true(w->wants[i].users > 0);
	if (--w->wants[i].users == 0)
		w->wants[i].on = false;
	engine_unwant(w->e, pattern);
}

/* ---- calls ---- */

static void
on_done(struct engine_call *engine_call, int result)
{
	struct call *call = list_entry(engine_call, struct call, engine);
	struct worker *w = call->w;

	assert_false(w->calling);
	if (call->letter)
		tell(w, call->letter);
	call->result = result;
	if (call->then)
		call->then(call);
	w->pending--;
	loop_stop(w->loop);
}

void
begin(struct worker *w, struct call *c, char letter)
{
	*c = (struct call){ .engine.done = on_done, .w = w, .letter = letter,
			    .then = c->then, .result = -1 };
	w->pending++;
	w->calling = true;
}

void
create(struct worker *w, struct call *c, char letter, struct str id)
{
	begin(w, c, letter);
	engine_create(w->e, &c->engine, id, 0);
	w->calling = false;
}

void
destroy(struct worker *w, struct call *c, char letter, struct str id)
{
	begin(w, c, letter);
	engine_destroy(w->e, &c->engine, id, 0);
	w->calling = false;
}

void
subscribe(struct worker *w, struct call *c, char letter, struct str id, struct str pattern)
{
	begin(w, c, letter);
	engine_subscribe(w->e, &c->engine, id, 0, MANY_SUBSCRIPTIONS, &pattern, 1);
	w->calling = false;
}

void
unsubscribe(struct worker *w, struct call *c, char letter, struct str id,
	    struct str pattern)
{
	begin(w, c, letter);
	engine_unsubscribe(w->e, &c->engine, id, 0, &pattern, 1);
	w->calling = false;
}

struct frozen *
message_new(char text, struct str channel)
{
	struct frozen *f = frozen_new_message(channel, 2);

	assert_non_null(f);
	memset(f->bytes + f->head_n + 1, text, 2);
	return f;
}

void
publish(struct worker *w, struct call *c, char letter, char text, struct str channel)
{
	begin(w, c, letter);
	engine_publish(w->e, &c->engine, message_new(text, channel), STR(""), 0);
	w->calling = false;
}

int
result_of_create(struct worker *w, struct str id)
{
	struct call c = { .then = NULL };

	create(w, &c, 'c', id);
	run(w);
	return c.result;
}

int
result_of_destroy(struct worker *w, struct str id)
{
	struct call c = { .then = NULL };

	destroy(w, &c, 'd', id);
	run(w);
	return c.result;
}

int
result_of_subscribe(struct worker *w, struct str id, struct str pattern)
{
	struct call c = { .then = NULL };

	subscribe(w, &c, 's', id, pattern);
	run(w);
	return c.result;
}

int
result_of_publish(struct worker *w, char text, struct str channel)
{
	struct call c = { .then = NULL };

	publish(w, &c, 'p', text, channel);
	run(w);
	return c.result;
}

void
assert_heard(struct worker *w, struct str channel, const char *expected)
{
	struct call c = { .then = NULL };

	w->n = 0;
	publish(w, &c, '.', 'm', channel);
	run(w);
	assert_int_equal(c.result, 0);
	assert_told(w, expected);
}
