#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bayeux/channel.h"
#include "redis/text.h"
#include "unit/failing_alloc.h"

static void
assert_text(struct str s, const char *expected)
{
	assert_int_equal(s.n, strlen(expected));
	assert_memory_equal(s.n ? s.p : "", expected, s.n);
}

/* ---- words ---- */

static void
a_number_is_cut_off(void **state)
{
	struct str s = STR("12 next");
	uint64_t v;

	(void)state;
	assert_true(text_cut_number(&s, &v));
	assert_int_equal(v, 12);
	assert_text(s, "next");
	s = STR("999999999999999999");
	assert_true(text_cut_number(&s, &v));
	assert_true(v == UINT64_C(999999999999999999));
	assert_int_equal(s.n, 0);
	s = STR("0 ");
	assert_true(text_cut_number(&s, &v));
	assert_int_equal(v, 0);
	assert_int_equal(s.n, 0);
}

static void
what_is_no_number_stays(void **state)
{
	static const char *const texts[] = { "",     " 1",  "-1", "+1",  "a",    "1a",
					     "1.5", "0x1", "1\n", "1e3", "1,2",
					     /* beyond what is read for sure */
					     "1000000000000000000", "18446744073709551616" };
	uint64_t v;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct str s = str_from(texts[i]);

		assert_false(text_cut_number(&s, &v));
		assert_text(s, texts[i]);
	}
	assert_false(text_cut_number(&(struct str){ NULL, 0 }, &v));
}

static void
words_are_cut_off_one_by_one(void **state)
{
	struct str s = STR("one  two");

	(void)state;
	assert_text(text_cut_word(&s), "one");
	assert_text(text_cut_word(&s), "");
	assert_text(text_cut_word(&s), "two");
	assert_int_equal(s.n, 0);
	assert_text(text_cut_word(&s), "");
	s = (struct str){ NULL, 0 };
	assert_text(text_cut_word(&s), "");
}

/* ---- publications ---- */

static void
a_message_is_frozen_as_it_was(void **state)
{
	struct frozen *f = text_read_message(STR("node 7 /a/b {\"data\": \"with blanks\"}"));

	(void)state;
	assert_non_null(f);
	assert_text(frozen_channel(f), "/a/b");
	assert_text(frozen_json(f), "{\"data\": \"with blanks\"}");
	assert_text(frozen_text(f), "[{\"data\": \"with blanks\"}]");
	assert_true(f->seq == 0);
	frozen_unref(f);
}

static void
assert_no_message(struct str text)
{
	assert_null(text_read_message(text));
}

static void
what_is_no_message_is_left_out(void **state)
{
	(void)state;
	assert_no_message((struct str){ NULL, 0 });
	assert_no_message(STR(""));
	assert_no_message(STR("node"));
	assert_no_message(STR("node 7"));
	assert_no_message(STR("node 7 /a"));
	assert_no_message(STR("node 7 /a "));
	assert_no_message(STR("node 7 /a 1")); /* shorter than any object */
	assert_no_message(STR("node 7  {}"));
	assert_no_message(STR("node 7 a {}"));
	assert_no_message(STR("1")); /* an empty log's first */
}

/* Patterns are made of it by the deliverer, who counts on its being one. */
static void
a_channel_is_one_that_a_node_accepts(void **state)
{
	char text[CHANNEL_MAX_BYTES + 20];
	struct frozen *f;

	(void)state;
	assert_no_message(STR("node 7 / {}"));
	assert_no_message(STR("node 7 /a/ {}"));
	assert_no_message(STR("node 7 //a {}"));
	assert_no_message(STR("node 7 /a/* {}"));
	assert_no_message(STR("node 7 /** {}"));
	assert_no_message(STR("node 7 /a.b {}"));
	assert_no_message(STR("node 7 /a\0b {}"));
	assert_no_message(STR("n 7 /1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17 {}"));
	f = text_read_message(STR("n 7 /1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16 {}"));
	assert_non_null(f);
	frozen_unref(f);

	memset(text, 'x', sizeof(text));
	memcpy(text, "n 7 /", 5);
	memcpy(text + 4 + CHANNEL_MAX_BYTES, " {}", 3);
	f = text_read_message((struct str){ text, 4 + CHANNEL_MAX_BYTES + 3 });
	assert_non_null(f);
	frozen_unref(f);
	memcpy(text + 4 + CHANNEL_MAX_BYTES, "x {}", 4);
	assert_no_message((struct str){ text, 4 + CHANNEL_MAX_BYTES + 4 });
}

static int
read_one(void *arg)
{
	struct frozen *f = text_read_message(STR("node 7 /a {}"));

	(void)arg;
	frozen_unref(f);
	return f ? 0 : -ENOMEM;
}

static void
memory_runs_out(void **state)
{
	(void)state;
	failing_alloc_play(read_one, NULL);
}

/* ---- notes ---- */

static void
who_has_taken_what(void **state)
{
	struct note_text n = text_read_note(STR("taken me 12 00000000000000ff"));

	(void)state;
	assert_int_equal(n.word, NOTE_TAKEN);
	assert_text(n.client_id, "me");
	assert_int_equal(n.turn, 12);
	assert_int_equal(n.connect, 0xff);
	n = text_read_note(STR("taken me 12 -"));
	assert_int_equal(n.word, NOTE_TAKEN);
	assert_int_equal(n.connect, 0);
	n = text_read_note(STR("gone me 3"));
	assert_int_equal(n.word, NOTE_GONE);
	assert_text(n.client_id, "me");
	assert_int_equal(n.turn, 3);
}

static void
who_wants_what(void **state)
{
	struct note_text n = text_read_note(STR("+ me /a /b/**"));

	(void)state;
	assert_int_equal(n.word, NOTE_MORE);
	assert_text(n.client_id, "me");
	assert_text(n.patterns, "/a /b/**");
	n = text_read_note(STR("- me /a"));
	assert_int_equal(n.word, NOTE_LESS);
	assert_text(n.patterns, "/a");
	n = text_read_note(STR("+ me"));
	assert_int_equal(n.word, NOTE_MORE);
	assert_int_equal(n.patterns.n, 0);
}

static void
marks_and_beats(void **state)
{
	(void)state;
	assert_int_equal(text_read_note(STR("mark")).word, NOTE_MARK);
	assert_int_equal(text_read_note(STR("beat")).word, NOTE_BEAT);
}

static void
what_is_no_note_is_none(void **state)
{
	static const char *const texts[] = { "",          "taken",     "taken me",
					     "taken me x", "taken  -",  "gone me",
					     "gone me -1", "marks",     "Mark",
					     "++ me /a",   " mark",     "restored",
					     "1",          "gone me 99999999999999999999" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(text_read_note(str_from(texts[i])).word, NOTE_NONE);
	assert_int_equal(text_read_note((struct str){ NULL, 0 }).word, NOTE_NONE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_cut_off),
		cmocka_unit_test(what_is_no_number_stays),
		cmocka_unit_test(words_are_cut_off_one_by_one),
		cmocka_unit_test(a_message_is_frozen_as_it_was),
		cmocka_unit_test(what_is_no_message_is_left_out),
		cmocka_unit_test(a_channel_is_one_that_a_node_accepts),
		cmocka_unit_test(memory_runs_out),
		cmocka_unit_test(who_has_taken_what),
		cmocka_unit_test(who_wants_what),
		cmocka_unit_test(marks_and_beats),
		cmocka_unit_test(what_is_no_note_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
