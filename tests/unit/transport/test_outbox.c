/* Writing, and what proves that it arrived. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/transport/line.h"

/* ---- writing ---- */

static void
frames_arrive_in_their_order(void **state)
{
	struct line l;

	(void)state;
	start(&l);
	give_frame(&l, "[1]");
	give_message(&l, 'a', 10);
	give_frame(&l, "[2]");
	assert_int_equal(l.ob.unsent, l.given.n);
	assert_int_equal(write_some(&l), 0);
	read_some(&l);
	assert_all_arrived(&l);
	assert_int_equal(write_some(&l), 0); /* nothing to do is no trouble */
	end(&l);
}

static void
more_than_a_system_call_takes_goes_out_at_once(void **state)
{
	struct line l;

	(void)state;
	start(&l);
	for (int i = 0; i < 150; i++)
		give_message(&l, (char)('a' + i % 26), 1);
	assert_int_equal(write_some(&l), 0);
	read_some(&l);
	assert_all_arrived(&l);
	assert_int_equal(l.ob.unproved, 150);
	end(&l);
}

static void
a_slow_peer_gets_it_piece_by_piece(void **state)
{
	struct line l;

	(void)state;
	start(&l);
	for (int i = 0; i < 60; i++) {
		give_message(&l, (char)('a' + i % 26), (size_t)(i * 997));
		if (i % 5 == 0)
			give_frame(&l, "[\"between\"]");
	}
	give_message(&l, 'z', BIG);
	assert_int_equal(write_some(&l), OUTBOX_BLOCKED);
	assert_int_equal(write_some(&l), OUTBOX_BLOCKED);
	read_some(&l);
	assert_int_equal(l.ob.unsent, l.given.n - l.arrived.n);
	write_all(&l);
	assert_all_arrived(&l);
	end(&l);
}

static void
what_comes_while_it_is_blocked_waits_behind(void **state)
{
	struct line l;

	(void)state;
	start(&l);
	give_message(&l, 'a', BIG);
	assert_int_equal(write_some(&l), OUTBOX_BLOCKED);
	give_frame(&l, "[]");
	give_message(&l, 'b', 5);
	assert_int_equal(write_some(&l), OUTBOX_BLOCKED);
	write_all(&l);
	assert_all_arrived(&l);
	end(&l);
}

static void
a_peer_that_is_gone_is_an_error_and_no_signal(void **state)
{
	struct line l;

	(void)state;
	start(&l);
	give_message(&l, 'a', 10);
	close(l.theirs);
	l.theirs = dup(l.ours);
	assert_int_equal(write_some(&l), -EPIPE);
	assert_gives_back(&l, "a");
	end(&l);
}

/* ---- proof ---- */

static void
what_needs_no_proof_goes_when_it_is_sent(void **state)
{
	struct line l;

	(void)state;
	start(&l);
	give_frame(&l, "[1]");
	give_frame(&l, "[2]");
	write_all(&l);
	assert_int_equal(l.ob.queue.count, 0);
	give_frame(&l, "[3]");
	give_message(&l, 'a', 1);
	give_frame(&l, "[4]");
	write_all(&l);
	assert_int_equal(l.ob.unproved, 1);
	assert_gives_back(&l, "a");
	assert_int_equal(l.ob.queue.count, 0);
	end(&l);
}

static void
a_pong_proves_what_was_sent_before_its_ping(void **state)
{
	struct line l;

	(void)state;
	start(&l);
	give_message(&l, 'a', 1);
	give_frame(&l, "[]");
	give_message(&l, 'b', 1);
	assert_false(outbox_is_ping_out(&l.ob));
	give_ping(&l, "1");
	assert_true(outbox_is_ping_out(&l.ob));
	give_message(&l, 'c', 1);
	write_all(&l);
	assert_int_equal(l.ob.unproved, 3);
	pong(&l, "1");
	assert_false(outbox_is_ping_out(&l.ob));
	assert_int_equal(l.ob.unproved, 1);
	assert_gives_back(&l, "c");
	assert_all_arrived(&l);
	end(&l);
}

static void
pings_are_numbered(void **state)
{
	struct line l;

	(void)state;
	start(&l);
	for (int i = 1; i <= 12; i++) {
		char number[16];

		snprintf(number, sizeof(number), "%d", i);
		give_message(&l, 'a', 1);
		give_ping(&l, number);
		write_all(&l);
		pong(&l, number);
		assert_int_equal(l.ob.unproved, 0);
		assert_int_equal(l.ob.queue.count, 0);
	}
	assert_all_arrived(&l);
	end(&l);
}

static void
other_pongs_prove_nothing(void **state)
{
	static const char *const others[] = { "", "0", "1", "3", "2 ", "22", "x" };
	struct line l;

	(void)state;
	start(&l);
	give_message(&l, 'a', 1);
	pong(&l, "0"); /* before there was any ping */
	give_ping(&l, "1");
	write_all(&l);
	pong(&l, "1");
	give_message(&l, 'b', 1);
	give_ping(&l, "2");
	write_all(&l);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		pong(&l, others[i]);
		assert_true(outbox_is_ping_out(&l.ob));
	}
	assert_int_equal(l.ob.unproved, 1);
	pong(&l, "2");
	assert_int_equal(l.ob.unproved, 0);
	pong(&l, "2"); /* again */
	assert_int_equal(l.ob.queue.count, 0);
	end(&l);
}

/* A peer that guesses the number gains nothing, and the true one still counts. */
static void
a_pong_before_its_ping_was_sent_is_forged(void **state)
{
	struct line l;

	(void)state;
	start(&l);
	give_message(&l, 'a', BIG);
	give_ping(&l, "1");
	assert_int_equal(write_some(&l), OUTBOX_BLOCKED);
	pong(&l, "1");
	assert_true(outbox_is_ping_out(&l.ob));
	write_all(&l);
	assert_all_arrived(&l);
	assert_int_equal(l.ob.unproved, 1);
	pong(&l, "1");
	assert_int_equal(l.ob.unproved, 0);
	assert_int_equal(l.ob.queue.count, 0);
	end(&l);
}

/* Keep-alive pings leave whether or not the last was answered. */
static void
a_later_ping_does_not_put_off_the_proof(void **state)
{
	struct line l;

	(void)state;
	start(&l);
	give_message(&l, 'a', 1);
	give_ping(&l, "1");
	give_message(&l, 'b', 1);
	give_ping(&l, "2");
	write_all(&l);
	pong(&l, "1");
	assert_int_equal(l.ob.unproved, 1);
	assert_false(outbox_is_ping_out(&l.ob));
	give_ping(&l, "3");
	write_all(&l);
	pong(&l, "3");
	assert_int_equal(l.ob.unproved, 0);
	assert_int_equal(l.ob.queue.count, 0);
	end(&l);
}

/* RFC 6455 5.5.3: a peer may answer the latest ping only. */
static void
a_later_pong_is_as_good(void **state)
{
	struct line l;

	(void)state;
	start(&l);
	give_message(&l, 'a', 1);
	give_ping(&l, "1");
	give_message(&l, 'b', 1);
	give_ping(&l, "2");
	write_all(&l);
	pong(&l, "2");
	assert_true(l.ob.unproved <= 1);
	assert_false(outbox_is_ping_out(&l.ob));
	end(&l);
}

static void
pings_without_messages_pile_up_nothing(void **state)
{
	struct line l;

	(void)state;
	start(&l);
	for (int i = 0; i < 50; i++) {
		assert_int_equal(outbox_ping(&l.ob), 0);
		assert_int_equal(write_some(&l), 0);
		read_some(&l);
		assert_true(l.ob.queue.count <= 1);
	}
	pong(&l, "50");
	assert_int_equal(l.ob.queue.count, 0);
	end(&l);
}

/* ---- limits ---- */

/* A peer that sends pings and reads nothing: a pong has two bytes, but memory is what
 * its limit is for. */
static void
small_frames_count_with_what_they_take(void **state)
{
	struct line l;
	size_t least = 0;

	(void)state;
	start(&l);
	give_message(&l, 'a', BIG);
	assert_int_equal(write_some(&l), OUTBOX_BLOCKED);
	for (int i = 0; i < 1000; i++, least += sizeof(struct frozen) + sizeof(void *))
		give_frame(&l, "");
	assert_true(outbox_load(&l.ob) > l.ob.unsent + least);
	write_all(&l);
	assert_all_arrived(&l);
	assert_int_equal(outbox_load(&l.ob), 0);
	/* They stay behind the message that is not proved. */
	assert_true(l.ob.kept > l.given.n + least);
	assert_int_equal(outbox_trim(&l.ob, 10, BIG), 1);
	assert_int_equal(l.ob.kept, 0);
	end(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_arrive_in_their_order),
		cmocka_unit_test(more_than_a_system_call_takes_goes_out_at_once),
		cmocka_unit_test(a_slow_peer_gets_it_piece_by_piece),
		cmocka_unit_test(what_comes_while_it_is_blocked_waits_behind),
		cmocka_unit_test(a_peer_that_is_gone_is_an_error_and_no_signal),
		cmocka_unit_test(what_needs_no_proof_goes_when_it_is_sent),
		cmocka_unit_test(a_pong_proves_what_was_sent_before_its_ping),
		cmocka_unit_test(pings_are_numbered),
		cmocka_unit_test(other_pongs_prove_nothing),
		cmocka_unit_test(a_pong_before_its_ping_was_sent_is_forged),
		cmocka_unit_test(a_later_ping_does_not_put_off_the_proof),
		cmocka_unit_test(a_later_pong_is_as_good),
		cmocka_unit_test(pings_without_messages_pile_up_nothing),
		cmocka_unit_test(small_frames_count_with_what_they_take),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
