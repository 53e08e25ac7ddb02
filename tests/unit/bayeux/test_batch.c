#include "bayeux/batch.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/failing_alloc.h"

static const struct batch_limits roomy = { .messages = 100, .nesting = 64 };

static void
assert_ids(const struct batch *b, const char *expected)
{
	struct buf ids = BUF_INIT;

	for (unsigned i = 0; i < b->count; i++) {
		if (b->messages[i].id.type == SCAN_ABSENT)
			buf_add_char(&ids, '-');
		buf_add_str(&ids, b->messages[i].id.text);
		buf_add_char(&ids, ' ');
	}
	buf_add_char(&ids, '\0');
	assert_string_equal(ids.p, expected);
	buf_clear(&ids);
}

/* `ids`: of all messages, each with a space behind; `-` for one without. */
static void
assert_holds(const char *text, const char *ids)
{
	struct batch b;

	assert_int_equal(batch_read(&b, str_from(text), &roomy), 0);
	assert_ids(&b, ids);
	batch_clear(&b);
}

static void
assert_refused(const char *text, const struct batch_limits *limits, int result)
{
	struct batch b;
	int rc = batch_read(&b, str_from(text), limits);

	if (rc != result)
		fail_msg("%d for %s", rc, text);
	batch_clear(&b);
}

static void
messages_keep_their_order(void **state)
{
	(void)state;
	assert_holds("[{\"id\":1},{\"id\":2},{\"id\":3}]", "1 2 3 ");
	assert_holds(" [ {\"id\":1} , {\"id\":2} ] \r\n", "1 2 ");
}

static void
one_alone_is_a_batch_of_one(void **state)
{
	(void)state;
	assert_holds("{\"id\":1}", "1 ");
	assert_holds("\n{}\t", "- ");
}

static void
nothing_is_a_batch_of_nothing(void **state)
{
	(void)state;
	assert_holds("[]", "");
	assert_holds("null", "");
	assert_holds(" null ", "");
	assert_holds("[null]", "");
}

static void
what_is_false_to_javascript_counts_for_nothing(void **state)
{
	(void)state;
	assert_holds("[null,{\"id\":1},false,0,-0.0,\"\",1e-400,{\"id\":2}]", "1 2 ");
}

static void
anything_else_is_a_message_without_fields(void **state)
{
	(void)state;
	assert_holds("[1,true,\"id\",[],[{\"id\":9}],{\"id\":1},{}]", "- - - - - 1 - ");
}

static void
what_is_no_batch_is_refused(void **state)
{
	static const char *const bad[] = {
		"",	  " ",	       "1",	       "true",	     "false",  "\"x\"",
		"[",	  "[{}",       "[{}}",	       "[{},]",	     "[,{}]",  "{}{}",
		"[] []",  "nul",       "null null",    "[{\"id\":}]", "{}x",   "[1 2]",
		"[{},01]", "[\"\x80\"]", "\xef\xbb\xbf[]", "message=[]", "[nul]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused(bad[i], &roomy, BATCH_INVALID);
}

static void
the_limit_of_messages_does_not_count_what_is_nothing(void **state)
{
	const struct batch_limits two = { .messages = 2, .nesting = 64 };
	struct batch b;

	(void)state;
	assert_int_equal(batch_read(&b, STR("[{},null,0,{},\"\",false]"), &two), 0);
	assert_int_equal(b.count, 2);
	batch_clear(&b);
	assert_refused("[{},{},{}]", &two, BATCH_TOO_MANY);
	assert_refused("[1,1,1]", &two, BATCH_TOO_MANY);
	assert_refused("[{},{},[]", &two, BATCH_TOO_MANY);
}

static void
nesting_counts_the_batch_itself(void **state)
{
	const struct batch_limits three = { .messages = 9, .nesting = 3 };
	struct batch b;

	(void)state;
	assert_int_equal(batch_read(&b, STR("[{\"data\":[1]}]"), &three), 0);
	batch_clear(&b);
	assert_int_equal(batch_read(&b, STR("{\"data\":[[1]]}"), &three), 0);
	batch_clear(&b);
	assert_refused("[{\"data\":[[1]]}]", &three, BATCH_TOO_DEEP);
	assert_refused("{\"data\":[[[1]]]}", &three, BATCH_TOO_DEEP);
	assert_refused("[[[[]]]]", &three, BATCH_TOO_DEEP);
	assert_refused("[{\"x\":{\"y\":{}}}]", &three, BATCH_TOO_DEEP);
}

static void
a_cleared_batch_may_be_cleared_again(void **state)
{
	struct batch b;

	(void)state;
	assert_int_equal(batch_read(&b, STR("[{},{}]"), &roomy), 0);
	batch_clear(&b);
	assert_null(b.messages);
	assert_int_equal(b.count, 0);
	batch_clear(&b);
}

static int
read_and_clear(void *arg)
{
	struct batch b;
	int rc = batch_read(&b, STR("[{\"id\":1},{\"id\":2},1,{\"id\":4},{},{}]"), &roomy);

	(void)arg;
	if (!rc) {
		assert_int_equal(b.count, 6);
		assert_true(str_equal(b.messages[3].id.text, STR("4")));
	}
	batch_clear(&b);
	return rc;
}

static void
memory_that_runs_out_is_told(void **state)
{
	(void)state;
	failing_alloc_play(read_and_clear, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_keep_their_order),
		cmocka_unit_test(one_alone_is_a_batch_of_one),
		cmocka_unit_test(nothing_is_a_batch_of_nothing),
		cmocka_unit_test(what_is_false_to_javascript_counts_for_nothing),
		cmocka_unit_test(anything_else_is_a_message_without_fields),
		cmocka_unit_test(what_is_no_batch_is_refused),
		cmocka_unit_test(the_limit_of_messages_does_not_count_what_is_nothing),
		cmocka_unit_test(nesting_counts_the_batch_itself),
		cmocka_unit_test(a_cleared_batch_may_be_cleared_again),
		cmocka_unit_test(memory_that_runs_out_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
