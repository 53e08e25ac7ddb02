#include "transport/jsonp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void
names_and_dotted_names_are_callbacks(void **state)
{
	static const char *const good[] = { "cb", "__jsonp12__", "$", "a.b.c",
					    "A1.b2", "return", NULL };
	unsigned i;

	(void)state;
	for (i = 0; good[i]; i++)
		if (!jsonp_is_callback(str_from(good[i])))
			fail_msg("%s is refused", good[i]);
}

static void
anything_else_is_none(void **state)
{
	static const char *const bad[] = { "", ".", "a.", ".a", "a..b", "1a", "a.1",
					   "a b", "a(", "a[0]", "a\n", "a;b", "a-b",
					   "<a>", "\xc3\xa9", NULL };
	unsigned i;

	(void)state;
	for (i = 0; bad[i]; i++)
		if (jsonp_is_callback(str_from(bad[i])))
			fail_msg("'%s' is taken", bad[i]);
	assert_false(jsonp_is_callback((struct str){ "a\0b", 3 }));
}

static void
assert_wrapped(const char *array, const char *script)
{
	struct buf out = BUF_INIT;

	jsonp_wrap(STR("cb"), str_from(array), &out);
	if (!str_equal(buf_str(&out), str_from(script)))
		fail_msg("%s becomes %.*s", array, (int)out.n, out.p);
	buf_clear(&out);
}

static void
the_callback_is_called_with_the_array(void **state)
{
	(void)state;
	assert_wrapped("[]", "/**/cb([]);");
	assert_wrapped("[{\"a\":\"b\"}]", "/**/cb([{\"a\":\"b\"}]);");
}

static void
line_separators_are_escaped_and_nothing_else(void **state)
{
	(void)state;
	assert_wrapped("[\"\xe2\x80\xa8\"]", "/**/cb([\"\\u2028\"]);");
	assert_wrapped("[\"a\xe2\x80\xa9\xe2\x80\xa8z\"]", "/**/cb([\"a\\u2029\\u2028z\"]);");
	assert_wrapped("[\"\xe2\x80\xa7\xe2\x80\xaa\xe2\x82\xac\"]",
		       "/**/cb([\"\xe2\x80\xa7\xe2\x80\xaa\xe2\x82\xac\"]);");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_dotted_names_are_callbacks),
		cmocka_unit_test(anything_else_is_none),
		cmocka_unit_test(the_callback_is_called_with_the_array),
		cmocka_unit_test(line_separators_are_escaped_and_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
