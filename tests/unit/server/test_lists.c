/* The settings of which there may be more than one, and the memory they take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "unit/failing_alloc.h"
#include "unit/server/reading.h"

static void
assert_listens(struct config cfg, const char *joined)
{
	char got[256] = "";
	size_t n = 0;

	for (size_t i = 0; i < cfg.listen_count; i++)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%s",
				      i ? " " : "", cfg.listens[i].text);
	assert_string_equal(got, joined);
	server_config_clear(&cfg);
}

static void
listens_replace_those_of_the_file(void **state)
{
	(void)state;
	assert_listens(SETTINGS("--listen", "*:0"), "*:0");
	assert_listens(SETTINGS("--listen", ":80", "--listen=[::1]:81"),
		       ":80 [::1]:81");
	assert_listens(FILE_SETTINGS("listen = [ \"1.2.3.4:1\", \":2\" ];"),
		       "1.2.3.4:1 :2");
	assert_listens(SETTINGS("--listen", ":3", "-c", CONF, "--listen", ":4"),
		       ":3 :4");
	assert_listens(SETTINGS("-c", CONF, "--mount", "/x"), "1.2.3.4:1 :2");
	assert_listens(FILE_SETTINGS("listen = \"[::]:9\";"), "[::]:9");
	assert_listens(FILE_SETTINGS("listen = ( \":7\", \":8\" );"), ":7 :8");
}

static void
listens_are_numeric_and_differ(void **state)
{
	(void)state;
	ASSERT_WRONG("fayed: --listen: 'localhost:80' is no numeric address "
		     "and port (try --listen 127.0.0.1:8000)",
		     "--listen", "localhost:80");
	ASSERT_WRONG("fayed: --listen: ':080' is listed twice", "--listen",
		     "*:80", "--listen", ":080");
	assert_listens(SETTINGS("--listen", "*:0", "--listen", "*:0"),
		       "*:0 *:0");
	ASSERT_FILE_WRONG("fayed: fayed.conf:3: listen: 'nowhere' is no "
			  "numeric address and port "
			  "(try listen = \"127.0.0.1:8000\")",
			  "listen = [\n\"*:1\",\n\"nowhere\"];");
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: listen: ':1' is listed twice",
			  "listen = [\":1\", \":1\"];");
	ASSERT_FILE_WRONG("fayed: fayed.conf:2: listen: is empty "
			  "(try listen = [\"127.0.0.1:8000\"])",
			  "\nlisten = [];");
}

static void
assert_mounts(struct config cfg, const char *joined)
{
	char got[256] = "";
	size_t n = 0;

	for (size_t i = 0; i < cfg.mount_count; i++)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%s",
				      i ? " " : "", cfg.mounts[i]);
	assert_string_equal(got, joined);
	server_config_clear(&cfg);
}

static void
mounts_replace_those_of_the_file(void **state)
{
	(void)state;
	assert_mounts(SETTINGS("--mount", "/faye"), "/faye");
	assert_mounts(SETTINGS("--mount=/a", "--mount", "/b/c"), "/a /b/c");
	assert_mounts(FILE_SETTINGS("mount = [ \"/f\", \"/g\" ];"), "/f /g");
	assert_mounts(SETTINGS("-c", CONF, "--mount", "/h"), "/h");
	assert_mounts(SETTINGS("-c", CONF, "--listen", ":0"), "/f /g");
	assert_mounts(FILE_SETTINGS("mount = \"/only\";"), "/only");
}

static void
mounts_lose_trailing_slashes(void **state)
{
	(void)state;
	assert_mounts(SETTINGS("--mount", "/faye/"), "/faye");
	assert_mounts(SETTINGS("--mount", "/a/b//"), "/a/b");
	assert_mounts(SETTINGS("--mount", "/"), "");
	assert_mounts(SETTINGS("--mount", "/", "--mount", "/x"), " /x");
}

static void
mounts_are_paths_and_differ(void **state)
{
	(void)state;
	assert_mounts(SETTINGS("--mount", "/Az09-._~%20!$&'()*+,;=:@"),
		      "/Az09-._~%20!$&'()*+,;=:@");
	ASSERT_WRONG("fayed: --mount: 'bayeux' does not begin with / "
		     "(try --mount /bayeux)",
		     "--mount", "bayeux");
	ASSERT_WRONG("fayed: --mount: '' does not begin with / "
		     "(try --mount /bayeux)",
		     "--mount", "");
	ASSERT_WRONG("fayed: --mount: '/a?b' is no path of a URL "
		     "(try --mount /bayeux)",
		     "--mount", "/a?b");
	ASSERT_WRONG("fayed: --mount: '/\xc3\xa4' is no path of a URL "
		     "(try --mount /bayeux)",
		     "--mount", "/\xc3\xa4");
	ASSERT_WRONG("fayed: --mount: '/a/' is listed twice", "--mount", "/a",
		     "--mount", "/a/");
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: mount: 'x' does not begin "
			  "with / (try mount = \"/bayeux\")",
			  "mount = [\"x\"];");
}

static void
a_cleared_config_may_be_cleared_again(void **state)
{
	struct config cfg = SETTINGS("--mount", "/a", "--mount", "/b");

	(void)state;
	server_config_clear(&cfg);
	assert_null(cfg.mounts);
	assert_null(cfg.listens);
	server_config_clear(&cfg);
}

static int
read_all_ways(void *arg)
{
	static char words[][11] = {
		"fayed",    "--listen", ":1", "--listen", ":2", "--mount",
		"/x",	    "--mount",  "/y", "-c",	  CONF,
	};
	enum { WORDS_N = sizeof(words) / sizeof(words[0]) };
	char *argv[WORDS_N + 1] = { NULL };
	int argc = 0;
	char error[CONFIG_ERROR_BYTES];
	struct config cfg;
	int rc;

	(void)arg;
	for (; argc < WORDS_N; argc++)
		argv[argc] = words[argc];
	rc = server_config_read(&cfg, argc, argv, stdout, error);
	if (rc)
		assert_null(cfg.listens);
	if (rc == 0)
		server_config_clear(&cfg);
	return rc;
}

static void
running_out_of_memory_leaves_nothing(void **state)
{
	(void)state;
	reading_write_file("listen = [\":3\", \":4\"]; mount = [\"/z\"];");
	failing_alloc_play(read_all_ways, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listens_replace_those_of_the_file),
		cmocka_unit_test(listens_are_numeric_and_differ),
		cmocka_unit_test(mounts_replace_those_of_the_file),
		cmocka_unit_test(mounts_lose_trailing_slashes),
		cmocka_unit_test(mounts_are_paths_and_differ),
		cmocka_unit_test(a_cleared_config_may_be_cleared_again),
		cmocka_unit_test(running_out_of_memory_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, reading_setup, reading_teardown);
}
