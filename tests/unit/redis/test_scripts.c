/* The table holds the files of lua/, byte for byte. */
#include "redis/scripts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Appends lua/NAME.lua to the `n` bytes that are there; returns how many there are then. */
static size_t
append_file(char *text, size_t n, size_t size, const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof path, LUA_DIR "/%s.lua", name);
	f = fopen(path, "r");
	assert_non_null(f);
	n += fread(text + n, 1, size - n, f);
	assert_true(feof(f));
	fclose(f);
	return n;
}

static void
test_each_is_common_and_its_file(void **state)
{
	static char text[1 << 16];

	(void)state;
	for (size_t i = 0; i < REDIS_SCRIPT_COUNT; i++) {
		const struct redis_script *s = &redis_scripts[i];
		size_t n = append_file(text, 0, sizeof text, "common");

		n = append_file(text, n, sizeof text, s->name);
		assert_int_equal(s->n, n);
		assert_memory_equal(s->text, text, n);
		assert_int_equal(s->text[n], '\0');
	}
}

static void
test_ids_and_names_agree(void **state)
{
	(void)state;
	assert_string_equal(redis_scripts[REDIS_JOIN].name, "join");
	assert_string_equal(redis_scripts[REDIS_READ].name, "read");
	assert_string_equal(redis_scripts[REDIS_RESTORE].name, "restore");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_is_common_and_its_file),
		cmocka_unit_test(test_ids_and_names_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
