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
	session_give(&s, s.queue.count, FIRST);
	keep(&s, 3);
	ASSERT_WAITING(&s, 1, 2, 3);
	session_connect(&s, SECOND);
	ASSERT_WAITING(&s, 3);
	session_give(&s, s.queue.count, SECOND);
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
	session_give(&s, s.queue.count, FIRST);
	keep(&s, 2);
	session_connect(&s, FIRST);
	ASSERT_WAITING(&s, 1, 2);
	session_give(&s, s.queue.count, FIRST);
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
		session_give(&s, s.queue.count, FIRST);
		session_connect(&s, FIRST);
		ASSERT_WAITING(&s, 1);
	}
	session_give(&s, s.queue.count, FIRST);
	session_connect(&s, FIRST);
	assert_nothing_waits(&s);

	/* And the count begins anew. */
	keep(&s, 2);
	session_give(&s, s.queue.count, FIRST);
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
	session_give(&s, s.queue.count, FIRST);
	for (int i = 0; i < SESSION_MAX_REPEATS; i++) {
		session_connect(&s, FIRST);
		session_give(&s, s.queue.count, FIRST);
	}
	session_connect(&s, SECOND);
	keep(&s, 2);
	session_give(&s, s.queue.count, SECOND);
	for (int i = 0; i < SESSION_MAX_REPEATS; i++) {
		session_connect(&s, SECOND);
		ASSERT_WAITING(&s, 2);
		session_give(&s, s.queue.count, SECOND);
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
	session_give(&s, s.queue.count, NO_ID);
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
	session_give(&s, s.queue.count, SECOND);
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

/* ---- acks ---- */

/* What waits is given, as far as it fits: the answer's number. */
static uint32_t
give(struct session *s)
{
	uint32_t n = session_portion(s), number = session_number(s, n);

	session_give(s, n, NO_ID);
	return number;
}

static void
with_acks_the_number_acknowledges(void **state)
{
	struct session s = { .acks = true };
	uint32_t first, second;

	(void)state;
	keep(&s, 1);
	keep(&s, 2);
	first = give(&s);
	keep(&s, 3);
	session_acknowledge(&s, first);
	ASSERT_WAITING(&s, 3);
	second = give(&s);
	assert_int_equal(second - first, 1);
	session_acknowledge(&s, second);
	assert_nothing_waits(&s);
	/* An answer without messages has the number of the last. */
	assert_int_equal(give(&s), second);
	session_clear(&s);
}

static void
without_a_new_number_it_is_given_again(void **state)
{
	struct session s = { .acks = true };
	uint32_t none, lost;

	(void)state;
	none = give(&s);
	keep(&s, 1);
	for (int i = 0; i < 2 * SESSION_MAX_REPEATS; i++) {
		lost = give(&s);
		session_acknowledge(&s, none);
		ASSERT_WAITING(&s, 1);
	}
	keep(&s, 2);
	assert_int_equal(give(&s) - lost, 1);
	/* The answer that was thought lost comes late. */
	session_acknowledge(&s, lost);
	ASSERT_WAITING(&s, 2);
	session_acknowledge(&s, none); /* and a connect from before */
	ASSERT_WAITING(&s, 2);
	session_clear(&s);
}

static void
numbers_that_were_never_given_say_nothing(void **state)
{
	struct session s = { .acks = true };

	(void)state;
	session_acknowledge(&s, 1);
	session_acknowledge(&s, UINT32_MAX);
	keep(&s, 1);
	session_acknowledge(&s, 1); /* it waits, but was not given */
	ASSERT_WAITING(&s, 1);
	assert_int_equal(give(&s), 1);
	keep(&s, 2);
	session_acknowledge(&s, 2);
	session_acknowledge(&s, UINT32_MAX);
	ASSERT_WAITING(&s, 1, 2);
	session_acknowledge(&s, 1);
	ASSERT_WAITING(&s, 2);
	session_clear(&s);
}

static void
numbers_go_round(void **state)
{
	struct session s = { .acks = true, .acked = UINT32_MAX };
	uint32_t first, second;

	(void)state;
	keep(&s, 1);
	first = give(&s);
	keep(&s, 2);
	second = give(&s);
	assert_int_equal(first, 0);
	session_acknowledge(&s, UINT32_MAX);
	ASSERT_WAITING(&s, 1, 2);
	session_acknowledge(&s, first);
	ASSERT_WAITING(&s, 2);
	session_acknowledge(&s, second);
	assert_nothing_waits(&s);
	session_clear(&s);
}

static void
what_had_to_go_leaves_the_numbers_in_order(void **state)
{
	const struct queue_limits two = { .messages = 2, .bytes = 1 << 20,
					  .drop_oldest = true };
	struct session s = { .acks = true };
	uint32_t first;

	(void)state;
	keep(&s, 1);
	keep(&s, 2);
	first = give(&s);
	assert_int_equal(keep_within(&s, 3, &two), SESSION_DROPPED);
	session_acknowledge(&s, first);
	ASSERT_WAITING(&s, 3);
	keep(&s, 4);
	assert_int_equal(keep_within(&s, 5, &two), SESSION_DROPPED); /* not given yet */
	session_acknowledge(&s, first);
	ASSERT_WAITING(&s, 4, 5);
	assert_int_equal(give(&s) - first, 3);
	session_clear(&s);
}

static void
with_acks_an_answer_gives_a_portion(void **state)
{
	enum { SIZE = SESSION_PORTION / 2 };
	struct session s = { .acks = true };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct frozen *f = frozen_new_message(STR("/a"), SIZE);

		assert_non_null(f);
		assert_int_equal(session_keep(&s, f, &roomy), 0);
	}
	assert_int_equal(session_portion(&s), 2);
	assert_int_equal(give(&s), 2);
	session_acknowledge(&s, 3);
	assert_int_equal(s.queue.count, 3);
	session_acknowledge(&s, 2);
	assert_int_equal(session_portion(&s), 1);
	/* Without, all. */
	s.acks = false;
	keep(&s, 4);
	assert_int_equal(session_portion(&s), 2);
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
	session_give(&s, s.queue.count, FIRST);
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
	session_give(&s, s.queue.count, FIRST);
	session_connect(&s, FIRST);
	assert_int_equal(s.queue.count, 0);
	session_clear(&s);
}

static void
who_counts_anew_asks_for_new_things(void **state)
{
	struct session s = { 0 };

	(void)state;
	session_count(&s, 2);
	session_did(&s, request(FIRST));
	session_count(&s, 4);
	session_count(&s, 4);
	session_count(&s, 0); /* says nothing */
	assert_true(session_has_done(&s, request(FIRST)));
	session_count(&s, 2);
	assert_false(session_has_done(&s, request(FIRST)));
	session_did(&s, request(FIRST));
	session_count(&s, 3);
	assert_true(session_has_done(&s, request(FIRST)));
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
		cmocka_unit_test(with_acks_the_number_acknowledges),
		cmocka_unit_test(without_a_new_number_it_is_given_again),
		cmocka_unit_test(numbers_that_were_never_given_say_nothing),
		cmocka_unit_test(numbers_go_round),
		cmocka_unit_test(what_had_to_go_leaves_the_numbers_in_order),
		cmocka_unit_test(with_acks_an_answer_gives_a_portion),
		cmocka_unit_test(a_full_queue_overflows),
		cmocka_unit_test(bytes_fill_it_too),
		cmocka_unit_test(a_message_beyond_the_limit_fits_alone),
		cmocka_unit_test(or_the_oldest_make_room),
		cmocka_unit_test(what_was_dropped_is_not_acknowledged_in_anothers_place),
		cmocka_unit_test(requests_are_remembered),
		cmocka_unit_test(the_latest_ones_are_remembered),
		cmocka_unit_test(one_id_for_different_requests_tells_nothing),
		cmocka_unit_test(who_counts_anew_asks_for_new_things),
		cmocka_unit_test(what_came_to_nothing_is_not_remembered),
		cmocka_unit_test(memory_that_runs_out_is_told_or_borne),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
