/* What an outbox forgets, and what it gives back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/failing_alloc.h"
#include "unit/transport/line.h"

/* ---- bounds ---- */

static void
the_oldest_unproved_can_be_forgotten(void **state)
{
	struct line l;

	(void)state;
	start(&l);
	give_message(&l, 'a', 10);
	give_message(&l, 'b', 10);
	give_frame(&l, "[]");
	give_ping(&l, "1");
	give_message(&l, 'c', 10);
	give_message(&l, 'd', 10);
	write_all(&l);
	outbox_trim(&l.ob, 4, 1000);
	assert_int_equal(l.ob.unproved, 4);
	outbox_trim(&l.ob, 3, 1000);
	assert_int_equal(l.ob.unproved, 3);
	pong(&l, "1");
	assert_int_equal(l.ob.unproved, 2);
	outbox_trim(&l.ob, 4, 20); /* two of 14 bytes each */
	assert_int_equal(l.ob.unproved, 1);
	assert_gives_back(&l, "d");
	end(&l);
}

static void
what_is_not_sent_is_never_forgotten(void **state)
{
	struct line l;

	(void)state;
	start(&l);
	give_message(&l, 'a', 1);
	give_message(&l, 'b', BIG);
	give_message(&l, 'c', 1);
	assert_int_equal(write_some(&l), OUTBOX_BLOCKED);
	outbox_trim(&l.ob, 0, 0);
	assert_int_equal(l.ob.unproved, 0);
	write_all(&l);
	assert_all_arrived(&l);
	assert_gives_back(&l, "cb");
	end(&l);
}

static void
a_trimmed_ping_is_answered_in_vain(void **state)
{
	struct line l;

	(void)state;
	start(&l);
	give_message(&l, 'a', 1);
	give_ping(&l, "1");
	give_message(&l, 'b', 1);
	write_all(&l);
	outbox_trim(&l.ob, 0, 0);
	assert_int_equal(l.ob.unproved, 0);
	give_message(&l, 'c', 1);
	write_all(&l);
	pong(&l, "1");
	assert_gives_back(&l, "c");
	end(&l);
}

/* ---- giving back ---- */

static void
the_latest_is_given_back_first(void **state)
{
	struct line l;

	(void)state;
	start(&l);
	give_message(&l, 'a', 1);
	give_ping(&l, "1");
	give_message(&l, 'b', 1);
	write_all(&l);
	pong(&l, "1");
	give_message(&l, 'c', 1);
	give_frame(&l, "[]");
	give_message(&l, 'd', 1);
	assert_gives_back(&l, "dcb");
	end(&l);
}

static void
unsent_frames_that_are_no_messages_still_go_out(void **state)
{
	struct line l;

	(void)state;
	start(&l);
	give_message(&l, 'a', 1);
	write_all(&l);
	buf_reset(&l.given);
	buf_reset(&l.arrived);
	give_frame(&l, "[1]");
	assert_int_equal(outbox_give(&l.ob, message_new('b', 1)), 0);
	give_frame(&l, "[2]");
	assert_gives_back(&l, "ba");
	assert_int_equal(l.ob.unsent, l.given.n);
	write_all(&l);
	assert_all_arrived(&l);
	assert_int_equal(l.ob.queue.count, 0);
	end(&l);
}

/* The peer may or may not get it whole, so it is given back as well. */
static void
a_frame_once_begun_is_ended(void **state)
{
	struct line l;

	(void)state;
	start(&l);
	give_message(&l, 'a', 1);
	give_message(&l, 'b', BIG);
	assert_int_equal(outbox_give(&l.ob, message_new('c', 1)), 0);
	assert_int_equal(write_some(&l), OUTBOX_BLOCKED);
	give_frame(&l, "[1]");
	assert_gives_back(&l, "cba");
	write_all(&l);
	assert_all_arrived(&l);
	end(&l);
}

/* Else the peer would get it a third time, and nobody would ask for its proof. */
static void
what_was_given_back_is_not_kept_for_proof(void **state)
{
	struct line l;

	(void)state;
	start(&l);
	give_message(&l, 'a', BIG);
	assert_int_equal(write_some(&l), OUTBOX_BLOCKED);
	assert_gives_back(&l, "a");
	assert_gives_back(&l, ""); /* not even while it is being ended */
	write_all(&l);
	assert_all_arrived(&l);
	assert_int_equal(l.ob.unproved, 0);
	assert_gives_back(&l, "");
	end(&l);
}

static void
ping_numbers_go_on_afterwards(void **state)
{
	struct line l;

	(void)state;
	start(&l);
	give_message(&l, 'a', 1);
	give_ping(&l, "1");
	write_all(&l);
	assert_gives_back(&l, "a");
	assert_false(outbox_is_ping_out(&l.ob));
	give_message(&l, 'b', 1);
	give_ping(&l, "2");
	write_all(&l);
	pong(&l, "1"); /* of before: proves nothing of `b` */
	assert_int_equal(l.ob.unproved, 1);
	outbox_clear(&l.ob);
	give_message(&l, 'c', 1);
	give_ping(&l, "3");
	write_all(&l);
	pong(&l, "3");
	assert_int_equal(l.ob.unproved, 0);
	assert_all_arrived(&l);
	end(&l);
}

/* ---- memory ---- */

static int
fill_and_clear(void *arg)
{
	struct outbox ob = { .ping_number = 0 };
	int rc = 0;

	(void)arg;
	for (int i = 0; i < 9 && !rc; i++) {
		struct frozen *f = message_new('a', 1);

		rc = f ? outbox_give(&ob, f) : -ENOMEM;
		if (!rc)
			rc = outbox_ping(&ob);
		assert_int_equal(ob.unsent, ob.queue.bytes);
	}
	assert_true(ob.proves <= ob.queue.count);
	outbox_clear(&ob);
	return rc;
}

static void
memory_that_runs_out_is_told(void **state)
{
	(void)state;
	failing_alloc_play(fill_and_clear, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_oldest_unproved_can_be_forgotten),
		cmocka_unit_test(what_is_not_sent_is_never_forgotten),
		cmocka_unit_test(a_trimmed_ping_is_answered_in_vain),
		cmocka_unit_test(the_latest_is_given_back_first),
		cmocka_unit_test(unsent_frames_that_are_no_messages_still_go_out),
		cmocka_unit_test(a_frame_once_begun_is_ended),
		cmocka_unit_test(what_was_given_back_is_not_kept_for_proof),
		cmocka_unit_test(ping_numbers_go_on_afterwards),
		cmocka_unit_test(memory_that_runs_out_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
