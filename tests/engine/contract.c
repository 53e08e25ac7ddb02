#include "engine/contract.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/worker.h"

static const struct contract *contract; /* cmocka's tests have no argument */

enum { MANY = 300 };

/* ---- completions ---- */

static void
no_call_is_done_before_it_returns(void **state)
{
	struct call calls[5] = { 0 };
	struct worker w;

	(void)state;
	start(&w, contract);
	want(&w, STR("/a"));
	create(&w, &calls[0], 'c', STR("me"));
	subscribe(&w, &calls[1], 's', STR("me"), STR("/a"));
	publish(&w, &calls[2], 'p', 'm', STR("/a"));
	unsubscribe(&w, &calls[3], 'u', STR("me"), STR("/a"));
	destroy(&w, &calls[4], 'd', STR("me"));
	assert_told(&w, "");
	run(&w);
	for (int i = 0; i < 5; i++)
		assert_int_equal(calls[i].result, 0);
	end(&w);
}

static void
publish_again(struct call *c)
{
	c->then = NULL;
	publish(c->w, c, '2', 'n', STR("/a"));
	tell(c->w, ')'); /* the first one's end, before anything of the second */
}

/* Nor when it is made while another is completed: begin and the letter tell. */
static void
nor_is_one_that_a_completion_makes(void **state)
{
	struct call c = { .then = publish_again };
	struct worker w;

	(void)state;
	start(&w, contract);
	want(&w, STR("/a"));
	publish(&w, &c, '1', 'm', STR("/a"));
	run(&w);
	assert_told(&w, "m1)n2");
	end(&w);
}

/* Embedded. */
static void
calls_are_done_in_their_order(void **state)
{
	struct call *calls = calloc(MANY, sizeof(*calls));
	struct worker w;

	(void)state;
	assert_non_null(calls);
	start(&w, contract);
	want(&w, STR("/a"));
	for (int i = 0; i < MANY; i++) {
		char letter = (char)('A' + i % 26);

		switch (i % 4) {
		case 0:
			create(&w, &calls[i], letter, STR("me"));
			break;
		case 1:
			publish(&w, &calls[i], letter, 'm', STR("/a"));
			break;
		case 2:
			subscribe(&w, &calls[i], letter, STR("me"), STR("/a"));
			break;
		default:
			destroy(&w, &calls[i], letter, STR("me"));
		}
	}
	run(&w);
	for (int i = 0, at = 0; i < MANY; i++) {
		if (i % 4 == 1)
			assert_int_equal(w.told[at++], 'm');
		assert_int_equal(w.told[at++], 'A' + i % 26);
		assert_int_equal(calls[i].result, 0);
	}
	end(&w);
	free(calls);
}

static void
forget(struct call *c)
{
	struct worker *w = c->w;

	free(c);
	w->pending--;
	loop_stop(w->loop);
}

static void
on_done_and_gone(struct engine_call *engine_call, int result)
{
	assert_int_equal(result, 0);
	forget(list_entry(engine_call, struct call, engine));
}

/* The engine does not touch a call that is done. */
static void
a_completion_may_free_its_call(void **state)
{
	struct worker w;

	(void)state;
	start(&w, contract);
	want(&w, STR("/a"));
	for (int i = 0; i < 5; i++) {
		struct call *c = calloc(1, sizeof(*c));

		assert_non_null(c);
		begin(&w, c, '.');
		c->engine.done = on_done_and_gone;
		engine_publish(w.e, &c->engine, message_new('m', STR("/a")), STR(""), 0);
		w.calling = false;
	}
	run(&w);
	assert_told(&w, "mmmmm");
	end(&w);
}

/* ---- clients ---- */

static void
an_id_is_taken_until_it_is_destroyed(void **state)
{
	struct worker w;

	(void)state;
	start(&w, contract);
	assert_int_equal(result_of_create(&w, STR("me")), 0);
	assert_int_equal(result_of_create(&w, STR("me")), ENGINE_TAKEN);
	assert_int_equal(result_of_create(&w, STR("you")), 0);
	assert_int_equal(result_of_destroy(&w, STR("me")), 0);
	assert_int_equal(result_of_destroy(&w, STR("me")), ENGINE_UNKNOWN);
	assert_int_equal(result_of_create(&w, STR("me")), 0);
	assert_int_equal(result_of_destroy(&w, STR("you")), 0);
	end(&w);
}

static void
the_unknown_cannot_be_destroyed(void **state)
{
	struct worker w;

	(void)state;
	start(&w, contract);
	assert_int_equal(result_of_destroy(&w, STR("nobody")), ENGINE_UNKNOWN);
	assert_int_equal(result_of_create(&w, STR("nobody")), 0);
	assert_int_equal(result_of_destroy(&w, STR("nobod")), ENGINE_UNKNOWN);
	end(&w);
}

static void
the_unknown_cannot_subscribe(void **state)
{
	struct call calls[4] = { 0 };
	struct worker w;

	(void)state;
	start(&w, contract);
	subscribe(&w, &calls[0], '1', STR("nobody"), STR("/a"));
	unsubscribe(&w, &calls[1], '2', STR("nobody"), STR("/a"));
	run(&w);
	assert_int_equal(calls[0].result, ENGINE_UNKNOWN);
	assert_int_equal(calls[1].result, ENGINE_UNKNOWN);
	end(&w);
}

/* Each call finds what those before it have left. */
static void
calls_see_those_before_them(void **state)
{
	struct call calls[6] = { 0 };
	struct worker w;

	(void)state;
	start(&w, contract);
	create(&w, &calls[0], '0', STR("me"));
	subscribe(&w, &calls[1], '1', STR("me"), STR("/a"));
	create(&w, &calls[2], '2', STR("me"));
	destroy(&w, &calls[3], '3', STR("me"));
	subscribe(&w, &calls[4], '4', STR("me"), STR("/a"));
	create(&w, &calls[5], '5', STR("me"));
	run(&w);
	assert_told(&w, "012345");
	assert_int_equal(calls[0].result, 0);
	assert_int_equal(calls[1].result, 0);
	assert_int_equal(calls[2].result, ENGINE_TAKEN);
	assert_int_equal(calls[3].result, 0);
	assert_int_equal(calls[4].result, ENGINE_UNKNOWN);
	assert_int_equal(calls[5].result, 0);
	end(&w);
}

static void
ids_and_patterns_are_the_callers_again_when_a_call_returns(void **state)
{
	struct str patterns[] = { STR("/a"), STR("/b/**") };
	char id[] = "somebody", pattern[] = "/wanted";
	struct call calls[2] = { 0 };
	struct worker w;

	(void)state;
	start(&w, contract);
	want(&w, str_from(pattern));
	memset(pattern, '?', sizeof(pattern));
	create(&w, &calls[0], 'c', str_from(id));
	begin(&w, &calls[1], 's');
	engine_subscribe(w.e, &calls[1].engine, str_from(id), 0, MANY_SUBSCRIPTIONS, patterns, 2);
	w.calling = false;
	memset(id, '?', sizeof(id));
	memset(patterns, 0, sizeof(patterns));
	run(&w);
	assert_int_equal(calls[1].result, 0);
	assert_int_equal(result_of_destroy(&w, STR("somebody")), 0);
	assert_heard(&w, STR("/wanted"), "m.");
	end(&w);
}

/* ---- publications ---- */

static void
a_publication_is_heard_before_its_call_is_done(void **state)
{
	struct call calls[3] = { 0 };
	struct worker w;

	(void)state;
	start(&w, contract);
	want(&w, STR("/a"));
	publish(&w, &calls[0], '1', 'x', STR("/a"));
	publish(&w, &calls[1], '2', 'y', STR("/a"));
	publish(&w, &calls[2], '3', 'z', STR("/a"));
	run(&w);
	assert_told_in_order(&w, "x1y2z3");
	end(&w);
}

static void
what_nobody_wants_does_not_come_up(void **state)
{
	struct call calls[3] = { 0 };
	struct worker w;

	(void)state;
	start(&w, contract);
	assert_heard(&w, STR("/a"), ".");
	want(&w, STR("/a"));
	publish(&w, &calls[0], '1', 'x', STR("/b"));
	publish(&w, &calls[1], '2', 'y', STR("/a/b"));
	publish(&w, &calls[2], '3', 'z', STR("/a"));
	run(&w);
	assert_told_in_order(&w, "12z3");
	end(&w);
}

/* Where nodes are joined, what nobody wants any more may still come for a while. */
static void
assert_unheard(struct worker *w, struct str channel)
{
	if (!engine_joins_nodes(w->e))
		assert_heard(w, channel, ".");
}

static void
interest_is_counted(void **state)
{
	struct worker w;

	(void)state;
	start(&w, contract);
	want(&w, STR("/a"));
	want(&w, STR("/a"));
	unwant(&w, STR("/a"));
	assert_heard(&w, STR("/a"), "m.");
	unwant(&w, STR("/a"));
	assert_unheard(&w, STR("/a"));
	want(&w, STR("/a"));
	assert_heard(&w, STR("/a"), "m.");
	end(&w);
}

static void
wildcards_are_interest_too(void **state)
{
	struct worker w;

	(void)state;
	start(&w, contract);
	want(&w, STR("/a/*"));
	assert_heard(&w, STR("/a"), ".");
	assert_heard(&w, STR("/a/b"), "m.");
	assert_heard(&w, STR("/a/b/c"), ".");
	want(&w, STR("/x/**"));
	assert_heard(&w, STR("/x"), ".");
	assert_heard(&w, STR("/x/y"), "m.");
	assert_heard(&w, STR("/x/y/z"), "m.");
	want(&w, STR("/**"));
	assert_heard(&w, STR("/any"), "m.");
	assert_heard(&w, STR("/a/b"), "m."); /* once, though two want it */
	unwant(&w, STR("/**"));
	assert_unheard(&w, STR("/any"));
	end(&w);
}

static void
want_it(struct call *c)
{
	want(c->w, STR("/a"));
}

/* Embedded: the worker wants a pattern when its subscribe is done, and what was
 * published behind it in the same batch is heard, what came before is not. */
static void
a_subscription_hears_what_is_published_behind_it(void **state)
{
	struct call calls[4] = { 0 };
	struct worker w;

	(void)state;
	start(&w, contract);
	create(&w, &calls[0], 'c', STR("me"));
	publish(&w, &calls[1], '1', 'x', STR("/a"));
	calls[2].then = want_it;
	subscribe(&w, &calls[2], 's', STR("me"), STR("/a"));
	publish(&w, &calls[3], '2', 'y', STR("/a"));
	run(&w);
	assert_told(&w, "c1sy2");
	end(&w);
}

static void
messages_are_lent_and_let_go(void **state)
{
	struct frozen *f = message_new('m', STR("/a"));
	struct frozen *unheard = message_new('n', STR("/b"));
	struct call calls[2] = { 0 };
	struct worker w;

	(void)state;
	start(&w, contract);
	want(&w, STR("/a"));
	begin(&w, &calls[0], '1');
	engine_publish(w.e, &calls[0].engine, frozen_ref(f), STR(""), 0);
	begin(&w, &calls[1], '2');
	engine_publish(w.e, &calls[1].engine, frozen_ref(unheard), STR(""), 0);
	w.calling = false;
	run(&w);
	assert_told_in_order(&w, "m12");
	end(&w);
	assert_int_equal(atomic_load(&f->refs), 1);
	assert_int_equal(atomic_load(&unheard->refs), 1);
	frozen_unref(f);
	frozen_unref(unheard);
}

/* ---- the end ---- */

static void
calls_under_way_are_dropped_with_the_engine(void **state)
{
	struct frozen *f = message_new('m', STR("/a"));
	struct call calls[5] = { 0 };
	struct worker w;

	(void)state;
	start(&w, contract);
	want(&w, STR("/a"));
	create(&w, &calls[0], 'c', STR("me"));
	subscribe(&w, &calls[1], 's', STR("me"), STR("/a"));
	begin(&w, &calls[2], 'p');
	engine_publish(w.e, &calls[2].engine, frozen_ref(f), STR(""), 0);
	w.calling = false;
	unsubscribe(&w, &calls[3], 'u', STR("me"), STR("/a"));
	destroy(&w, &calls[4], 'd', STR("me"));
	end(&w);
	assert_told(&w, "");
	assert_int_equal(atomic_load(&f->refs), 1);
	frozen_unref(f);
}

static void
an_engine_may_end_with_clients_and_interest(void **state)
{
	struct worker w;

	(void)state;
	start(&w, contract);
	want(&w, STR("/a"));
	want(&w, STR("/a"));
	want(&w, STR("/**"));
	assert_int_equal(result_of_create(&w, STR("me")), 0);
	assert_int_equal(result_of_create(&w, STR("you")), 0);
	end(&w);
	engine_free(NULL);
}

int
contract_run(const struct contract *of)
{
	const struct CMUnitTest of_each[] = {
		cmocka_unit_test(no_call_is_done_before_it_returns),
		cmocka_unit_test(nor_is_one_that_a_completion_makes),
		cmocka_unit_test(a_completion_may_free_its_call),
		cmocka_unit_test(an_id_is_taken_until_it_is_destroyed),
		cmocka_unit_test(the_unknown_cannot_be_destroyed),
		cmocka_unit_test(the_unknown_cannot_subscribe),
		cmocka_unit_test(calls_see_those_before_them),
		cmocka_unit_test(ids_and_patterns_are_the_callers_again_when_a_call_returns),
		cmocka_unit_test(a_publication_is_heard_before_its_call_is_done),
		cmocka_unit_test(what_nobody_wants_does_not_come_up),
		cmocka_unit_test(interest_is_counted),
		cmocka_unit_test(wildcards_are_interest_too),
		cmocka_unit_test(messages_are_lent_and_let_go),
		cmocka_unit_test(calls_under_way_are_dropped_with_the_engine),
		cmocka_unit_test(an_engine_may_end_with_clients_and_interest),
	};
	const struct CMUnitTest of_the_embedded[] = {
		cmocka_unit_test(calls_are_done_in_their_order),
		cmocka_unit_test(a_subscription_hears_what_is_published_behind_it),
	};
	int failed;

	contract = of;
	failed = cmocka_run_group_tests(of_each, NULL, NULL);
	if (of->join)
		return failed + contract_run_joined(of);
	return failed + cmocka_run_group_tests(of_the_embedded, NULL, NULL);
}
