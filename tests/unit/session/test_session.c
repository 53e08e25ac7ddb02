#include "session/session.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/failing_alloc.h"
#include "unit/session/messages.h"

static const struct queue_limits roomy = { .messages = 1000, .bytes = 1 << 20 };

/* Requests are known by a hash of their id. */
enum { NO_ID = 0, FIRST = 101, SECOND, THIRD };

static int
keep_within(struct session *s, int number, const struct queue_limits *limits)
{
	struct frozen *f = message_new(number);

	assert_non_null(f);
	return session_keep(s, f, limits);
}

static void
keep(struct session *s, int number)
{
	assert_int_equal(keep_within(s, number, &roomy), 0);
}

/* The numbers of what waits, from the first on. */
static void
assert_waiting(const struct session *s, const int *numbers, uint32_t n)
{
	assert_int_equal(s->queue.count, n);
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(message_number(queue_peek(&s->queue, i)), numbers[i]);
}

#define ASSERT_WAITING(s, ...) \
	assert_waiting(s, (const int[]){ __VA_ARGS__ }, \
		       sizeof((const int[]){ __VA_ARGS__ }) / sizeof(int))

static void
assert_nothing_waits(const struct session *s)
{
	assert_int_equal(s->queue.count, 0);
}

/* ---- connects ---- */

static void
another_connect_acknowledges_what_the_last_was_given(void **state)
{
	struct session s = { 0 };

	(void)state;
	session_connect(&s, FIRST);
	keep(&s, 1);
	keep(&s, 2);
	session_give_all(&s, FIRST);
	keep(&s, 3);
	ASSERT_WAITING(&s, 1, 2, 3);
	session_connect(&s, SECOND);
	ASSERT_WAITING(&s, 3);
	session_give_all(&s, SECOND);
	session_connect(&s, THIRD);
	assert_nothing_waits(&s);
	session_clear(&s);
}

static void
the_same_connect_asks_for_it_again(void **state)
{
	struct session s = { 0 };

	(void)state;
	keep(&s, 1);
	session_connect(&s, FIRST);
	session_give_all(&s, FIRST);
	keep(&s, 2);
	session_connect(&s, FIRST);
	ASSERT_WAITING(&s, 1, 2);
	session_give_all(&s, FIRST);
	session_connect(&s, SECOND);
	assert_nothing_waits(&s);
	session_clear(&s);
}

/* A client with one id for all its connects must not get the same for ever. */
static void
it_may_ask_so_often_and_then_counts_as_new(void **state)
{
	struct session s = { 0 };

	(void)state;
	keep(&s, 1);
	session_connect(&s, FIRST);
	for (int i = 0; i < SESSION_MAX_REPEATS; i++) {
		session_give_all(&s, FIRST);
		session_connect(&s, FIRST);
		ASSERT_WAITING(&s, 1);
	}
	session_give_all(&s, FIRST);
	session_connect(&s, FIRST);
	assert_nothing_waits(&s);

	/* And the count begins anew. */
	keep(&s, 2);
	session_give_all(&s, FIRST);
	session_connect(&s, FIRST);
	ASSERT_WAITING(&s, 2);
	session_clear(&s);
}

static void
the_count_of_repeats_is_for_one_id(void **state)
{
	struct session s = { 0 };

	(void)state;
	keep(&s, 1);
	session_give_all(&s, FIRST);
	for (int i = 0; i < SESSION_MAX_REPEATS; i++) {
		session_connect(&s, FIRST);
		session_give_all(&s, FIRST);
	}
	session_connect(&s, SECOND);
	keep(&s, 2);
	session_give_all(&s, SECOND);
	for (int i = 0; i < SESSION_MAX_REPEATS; i++) {
		session_connect(&s, SECOND);
		ASSERT_WAITING(&s, 2);
		session_give_all(&s, SECOND);
	}
	session_clear(&s);
}

static void
a_connect_without_id_acknowledges_always(void **state)
{
	struct session s = { 0 };

	(void)state;
	keep(&s, 1);
	session_connect(&s, NO_ID);
	session_give_all(&s, NO_ID);
	session_connect(&s, NO_ID);
	assert_nothing_waits(&s);
	session_clear(&s);
}

static void
what_was_not_given_is_not_acknowledged(void **state)
{
	struct session s = { 0 };

	(void)state;
	keep(&s, 1);
	session_connect(&s, FIRST);
	session_connect(&s, SECOND);
	ASSERT_WAITING(&s, 1);
	session_give_all(&s, SECOND);
	session_connect(&s, SECOND); /* asks again, and is taken over ... */
	session_connect(&s, THIRD);  /* ... before it was answered */
	ASSERT_WAITING(&s, 1);
	session_clear(&s);
}

static void
what_a_stream_could_not_prove_comes_first(void **state)
{
	struct session s = { 0 };

	(void)state;
	keep(&s, 3);
	for (int i = 2; i >= 1; i--) {
		struct frozen *f = message_new(i);

		assert_non_null(f);
		assert_int_equal(session_put_back(&s, f), 0);
	}
	ASSERT_WAITING(&s, 1, 2, 3);
	session_clear(&s);
}

/* ---- limits ---- */

static void
a_full_queue_overflows(void **state)
{
	const struct queue_limits two = { .messages = 2, .bytes = 1 << 20 };
	struct session s = { 0 };

	(void)state;
	assert_int_equal(keep_within(&s, 1, &two), 0);
	assert_int_equal(keep_within(&s, 2, &two), 0);
	assert_int_equal(keep_within(&s, 3, &two), SESSION_OVERFLOW);
	ASSERT_WAITING(&s, 1, 2);
	session_clear(&s);
}

static void
bytes_fill_it_too(void **state)
{
	const struct queue_limits two = { .messages = 99, .bytes = 2 * MESSAGE_BYTES };
	const struct queue_limits less = { .messages = 99, .bytes = 2 * MESSAGE_BYTES - 1 };
	struct session s = { 0 };

	(void)state;
	assert_int_equal(keep_within(&s, 1, &less), 0);
	assert_int_equal(keep_within(&s, 2, &less), SESSION_OVERFLOW);
	assert_int_equal(keep_within(&s, 2, &two), 0);
	assert_int_equal(keep_within(&s, 3, &two), SESSION_OVERFLOW);
	ASSERT_WAITING(&s, 1, 2);
	session_clear(&s);
}

static void
a_message_beyond_the_limit_fits_alone(void **state)
{
	const struct queue_limits tiny = { .messages = 99, .bytes = 1 };
	struct session s = { 0 };

	(void)state;
	assert_int_equal(keep_within(&s, 1, &tiny), 0);
	ASSERT_WAITING(&s, 1);
	session_clear(&s);
}

static void
or_the_oldest_make_room(void **state)
{
	const struct queue_limits two = { .messages = 2, .bytes = 1 << 20,
					  .drop_oldest = true };
	struct session s = { 0 };

	(void)state;
	assert_int_equal(keep_within(&s, 1, &two), 0);
	assert_int_equal(keep_within(&s, 2, &two), 0);
	assert_int_equal(keep_within(&s, 3, &two), SESSION_DROPPED);
	ASSERT_WAITING(&s, 2, 3);
	session_clear(&s);
}

static void
what_was_dropped_is_not_acknowledged_in_anothers_place(void **state)
{
	const struct queue_limits three = { .messages = 3, .bytes = 1 << 20,
					    .drop_oldest = true };
	struct session s = { 0 };

	(void)state;
	keep(&s, 1);
	keep(&s, 2);
	session_give_all(&s, FIRST);
	keep(&s, 3);
	assert_int_equal(keep_within(&s, 4, &three), SESSION_DROPPED);
	ASSERT_WAITING(&s, 2, 3, 4);
	session_connect(&s, SECOND);
	ASSERT_WAITING(&s, 3, 4);
	session_clear(&s);
}

/* ---- requests that come again ---- */

static uint64_t
request(uint64_t id)
{
	return session_done_key(id << SESSION_CONTENT_BITS, 7);
}

static void
requests_are_remembered(void **state)
{
	struct session s = { 0 };

	(void)state;
	assert_false(session_has_done(&s, request(FIRST)));
	session_did(&s, request(FIRST));
	session_did(&s, request(SECOND));
	assert_true(session_has_done(&s, request(FIRST)));
	assert_true(session_has_done(&s, request(SECOND)));
	assert_false(session_has_done(&s, request(THIRD)));
	session_clear(&s);
	assert_false(session_has_done(&s, request(FIRST)));
}

static void
the_latest_ones_are_remembered(void **state)
{
	enum { ALL = 3 * SESSION_MAX_DONE + 7 };
	struct session s = { 0 };

	(void)state;
	for (uint64_t key = 1; key <= ALL; key++) {
		session_did(&s, request(key));
		assert_true(session_has_done(&s, request(key)));
		if (key <= SESSION_MAX_DONE)
			assert_true(session_has_done(&s, request(1)));
	}
	for (uint64_t key = 1; key <= ALL; key++)
		assert_int_equal(session_has_done(&s, request(key)),
				 key > ALL - SESSION_MAX_DONE);
	session_clear(&s);
}

static void
one_id_for_different_requests_tells_nothing(void **state)
{
	uint64_t id = (uint64_t)FIRST << SESSION_CONTENT_BITS;
	struct session s = { 0 };

	(void)state;
	session_did(&s, session_done_key(id, 2));
	assert_true(session_has_done(&s, session_done_key(id, 2)));
	assert_false(session_has_done(&s, session_done_key(id, 4)));
	/* Nor does that id, or any, from then on. */
	assert_false(session_has_done(&s, session_done_key(id, 2)));
	keep(&s, 1);
	session_give_all(&s, FIRST);
	session_connect(&s, FIRST);
	assert_int_equal(s.queue.count, 0);
	session_clear(&s);
}

static void
what_came_to_nothing_is_not_remembered(void **state)
{
	struct session s = { 0 };

	(void)state;
	session_did(&s, request(FIRST));
	session_did_not(&s, request(FIRST));
	assert_false(session_has_done(&s, request(FIRST)));
	session_clear(&s);
}

/* ---- memory ---- */

static int
remember_much(void *arg)
{
	struct session s = { 0 };

	(void)arg;
	for (uint64_t key = 1; key <= 100; key++) {
		session_did(&s, request(key));
		/* Only the very first room may be missing. */
		assert_true(session_has_done(&s, request(key)) || key == 1);
	}
	session_clear(&s);
	return 0;
}

static int
keep_and_put_back(void *arg)
{
	struct frozen *f = arg;
	struct session s = { 0 };
	int rc = 0;

	for (int i = 0; i < 9 && !rc; i++)
		rc = session_keep(&s, frozen_ref(f), &roomy);
	for (int i = 0; i < 9 && !rc; i++)
		rc = session_put_back(&s, frozen_ref(f));
	assert_int_equal(atomic_load(&f->refs), 1 + s.queue.count);
	session_clear(&s);
	assert_int_equal(atomic_load(&f->refs), 1);
	return rc;
}

static void
memory_that_runs_out_is_told_or_borne(void **state)
{
	struct frozen *f = message_new(1);

	(void)state;
	assert_non_null(f);
	failing_alloc_play_tolerant(remember_much, NULL);
	failing_alloc_play(keep_and_put_back, f);
	frozen_unref(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_connect_acknowledges_what_the_last_was_given),
		cmocka_unit_test(the_same_connect_asks_for_it_again),
		cmocka_unit_test(it_may_ask_so_often_and_then_counts_as_new),
		cmocka_unit_test(the_count_of_repeats_is_for_one_id),
		cmocka_unit_test(a_connect_without_id_acknowledges_always),
		cmocka_unit_test(what_was_not_given_is_not_acknowledged),
		cmocka_unit_test(what_a_stream_could_not_prove_comes_first),
		cmocka_unit_test(a_full_queue_overflows),
		cmocka_unit_test(bytes_fill_it_too),
		cmocka_unit_test(a_message_beyond_the_limit_fits_alone),
		cmocka_unit_test(or_the_oldest_make_room),
		cmocka_unit_test(what_was_dropped_is_not_acknowledged_in_anothers_place),
		cmocka_unit_test(requests_are_remembered),
		cmocka_unit_test(the_latest_ones_are_remembered),
		cmocka_unit_test(one_id_for_different_requests_tells_nothing),
		cmocka_unit_test(what_came_to_nothing_is_not_remembered),
		cmocka_unit_test(memory_that_runs_out_is_told_or_borne),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
