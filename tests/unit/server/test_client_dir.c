/* The folder of scripts, by every way in, and what it must have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "transport/scripts.h"
#include "unit/failing_alloc.h"
#include "unit/server/reading.h"

/* Quotes, a backslash, a control character, letters beyond ASCII. */
#define ODD "odd \"name\\ \x01 \xc3\xa9"

static void
make_folder(const char *name, const char *script)
{
	char path[64];
	FILE *file;

	assert_int_equal(mkdir(name, 0700), 0);
	snprintf(path, sizeof(path), "%s/%s", name, script);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
}

static int
setup(void **state)
{
	if (reading_setup(state))
		return -1;
	make_folder("one", "client.js");
	make_folder("two", "faye-browser-min.js");
	make_folder("bare", "x.js");
	make_folder(ODD, "client.js");
	return 0;
}

static int
teardown(void **state)
{
	int rc = unlink("one/client.js") || rmdir("one") ||
		 unlink("two/faye-browser-min.js") || rmdir("two") ||
		 unlink("bare/x.js") || rmdir("bare") || unlink(ODD "/client.js") ||
		 rmdir(ODD);

	return reading_teardown(state) || rc;
}

/* NULL: none. */
static void
assert_folder(struct config cfg, const char *folder)
{
	if (folder)
		assert_string_equal(cfg.client_dir, folder);
	else
		assert_null(cfg.client_dir);
	assert_non_null(scripts_find(cfg.scripts, STR("client.js")));
	assert_int_equal(script_is_stand_in(scripts_find(cfg.scripts, STR("client.js"))),
			 !folder);
	server_config_clear(&cfg);
	assert_null(cfg.client_dir);
	assert_null(cfg.scripts);
}

static void
the_folder_comes_from_words_or_the_file(void **state)
{
	(void)state;
	assert_folder(SETTINGS(), NULL);
	assert_folder(SETTINGS("--client-dir", "one"), "one");
	assert_folder(SETTINGS("--client-dir", "one", "--client-dir=two"), "two");
	assert_folder(FILE_SETTINGS("client_dir = \"two\";"), "two");
	assert_folder(SETTINGS("-c", CONF, "--client-dir", "one"), "one");
	assert_folder(FILE_SETTINGS("client_dir = \"\";"), NULL);
}

static void
an_empty_name_is_none(void **state)
{
	(void)state;
	assert_folder(SETTINGS("--client-dir="), NULL);
	assert_folder(SETTINGS("--client-dir", "one", "--client-dir", ""), NULL);
	reading_write_file("client_dir = \"one\";");
	assert_folder(SETTINGS("--client-dir=", "-c", CONF), NULL);
}

static void
a_folder_that_cannot_be_used_is_a_mistake(void **state)
{
	(void)state;
	ASSERT_WRONG("fayed: client-dir 'nowhere' cannot be opened: "
		     "No such file or directory (try node_modules/faye/client)",
		     "--client-dir", "nowhere");
	ASSERT_WRONG("fayed: client-dir 'bare' has no faye-browser-min.js, "
		     "faye-browser.js or client.js (try node_modules/faye/client)",
		     "--check", "--client-dir", "bare");
	ASSERT_FILE_WRONG("fayed: client-dir 'a?b' cannot be opened: "
			  "No such file or directory (try node_modules/faye/client)",
			  "client_dir = \"a\\nb\";");
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: client_dir: must be a single value",
			  "client_dir = [\"one\", \"two\"];");
}

static void
only_the_folder_that_wins_is_looked_into(void **state)
{
	(void)state;
	reading_write_file("client_dir = \"nowhere\";");
	assert_folder(SETTINGS("-c", CONF, "--client-dir", "one"), "one");
	ASSERT_WRONG("fayed: --ping: 'x' is no number of seconds (try --ping 0)",
		     "--client-dir", "nowhere", "--ping", "x");
}

static void
check_prints_any_name_so_that_it_is_read_back(void **state)
{
	struct reading first, second;

	(void)state;
	READ(&first, "--check", "--client-dir", ODD);
	assert_int_equal(first.rc, CONFIG_EXIT_OK);
	assert_non_null(strstr(first.said, "client_dir = \"odd \\\"name\\\\ \\x01 "));
	reading_write_bytes(first.said, strlen(first.said) - 3); /* no "ok\n" */
	assert_folder(SETTINGS("-c", CONF), ODD);
	READ(&second, "-c", CONF, "--check");
	assert_string_equal(second.said, first.said);
	reading_clear(&first);
	reading_clear(&second);
}

static int
read_both_ways(void *arg)
{
	static char words[][13] = { "fayed", "--client-dir", "one", "-c", CONF };
	enum { WORDS_N = sizeof(words) / sizeof(words[0]) };
	char error[CONFIG_ERROR_BYTES], *argv[WORDS_N + 1] = { NULL };
	struct config cfg;
	int argc, rc;

	(void)arg;
	for (argc = 0; argc < WORDS_N; argc++)
		argv[argc] = words[argc];
	rc = server_config_read(&cfg, argc, argv, stdout, error);
	if (rc)
		assert_null(cfg.scripts);
	else
		server_config_clear(&cfg);
	return rc;
}

static void
running_out_of_memory_leaves_nothing(void **state)
{
	(void)state;
	reading_write_file("client_dir = \"two\";");
	failing_alloc_play(read_both_ways, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_folder_comes_from_words_or_the_file),
		cmocka_unit_test(an_empty_name_is_none),
		cmocka_unit_test(a_folder_that_cannot_be_used_is_a_mistake),
		cmocka_unit_test(only_the_folder_that_wins_is_looked_into),
		cmocka_unit_test(check_prints_any_name_so_that_it_is_read_back),
		cmocka_unit_test(running_out_of_memory_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
