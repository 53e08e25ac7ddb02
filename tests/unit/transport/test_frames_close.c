/* How frames end a socket: by a close, or by what must not be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/transport/ear.h"

/* It must be closed, with that frame. */
static void
assert_closed(struct ear *ear, struct str answers)
{
	assert_int_equal(ear->rc, FRAMES_CLOSED);
	assert_true(is_idle(ear));
	assert_heard(ear, STR(""), answers);
}

static void
a_close_comes_back_with_its_code(void **state)
{
	struct frames fr;
	struct ear ear;

	(void)state;
	start(&fr, &ear);
	feed_frame(&fr, &ear, FIN | CLOSE, STR("\x03\xe8"));
	assert_closed(&ear, STR("\x88\x02\x03\xe8"));
	feed_frame(&fr, &ear, FIN | CLOSE, STR("\x0b\xb8why"));
	assert_int_equal(ear.rc, FRAMES_CLOSED);
	assert_int_equal(ear.answers.p[0], '\x88');
	assert_memory_equal(ear.answers.p + 2, "\x0b\xb8", 2);
	buf_reset(&ear.answers);
	feed_frame(&fr, &ear, FIN | CLOSE, STR(""));
	assert_int_equal(ear.rc, FRAMES_CLOSED);
	assert_int_equal(ear.answers.p[0], '\x88');
	end(&fr, &ear);
}

static void
what_comes_before_a_close_is_heard_and_nothing_behind(void **state)
{
	struct buf bytes = BUF_INIT;
	struct frames fr;
	struct ear ear;

	(void)state;
	start(&fr, &ear);
	client_frame_add(&bytes, FIN | TEXT, STR("before"));
	client_frame_add(&bytes, FIN | CLOSE, STR("\x03\xe8"));
	client_frame_add(&bytes, FIN | TEXT, STR("behind"));
	feed(&fr, &ear, buf_str(&bytes));
	assert_int_equal(ear.rc, FRAMES_CLOSED);
	assert_heard(&ear, STR("before|"), STR("\x88\x02\x03\xe8"));
	buf_clear(&bytes);
	end(&fr, &ear);
}

/* A whole close for a frame of that payload, in two feeds. */
static void
feed_torn_close(struct frames *fr, struct ear *ear, struct str payload, size_t at)
{
	struct buf frame = BUF_INIT;
	struct str bytes;

	client_frame_add(&frame, FIN | CLOSE, payload);
	assert_false(frame.failed);
	bytes = buf_str(&frame);
	feed(fr, ear, (struct str){ bytes.p, at });
	assert_int_equal(ear->rc, 0);
	assert_false(is_idle(ear));
	feed(fr, ear, (struct str){ bytes.p + at, bytes.n - at });
	assert_int_equal(ear->rc, FRAMES_CLOSED);
	buf_clear(&frame);
}

/* wslay alone takes two bytes for the code in each piece. */
static void
a_torn_close_is_checked_like_a_whole_one(void **state)
{
	static const struct str good = STR("\x03\xe8\xc3\xa9\xe2\x82\xac");
	static const struct str bad = STR("\x03\xe8" "aaa\xc3\xff" "a");
	struct frames fr;
	struct ear ear;

	(void)state;
	start(&fr, &ear);
	for (size_t at = 1; at < 6 + good.n; at++) {
		feed_torn_close(&fr, &ear, good, at);
		assert_heard(&ear, STR(""), STR("\x88\x07\x03\xe8\xc3\xa9\xe2\x82\xac"));
	}
	for (size_t at = 1; at < 6 + bad.n; at++) {
		feed_torn_close(&fr, &ear, bad, at);
		assert_heard(&ear, STR(""), STR("\x88\x02\x03\xef"));
	}
	end(&fr, &ear);
}

static void
a_ping_before_a_close_is_answered(void **state)
{
	struct buf bytes = BUF_INIT;
	struct frames fr;
	struct ear ear;

	(void)state;
	start(&fr, &ear);
	client_frame_add(&bytes, FIN | PING, STR("a"));
	client_frame_add(&bytes, FIN | CLOSE, STR("\x03\xe8"));
	feed(&fr, &ear, buf_str(&bytes));
	assert_closed(&ear, STR("\x8a\x01" "a\x88\x02\x03\xe8"));
	buf_reset(&bytes);
	client_frame_add(&bytes, FIN | PING, STR("b"));
	client_frame_add(&bytes, PING, STR(""));
	feed(&fr, &ear, buf_str(&bytes));
	assert_closed(&ear, STR("\x8a\x01" "b\x88\x02\x03\xea"));
	buf_clear(&bytes);
	end(&fr, &ear);
}

/* `code`: as it stands in the close frame that answers those bytes. */
static void
assert_fails(struct str bytes, const char *code)
{
	struct frames fr;
	struct ear ear;

	start(&fr, &ear);
	feed(&fr, &ear, bytes);
	assert_int_equal(ear.rc, FRAMES_CLOSED);
	assert_true(is_idle(&ear));
	assert_int_equal(ear.heard.n, 0);
	assert_true(ear.answers.n >= 4);
	assert_int_equal(ear.answers.p[0], '\x88');
	assert_memory_equal(ear.answers.p + 2, code, 2);
	end(&fr, &ear);
}

static void
assert_frame_fails(int first, struct str payload, const char *code)
{
	struct buf frame = BUF_INIT;

	client_frame_add(&frame, first, payload);
	assert_false(frame.failed);
	assert_fails(buf_str(&frame), code);
	buf_clear(&frame);
}

#define PROTOCOL_ERROR "\x03\xea" /* 1002 */
#define INVALID_TEXT "\x03\xef"   /* 1007 */
#define TOO_BIG "\x03\xf1"        /* 1009 */

static void
broken_frames_are_protocol_errors(void **state)
{
	(void)state;
	assert_fails(STR("\x81\x05Hello"), PROTOCOL_ERROR); /* no mask */
	assert_frame_fails(FIN | 0x40 | TEXT, STR("a"), PROTOCOL_ERROR);
	assert_frame_fails(FIN | 0x10 | TEXT, STR("a"), PROTOCOL_ERROR);
	assert_frame_fails(FIN | 3, STR("a"), PROTOCOL_ERROR);
	assert_frame_fails(FIN | 11, STR("a"), PROTOCOL_ERROR);
	assert_frame_fails(FIN | CONTINUATION, STR("a"), PROTOCOL_ERROR);
	assert_frame_fails(FIN | CLOSE, STR("\x03\xed"), PROTOCOL_ERROR); /* 1005 */
	assert_frame_fails(FIN | CLOSE, STR("\x03\xe7"), PROTOCOL_ERROR); /* 999 */
	assert_frame_fails(FIN | CLOSE, STR("\x03"), PROTOCOL_ERROR);     /* half a code */
}

/* RFC 6455 5.2 and 5.5: these are no fault of ours either. */
static void
heads_that_cannot_be_are_protocol_errors_too(void **state)
{
	(void)state;
	assert_frame_fails(PING, STR("a"), PROTOCOL_ERROR); /* in fragments */
	assert_fails(STR("\x89\xfe\x00\x7e\0\0\0\0"), PROTOCOL_ERROR); /* long ping */
	assert_fails(STR("\x81\xfe\x00\x01\0\0\0\0a"), PROTOCOL_ERROR); /* not shortest */
	assert_fails(STR("\x81\xff\0\0\0\0\0\0\xff\xff\0\0\0\0a"), PROTOCOL_ERROR);
	assert_fails(STR("\x81\xff\x80\0\0\0\0\0\0\0\0\0\0\0a"), PROTOCOL_ERROR);
}

static void
a_message_within_another_is_a_protocol_error(void **state)
{
	struct buf bytes = BUF_INIT;

	(void)state;
	client_frame_add(&bytes, TEXT, STR("a"));
	client_frame_add(&bytes, FIN | TEXT, STR("b"));
	assert_fails(buf_str(&bytes), PROTOCOL_ERROR);
	buf_clear(&bytes);
}

static void
text_is_utf8(void **state)
{
	(void)state;
	assert_frame_fails(FIN | TEXT, STR("a\xff"), INVALID_TEXT);
	assert_frame_fails(FIN | TEXT, STR("\xc3"), INVALID_TEXT);
	assert_frame_fails(FIN | TEXT, STR("\xed\xa0\x80"), INVALID_TEXT);
}

static void
too_long_a_message_is_told_so(void **state)
{
	struct buf bytes = BUF_INIT;
	char *text = malloc(MOST + 1);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', MOST + 1);
	assert_frame_fails(FIN | TEXT, (struct str){ text, MOST + 1 }, TOO_BIG);
	/* By what its head says, when the first byte comes. */
	assert_fails(STR("\x81\xff\0\0\0\x01\0\0\0\0\0\0\0\0a"), TOO_BIG);
	/* And the sum of its fragments. */
	client_frame_add(&bytes, TEXT, (struct str){ text, MOST / 2 });
	client_frame_add(&bytes, CONTINUATION, (struct str){ text, MOST / 2 });
	client_frame_add(&bytes, FIN | CONTINUATION, STR("x"));
	assert_fails(buf_str(&bytes), TOO_BIG);
	buf_clear(&bytes);
	free(text);
}

/* Each costs memory, however little it carries. */
static void
a_message_of_too_many_fragments_is_too_big(void **state)
{
	struct frames fr;
	struct ear ear;
	int n = 0;

	(void)state;
	start(&fr, &ear);
	feed_frame(&fr, &ear, TEXT, STR("a"));
	while (!ear.rc && n++ < 100)
		feed_frame(&fr, &ear, CONTINUATION, STR("b"));
	feed_frame(&fr, &ear, FIN | CONTINUATION, STR("c"));
	assert_int_equal(ear.rc, 0);
	assert_int_equal(ear.heard.n, 103);
	buf_reset(&ear.heard);

	feed_frame(&fr, &ear, TEXT, STR("a"));
	for (n = 0; !ear.rc && n < 10000; n++)
		feed_frame(&fr, &ear, CONTINUATION, STR(""));
	assert_int_equal(ear.rc, FRAMES_CLOSED);
	assert_true(is_idle(&ear));
	assert_heard(&ear, STR(""), STR("\x88\x02" TOO_BIG));
	end(&fr, &ear);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_close_comes_back_with_its_code),
		cmocka_unit_test(what_comes_before_a_close_is_heard_and_nothing_behind),
		cmocka_unit_test(a_torn_close_is_checked_like_a_whole_one),
		cmocka_unit_test(a_ping_before_a_close_is_answered),
		cmocka_unit_test(broken_frames_are_protocol_errors),
		cmocka_unit_test(heads_that_cannot_be_are_protocol_errors_too),
		cmocka_unit_test(a_message_within_another_is_a_protocol_error),
		cmocka_unit_test(text_is_utf8),
		cmocka_unit_test(too_long_a_message_is_told_so),
		cmocka_unit_test(a_message_of_too_many_fragments_is_too_big),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
