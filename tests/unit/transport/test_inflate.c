/* One message after the other, good and bad. */
#include "transport/inflate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/transport/deflated.h"

enum { MOST = 1000 };

/* Bytes are copied to where a sanitizer sees a look beyond their end. */
static int
inflated(struct inflater *in, struct str bytes, struct buf *text)
{
	char *copy = malloc(bytes.n ? bytes.n : 1);
	int rc;

	assert_non_null(copy);
	if (bytes.n)
		memcpy(copy, bytes.p, bytes.n);
	*text = BUF_INIT;
	rc = inflater_run(in, (struct str){ copy, bytes.n }, MOST, text);
	assert_true(text->n <= MOST + 1);
	free(copy);
	return rc;
}

static void
assert_text(struct inflater *in, struct str bytes, struct str expected)
{
	struct buf text;

	assert_int_equal(inflated(in, bytes, &text), 0);
	assert_int_equal(text.n, expected.n);
	if (expected.n)
		assert_memory_equal(text.p, expected.p, expected.n);
	buf_clear(&text);
}

static void
assert_result(struct inflater *in, struct str bytes, int expected)
{
	struct buf text;

	assert_int_equal(inflated(in, bytes, &text), expected);
	buf_clear(&text);
}

/* RFC 7692 7.2.3 */
static void
the_rfcs_examples_are_read(void **state)
{
	struct inflater in = INFLATER_INIT;

	(void)state;
	assert_text(&in, STR("\xf2\x48\xcd\xc9\xc9\x07\x00"), STR("Hello"));
	assert_text(&in, STR("\x00\x05\x00\xfa\xff" "Hello\x00"), STR("Hello"));
	assert_text(&in, STR("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), STR("Hello"));
	assert_text(&in, STR("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"),
		    STR("Hello"));
	assert_text(&in, STR("\x00"), STR(""));
	assert_text(&in, STR("\x02\x00"), STR(""));
	inflater_clear(&in);
}

/* Its second message of 7.2.3.2 refers to the first: we have agreed not to. */
static void
nothing_is_remembered_of_the_last_message(void **state)
{
	struct inflater in = INFLATER_INIT;

	(void)state;
	assert_text(&in, STR("\xf2\x48\xcd\xc9\xc9\x07\x00"), STR("Hello"));
	assert_result(&in, STR("\xf2\x00\x11\x00\x00"), INFLATE_BAD);
	assert_text(&in, STR("\xf2\x48\xcd\xc9\xc9\x07\x00"), STR("Hello"));
	inflater_clear(&in);
}

static void
a_final_block_may_end_it_or_not(void **state)
{
	struct inflater in = INFLATER_INIT;
	struct buf bytes = BUF_INIT;

	(void)state;
	add_zlib(&bytes, STR("one, "), 6, Z_FINISH);
	assert_text(&in, buf_str(&bytes), STR("one, ")); /* without the last zero, even */
	add_zlib(&bytes, STR("two, "), 0, Z_FINISH);
	assert_text(&in, buf_str(&bytes), STR("one, two, "));
	add_deflated(&bytes, STR("three"));
	assert_text(&in, buf_str(&bytes), STR("one, two, three"));
	buf_clear(&bytes);
	inflater_clear(&in);
}

static void
a_text_may_be_as_large_as_allowed(void **state)
{
	struct buf text = BUF_INIT, bytes = BUF_INIT;
	struct inflater in = INFLATER_INIT;

	(void)state;
	add_run(&text, 'x', MOST);
	add_deflated(&bytes, buf_str(&text));
	assert_text(&in, buf_str(&bytes), buf_str(&text));
	add_run(&text, 'x', 1);
	buf_reset(&bytes);
	add_deflated(&bytes, buf_str(&text));
	assert_result(&in, buf_str(&bytes), INFLATE_TOO_BIG);
	assert_text(&in, STR("\xf2\x48\xcd\xc9\xc9\x07\x00"), STR("Hello"));
	buf_clear(&text);
	buf_clear(&bytes);
	inflater_clear(&in);
}

/* A kilobyte that would be a megabyte stops where the limit is. */
static void
a_bomb_is_not_unfolded(void **state)
{
	struct buf text = BUF_INIT, bytes = BUF_INIT;
	struct inflater in = INFLATER_INIT;

	(void)state;
	add_run(&text, ' ', 1 << 20);
	add_zlib(&bytes, buf_str(&text), 9, Z_SYNC_FLUSH);
	assert_true(bytes.n < 1100);
	assert_result(&in, buf_str(&bytes), INFLATE_TOO_BIG); /* looks at what it wrote */
	buf_clear(&text);
	buf_clear(&bytes);
	inflater_clear(&in);
}

static void
what_is_no_deflated_message_is_refused(void **state)
{
	static const struct str bad[] = {
		{ "", 0 },
		{ "\x07", 1 },                     /* a block of the type that is none */
		{ "\x00\x05\x00\x00\x00Hello", 10 }, /* lengths that do not fit */
		{ "\x02\x00\x00\x00\xff\xff", 6 }, /* its tail was not taken off */
		{ "{\"channel\":\"/a\"}", 16 },
		{ "\xff\xff\xff\xff", 4 },
	};
	struct inflater in = INFLATER_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_result(&in, bad[i], INFLATE_BAD);
	assert_text(&in, STR("\xf2\x48\xcd\xc9\xc9\x07\x00"), STR("Hello"));
	inflater_clear(&in);
}

static void
a_message_cut_anywhere_is_refused(void **state)
{
	static const struct str text = STR(
		"[{\"channel\":\"/cut\",\"data\":\"anywhere, but not twice anywhere\"}]");
	struct inflater in = INFLATER_INIT;
	struct buf bytes = BUF_INIT;

	(void)state;
	add_deflated(&bytes, text);
	assert_text(&in, buf_str(&bytes), text);
	for (size_t n = 0; n + 1 < bytes.n; n++)
		assert_result(&in, (struct str){ bytes.p, n }, INFLATE_BAD);
	buf_clear(&bytes);
	inflater_clear(&in);
}

/* Blocks without content cost no room and end. */
static void
many_blocks_may_hold_nothing(void **state)
{
	struct inflater in = INFLATER_INIT;
	struct buf bytes = BUF_INIT;

	(void)state;
	for (int i = 0; i < 20000; i++)
		buf_add(&bytes, "\x00\x00\x00\xff\xff", 5);
	for (int i = 0; i < 20000; i++)
		buf_add(&bytes, "\x03\x00", 2); /* with the bit that says: the last */
	add_deflated(&bytes, STR("Hello"));
	assert_text(&in, buf_str(&bytes), STR("Hello"));
	buf_clear(&bytes);
	inflater_clear(&in);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rfcs_examples_are_read),
		cmocka_unit_test(nothing_is_remembered_of_the_last_message),
		cmocka_unit_test(a_final_block_may_end_it_or_not),
		cmocka_unit_test(a_text_may_be_as_large_as_allowed),
		cmocka_unit_test(a_bomb_is_not_unfolded),
		cmocka_unit_test(what_is_no_deflated_message_is_refused),
		cmocka_unit_test(a_message_cut_anywhere_is_refused),
		cmocka_unit_test(many_blocks_may_hold_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
