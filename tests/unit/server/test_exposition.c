#include "server/exposition.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void
assert_says(struct buf *out, const char *text)
{
	char *said = buf_take(out);

	assert_non_null(said);
	assert_string_equal(said, text);
	free(said);
}

static void
a_family_has_a_head_and_a_sample(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	exposition_counter(&out, "a_total", "How often.", 3);
	exposition_gauge(&out, "b_seconds", "How long.", 0.25);
	assert_says(&out, "# HELP a_total How often.\n"
			  "# TYPE a_total counter\n"
			  "a_total 3\n"
			  "# HELP b_seconds How long.\n"
			  "# TYPE b_seconds gauge\n"
			  "b_seconds 0.25\n");
}

static void
samples_have_labels(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	exposition_begin(&out, "a", EXPOSITION_GAUGE, "How many.");
	exposition_labeled(&out, "a", "kind", "x", 1);
	exposition_labeled(&out, "a", "kind", "y z", 0);
	assert_says(&out, "# HELP a How many.\n"
			  "# TYPE a gauge\n"
			  "a{kind=\"x\"} 1\n"
			  "a{kind=\"y z\"} 0\n");
}

static void
numbers_are_exact(void **state)
{
	struct buf out = BUF_INIT;

	(void)state;
	exposition_begin(&out, "a", EXPOSITION_GAUGE, "b");
	exposition_labeled(&out, "a", "n", "1", 9007199254740992.0);
	exposition_labeled(&out, "a", "n", "2", 1763900000123456.0);
	exposition_labeled(&out, "a", "n", "3", 0.000217);
	exposition_labeled(&out, "a", "n", "4", 0.0000005);
	assert_says(&out, "# HELP a b\n"
			  "# TYPE a gauge\n"
			  "a{n=\"1\"} 9007199254740992\n"
			  "a{n=\"2\"} 1763900000123456\n"
			  "a{n=\"3\"} 0.000217\n"
			  "a{n=\"4\"} 5e-7\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_family_has_a_head_and_a_sample),
		cmocka_unit_test(samples_have_labels),
		cmocka_unit_test(numbers_are_exact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
