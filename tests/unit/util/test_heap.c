#include "util/heap.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/failing_alloc.h"

enum { MANY = 1000 };

/* The same on every run: a failure can be repeated. */
static uint32_t
next_random(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return *seed >> 8;
}

static void
assert_is_heap(const struct heap *h)
{
	for (uint32_t i = 0; i < h->count; i++) {
		assert_int_equal(h->nodes[i]->place, i + 1);
		if (i > 0)
			assert_true(h->nodes[(i - 1) / 4]->at <= h->nodes[i]->at);
	}
}

static int64_t
take_first_at(struct heap *h)
{
	struct heap_node *n = heap_first(h);

	assert_non_null(n);
	heap_remove(h, n);
	assert_false(heap_has(n));
	return n->at;
}

static void
an_empty_heap_has_no_first(void **state)
{
	struct heap h;

	(void)state;
	heap_init(&h);
	assert_null(heap_first(&h));
	heap_clear(&h);
}

static void
the_earliest_comes_first(void **state)
{
	struct heap_node nodes[5] = { 0 };
	const int64_t at[5] = { 30, INT64_MIN, 20, INT64_MAX, -1 };
	struct heap h;

	(void)state;
	heap_init(&h);
	for (int i = 0; i < 5; i++)
		assert_int_equal(heap_set(&h, &nodes[i], at[i]), 0);
	assert_true(take_first_at(&h) == INT64_MIN);
	assert_int_equal(take_first_at(&h), -1);
	assert_int_equal(take_first_at(&h), 20);
	assert_int_equal(take_first_at(&h), 30);
	assert_true(take_first_at(&h) == INT64_MAX);
	assert_null(heap_first(&h));
	heap_clear(&h);
}

static void
a_deadline_can_be_moved_both_ways(void **state)
{
	struct heap_node nodes[20] = { 0 };
	struct heap h;

	(void)state;
	heap_init(&h);
	for (int i = 0; i < 20; i++)
		assert_int_equal(heap_set(&h, &nodes[i], i), 0);
	assert_int_equal(heap_set(&h, &nodes[19], -5), 0);
	assert_ptr_equal(heap_first(&h), &nodes[19]);
	assert_int_equal(heap_set(&h, &nodes[19], 100), 0);
	assert_int_equal(heap_set(&h, &nodes[0], 200), 0);
	assert_int_equal(h.count, 20);
	assert_is_heap(&h);
	assert_ptr_equal(heap_first(&h), &nodes[1]);
	heap_clear(&h);
}

static void
removing_twice_is_once(void **state)
{
	struct heap_node a = { 0 }, b = { 0 };
	struct heap h;

	(void)state;
	heap_init(&h);
	heap_remove(&h, &a);
	assert_int_equal(heap_set(&h, &a, 1), 0);
	assert_int_equal(heap_set(&h, &b, 2), 0);
	heap_remove(&h, &a);
	heap_remove(&h, &a);
	assert_int_equal(h.count, 1);
	assert_ptr_equal(heap_first(&h), &b);
	heap_clear(&h);
}

static void
clearing_lets_the_nodes_go(void **state)
{
	struct heap_node nodes[3] = { 0 };
	struct heap h;

	(void)state;
	heap_init(&h);
	for (int i = 0; i < 3; i++)
		assert_int_equal(heap_set(&h, &nodes[i], i), 0);
	heap_clear(&h);
	for (int i = 0; i < 3; i++)
		assert_false(heap_has(&nodes[i]));
	assert_null(heap_first(&h));
}

static void
a_thousand_random_steps_keep_the_order(void **state)
{
	static struct heap_node nodes[MANY];
	struct heap h;
	uint32_t seed = 1, present = 0;
	int64_t last = INT64_MIN;

	(void)state;
	heap_init(&h);
	for (int step = 0; step < 20 * MANY; step++) {
		struct heap_node *n = &nodes[next_random(&seed) % MANY];

		present += !heap_has(n);
		if (next_random(&seed) % 3 == 0) {
			heap_remove(&h, n);
			present--;
		} else {
			assert_int_equal(
				heap_set(&h, n, next_random(&seed) % 500), 0);
		}
		assert_int_equal(h.count, present);
		if (step % 100 == 0)
			assert_is_heap(&h);
	}
	while (heap_first(&h)) {
		int64_t at = take_first_at(&h);

		assert_true(at >= last);
		last = at;
	}
	heap_clear(&h);
}

static void
the_table_is_given_back_when_a_crowd_has_left(void **state)
{
	static struct heap_node nodes[MANY];
	struct heap h;

	(void)state;
	heap_init(&h);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(heap_set(&h, &nodes[i], i), 0);
	assert_true(h.room >= MANY);
	for (int i = 0; i < MANY; i++)
		heap_remove(&h, &nodes[i]);
	assert_true(h.room < 64);
	heap_clear(&h);
}

/* A node that could not be put in is not in, and the others stay. */
static int
fill_and_empty(void *arg)
{
	struct heap_node nodes[200] = { 0 };
	struct heap h;
	int rc = 0, in = 0;

	(void)arg;
	heap_init(&h);
	while (in < 200 && !rc) {
		rc = heap_set(&h, &nodes[in], 200 - in);
		assert_int_equal(heap_has(&nodes[in]), !rc);
		in += !rc;
	}
	assert_int_equal(h.count, in);
	assert_is_heap(&h);
	for (int i = 0; i < in; i++) {
		assert_int_equal(heap_set(&h, &nodes[i], i), 0);
		assert_ptr_equal(heap_first(&h), &nodes[0]);
	}
	for (int i = 0; i < in; i++)
		heap_remove(&h, &nodes[i]);
	heap_clear(&h);
	return rc;
}

static void
out_of_memory_refuses_only_the_new_one(void **state)
{
	(void)state;
	/* Tolerant: failing to shrink is no failure. */
	failing_alloc_play_tolerant(fill_and_empty, NULL);
}

static int
put_one_in(void *arg)
{
	struct heap_node n = { 0 };
	struct heap h;
	int rc;

	(void)arg;
	heap_init(&h);
	rc = heap_set(&h, &n, 1);
	heap_clear(&h);
	return rc;
}

static void
out_of_memory_is_reported(void **state)
{
	(void)state;
	failing_alloc_play(put_one_in, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_heap_has_no_first),
		cmocka_unit_test(the_earliest_comes_first),
		cmocka_unit_test(a_deadline_can_be_moved_both_ways),
		cmocka_unit_test(removing_twice_is_once),
		cmocka_unit_test(clearing_lets_the_nodes_go),
		cmocka_unit_test(a_thousand_random_steps_keep_the_order),
		cmocka_unit_test(the_table_is_given_back_when_a_crowd_has_left),
		cmocka_unit_test(out_of_memory_refuses_only_the_new_one),
		cmocka_unit_test(out_of_memory_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
