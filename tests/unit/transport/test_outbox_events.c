/* Messages as server-sent events, and proof by what the kernel has not heard of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/transport/line.h"

enum { EVENT = 6 + 2 + 4 }; /* bytes around a message's JSON */

static void
start_events(struct line *l)
{
	start(l);
	l->ob.form = OUTBOX_EVENTS;
}

/* Gives it and notes what should be read. */
static void
give_event(struct line *l, char letter, size_t n)
{
	struct frozen *f = message_new(letter, n);

	assert_non_null(f);
	buf_add_str(&l->given, STR("data: "));
	buf_add_str(&l->given, frozen_text(f));
	buf_add_str(&l->given, STR("\r\n\r\n"));
	assert_int_equal(outbox_give(&l->ob, f), 0);
}

static void
give_bytes(struct line *l, const char *text)
{
	give(l, frozen_new_raw(str_from(text)));
}

static void
a_message_is_one_event(void **state)
{
	static const char expected[] = ":\r\n\r\ndata: [aaa]\r\n\r\ndata: [b]\r\n\r\n";
	struct line l;

	(void)state;
	start_events(&l);
	give_bytes(&l, ":\r\n\r\n");
	give_event(&l, 'a', 3);
	give_event(&l, 'b', 1);
	assert_int_equal(l.ob.unsent, sizeof(expected) - 1);
	write_all(&l);
	assert_int_equal(l.arrived.n, sizeof(expected) - 1);
	assert_memory_equal(l.arrived.p, expected, sizeof(expected) - 1);
	end(&l);
}

static void
many_and_large_ones_arrive_whole(void **state)
{
	struct line l;

	(void)state;
	start_events(&l);
	for (int i = 0; i < 200; i++) {
		give_event(&l, (char)('a' + i % 26), (size_t)(i * 499));
		if (i % 7 == 0)
			give_bytes(&l, ":\r\n\r\n");
	}
	write_all(&l);
	assert_all_arrived(&l);
	assert_int_equal(l.ob.unproved, 200);
	end(&l);
}

static void
what_was_sent_in_part_goes_on_after_giving_back(void **state)
{
	struct line l;

	(void)state;
	start_events(&l);
	give_event(&l, 'a', BIG);
	give_event(&l, 'b', 5);
	assert_int_equal(write_some(&l), OUTBOX_BLOCKED);
	assert_gives_back(&l, "ba");
	l.given.n -= EVENT + 5; /* it had not begun */
	write_all(&l);
	assert_all_arrived(&l);
	end(&l);
}

static void
what_the_kernel_holds_is_not_proved(void **state)
{
	struct line l;

	(void)state;
	start_events(&l);
	give_event(&l, 'a', 10);
	give_event(&l, 'b', 10);
	give_event(&l, 'c', 10);
	write_all(&l);
	outbox_prove_but(&l.ob, 3 * (EVENT + 10));
	assert_int_equal(l.ob.unproved, 3);
	outbox_prove_but(&l.ob, 2 * (EVENT + 10)); /* all of a */
	assert_int_equal(l.ob.unproved, 2);
	outbox_prove_but(&l.ob, EVENT + 11); /* not all of b */
	assert_int_equal(l.ob.unproved, 2);
	assert_gives_back(&l, "cb");
	end(&l);
}

static void
an_empty_buffer_proves_all(void **state)
{
	struct line l;

	(void)state;
	start_events(&l);
	give_event(&l, 'a', 10);
	give_bytes(&l, ":\r\n\r\n");
	write_all(&l);
	outbox_prove_but(&l.ob, 0);
	assert_int_equal(l.ob.queue.count, 0);
	assert_int_equal(l.ob.kept, 0);
	assert_gives_back(&l, "");
	end(&l);
}

/* The part of a message that left is among what is not acknowledged. */
static void
a_message_sent_in_part_is_counted(void **state)
{
	struct line l;
	size_t part;

	(void)state;
	start_events(&l);
	give_event(&l, 'a', 10);
	give_event(&l, 'b', BIG);
	assert_int_equal(write_some(&l), OUTBOX_BLOCKED);
	part = l.ob.offset;
	assert_true(part > 0);
	outbox_prove_but(&l.ob, part + 1);
	assert_int_equal(l.ob.unproved, 1);
	outbox_prove_but(&l.ob, part);
	assert_int_equal(l.ob.unproved, 0);
	assert_gives_back(&l, "b");
	end(&l);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_is_one_event),
		cmocka_unit_test(many_and_large_ones_arrive_whole),
		cmocka_unit_test(what_was_sent_in_part_goes_on_after_giving_back),
		cmocka_unit_test(what_the_kernel_holds_is_not_proved),
		cmocka_unit_test(an_empty_buffer_proves_all),
		cmocka_unit_test(a_message_sent_in_part_is_counted),
	};

	return cmocka_run_group_tests_name("outbox_events", tests, NULL, NULL);
}
