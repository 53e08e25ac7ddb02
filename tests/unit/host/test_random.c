#include "host/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";

static void
so_many_characters_are_written_and_a_nul(void **state)
{
	char out[202];

	(void)state;
	for (size_t n = 0; n < 200; n++) {
		memset(out, '?', sizeof(out));
		assert_int_equal(random_base36(out, n), 0);
		assert_int_equal(strlen(out), n);
		assert_int_equal(strspn(out, digits), n);
		assert_int_equal(out[n + 1], '?');
	}
}

/* With 10,000 expected of each, one differs by 700 once in 10^10 runs; chance
 * taken modulo 36 without more ado would favour four by 1,250. */
static void
each_character_is_as_likely(void **state)
{
	enum { EACH = 10000, ALL = 36 * EACH };
	unsigned counts[256] = { 0 };
	char *out = malloc(ALL + 1);

	(void)state;
	assert_non_null(out);
	assert_int_equal(random_base36(out, ALL), 0);
	for (size_t i = 0; i < ALL; i++)
		counts[(unsigned char)out[i]]++;
	for (size_t i = 0; i < 36; i++)
		assert_in_range(counts[(unsigned char)digits[i]], EACH - 700, EACH + 700);
	free(out);
}

static void
all_bytes_are_filled_and_none_beyond(void **state)
{
	unsigned char bytes[600], seen[600] = { 0 };

	(void)state;
	for (int round = 0; round < 20; round++) {
		memset(bytes, 0, sizeof(bytes));
		assert_int_equal(random_bytes(bytes, sizeof(bytes) - 1), 0);
		for (size_t i = 0; i < sizeof(bytes); i++)
			seen[i] |= bytes[i];
	}
	assert_int_equal(seen[sizeof(seen) - 1], 0);
	for (size_t i = 0; i + 1 < sizeof(seen); i++)
		assert_int_not_equal(seen[i], 0);
	assert_int_equal(random_bytes(bytes, 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(so_many_characters_are_written_and_a_nul),
		cmocka_unit_test(each_character_is_as_likely),
		cmocka_unit_test(all_bytes_are_filled_and_none_beyond),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
