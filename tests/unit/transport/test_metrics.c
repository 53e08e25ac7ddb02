#include "transport/metrics.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static bool
is_asked(const char *method, const char *path)
{
	return metrics_is_asked(str_from(method), str_from(path));
}

static void
two_methods_ask_the_path(void **state)
{
	(void)state;
	assert_true(is_asked("GET", "/metrics"));
	assert_true(is_asked("HEAD", "/metrics"));
	assert_false(is_asked("OPTIONS", "/metrics"));
	assert_false(is_asked("POST", "/metrics"));
	assert_false(is_asked("get", "/metrics"));
	assert_false(is_asked("", "/metrics"));
}

static void
no_other_path_is_asked(void **state)
{
	(void)state;
	assert_false(is_asked("GET", "/metrics/"));
	assert_false(is_asked("GET", "//metrics"));
	assert_false(is_asked("GET", "/a/../metrics"));
	assert_false(is_asked("GET", "/Metrics"));
	assert_false(is_asked("GET", "/metric"));
	assert_false(is_asked("GET", "/"));
	assert_false(is_asked("GET", ""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_methods_ask_the_path),
		cmocka_unit_test(no_other_path_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
