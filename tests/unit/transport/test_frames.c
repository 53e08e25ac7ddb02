/* Messages, pings and pongs; who keeps a reader. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/failing_alloc.h"
#include "unit/transport/ear.h"

/* ---- messages ---- */

static void
a_masked_message_is_heard(void **state)
{
	struct frames fr;
	struct ear ear;

	(void)state;
	start(&fr, &ear);
	/* RFC 6455 5.7's example */
	feed(&fr, &ear, STR("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"));
	assert_int_equal(ear.rc, 0);
	assert_heard(&ear, STR("Hello|"), STR(""));
	feed_frame(&fr, &ear, FIN | BINARY, STR("\x00\xff"));
	assert_int_equal(ear.rc, 0);
	assert_heard(&ear, STR("\x00\xff|"), STR(""));
	feed_frame(&fr, &ear, FIN | TEXT, STR(""));
	assert_int_equal(ear.rc, 0);
	assert_heard(&ear, STR("|"), STR(""));
	assert_true(is_idle(&ear));
	end(&fr, &ear);
}

static void
many_may_come_at_once(void **state)
{
	struct buf bytes = BUF_INIT;
	struct frames fr;
	struct ear ear;

	(void)state;
	start(&fr, &ear);
	client_frame_add(&bytes, FIN | TEXT, STR("a"));
	client_frame_add(&bytes, FIN | PING, STR("1"));
	client_frame_add(&bytes, FIN | TEXT, STR("b"));
	client_frame_add(&bytes, FIN | PONG, STR("2"));
	client_frame_add(&bytes, FIN | PING, STR("3"));
	feed(&fr, &ear, buf_str(&bytes));
	assert_int_equal(ear.rc, 0);
	assert_heard(&ear, STR("a|b|(2)"), STR("\x8a\x01" "1\x8a\x01" "3"));
	assert_true(is_idle(&ear));
	buf_clear(&bytes);
	end(&fr, &ear);
}

/* Lengths that take each of the three forms. */
static void
lengths_of_all_forms_are_read(void **state)
{
	static const size_t lengths[] = { 1, 125, 126, 127, 4095, 4096, 65535, 65536, MOST };
	char *text = malloc(MOST);
	struct frames fr;
	struct ear ear;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', MOST);
	start(&fr, &ear);
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		feed_frame(&fr, &ear, FIN | TEXT, (struct str){ text, lengths[i] });
		assert_int_equal(ear.rc, 0);
		assert_int_equal(ear.heard.n, lengths[i] + 1);
		assert_memory_equal(ear.heard.p, text, lengths[i]);
		buf_reset(&ear.heard);
		assert_true(is_idle(&ear));
	}
	free(text);
	end(&fr, &ear);
}

/* A conversation with each kind of frame. */
static void
add_conversation(struct buf *bytes)
{
	client_frame_add(bytes, FIN | TEXT, STR("one"));
	client_frame_add(bytes, TEXT, STR("tw"));
	client_frame_add(bytes, FIN | PING, STR("ping"));
	client_frame_add(bytes, CONTINUATION, STR(""));
	client_frame_add(bytes, FIN | PONG, STR("7"));
	client_frame_add(bytes, FIN | CONTINUATION, STR("o"));
	client_frame_add(bytes, FIN | TEXT, STR(""));
	client_frame_add(bytes, FIN | TEXT,
			 STR("a text of more than one hundred and twenty-five bytes, so that "
			     "its length takes two bytes of their own, which are read here "
			     "one by one"));
	assert_false(bytes->failed);
}

static void
bytes_may_be_cut_anywhere(void **state)
{
	static const struct str heard = STR(
		"one|(7)two||a text of more than one hundred and twenty-five bytes, so "
		"that its length takes two bytes of their own, which are read here one by "
		"one|");
	struct buf bytes = BUF_INIT;
	struct frames fr;
	struct ear ear;

	(void)state;
	add_conversation(&bytes);
	start(&fr, &ear);
	for (size_t step = 1; step < bytes.n; step++) {
		for (size_t at = 0; at < bytes.n; at += step) {
			size_t n = bytes.n - at < step ? bytes.n - at : step;

			feed(&fr, &ear, (struct str){ bytes.p + at, n });
			assert_int_equal(ear.rc, 0);
		}
		assert_true(is_idle(&ear));
		assert_heard(&ear, heard, STR("\x8a\x04ping"));
	}
	buf_clear(&bytes);
	end(&fr, &ear);
}

/* ---- who has a reader ---- */

static void
a_reader_is_kept_inside_a_frame(void **state)
{
	struct buf frame = BUF_INIT;
	struct frames fr;
	struct ear ear;

	(void)state;
	start(&fr, &ear);
	client_frame_add(&frame, FIN | TEXT, STR("text"));
	for (size_t i = 0; i < frame.n; i++) {
		feed(&fr, &ear, (struct str){ frame.p + i, 1 });
		assert_int_equal(is_idle(&ear), i + 1 == frame.n);
	}
	buf_clear(&frame);
	end(&fr, &ear);
}

static void
a_reader_is_kept_between_fragments(void **state)
{
	struct frames fr;
	struct ear ear;

	(void)state;
	start(&fr, &ear);
	feed_frame(&fr, &ear, TEXT, STR("a"));
	assert_false(is_idle(&ear));
	feed_frame(&fr, &ear, FIN | PING, STR("x"));
	assert_false(is_idle(&ear));
	assert_heard(&ear, STR(""), STR("\x8a\x01x"));
	feed_frame(&fr, &ear, CONTINUATION, STR("b"));
	assert_false(is_idle(&ear));
	feed_frame(&fr, &ear, FIN | PONG, STR("y"));
	assert_false(is_idle(&ear));
	feed_frame(&fr, &ear, FIN | CONTINUATION, STR("c"));
	assert_true(is_idle(&ear));
	assert_heard(&ear, STR("(y)abc|"), STR(""));
	end(&fr, &ear);
}

static void
control_frames_alone_keep_none(void **state)
{
	struct frames fr;
	struct ear ear;

	(void)state;
	start(&fr, &ear);
	feed_frame(&fr, &ear, FIN | PING, STR(""));
	assert_true(is_idle(&ear));
	feed_frame(&fr, &ear, FIN | PONG, STR(""));
	assert_true(is_idle(&ear));
	assert_heard(&ear, STR("()"), STR("\x8a\x00"));
	feed(&fr, &ear, STR(""));
	assert_int_equal(ear.rc, 0);
	assert_true(is_idle(&ear));
	end(&fr, &ear);
}

/* One is inside a message while another uses what the pool has. */
static void
sockets_do_not_hear_each_other(void **state)
{
	struct ear ears[3] = { { .reader = NULL } };
	struct frames fr;

	(void)state;
	frames_init(&fr, &events, MOST);
	for (int round = 0; round < 3; round++) {
		feed_frame(&fr, &ears[0], TEXT, STR("a"));
		feed_frame(&fr, &ears[1], FIN | TEXT, STR("b"));
		feed_frame(&fr, &ears[2], FIN | TEXT, STR("c"));
		feed_frame(&fr, &ears[1], TEXT, STR("B"));
		feed_frame(&fr, &ears[0], FIN | CONTINUATION, STR("A"));
		feed_frame(&fr, &ears[1], FIN | CONTINUATION, STR("B"));
		assert_heard(&ears[0], STR("aA|"), STR(""));
		assert_heard(&ears[1], STR("b|BB|"), STR(""));
		assert_heard(&ears[2], STR("c|"), STR(""));
	}
	for (int i = 0; i < 3; i++) {
		assert_true(is_idle(&ears[i]));
		buf_clear(&ears[i].heard);
		buf_clear(&ears[i].answers);
	}
	frames_clear(&fr);
}

static void
the_pool_keeps_no_more_than_some(void **state)
{
	enum { CROWD = 200 };
	struct ear *ears = calloc(CROWD, sizeof(*ears));
	struct frames fr;

	(void)state;
	assert_non_null(ears);
	frames_init(&fr, &events, MOST);
	for (int i = 0; i < CROWD; i++)
		feed_frame(&fr, &ears[i], TEXT, STR("a"));
	for (int i = 0; i < CROWD; i++) {
		feed_frame(&fr, &ears[i], FIN | CONTINUATION, STR("b"));
		assert_heard(&ears[i], STR("ab|"), STR(""));
		buf_clear(&ears[i].heard);
		buf_clear(&ears[i].answers);
	}
	assert_in_range(fr.idle_count, 1, 64);
	frames_clear(&fr);
	free(ears);
}

static void
a_socket_may_end_inside_a_message(void **state)
{
	struct frames fr;
	struct ear ear;

	(void)state;
	start(&fr, &ear);
	feed_frame(&fr, &ear, TEXT, STR("never ended"));
	assert_false(is_idle(&ear));
	frames_release(&fr, &ear.reader);
	assert_true(is_idle(&ear));
	frames_release(&fr, &ear.reader);
	feed_frame(&fr, &ear, FIN | TEXT, STR("new"));
	assert_heard(&ear, STR("new|"), STR(""));
	end(&fr, &ear);
}

/* ---- memory ---- */

static int
hear_two(void *arg)
{
	struct str *bytes = arg; /* twice the same */
	struct frames fr;
	struct ear ear;
	int rc;

	start(&fr, &ear);
	rc = frames_feed(&fr, &ear.reader, &ear, *bytes, &ear.answers);
	if (!rc)
		rc = frames_feed(&fr, &ear.reader, &ear, *bytes, &ear.answers);
	if (!rc && (ear.heard.failed || ear.answers.failed))
		rc = -ENOMEM;
	end(&fr, &ear);
	return rc;
}

static void
memory_that_runs_out_is_told(void **state)
{
	struct buf bytes = BUF_INIT;
	struct str all;

	(void)state;
	add_conversation(&bytes);
	all = buf_str(&bytes);
	failing_alloc_play(hear_two, &all);
	buf_clear(&bytes);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_masked_message_is_heard),
		cmocka_unit_test(many_may_come_at_once),
		cmocka_unit_test(lengths_of_all_forms_are_read),
		cmocka_unit_test(bytes_may_be_cut_anywhere),
		cmocka_unit_test(a_reader_is_kept_inside_a_frame),
		cmocka_unit_test(a_reader_is_kept_between_fragments),
		cmocka_unit_test(control_frames_alone_keep_none),
		cmocka_unit_test(sockets_do_not_hear_each_other),
		cmocka_unit_test(the_pool_keeps_no_more_than_some),
		cmocka_unit_test(a_socket_may_end_inside_a_message),
		cmocka_unit_test(memory_that_runs_out_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
