/* What engines must do that join nodes: the same, however many nodes there are. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/contract.h"
#include "engine/worker.h"

static const struct contract *contract;

#define ME STR("me01234567890123456789012345678")   /* 31 bytes, as all clients' */
#define YOU STR("you0123456789012345678901234567")

/* Two nodes. */
struct pair {
	struct worker a, b;
};

static void
start_pair(struct pair *p)
{
	start(&p->a, contract);
	start_beside(&p->b, &p->a, contract);
}

static void
end_pair(struct pair *p)
{
	end(&p->b);
	end(&p->a);
}

/* ---- calls with a result ---- */

/* What attach told; the arrays are copies. */
struct seen {
	struct call call;
	struct engine_client client;
	char patterns[4][16];
	uint64_t since[4];
};

static void
keep_client(struct call *c)
{
	struct seen *s = list_entry(c, struct seen, call);

	if (c->result)
		return;
	s->client = *c->engine.client;
	for (size_t i = 0; i < s->client.sub_count; i++) {
		const struct engine_sub *sub = &s->client.subs[i];

		snprintf(s->patterns[i], sizeof(s->patterns[i]), "%.*s", (int)sub->pattern.n,
			 sub->pattern.p);
		s->since[i] = sub->since;
	}
	s->client.subs = NULL;
}

static int
attach_stalled(struct worker *w, struct seen *s, struct str id, uint64_t connect,
	       uint32_t count, int64_t stalled_ms)
{
	*s = (struct seen){ .call.then = keep_client };
	begin(w, &s->call, 'a');
	engine_attach(w->e, &s->call.engine, id, connect, count, stalled_ms);
	w->calling = false;
	run(w);
	return s->call.result;
}

static int
attach(struct worker *w, struct seen *s, struct str id, uint64_t connect)
{
	return attach_stalled(w, s, id, connect, 0, 0);
}

static int
touch(struct worker *w, struct str id, uint64_t turns, uint64_t connect, uint64_t cursor,
      uint32_t acked)
{
	struct call c = { .then = NULL };

	begin(w, &c, 't');
	engine_touch(w->e, &c.engine, id, turns, connect, 0, cursor, acked);
	w->calling = false;
	run(w);
	return c.result;
}

static int
record(struct worker *w, struct str id, uint64_t turns, uint64_t cursor, uint64_t sent,
       uint64_t connect)
{
	struct call c = { .then = NULL };

	begin(w, &c, 'r');
	engine_record(w->e, &c.engine, id, turns, cursor, sent, connect, 0);
	w->calling = false;
	run(w);
	return c.result;
}

static int
destroy_turn(struct worker *w, struct str id, uint64_t turns)
{
	struct call c = { .then = NULL };

	begin(w, &c, 'd');
	engine_destroy(w->e, &c.engine, id, turns);
	w->calling = false;
	run(w);
	return c.result;
}

/* How many were taken; negative: what it failed with. */
static int
change(struct worker *w, struct str id, char sign, uint64_t key, unsigned limit,
       const struct str *patterns, unsigned n)
{
	struct call c = { .then = NULL };

	begin(w, &c, sign);
	if (sign == '+')
		engine_subscribe(w->e, &c.engine, id, key, limit, patterns, n);
	else
		engine_unsubscribe(w->e, &c.engine, id, key, patterns, n);
	w->calling = false;
	run(w);
	return c.result ? -c.result : (int)c.engine.taken;
}

static int
publish_once(struct worker *w, struct str id, uint64_t key, char text)
{
	struct call c = { .then = NULL };

	begin(w, &c, 'p');
	engine_publish(w->e, &c.engine, message_new(text, STR("/a")), id, key);
	w->calling = false;
	run(w);
	return c.result;
}

/* ---- publications ---- */

static void
all_hear_the_same_in_the_same_order(void **state)
{
	enum { EACH = 60 };
	struct call *calls = calloc(2 * EACH, sizeof(*calls));
	struct pair p;

	(void)state;
	assert_non_null(calls);
	start_pair(&p);
	want(&p.a, STR("/a"));
	want(&p.b, STR("/a"));
	want(&p.b, STR("/*"));
	for (int i = 0; i < EACH; i++) {
		publish(&p.a, &calls[i], '1', (char)('a' + i % 26), STR("/a"));
		publish(&p.b, &calls[EACH + i], '2', (char)('A' + i % 26), STR("/a"));
	}
	run_both(&p.a, &p.b);
	run_to_messages(&p.a, 2 * EACH);
	run_to_messages(&p.b, 2 * EACH);
	for (int i = 0; i < 2 * EACH; i++) {
		assert_true(p.a.seqs[i] == p.b.seqs[i]);
		assert_true(i == 0 || p.a.seqs[i] > p.a.seqs[i - 1]);
		assert_int_equal(calls[i].result, 0);
	}
	/* Each publisher's own in their order. */
	for (int i = 0, of_a = 0, of_b = 0; p.b.told[i]; i++) {
		if (p.b.told[i] >= 'a')
			assert_int_equal(p.b.told[i], 'a' + of_a++ % 26);
		else if (p.b.told[i] >= 'A')
			assert_int_equal(p.b.told[i], 'A' + of_b++ % 26);
	}
	end_pair(&p);
	free(calls);
}

static void
a_publication_is_done_once_on_whatever_node(void **state)
{
	struct pair p;

	(void)state;
	start_pair(&p);
	want(&p.a, STR("/a"));
	want(&p.b, STR("/a"));
	assert_int_equal(result_of_create(&p.a, ME), 0);
	assert_int_equal(publish_once(&p.a, ME, 7, 'x'), 0);
	assert_int_equal(publish_once(&p.b, ME, 7, 'x'), ENGINE_DONE);
	assert_int_equal(publish_once(&p.a, ME, 7, 'x'), ENGINE_DONE);
	assert_int_equal(publish_once(&p.b, ME, 8, 'y'), 0);
	assert_int_equal(publish_once(&p.b, YOU, 7, 'z'), 0); /* another's */
	run_to_messages(&p.a, 3);
	assert_int_equal(p.b.heard, 3);
	end_pair(&p);
}

/* ---- reads ---- */

struct reading {
	struct call call;
	char texts[WORKER_HEARS];
	uint64_t seqs[WORKER_HEARS];
	uint32_t of[WORKER_HEARS];
	size_t count;
	size_t told_before; /* messages, to the worker */
};

static void
keep_read(struct call *c)
{
	struct reading *r = list_entry(c, struct reading, call);

	if (c->result)
		return;
	r->count = c->engine.read->count;
	for (size_t i = 0; i < r->count; i++) {
		const struct engine_entry *e = &c->engine.read->entries[i];

		r->texts[i] = frozen_json(e->message).p[0];
		r->seqs[i] = e->message->seq;
		r->of[i] = e->of;
	}
}

static void
begin_read(struct worker *w, struct reading *r, const struct engine_sub *from, size_t n)
{
	*r = (struct reading){ .call.then = keep_read, .told_before = w->heard };
	begin(w, &r->call, '.');
	engine_read(w->e, &r->call.engine, from, n);
	w->calling = false;
}

/* The logs are there from the moment on that somebody subscribes. */
static uint64_t
subscribed(struct worker *w, struct str id, struct str pattern)
{
	assert_int_equal(result_of_subscribe(w, id, pattern), 0);
	run_to_notes(w, 1);
	buf_reset(&w->notes);
	return w->note_seq;
}

static void
what_was_published_since_is_read_in_order(void **state)
{
	struct engine_sub from[2];
	struct reading r;
	struct pair p;
	uint64_t since;

	(void)state;
	start_pair(&p);
	assert_int_equal(result_of_create(&p.a, ME), 0);
	assert_int_equal(result_of_publish(&p.a, '0', STR("/a")), 0); /* nobody wanted it */
	since = subscribed(&p.a, ME, STR("/a"));
	subscribed(&p.a, ME, STR("/**"));
	assert_int_equal(result_of_publish(&p.a, '1', STR("/a")), 0);
	assert_int_equal(result_of_publish(&p.b, '2', STR("/b")), 0);
	assert_int_equal(result_of_publish(&p.a, '3', STR("/a")), 0);
	from[0] = (struct engine_sub){ STR("/a"), since };
	from[1] = (struct engine_sub){ STR("/**"), since };
	begin_read(&p.b, &r, from, 2);
	run(&p.b);
	assert_int_equal(r.call.result, 0);
	assert_int_equal(r.count, 5);
	assert_memory_equal(r.texts, "11233", 5);
	assert_true(r.seqs[0] == r.seqs[1] && r.seqs[3] == r.seqs[4]);
	assert_int_equal(r.of[0] + r.of[1], 1);
	assert_int_equal(r.of[2], 1);
	from[0].since = from[1].since = r.seqs[2];
	begin_read(&p.b, &r, from, 2);
	run(&p.b);
	assert_memory_equal(r.texts, "33", 2);
	assert_int_equal(r.count, 2);
	end_pair(&p);
}

static void
nothing_is_read_for_nothing(void **state)
{
	struct reading r;
	struct pair p;

	(void)state;
	start_pair(&p);
	begin_read(&p.b, &r, NULL, 0);
	run(&p.b);
	assert_int_equal(r.call.result, 0);
	assert_int_equal(r.count, 0);
	end_pair(&p);
}

/* Whatever was told before is in it, and what is not in it is told later: nothing is
 * between the two. */
static void
what_is_read_and_what_is_heard_is_all(void **state)
{
	enum { MANY = 400, READS = 20 };
	struct call *calls = calloc(MANY, sizeof(*calls));
	struct reading *reads = calloc(READS, sizeof(*reads));
	struct engine_sub from;
	struct pair p;

	(void)state;
	assert_true(calls && reads);
	start_pair(&p);
	assert_int_equal(result_of_create(&p.a, ME), 0);
	from = (struct engine_sub){ STR("/a"), subscribed(&p.a, ME, STR("/a")) };
	want(&p.b, STR("/a"));
	for (int i = 0; i < MANY; i++) {
		publish(&p.a, &calls[i], '+', 'm', STR("/a"));
		if (i % (MANY / READS) == 0) {
			begin_read(&p.b, &reads[i / (MANY / READS)], &from, 1);
			turn(&p.b);
		}
	}
	run_both(&p.a, &p.b);
	run_to_messages(&p.b, MANY);
	for (int i = 0; i < READS; i++) {
		const struct reading *r = &reads[i];

		assert_int_equal(r->call.result, 0);
		assert_true(r->count >= r->told_before);
		for (size_t j = 0; j < r->count; j++)
			assert_true(r->seqs[j] == p.b.seqs[j]);
	}
	end_pair(&p);
	free(calls);
	free(reads);
}

/* ---- sessions that move ---- */

static void
an_attach_moves_a_session(void **state)
{
	struct seen s;
	struct pair p;
	uint64_t since;

	(void)state;
	start_pair(&p);
	assert_int_equal(result_of_create(&p.a, ME), 0);
	since = subscribed(&p.a, ME, STR("/a"));
	assert_int_equal(attach(&p.b, &s, ME, 77), 0);
	assert_int_equal(s.client.turn, 2);
	assert_true(s.client.at > since);
	assert_true(s.client.cursor && s.client.cursor < since);
	assert_int_equal(s.client.connect, 0);
	assert_int_equal(s.client.seen_count, 1);
	assert_int_equal(s.client.seen[0], 77);
	assert_int_equal(s.client.sub_count, 1);
	assert_string_equal(s.patterns[0], "/a");
	assert_true(s.since[0] == since);
	run_to_notes(&p.a, 1);
	assert_noted(&p.a, "taken me01234567890123456789012345678 2 by=77\n");
	assert_true(p.a.note_seq < s.client.at);
	end_pair(&p);
}

static void
a_session_that_stays_is_not_taken(void **state)
{
	struct seen s;
	struct pair p;

	(void)state;
	start_pair(&p);
	assert_int_equal(result_of_create(&p.a, ME), 0);
	assert_int_equal(attach(&p.a, &s, ME, 1), 0);
	assert_int_equal(s.client.turn, 2);
	assert_int_equal(attach(&p.b, &s, ME, 0), 0); /* an event stream opens */
	assert_int_equal(s.client.turn, 3);
	run_to_notes(&p.a, 1);
	assert_noted(&p.a, "taken me01234567890123456789012345678 3 by=0\n");
	end_pair(&p);
}

static void
who_has_lost_it_is_refused(void **state)
{
	struct seen s;
	struct pair p;

	(void)state;
	start_pair(&p);
	assert_int_equal(result_of_create(&p.a, ME), 0);
	assert_int_equal(touch(&p.a, ME, 1, 5, 0, 0), 0);
	assert_int_equal(attach(&p.b, &s, ME, 6), 0);
	assert_int_equal(touch(&p.a, ME, 1, 7, 0, 0), ENGINE_LOST);
	assert_int_equal(record(&p.a, ME, 1, 1, 2, 7), ENGINE_LOST);
	assert_int_equal(destroy_turn(&p.a, ME, 1), ENGINE_LOST);
	assert_int_equal(touch(&p.b, ME, 2, 7, 0, 0), 0);
	assert_int_equal(record(&p.b, ME, 2, s.client.at, s.client.at, 7), 0);
	assert_int_equal(destroy_turn(&p.b, ME, 2), 0);
	assert_int_equal(destroy_turn(&p.b, ME, 2), ENGINE_UNKNOWN);
	end_pair(&p);
}

static void
its_home_is_told_that_it_ended(void **state)
{
	struct pair p;

	(void)state;
	start_pair(&p);
	assert_int_equal(result_of_create(&p.a, ME), 0);
	assert_int_equal(result_of_destroy(&p.b, ME), 0); /* wherever it is */
	run_to_notes(&p.a, 1);
	assert_noted(&p.a, "gone me01234567890123456789012345678 1\n");
	assert_int_equal(result_of_create(&p.b, ME), 0);
	end_pair(&p);
}

static void
nobody_has_heard_of_it(void **state)
{
	const struct str a = STR("/a");
	struct seen s;
	struct pair p;

	(void)state;
	start_pair(&p);
	assert_int_equal(attach(&p.a, &s, ME, 1), ENGINE_UNKNOWN);
	assert_int_equal(touch(&p.a, ME, 1, 1, 0, 0), ENGINE_LOST);
	assert_int_equal(record(&p.a, ME, 1, 1, 1, 1), ENGINE_LOST);
	assert_int_equal(change(&p.a, ME, '+', 1, 9, &a, 1), -ENGINE_UNKNOWN);
	assert_int_equal(destroy_turn(&p.a, ME, 1), ENGINE_UNKNOWN);
	end_pair(&p);
}

/* ---- connects and answers ---- */

static void
an_old_connect_takes_nothing(void **state)
{
	struct seen s;
	struct pair p;

	(void)state;
	start_pair(&p);
	assert_int_equal(result_of_create(&p.a, ME), 0);
	assert_int_equal(attach(&p.a, &s, ME, 1), 0);
	assert_int_equal(attach(&p.b, &s, ME, 2), 0);
	assert_int_equal(attach(&p.a, &s, ME, 1), ENGINE_OLD);
	assert_int_equal(attach(&p.a, &s, ME, 2), 0); /* the latest may come again */
	assert_int_equal(touch(&p.a, ME, 4, 3, 0, 0), 0);
	assert_int_equal(attach(&p.b, &s, ME, 2), ENGINE_OLD);
	end_pair(&p);
}

static void
who_stood_still_is_not_sure(void **state)
{
	struct seen s;
	struct pair p;

	(void)state;
	start_pair(&p);
	assert_int_equal(result_of_create(&p.a, ME), 0);
	assert_int_equal(touch(&p.a, ME, 1, 1, 0, 0), 0);
	assert_int_equal(attach_stalled(&p.b, &s, ME, 2, 0, INT32_MAX), ENGINE_UNSURE);
	assert_int_equal(attach(&p.b, &s, ME, 2), 0);
	end_pair(&p);
}

static void
an_answer_may_be_asked_for_again(void **state)
{
	struct seen s;
	struct pair p;
	uint64_t at;

	(void)state;
	start_pair(&p);
	assert_int_equal(result_of_create(&p.a, ME), 0);
	assert_int_equal(attach(&p.a, &s, ME, 1), 0);
	at = s.client.at;
	assert_int_equal(record(&p.a, ME, 2, at + 10, at + 20, 1), 0);
	assert_int_equal(attach(&p.b, &s, ME, 1), 0);
	assert_true(s.client.cursor == at + 10);
	assert_true(s.client.sent == at + 20);
	assert_int_equal(s.client.connect, 1);
	/* The same from where it went. */
	assert_int_equal(attach(&p.a, &s, ME, 1), 0);
	assert_int_equal(s.client.connect, 1);
	/* Another acknowledges it. */
	assert_int_equal(attach(&p.b, &s, ME, 2), 0);
	assert_true(s.client.cursor == at + 20);
	assert_int_equal(s.client.connect, 0);
	assert_int_equal(s.client.sent, 0);
	end_pair(&p);
}

static void
what_is_older_than_was_told_says_nothing(void **state)
{
	struct seen s;
	struct pair p;
	uint64_t at;

	(void)state;
	start_pair(&p);
	assert_int_equal(result_of_create(&p.a, ME), 0);
	assert_int_equal(attach(&p.a, &s, ME, 1), 0);
	at = s.client.at;
	assert_int_equal(record(&p.a, ME, 2, at + 10, at + 20, 1), 0);
	assert_int_equal(record(&p.a, ME, 2, at + 5, at + 7, 1), 0);
	assert_int_equal(touch(&p.a, ME, 2, 1, at + 5, 0), 0);
	assert_int_equal(attach(&p.b, &s, ME, 1), 0);
	assert_true(s.client.cursor == at + 10 && s.client.sent == at + 20);
	/* Without a connect: all up to there has arrived, the answer too. */
	assert_int_equal(record(&p.b, ME, 3, at + 30, 0, 0), 0);
	assert_int_equal(attach(&p.a, &s, ME, 1), 0);
	assert_true(s.client.cursor == at + 30 && s.client.connect == 0);
	end_pair(&p);
}

static void
connects_and_numbers_are_remembered(void **state)
{
	struct call c = { .then = NULL };
	struct seen s;
	struct pair p;

	(void)state;
	start_pair(&p);
	begin(&p.a, &c, 'c');
	engine_create(p.a.e, &c.engine, ME, ENGINE_ACKS | ENGINE_MAX_INTERVAL);
	p.a.calling = false;
	run(&p.a);
	for (uint64_t connect = 1; connect <= ENGINE_SEEN + 2; connect++)
		assert_int_equal(touch(&p.a, ME, 1, connect, 0, 0), 0);
	assert_int_equal(attach(&p.b, &s, ME, ENGINE_SEEN + 2), 0);
	assert_int_equal(s.client.flags, ENGINE_ACKS | ENGINE_MAX_INTERVAL);
	assert_int_equal(s.client.seen_count, ENGINE_SEEN);
	for (uint64_t i = 0; i < ENGINE_SEEN; i++)
		assert_int_equal(s.client.seen[i], i + 3);
	assert_int_equal(touch(&p.b, ME, 2, 99, s.client.at, 5), 0);
	assert_int_equal(attach(&p.a, &s, ME, 99), 0);
	assert_int_equal(s.client.acked, 5);
	end_pair(&p);
}

/* ---- subscriptions ---- */

static void
changes_are_told_to_its_home(void **state)
{
	const struct str both[] = { STR("/a"), STR("/b/**") }, c = STR("/c");
	struct seen s;
	struct pair p;

	(void)state;
	start_pair(&p);
	assert_int_equal(result_of_create(&p.a, ME), 0);
	assert_int_equal(change(&p.b, ME, '+', 0, 9, both, 2), 2);
	assert_int_equal(change(&p.a, ME, '+', 0, 9, &c, 1), 1);
	assert_int_equal(change(&p.b, ME, '-', 0, 0, both, 1), 1);
	run_to_notes(&p.a, 3);
	assert_noted(&p.a, "+ me01234567890123456789012345678 /a /b/**\n"
			   "+ me01234567890123456789012345678 /c\n"
			   "- me01234567890123456789012345678 /a\n");
	assert_int_equal(attach(&p.b, &s, ME, 1), 0);
	assert_int_equal(s.client.sub_count, 2);
	end_pair(&p);
}

static void
a_change_is_made_once_on_whatever_node(void **state)
{
	const struct str a = STR("/a"), b = STR("/b");
	struct pair p;

	(void)state;
	start_pair(&p);
	assert_int_equal(result_of_create(&p.a, ME), 0);
	assert_int_equal(change(&p.a, ME, '+', 5, 9, &a, 1), 1);
	assert_int_equal(change(&p.a, ME, '-', 6, 9, &a, 1), 1);
	assert_int_equal(change(&p.b, ME, '+', 5, 9, &a, 1), 1); /* late: done already */
	assert_int_equal(change(&p.b, ME, '+', 7, 9, &b, 1), 1);
	run_to_notes(&p.a, 3);
	assert_noted(&p.a, "+ me01234567890123456789012345678 /a\n"
			   "- me01234567890123456789012345678 /a\n"
			   "+ me01234567890123456789012345678 /b\n");
	end_pair(&p);
}

static void
what_changes_nothing_is_not_told(void **state)
{
	const struct str a = STR("/a"), twice[] = { STR("/b"), STR("/b") };
	struct pair p;

	(void)state;
	start_pair(&p);
	assert_int_equal(result_of_create(&p.a, ME), 0);
	assert_int_equal(change(&p.a, ME, '-', 0, 9, &a, 1), 1);
	assert_int_equal(change(&p.a, ME, '+', 0, 9, &a, 1), 1);
	assert_int_equal(change(&p.a, ME, '+', 0, 9, &a, 1), 1);
	assert_int_equal(change(&p.a, ME, '+', 0, 9, twice, 2), 2);
	run_to_notes(&p.a, 2);
	assert_noted(&p.a, "+ me01234567890123456789012345678 /a\n"
			   "+ me01234567890123456789012345678 /b\n");
	end_pair(&p);
}

static void
no_more_are_taken_than_it_may_have(void **state)
{
	const struct str three[] = { STR("/a"), STR("/b"), STR("/c") };
	const struct str again[] = { STR("/b"), STR("/a"), STR("/d") };
	struct pair p;

	(void)state;
	start_pair(&p);
	assert_int_equal(result_of_create(&p.a, ME), 0);
	assert_int_equal(change(&p.b, ME, '+', 5, 2, three, 3), 2);
	assert_int_equal(change(&p.a, ME, '+', 5, 2, three, 3), 2); /* asked again */
	assert_int_equal(change(&p.a, ME, '+', 6, 2, again, 3), 2);
	assert_int_equal(change(&p.a, ME, '-', 7, 2, again, 3), 3);
	assert_int_equal(change(&p.a, ME, '+', 8, 2, &three[2], 1), 1);
	end_pair(&p);
}

static void
a_sign_of_life_is_told_without_patterns(void **state)
{
	struct pair p;

	(void)state;
	start_pair(&p);
	assert_int_equal(result_of_create(&p.a, ME), 0);
	assert_int_equal(change(&p.b, ME, '+', 0, 0, NULL, 0), 0);
	run_to_notes(&p.a, 1);
	assert_noted(&p.a, "+ me01234567890123456789012345678\n");
	end_pair(&p);
}

/* More than one note has room for in one piece. */
static void
many_patterns_at_once(void **state)
{
	enum { MANY = 150 };
	char names[MANY][16], expected[4096];
	struct str patterns[MANY];
	struct pair p;
	size_t n = 0;

	(void)state;
	start_pair(&p);
	assert_int_equal(result_of_create(&p.a, ME), 0);
	for (unsigned i = 0; i < MANY; i++) {
		snprintf(names[i], sizeof(names[i]), "/many/%u", i);
		patterns[i] = str_from(names[i]);
	}
	assert_int_equal(change(&p.b, ME, '+', 0, MANY, patterns, MANY), MANY);
	run_to_notes(&p.a, 3);
	for (unsigned i = 0; i < MANY; i++)
		n += (size_t)snprintf(expected + n, sizeof(expected) - n, "%s %s%s",
				      i % 64 ? "" : "+ me01234567890123456789012345678",
				      names[i], i % 64 == 63 || i == MANY - 1 ? "\n" : "");
	assert_noted(&p.a, expected);
	end_pair(&p);
}

/* ---- the beat ---- */

/* Nothing tells that it is done, but that what is asked behind it is. */
static void
beat(struct worker *w, uint64_t cursor, struct str id, uint64_t turns)
{
	const struct engine_flow flow = { id, turns };

	engine_beat(w->e, cursor, &flow, id.n ? 1 : 0);
	assert_int_equal(result_of_destroy(w, STR("nobody")), ENGINE_UNKNOWN);
}

static void
those_that_flow_are_where_their_home_is(void **state)
{
	struct seen s;
	struct pair p;
	uint64_t at;

	(void)state;
	start_pair(&p);
	assert_int_equal(result_of_create(&p.a, ME), 0);
	assert_int_equal(result_of_create(&p.a, YOU), 0);
	assert_int_equal(attach(&p.a, &s, ME, 1), 0);
	at = s.client.at;
	beat(&p.a, at + 10, ME, 2);
	beat(&p.a, at + 20, YOU, 7); /* that turn is not its */
	assert_int_equal(attach(&p.b, &s, ME, 2), 0);
	assert_true(s.client.cursor == at + 20);
	assert_int_equal(attach(&p.b, &s, YOU, 2), 0);
	assert_true(s.client.cursor < at);
	end_pair(&p);
}

static void
who_left_the_flow_says_it_itself(void **state)
{
	struct seen s;
	struct pair p;
	uint64_t at;

	(void)state;
	start_pair(&p);
	assert_int_equal(result_of_create(&p.a, ME), 0);
	assert_int_equal(attach(&p.a, &s, ME, 1), 0);
	at = s.client.at;
	beat(&p.a, at + 10, ME, 2);
	assert_int_equal(record(&p.a, ME, 2, at + 12, 0, 0), 0);
	beat(&p.a, at + 20, STR(""), 0);
	assert_int_equal(attach(&p.b, &s, ME, 2), 0);
	assert_true(s.client.cursor == at + 12);
	end_pair(&p);
}

/* What was told some while ago, and no later than it was told. */
static void
a_beat_tells_how_far_all_was_told(void **state)
{
	struct pair p;

	(void)state;
	start_pair(&p);
	want(&p.a, STR("/a"));
	assert_int_equal(result_of_publish(&p.b, 'x', STR("/a")), 0);
	run_to_messages(&p.a, 1);
	assert_true(p.a.beat < p.a.seqs[0]); /* it was not some while ago */
	while (p.a.beat < p.a.seqs[0])
		turn(&p.a);
	end_pair(&p);
}

/* ---- writing back ---- */

static int
restore(struct worker *w, struct str id, const struct engine_client *client)
{
	struct call c = { .then = NULL };

	begin(w, &c, 'R');
	engine_restore(w->e, &c.engine, id, client);
	w->calling = false;
	run(w);
	return c.result;
}

static void
a_session_is_written_back(void **state)
{
	const struct engine_sub subs[] = { { STR("/a"), 7 }, { STR("/b"), 0 } };
	struct engine_client c = { .turn = 3, .cursor = 11, .sent = 15, .connect = 9,
				   .acked = 4, .flags = ENGINE_ACKS, .seen_count = 2,
				   .seen = { 8, 9 }, .sub_count = 2, .subs = subs };
	struct seen s;
	struct pair p;

	(void)state;
	start_pair(&p);
	assert_int_equal(restore(&p.a, ME, &c), 0);
	assert_int_equal(restore(&p.a, ME, &c), ENGINE_KEPT);
	assert_int_equal(restore(&p.b, ME, &c), ENGINE_LOST); /* another's */
	assert_int_equal(attach(&p.b, &s, ME, 8), ENGINE_OLD);
	assert_int_equal(attach(&p.b, &s, ME, 9), 0);
	assert_int_equal(s.client.turn, 4);
	assert_int_equal(s.client.cursor, 11);
	assert_int_equal(s.client.sent, 15);
	assert_int_equal(s.client.connect, 9);
	assert_int_equal(s.client.acked, 4);
	assert_int_equal(s.client.flags, ENGINE_ACKS);
	assert_int_equal(s.client.seen_count, 2);
	assert_int_equal(s.client.sub_count, 2);
	assert_int_equal(restore(&p.a, ME, &c), ENGINE_LOST); /* it has moved since */
	end_pair(&p);
}

/* ---- the end ---- */

static void
one_node_ends_while_others_go_on(void **state)
{
	struct call calls[4] = { 0 };
	struct seen s;
	struct pair p;

	(void)state;
	start_pair(&p);
	want(&p.a, STR("/a"));
	assert_int_equal(result_of_create(&p.b, ME), 0);
	for (int i = 0; i < 4; i++)
		publish(&p.b, &calls[i], '.', 'x', STR("/a"));
	end(&p.b); /* what it was asked is done, though nobody hears of it */
	run_to_messages(&p.a, 4);
	assert_int_equal(attach(&p.a, &s, ME, 1), 0);
	assert_int_equal(s.client.turn, 2);
	end(&p.a);
}

static void
a_call_whose_memory_goes_is_forgotten(void **state)
{
	struct call *gone = calloc(1, sizeof(*gone));
	struct pair p;

	(void)state;
	assert_non_null(gone);
	start_pair(&p);
	want(&p.a, STR("/a"));
	publish(&p.b, gone, 'x', 'm', STR("/a"));
	engine_forget(&gone->engine);
	p.b.pending--;
	free(gone);
	run_to_messages(&p.a, 1);
	assert_int_equal(result_of_publish(&p.b, 'n', STR("/a")), 0);
	assert_told(&p.b, "p");
	end_pair(&p);
}

int
contract_run_joined(const struct contract *of)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_hear_the_same_in_the_same_order),
		cmocka_unit_test(a_publication_is_done_once_on_whatever_node),
		cmocka_unit_test(what_was_published_since_is_read_in_order),
		cmocka_unit_test(nothing_is_read_for_nothing),
		cmocka_unit_test(what_is_read_and_what_is_heard_is_all),
		cmocka_unit_test(an_attach_moves_a_session),
		cmocka_unit_test(a_session_that_stays_is_not_taken),
		cmocka_unit_test(who_has_lost_it_is_refused),
		cmocka_unit_test(its_home_is_told_that_it_ended),
		cmocka_unit_test(nobody_has_heard_of_it),
		cmocka_unit_test(an_old_connect_takes_nothing),
		cmocka_unit_test(who_stood_still_is_not_sure),
		cmocka_unit_test(an_answer_may_be_asked_for_again),
		cmocka_unit_test(what_is_older_than_was_told_says_nothing),
		cmocka_unit_test(connects_and_numbers_are_remembered),
		cmocka_unit_test(changes_are_told_to_its_home),
		cmocka_unit_test(a_change_is_made_once_on_whatever_node),
		cmocka_unit_test(what_changes_nothing_is_not_told),
		cmocka_unit_test(no_more_are_taken_than_it_may_have),
		cmocka_unit_test(a_sign_of_life_is_told_without_patterns),
		cmocka_unit_test(many_patterns_at_once),
		cmocka_unit_test(those_that_flow_are_where_their_home_is),
		cmocka_unit_test(who_left_the_flow_says_it_itself),
		cmocka_unit_test(a_beat_tells_how_far_all_was_told),
		cmocka_unit_test(a_session_is_written_back),
		cmocka_unit_test(one_node_ends_while_others_go_on),
		cmocka_unit_test(a_call_whose_memory_goes_is_forgotten),
	};

	contract = of;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
