#include "session/queue.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/failing_alloc.h"
#include "unit/session/messages.h"

static void
give(struct queue *q, int number)
{
	struct frozen *f = message_new(number);

	assert_non_null(f);
	assert_int_equal(queue_give(q, f), 0);
}

static void
give_front(struct queue *q, int number)
{
	struct frozen *f = message_new(number);

	assert_non_null(f);
	assert_int_equal(queue_give_front(q, f), 0);
}

static void
assert_takes(struct queue *q, int number)
{
	struct frozen *f = queue_take(q);

	assert_non_null(f);
	assert_int_equal(message_number(f), number);
	assert_int_equal(atomic_load(&f->refs), 1);
	frozen_unref(f);
}

static void
an_empty_queue_has_nothing(void **state)
{
	struct queue q = { 0 };

	(void)state;
	assert_null(queue_take(&q));
	queue_drop(&q, 3);
	queue_clear(&q);
	assert_null(q.items);
}

static void
first_in_is_first_out(void **state)
{
	struct queue q = { 0 };

	(void)state;
	for (int i = 0; i < 50; i++)
		give(&q, i);
	assert_int_equal(q.count, 50);
	for (int i = 0; i < 50; i++)
		assert_int_equal(message_number(queue_peek(&q, (uint32_t)i)), i);
	for (int i = 0; i < 50; i++)
		assert_takes(&q, i);
	assert_null(queue_take(&q));
}

static void
the_front_comes_before_the_first(void **state)
{
	struct queue q = { 0 };

	(void)state;
	give(&q, 10);
	for (int i = 9; i >= 0; i--)
		give_front(&q, i);
	give(&q, 11);
	for (int i = 0; i < 12; i++)
		assert_takes(&q, i);
}

/* With every fill of the ring and every place of its head. */
static void
the_ring_goes_round(void **state)
{
	struct queue q = { 0 };
	int next_in = 0, next_out = 0;

	(void)state;
	for (int fill = 1; fill < 20; fill++) {
		while (next_in - next_out < fill)
			give(&q, next_in++ % 100);
		for (int i = 0; i < 40; i++) {
			give(&q, next_in++ % 100);
			assert_takes(&q, next_out++ % 100);
		}
	}
	queue_clear(&q);
}

static void
bytes_are_those_of_the_frames(void **state)
{
	struct queue q = { 0 };

	(void)state;
	give(&q, 1);
	give(&q, 2);
	give_front(&q, 0);
	assert_int_equal(q.bytes, 3 * MESSAGE_BYTES);
	queue_drop(&q, 1);
	assert_int_equal(q.bytes, 2 * MESSAGE_BYTES);
	assert_takes(&q, 1);
	assert_int_equal(q.bytes, MESSAGE_BYTES);
	queue_clear(&q);
	assert_int_equal(q.bytes, 0);
}

static void
dropping_takes_the_first_ones(void **state)
{
	struct queue q = { 0 };

	(void)state;
	for (int i = 0; i < 6; i++)
		give(&q, i);
	queue_drop(&q, 0);
	queue_drop(&q, 4);
	assert_takes(&q, 4);
	queue_drop(&q, 99);
	assert_int_equal(q.count, 0);
}

static void
an_emptied_queue_holds_no_memory(void **state)
{
	struct queue q = { 0 };

	(void)state;
	give(&q, 1);
	assert_non_null(q.items);
	assert_takes(&q, 1);
	assert_null(q.items);
	give(&q, 2);
	queue_drop(&q, 1);
	assert_null(q.items);
	give(&q, 3);
	queue_clear(&q);
	assert_null(q.items);
}

static void
shared_messages_are_let_go_once(void **state)
{
	struct frozen *f = message_new(1);
	struct queue q = { 0 };

	(void)state;
	assert_non_null(f);
	for (int i = 0; i < 3; i++)
		assert_int_equal(queue_give(&q, frozen_ref(f)), 0);
	queue_drop(&q, 1);
	assert_int_equal(atomic_load(&f->refs), 3);
	queue_clear(&q);
	assert_int_equal(atomic_load(&f->refs), 1);
	frozen_unref(f);
}

/* Who could not be given is gone, the others are whole and in order. */
static int
fill_from_both_ends(void *arg)
{
	struct frozen *f = arg;
	struct queue q = { 0 };
	uint32_t in = 0;
	int rc = 0;

	for (int i = 0; i < 20 && !rc; i++) {
		rc = i % 2 ? queue_give(&q, frozen_ref(f))
			   : queue_give_front(&q, frozen_ref(f));
		in += !rc;
	}
	assert_int_equal(q.count, in);
	assert_int_equal(q.bytes, in * MESSAGE_BYTES);
	assert_int_equal(atomic_load(&f->refs), 1 + in);
	queue_clear(&q);
	assert_int_equal(atomic_load(&f->refs), 1);
	return rc;
}

static void
what_finds_no_memory_is_let_go(void **state)
{
	struct frozen *f = message_new(1);

	(void)state;
	assert_non_null(f);
	failing_alloc_play(fill_from_both_ends, f);
	frozen_unref(f);
}

static void
the_least_number_is_that_of_any(void **state)
{
	static const uint64_t numbers[] = { 0, 9, 0, 4, 7 };
	struct queue q = { 0 };
	uint32_t i;

	(void)state;
	assert_int_equal(queue_least(&q, 0), 0);
	for (i = 0; i < 5; i++) {
		give(&q, (int)i);
		queue_peek(&q, i)->seq = numbers[i];
	}
	assert_int_equal(queue_least(&q, 0), 4);
	assert_int_equal(queue_least(&q, 4), 7);
	assert_int_equal(queue_least(&q, 5), 0);
	queue_drop(&q, 4);
	assert_int_equal(queue_least(&q, 0), 7);
	queue_clear(&q);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_queue_has_nothing),
		cmocka_unit_test(first_in_is_first_out),
		cmocka_unit_test(the_front_comes_before_the_first),
		cmocka_unit_test(the_ring_goes_round),
		cmocka_unit_test(bytes_are_those_of_the_frames),
		cmocka_unit_test(dropping_takes_the_first_ones),
		cmocka_unit_test(an_emptied_queue_holds_no_memory),
		cmocka_unit_test(shared_messages_are_let_go_once),
		cmocka_unit_test(what_finds_no_memory_is_let_go),
		cmocka_unit_test(the_least_number_is_that_of_any),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
