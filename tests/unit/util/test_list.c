#include "util/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

struct item {
	char name;
	struct list_node node;
};

static struct item items[] = {
	{ .name = 'a' }, { .name = 'b' }, { .name = 'c' }, { .name = 'd' }
};

static char
name_of(struct list_node *n)
{
	return list_entry(n, struct item, node)->name;
}

/* The names, read forwards and checked backwards. */
static void
assert_reads(const struct list *l, const char *names)
{
	const struct list_node *before = &l->head;
	struct list_node *n = list_first(l);

	for (; *names; names++, n = list_next(l, n)) {
		assert_non_null(n);
		assert_int_equal(name_of(n), *names);
		assert_ptr_equal(n->prev, before);
		before = n;
	}
	assert_null(n);
	assert_ptr_equal(l->head.prev, before);
}

static void
fill(struct list *l, size_t from, size_t to)
{
	list_init(l);
	for (size_t i = from; i < to; i++) {
		items[i].node = (struct list_node){ 0 };
		list_append(l, &items[i].node);
	}
}

static void
a_new_list_is_empty(void **state)
{
	struct list l;

	(void)state;
	list_init(&l);
	assert_true(list_is_empty(&l));
	assert_null(list_first(&l));
	assert_null(list_take_first(&l));
}

static void
elements_stay_in_the_order_they_came(void **state)
{
	struct list l;

	(void)state;
	fill(&l, 0, 4);
	assert_false(list_is_empty(&l));
	assert_reads(&l, "abcd");
}

static void
an_element_leaves_from_anywhere(void **state)
{
	struct list l;

	(void)state;
	fill(&l, 0, 4);
	list_unlink(&items[1].node);
	assert_reads(&l, "acd");
	list_unlink(&items[3].node);
	assert_reads(&l, "ac");
	list_unlink(&items[0].node);
	assert_reads(&l, "c");
	list_unlink(&items[2].node);
	assert_true(list_is_empty(&l));
}

static void
an_unlinked_element_knows_it_and_can_be_unlinked_again(void **state)
{
	struct list l;

	(void)state;
	fill(&l, 0, 2);
	assert_true(list_is_linked(&items[0].node));
	list_unlink(&items[0].node);
	assert_false(list_is_linked(&items[0].node));
	list_unlink(&items[0].node);
	assert_reads(&l, "b");
	list_append(&l, &items[0].node);
	assert_reads(&l, "ba");
}

static void
taking_empties_from_the_front(void **state)
{
	struct list l;

	(void)state;
	fill(&l, 0, 3);
	assert_int_equal(name_of(list_take_first(&l)), 'a');
	assert_int_equal(name_of(list_take_first(&l)), 'b');
	assert_false(list_is_linked(&items[1].node));
	assert_reads(&l, "c");
}

static void
moving_appends_all_and_leaves_nothing(void **state)
{
	struct list to, from;

	(void)state;
	fill(&to, 0, 2);
	fill(&from, 2, 4);
	list_move(&to, &from);
	assert_reads(&to, "abcd");
	assert_true(list_is_empty(&from));

	list_move(&to, &from);
	assert_reads(&to, "abcd");
	list_move(&from, &to);
	assert_reads(&from, "abcd");
	assert_true(list_is_empty(&to));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_list_is_empty),
		cmocka_unit_test(elements_stay_in_the_order_they_came),
		cmocka_unit_test(an_element_leaves_from_anywhere),
		cmocka_unit_test(
			an_unlinked_element_knows_it_and_can_be_unlinked_again),
		cmocka_unit_test(taking_empties_from_the_front),
		cmocka_unit_test(moving_appends_all_and_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
