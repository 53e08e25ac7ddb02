/* Sockets that agreed on permessage-deflate, and those that did not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/transport/deflated.h"
#include "unit/transport/ear.h"

enum { RSV1 = 0x40, RSV2 = 0x20, RSV3 = 0x10 };

#define CLOSE_1002 STR("\x88\x02\x03\xea")
#define CLOSE_1007 STR("\x88\x02\x03\xef")
#define CLOSE_1009 STR("\x88\x02\x03\xf1")

static void
start_inflating(struct frames *fr, struct ear *ear)
{
	start(fr, ear);
	fr->inflates = true;
}

static void
feed_deflated(struct frames *fr, struct ear *ear, int first, struct str text)
{
	struct buf bytes = BUF_INIT;

	add_deflated(&bytes, text);
	feed_frame(fr, ear, first | RSV1, buf_str(&bytes));
	buf_clear(&bytes);
}

/* One frame on a fresh socket is answered by a close. */
static void
assert_closed_by(bool inflates, int first, struct str payload, struct str close)
{
	struct frames fr;
	struct ear ear;

	start(&fr, &ear);
	fr.inflates = inflates;
	feed_frame(&fr, &ear, first, payload);
	assert_int_equal(ear.rc, FRAMES_CLOSED);
	assert_heard(&ear, STR(""), close);
	assert_true(is_idle(&ear));
	end(&fr, &ear);
}

static void
messages_come_deflated_and_plain(void **state)
{
	struct frames fr;
	struct ear ear;

	(void)state;
	start_inflating(&fr, &ear);
	feed_deflated(&fr, &ear, FIN | TEXT, STR("one"));
	feed_frame(&fr, &ear, FIN | TEXT, STR("two"));
	feed_deflated(&fr, &ear, FIN | BINARY, STR("\xff\x00"));
	feed_frame(&fr, &ear, FIN | TEXT | RSV1, STR("\x00"));
	assert_int_equal(ear.rc, 0);
	assert_heard(&ear, STR("one|two|\xff\x00||"), STR(""));
	assert_true(is_idle(&ear));
	end(&fr, &ear);
}

/* Fragments are parts of the deflated bytes; only the first one has the bit. */
static void
fragments_are_put_together_first(void **state)
{
	struct buf bytes = BUF_INIT;
	struct frames fr;
	struct ear ear;

	(void)state;
	start_inflating(&fr, &ear);
	add_deflated(&bytes, STR("a text in pieces"));
	feed_frame(&fr, &ear, TEXT | RSV1, (struct str){ bytes.p, 1 });
	for (size_t i = 1; i < bytes.n; i++) {
		feed_frame(&fr, &ear, FIN | PING, STR("?"));
		assert_heard(&ear, STR(""), STR("\x8a\x01?"));
		feed_frame(&fr, &ear, CONTINUATION, (struct str){ bytes.p + i, 1 });
	}
	feed_frame(&fr, &ear, FIN | CONTINUATION, STR(""));
	assert_int_equal(ear.rc, 0);
	assert_heard(&ear, STR("a text in pieces|"), STR(""));
	assert_true(is_idle(&ear));
	buf_clear(&bytes);
	end(&fr, &ear);
}

static void
bytes_may_be_cut_anywhere(void **state)
{
	struct buf deflated = BUF_INIT, frame = BUF_INIT;
	struct frames fr;
	struct ear ear;

	(void)state;
	start_inflating(&fr, &ear);
	add_deflated(&deflated, STR("text"));
	client_frame_add(&frame, FIN | RSV1 | TEXT, buf_str(&deflated));
	for (size_t n = 1; n < frame.n; n++) {
		feed(&fr, &ear, (struct str){ frame.p, n });
		feed(&fr, &ear, (struct str){ frame.p + n, frame.n - n });
		assert_int_equal(ear.rc, 0);
		assert_heard(&ear, STR("text|"), STR(""));
	}
	buf_clear(&deflated);
	buf_clear(&frame);
	end(&fr, &ear);
}

static void
the_bit_is_for_the_first_frame_of_a_message(void **state)
{
	struct frames fr;
	struct ear ear;

	(void)state;
	assert_closed_by(true, FIN | PING | RSV1, STR("?"), CLOSE_1002);
	assert_closed_by(true, FIN | PONG | RSV1, STR("?"), CLOSE_1002);
	assert_closed_by(true, FIN | CLOSE | RSV1, STR("\x03\xe8"), CLOSE_1002);
	start_inflating(&fr, &ear);
	feed_frame(&fr, &ear, TEXT | RSV1, STR("\xf2\x48\xcd"));
	feed_frame(&fr, &ear, FIN | CONTINUATION | RSV1, STR("\xc9\xc9\x07\x00"));
	assert_int_equal(ear.rc, FRAMES_CLOSED);
	assert_heard(&ear, STR(""), CLOSE_1002);
	end(&fr, &ear);
}

static void
other_bits_stay_reserved(void **state)
{
	(void)state;
	assert_closed_by(true, FIN | TEXT | RSV2, STR("x"), CLOSE_1002);
	assert_closed_by(true, FIN | TEXT | RSV3, STR("x"), CLOSE_1002);
	assert_closed_by(true, FIN | TEXT | RSV1 | RSV2,
			 STR("\xf2\x48\xcd\xc9\xc9\x07\x00"), CLOSE_1002);
}

static void
without_agreement_the_bit_is_an_error(void **state)
{
	(void)state;
	assert_closed_by(false, FIN | TEXT | RSV1, STR("\xf2\x48\xcd\xc9\xc9\x07\x00"),
			 CLOSE_1002);
}

/* A pool's readers go from socket to socket. */
static void
what_one_agreed_on_does_not_hold_for_another(void **state)
{
	struct frames plain, inflating;
	struct ear one, other;

	(void)state;
	start_inflating(&inflating, &one);
	start(&plain, &other);
	feed_deflated(&inflating, &one, FIN | TEXT, STR("one"));
	assert_heard(&one, STR("one|"), STR(""));
	feed_deflated(&plain, &other, FIN | TEXT, STR("other"));
	assert_int_equal(other.rc, FRAMES_CLOSED);
	assert_heard(&other, STR(""), CLOSE_1002);
	end(&inflating, &one);
	end(&plain, &other);
}

static void
bad_data_closes(void **state)
{
	(void)state;
	assert_closed_by(true, FIN | TEXT | RSV1, STR("plain text"), CLOSE_1007);
	assert_closed_by(true, FIN | TEXT | RSV1, STR(""), CLOSE_1007);
	assert_closed_by(true, FIN | BINARY | RSV1, STR("\xf2\x48\xcd"), CLOSE_1007);
}

static void
an_inflated_text_is_utf8(void **state)
{
	struct buf bytes = BUF_INIT;
	struct frames fr;
	struct ear ear;

	(void)state;
	add_deflated(&bytes, STR("\xed\xa0\x80"));
	assert_closed_by(true, FIN | TEXT | RSV1, buf_str(&bytes), CLOSE_1007);
	buf_clear(&bytes);
	start_inflating(&fr, &ear);
	feed_deflated(&fr, &ear, FIN | TEXT, STR("\xf0\x9f\x99\x82"));
	feed_deflated(&fr, &ear, FIN | BINARY, STR("\xed\xa0\x80"));
	assert_int_equal(ear.rc, 0);
	assert_heard(&ear, STR("\xf0\x9f\x99\x82|\xed\xa0\x80|"), STR(""));
	end(&fr, &ear);
}

static void
the_limit_is_for_what_comes_of_it(void **state)
{
	struct buf text = BUF_INIT;
	struct frames fr;
	struct ear ear;

	(void)state;
	start_inflating(&fr, &ear);
	add_run(&text, 'x', MOST);
	feed_deflated(&fr, &ear, FIN | TEXT, buf_str(&text));
	assert_int_equal(ear.rc, 0);
	assert_int_equal(ear.heard.n, MOST + 1);
	buf_reset(&ear.heard);
	add_run(&text, 'x', 1);
	feed_deflated(&fr, &ear, FIN | TEXT, buf_str(&text));
	assert_int_equal(ear.rc, FRAMES_CLOSED);
	assert_heard(&ear, STR(""), CLOSE_1009);
	buf_clear(&text);
	end(&fr, &ear);
}

/* Nothing behind a bad message is heard, though it came in the same bytes. */
static void
what_follows_a_bad_message_is_not_heard(void **state)
{
	struct buf bytes = BUF_INIT;
	struct frames fr;
	struct ear ear;

	(void)state;
	start_inflating(&fr, &ear);
	client_frame_add(&bytes, FIN | TEXT, STR("before"));
	client_frame_add(&bytes, FIN | RSV1 | TEXT, STR("bad"));
	client_frame_add(&bytes, FIN | TEXT, STR("behind"));
	feed(&fr, &ear, buf_str(&bytes));
	assert_int_equal(ear.rc, FRAMES_CLOSED);
	assert_heard(&ear, STR("before|"), CLOSE_1007);
	buf_clear(&bytes);
	end(&fr, &ear);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_come_deflated_and_plain),
		cmocka_unit_test(fragments_are_put_together_first),
		cmocka_unit_test(bytes_may_be_cut_anywhere),
		cmocka_unit_test(the_bit_is_for_the_first_frame_of_a_message),
		cmocka_unit_test(other_bits_stay_reserved),
		cmocka_unit_test(without_agreement_the_bit_is_an_error),
		cmocka_unit_test(what_one_agreed_on_does_not_hold_for_another),
		cmocka_unit_test(bad_data_closes),
		cmocka_unit_test(an_inflated_text_is_utf8),
		cmocka_unit_test(the_limit_is_for_what_comes_of_it),
		cmocka_unit_test(what_follows_a_bad_message_is_not_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
