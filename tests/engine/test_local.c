/* The embedded engine keeps the contract, and memory may run out on it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/contract.h"
#include "unit/failing_alloc.h"

static struct engine *
make_local(struct loop *loop, const struct engine_events *events, void *arg)
{
	return engine_new(loop, NULL, 0, events, arg);
}

struct last_call {
	struct engine_call call;
	struct loop *loop;
	int result;
};

static void
on_done(struct engine_call *call, int result)
{
	struct last_call *last = list_entry(call, struct last_call, call);

	last->result = result;
	loop_stop(last->loop);
}

static void
ignore(void *arg, struct frozen *f)
{
	(void)arg;
	(void)f;
}

static int
create_and_publish(struct loop *loop, struct engine *e)
{
	struct last_call last = { .call.done = on_done, .loop = loop };
	struct frozen *f;
	int rc = engine_want(e, STR("/a"));

	if (rc)
		return rc;
	engine_create(e, &last.call, STR("me"), 0);
	if (loop_run(loop) || last.result)
		return last.result;
	f = frozen_new_message(STR("/a"), 2);
	if (!f)
		return -ENOMEM;
	engine_publish(e, &last.call, f, STR(""), 0);
	return loop_run(loop) ? -EIO : last.result;
}

static int
live_and_end(void *arg)
{
	static const struct engine_events events = { .on_message = ignore };
	struct loop *loop = arg;
	struct engine *e = make_local(loop, &events, NULL);
	int rc = e ? create_and_publish(loop, e) : -ENOMEM;

	engine_free(e);
	return rc;
}

static void
memory_that_runs_out_is_told(void **state)
{
	struct loop *loop = loop_new();

	(void)state;
	assert_non_null(loop);
	failing_alloc_play(live_and_end, loop);
	loop_free(loop);
}

int
main(void)
{
	static const struct contract local = { .make = make_local };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_that_runs_out_is_told),
	};

	return contract_run(&local) + cmocka_run_group_tests(tests, NULL, NULL);
}
