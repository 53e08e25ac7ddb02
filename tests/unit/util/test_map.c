#include "util/map.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/failing_alloc.h"

enum { MANY = 5000 };

static const uint64_t seed[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };

struct person {
	struct map_node by_name;
	char name[24];
	bool in;
};

static struct person *
people_new(int n)
{
	struct person *people = calloc((size_t)n, sizeof(*people));

	for (int i = 0; people && i < n; i++)
		snprintf(people[i].name, sizeof(people[i].name), "person %d", i);
	return people;
}

static int
add(struct map *m, struct person *p)
{
	int rc = map_add(m, &p->by_name, str_from(p->name));

	p->in = !rc;
	return rc;
}

static void
take_out(struct map *m, struct person *p)
{
	map_remove(m, &p->by_name);
	p->in = false;
}

static bool
knows(const struct map *m, const struct person *p)
{
	return map_find(m, str_from(p->name)) == &p->by_name;
}

/* Exactly those that are in can be found. */
static void
assert_knows_who_is_in(const struct map *m, const struct person *people, int n)
{
	size_t in = 0;

	for (int i = 0; i < n; i++) {
		assert_int_equal(knows(m, &people[i]), people[i].in);
		in += people[i].in;
	}
	assert_int_equal(m->count, in);
}

static void
an_empty_map_finds_nothing(void **state)
{
	struct map m;

	(void)state;
	map_init(&m, seed);
	assert_null(map_find(&m, STR("anyone")));
	assert_null(map_find(&m, STR("")));
	assert_null(map_take_any(&m));
	assert_null(m.slots);
	map_clear(&m);
}

static void
keys_are_bytes_of_any_kind(void **state)
{
	struct map_node empty, nul, nul_longer;
	struct map m;

	(void)state;
	map_init(&m, seed);
	assert_int_equal(map_add(&m, &empty, (struct str){ NULL, 0 }), 0);
	assert_int_equal(map_add(&m, &nul, STR("\0")), 0);
	assert_int_equal(map_add(&m, &nul_longer, STR("\0x")), 0);
	assert_ptr_equal(map_find(&m, STR("")), &empty);
	assert_ptr_equal(map_find(&m, STR("\0")), &nul);
	assert_ptr_equal(map_find(&m, STR("\0x")), &nul_longer);
	assert_null(map_find(&m, STR("\0y")));
	map_clear(&m);
}

static void
thousands_come_and_go(void **state)
{
	struct person *people = people_new(MANY);
	struct map m;

	(void)state;
	assert_non_null(people);
	map_init(&m, seed);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(add(&m, &people[i]), 0);
	assert_knows_who_is_in(&m, people, MANY);
	for (int i = 0; i < MANY; i += 3)
		take_out(&m, &people[i]);
	assert_knows_who_is_in(&m, people, MANY);
	for (int i = 0; i < MANY; i += 6)
		assert_int_equal(add(&m, &people[i]), 0);
	assert_knows_who_is_in(&m, people, MANY);
	map_clear(&m);
	free(people);
}

static void
the_table_grows_and_shrinks_with_the_crowd(void **state)
{
	struct person *people = people_new(MANY);
	struct map m;

	(void)state;
	assert_non_null(people);
	map_init(&m, seed);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(add(&m, &people[i]), 0);
		assert_true(m.slot_count >= m.count);
		assert_int_equal(m.slot_count & (m.slot_count - 1), 0);
	}
	for (int i = 0; i < MANY; i++) {
		take_out(&m, &people[i]);
		assert_true(m.slot_count == 16 || m.slot_count / 8 < m.count);
		if (i % 500 == 0)
			assert_knows_who_is_in(&m, people, MANY);
	}
	assert_int_equal(m.slot_count, 16);
	map_clear(&m);
	free(people);
}

static void
a_few_that_come_and_go_do_not_resize(void **state)
{
	struct person *people = people_new(200);
	struct map_node **slots;
	struct map m;

	(void)state;
	assert_non_null(people);
	map_init(&m, seed);
	for (int i = 0; i < 130; i++)
		assert_int_equal(add(&m, &people[i]), 0);
	slots = m.slots;
	for (int i = 0; i < 100; i++) {
		assert_int_equal(add(&m, &people[130 + i % 70]), 0);
		take_out(&m, &people[130 + i % 70]);
		assert_ptr_equal(m.slots, slots);
	}
	map_clear(&m);
	free(people);
}

static void
taking_any_takes_everyone_once(void **state)
{
	struct person *people = people_new(MANY);
	struct map_node *n;
	struct map m;

	(void)state;
	assert_non_null(people);
	map_init(&m, seed);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(add(&m, &people[i]), 0);
	for (int i = 0; i < MANY / 2; i++) {
		n = map_take_any(&m);
		assert_non_null(n);
		map_entry(n, struct person, by_name)->in = false;
	}
	assert_knows_who_is_in(&m, people, MANY);

	/* Whoever comes back meanwhile is not missed. */
	for (int i = 0; i < MANY; i++) {
		if (!people[i].in && i % 2)
			assert_int_equal(add(&m, &people[i]), 0);
	}
	while ((n = map_take_any(&m))) {
		assert_true(map_entry(n, struct person, by_name)->in);
		map_entry(n, struct person, by_name)->in = false;
	}
	assert_knows_who_is_in(&m, people, MANY);
	assert_int_equal(m.count, 0);
	map_clear(&m);
	free(people);
}

static void
a_cleared_map_can_be_used_again(void **state)
{
	struct person *people = people_new(2);
	struct map m;

	(void)state;
	assert_non_null(people);
	map_init(&m, seed);
	assert_int_equal(add(&m, &people[0]), 0);
	map_clear(&m);
	people[0].in = false;
	assert_int_equal(add(&m, &people[1]), 0);
	assert_knows_who_is_in(&m, people, 2);
	map_clear(&m);
	free(people);
}

/* Worked out with another implementation, which gives the paper's own vector
 * for 2-4. The paper's key; a message is the bytes 0, 1, and so on. */
static void
the_hash_is_siphash_1_3(void **state)
{
	static const struct {
		size_t n;
		uint64_t hash;
	} expected[] = {
		{ 0, 0xabac0158050fc4dc },
		{ 1, 0xc9f49bf37d57ca93 },
		{ 7, 0xd3927d989bb11140 },
		{ 8, 0x369095118d299a8e },
		{ 9, 0x25a48eb36c063de4 },
		{ 15, 0xd320d86d2a519956 },
		{ 16, 0xcc4fdd1a7d908b66 },
		{ 63, 0x9d199062b7bbb3a8 },
	};
	unsigned char message[64];

	(void)state;
	for (unsigned i = 0; i < sizeof(message); i++)
		message[i] = (unsigned char)i;
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_true(map_hash(seed, message, expected[i].n) ==
			    expected[i].hash);
}

static void
another_seed_is_another_hash(void **state)
{
	const uint64_t other[2] = { seed[0], seed[1] ^ 1 };

	(void)state;
	assert_true(map_hash(seed, "/chat", 5) != map_hash(other, "/chat", 5));
}

/* Whoever could not be added is not in; all others are, however crowded. */
static int
fill_and_empty(void *arg)
{
	struct person *people = people_new(300);
	struct map m;
	int rc = 0;

	(void)arg;
	if (!people)
		return -ENOMEM;
	map_init(&m, seed);
	for (int i = 0; i < 300 && !rc; i++)
		rc = add(&m, &people[i]);
	assert_knows_who_is_in(&m, people, 300);
	for (int i = 0; i < 300; i++) {
		if (people[i].in)
			take_out(&m, &people[i]);
		if (i % 30 == 0)
			assert_knows_who_is_in(&m, people, 300);
	}
	map_clear(&m);
	free(people);
	return rc;
}

static void
a_table_that_cannot_change_its_size_goes_on(void **state)
{
	(void)state;
	failing_alloc_play_tolerant(fill_and_empty, NULL);
}

static int
add_one(void *arg)
{
	struct map_node n;
	struct map m;
	int rc;

	(void)arg;
	map_init(&m, seed);
	rc = map_add(&m, &n, STR("one"));
	assert_int_equal(m.count, !rc);
	map_clear(&m);
	return rc;
}

static void
a_first_table_that_cannot_be_had_is_reported(void **state)
{
	(void)state;
	failing_alloc_play(add_one, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_map_finds_nothing),
		cmocka_unit_test(keys_are_bytes_of_any_kind),
		cmocka_unit_test(thousands_come_and_go),
		cmocka_unit_test(the_table_grows_and_shrinks_with_the_crowd),
		cmocka_unit_test(a_few_that_come_and_go_do_not_resize),
		cmocka_unit_test(taking_any_takes_everyone_once),
		cmocka_unit_test(a_cleared_map_can_be_used_again),
		cmocka_unit_test(the_hash_is_siphash_1_3),
		cmocka_unit_test(another_seed_is_another_hash),
		cmocka_unit_test(a_table_that_cannot_change_its_size_goes_on),
		cmocka_unit_test(a_first_table_that_cannot_be_had_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
