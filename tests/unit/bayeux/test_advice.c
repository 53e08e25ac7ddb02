#include "bayeux/advice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static double
timeout_in(const char *text)
{
	struct span advice;
	struct scan sc;

	scan_init(&sc, str_from(text), SCAN_DEPTH_LIMIT);
	assert_int_equal(scan_value(&sc, &advice), 0);
	return advice_timeout_ms(&advice);
}

static void
a_timeout_is_read_as_a_javascript_timer_reads_it(void **state)
{
	static const struct {
		const char *text;
		double ms;
	} cases[] = {
		{ "{\"timeout\":250}", 250 },
		{ "{\"timeout\":20.5}", 20.5 },
		{ "{\"timeout\":\"30\"}", 30 },
		{ "{\"timeout\":true}", 1 },
		{ "{\"timeout\":0}", 0 },
		{ "{\"timeout\":-5}", 0 },
		{ "{\"timeout\":null}", 0 },
		{ "{\"timeout\":false}", 0 },
		{ "{\"timeout\":\"soon\"}", 0 },
		{ "{\"timeout\":{}}", 0 },
		{ "{\"timeout\":[]}", 0 },
		{ "{ \"time\\u006fut\" : 7 }", 7 },
		{ "{\"timeout\":1,\"interval\":2,\"timeout\":3}", 3 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (timeout_in(cases[i].text) != cases[i].ms)
			fail_msg("%s: %f", cases[i].text, timeout_in(cases[i].text));
}

static void
advice_without_one_says_nothing(void **state)
{
	static const char *const texts[] = {
		"{}", "{\"interval\":1}", "{\"a\":{\"timeout\":1}}", "[]", "null", "\"timeout\"", "1",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_true(timeout_in(texts[i]) == -1);
}

/* What a library of another language has no room for, JavaScript has. */
static void
whatever_else_is_in_it_does_not_matter(void **state)
{
	(void)state;
	assert_true(timeout_in("{\"timeout\":0,\"x\":\"\\ud83d\"}") == 0);
	assert_true(timeout_in("{\"timeout\":0,\"x\":12345678901234567890}") == 0);
	assert_true(timeout_in("{\"timeout\":0,\"x\":1e400}") == 0);
	assert_true(timeout_in("{\"timeout\":0,\"\\u0000\":1}") == 0);
	assert_true(timeout_in("{\"timeout\":\"\\ud83d\"}") == 0);
	assert_true(timeout_in("{\"timeout\":12345678901234567890}") > 1e19);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_timeout_is_read_as_a_javascript_timer_reads_it),
		cmocka_unit_test(advice_without_one_says_nothing),
		cmocka_unit_test(whatever_else_is_in_it_does_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
