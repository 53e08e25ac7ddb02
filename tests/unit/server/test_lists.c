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
assert_origins(struct config cfg, const char *joined)
{
	char got[256] = "";
	size_t n = 0;

	for (size_t i = 0; i < cfg.origin_count; i++)
		n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%s",
				      i ? " " : "", cfg.origins[i]);
	assert_string_equal(got, joined);
	server_config_clear(&cfg);
}

static void
origins_replace_those_of_the_file(void **state)
{
	(void)state;
	assert_origins(SETTINGS("--origin", "null"), "null");
	assert_origins(SETTINGS("--origin=http://a", "--origin", "http://b:81"),
		       "http://a http://b:81");
	assert_origins(FILE_SETTINGS("origins = [ \"https://*.a.b\", \"null\" ];"),
		       "https://*.a.b null");
	assert_origins(SETTINGS("-c", CONF, "--origin", "*"), "*");
	assert_origins(SETTINGS("-c", CONF, "--mount", "/x"),
		       "https://*.a.b null");
	assert_origins(FILE_SETTINGS("origins = \"https://a\";"), "https://a");
}

static void
origins_have_scheme_and_host_alone(void **state)
{
	(void)state;
	ASSERT_WRONG("fayed: --origin: 'example.com' does not begin with a "
		     "scheme (try https://example.com)",
		     "--origin", "example.com");
	ASSERT_WRONG("fayed: --origin: 'https://a/' goes on behind host and "
		     "port: an origin has no path, nor a slash at its end "
		     "(try https://example.com)",
		     "--origin", "https://a/");
	ASSERT_WRONG("fayed: --origin: 'https://a:65536' has no port from 1 to "
		     "65535 (try https://example.com:8443)",
		     "--origin", "https://a:65536");
	ASSERT_WRONG("fayed: --origin: 'https://*' has no host that browsers "
		     "would name (try https://example.com or "
		     "https://*.example.com)",
		     "--origin", "https://*");
	ASSERT_WRONG("fayed: --origin: 'WSS://a' is no page's origin: that has "
		     "http or https, also where it opens a WebSocket",
		     "--origin", "WSS://a");
	ASSERT_FILE_WRONG("fayed: fayed.conf:2: origins: 'a' does not begin "
			  "with a scheme (try https://example.com)",
			  "origins = [ \"null\",\n\"a\" ];");
	ASSERT_FILE_WRONG("fayed: fayed.conf:1: origins: is empty "
			  "(try origins = [\"*\"])",
			  "origins = [];");
}

static void
origins_differ(void **state)
{
	(void)state;
	ASSERT_WRONG("fayed: --origin: 'HTTPS://A:443' is listed twice",
		     "--origin", "https://a", "--origin", "HTTPS://A:443");
	ASSERT_WRONG("fayed: --origin: 'null' is listed twice", "--origin",
		     "null", "--origin", "http://a", "--origin", "null");
	assert_origins(SETTINGS("--origin", "https://a", "--origin",
				"https://*.a", "--origin", "http://a"),
		       "https://a https://*.a http://a");
}

static void
any_origin_stands_alone(void **state)
{
	(void)state;
	ASSERT_WRONG("fayed: --origin: '*' is any origin: leave out the others, "
		     "or it",
		     "--origin", "null", "--origin", "*");
	ASSERT_WRONG("fayed: --origin: 'null' stands beside *, which is any "
		     "origin: leave out one",
		     "--origin", "*", "--origin", "null");
}

static void
a_cleared_config_may_be_cleared_again(void **state)
{
	struct config cfg = SETTINGS("--mount", "/a", "--mount", "/b",
				     "--origin", "null");

	(void)state;
	server_config_clear(&cfg);
	assert_null(cfg.mounts);
	assert_null(cfg.listens);
	assert_null(cfg.origins);
	server_config_clear(&cfg);
}

static int
read_all_ways(void *arg)
{
	static char words[][11] = {
		"fayed",    "--listen", ":1", "--listen", ":2", "--mount",
		"/x",	    "--mount",  "/y", "-c",	  CONF,  "--origin",
		"null",	    "--origin", "a://b",
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
	reading_write_file("listen = [\":3\", \":4\"]; mount = [\"/z\"];"
			   "origins = [\"http://a\", \"http://b\"];");
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
		cmocka_unit_test(origins_replace_those_of_the_file),
		cmocka_unit_test(origins_have_scheme_and_host_alone),
		cmocka_unit_test(origins_differ),
		cmocka_unit_test(any_origin_stands_alone),
		cmocka_unit_test(a_cleared_config_may_be_cleared_again),
		cmocka_unit_test(running_out_of_memory_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, reading_setup, reading_teardown);
}
