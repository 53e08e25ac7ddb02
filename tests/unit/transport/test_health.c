#include "transport/health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool
is_asked(const char *method, const char *path)
{
	return health_is_asked(str_from(method), str_from(path));
}

static void
three_methods_ask_the_path(void **state)
{
	(void)state;
	assert_true(is_asked("GET", "/health"));
	assert_true(is_asked("HEAD", "/health"));
	assert_true(is_asked("OPTIONS", "/health"));
	assert_false(is_asked("POST", "/health"));
	assert_false(is_asked("get", "/health"));
	assert_false(is_asked("", "/health"));
}

static void
the_root_is_asked_by_options_alone(void **state)
{
	(void)state;
	assert_true(is_asked("OPTIONS", "/"));
	assert_false(is_asked("GET", "/"));
	assert_false(is_asked("HEAD", "/"));
}

static void
no_other_path_is_asked(void **state)
{
	(void)state;
	assert_false(is_asked("OPTIONS", "*"));
	assert_false(is_asked("OPTIONS", ""));
	assert_false(is_asked("GET", "/health/"));
	assert_false(is_asked("GET", "/healthy"));
	assert_false(is_asked("GET", "/a/health"));
	assert_false(is_asked("GET", "/Health"));
	assert_false(is_asked("GET", "/healt"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_methods_ask_the_path),
		cmocka_unit_test(the_root_is_asked_by_options_alone),
		cmocka_unit_test(no_other_path_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
