/* Messages that leave deflated: what is counted, sent and given back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/transport/line.h"

enum { PLAIN_HEAD = 4 + 2 }; /* bytes around a message's JSON of a few hundred */

static void
start_deflated(struct line *l)
{
	start(l);
	l->ob.form = OUTBOX_DEFLATED;
}

/* A message that is settled to leave as `n` bytes of that letter, or as it is. */
static void
give_settled(struct line *l, char letter, size_t json_n, size_t n)
{
	struct frozen *f = message_new(letter, json_n), *deflated = NULL;
	char *bytes = malloc(n + 1);

	assert_true(f && bytes);
	memset(bytes, letter, n);
	if (n) {
		deflated = frozen_new_frame(FROZEN_DEFLATED, (struct str){ bytes, n });
		assert_non_null(deflated);
	}
	frozen_settle(f, deflated);
	buf_add_str(&l->given, frozen_wire(frozen_deflated(f)));
	assert_int_equal(outbox_give(&l->ob, f), 0);
	free(bytes);
}

static void
each_leaves_as_it_was_settled(void **state)
{
	struct line l;

	(void)state;
	start_deflated(&l);
	give_settled(&l, 'a', 500, 10);
	give_settled(&l, 'b', 5, 0);
	give_frame(&l, "[reply]");
	give_ping(&l, "1");
	assert_int_equal(l.ob.unsent, l.given.n);
	write_all(&l);
	assert_all_arrived(&l);
	assert_int_equal((unsigned char)l.arrived.p[0], 0xc1);
	assert_int_equal((unsigned char)l.arrived.p[12], 0x81);
	pong(&l, "1");
	assert_int_equal(l.ob.queue.count, 0);
	assert_int_equal(l.ob.kept, 0);
	end(&l);
}

/* Limits are for memory, where the message lies as it was. */
static void
what_is_spared_on_the_wire_counts(void **state)
{
	struct line l;

	(void)state;
	start_deflated(&l);
	give_settled(&l, 'a', 500, 10);
	give_settled(&l, 'b', 500, 0);
	assert_int_equal(l.ob.unsent, 12 + 500 + PLAIN_HEAD);
	assert_int_equal(outbox_load(&l.ob), 2 * (500 + PLAIN_HEAD));
	write_all(&l);
	assert_int_equal(outbox_load(&l.ob), 0);
	assert_int_equal(l.ob.kept, 2 * (500 + PLAIN_HEAD));
	assert_int_equal(outbox_trim(&l.ob, 10, 600), 1);
	assert_int_equal(l.ob.kept, 500 + PLAIN_HEAD);
	assert_gives_back(&l, "b");
	end(&l);
}

static void
what_was_sent_in_part_goes_on_after_giving_back(void **state)
{
	struct line l;

	(void)state;
	start_deflated(&l);
	give_settled(&l, 'a', 2 * BIG, BIG);
	give_settled(&l, 'b', 500, 10);
	assert_int_equal(write_some(&l), OUTBOX_BLOCKED);
	assert_true(l.ob.offset > 0);
	assert_gives_back(&l, "ba");
	assert_int_equal(outbox_load(&l.ob), l.ob.unsent + OUTBOX_FRAME_BYTES);
	l.given.n -= 12; /* it had not begun */
	write_all(&l);
	assert_all_arrived(&l);
	assert_gives_back(&l, "");
	end(&l);
}

/* What comes back may leave plain elsewhere. */
static void
a_message_given_back_is_whole(void **state)
{
	struct line one, other;
	struct frozen *f;

	(void)state;
	start_deflated(&one);
	start(&other);
	give_settled(&one, 'a', 500, 10);
	write_all(&one);
	f = frozen_ref(queue_peek(&one.ob.queue, 0));
	assert_gives_back(&one, "a");
	give(&other, f);
	write_all(&other);
	assert_all_arrived(&other);
	assert_int_equal(other.arrived.n, 500 + PLAIN_HEAD);
	end(&one);
	end(&other);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_leaves_as_it_was_settled),
		cmocka_unit_test(what_is_spared_on_the_wire_counts),
		cmocka_unit_test(what_was_sent_in_part_goes_on_after_giving_back),
		cmocka_unit_test(a_message_given_back_is_whole),
	};

	return cmocka_run_group_tests_name("outbox_deflated", tests, NULL, NULL);
}
