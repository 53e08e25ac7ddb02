/* Folders of scripts, and what requests get of them. */
#include "transport/scripts.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "unit/failing_alloc.h"

#define DATE "Sun, 06 Nov 1994 08:49:37 GMT"
#define DATE_S 784111777

/* A folder of the test's own is the working directory; it is empty at first. */
static int
enter_folder(void **state)
{
	char *folder = strdup("/tmp/fayed-test-XXXXXX");

	*state = folder;
	return folder && mkdtemp(folder) ? chdir(folder) : -1;
}

static int
leave_folder(void **state)
{
	char *folder = *state, command[64];
	int rc;

	snprintf(command, sizeof(command), "rm -r %s", folder);
	rc = chdir("/") || system(command) ? -1 : 0;
	free(folder);
	return rc;
}

static void
write_bytes(const char *name, const char *p, size_t n)
{
	const struct timespec times[2] = { { .tv_sec = DATE_S }, { .tv_sec = DATE_S } };
	FILE *file = fopen(name, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(p, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(utimensat(AT_FDCWD, name, times, 0), 0);
}

static void
write_text(const char *name, const char *text)
{
	write_bytes(name, text, strlen(text));
}

static struct scripts *
load(const char *folder)
{
	char why[SCRIPTS_WHY_BYTES] = "";
	struct scripts *all;

	if (scripts_new(&all, folder, why))
		fail_msg("it %s", why);
	return all;
}

static void
assert_wrong(const char *line, const char *folder)
{
	char why[SCRIPTS_WHY_BYTES] = "";
	struct scripts *all;

	assert_int_equal(scripts_new(&all, folder, why), SCRIPTS_WRONG);
	assert_null(all);
	assert_string_equal(why, line);
}

/* The text that is served under a name, "" for none. */
static const char *
text_of(const struct scripts *all, const char *name)
{
	const struct script *s = scripts_find(all, str_from(name));

	return s ? s->forms[SCRIPT_PLAIN].body : "";
}

/* ---- folders ---- */

static void
files_have_their_names_and_the_client_two(void **state)
{
	struct scripts *all;

	(void)state;
	write_text("faye-browser-min.js", "min");
	write_text("faye-browser-min.js.map", "{}");
	write_text("faye-browser.js", "whole");
	write_text("client.js", "other");
	all = load(".");
	assert_int_equal(scripts_count(all), 4);
	assert_string_equal(text_of(all, "client.js"), "min");
	assert_string_equal(text_of(all, "faye-browser-min.js"), "min");
	assert_string_equal(text_of(all, "faye-browser.js"), "whole");
	assert_string_equal(text_of(all, "faye-browser-min.js.map"), "{}");
	assert_null(scripts_find(all, STR("faye-browser.js.map")));
	assert_null(scripts_find(all, STR("")));
	assert_null(scripts_find(all, STR("../client.js")));
	scripts_free(all);
}

static void
the_client_is_the_best_there_is(void **state)
{
	struct scripts *all;

	(void)state;
	write_text("client.js", "own");
	all = load(".");
	assert_string_equal(text_of(all, "client.js"), "own");
	scripts_free(all);
	write_text("faye-browser.js", "whole");
	all = load(".");
	assert_string_equal(text_of(all, "client.js"), "whole");
	scripts_free(all);
}

static void
only_regular_scripts_are_loaded(void **state)
{
	struct scripts *all;

	(void)state;
	write_text("client.js", "own");
	write_text(".hidden.js", "x");
	write_text("page.html", "x");
	write_text("clientjs", "x");
	write_text("client.js.txt", "x");
	assert_int_equal(mkdir("folder.js", 0700), 0);
	assert_int_equal(mkfifo("pipe.js", 0600), 0);
	assert_int_equal(symlink("nowhere", "gone.js"), 0);
	assert_int_equal(symlink("client.js", "link.js"), 0);
	all = load(".");
	assert_int_equal(scripts_count(all), 2);
	assert_string_equal(text_of(all, "link.js"), "own");
	scripts_free(all);
}

static void
what_came_later_is_not_there(void **state)
{
	struct scripts *all;

	(void)state;
	write_text("client.js", "own");
	all = load(".");
	write_text("later.js", "x");
	write_text("client.js", "changed");
	assert_null(scripts_find(all, STR("later.js")));
	assert_string_equal(text_of(all, "client.js"), "own");
	scripts_free(all);
}

static void
a_folder_that_cannot_be_used_is_told(void **state)
{
	(void)state;
	assert_wrong("cannot be opened: No such file or directory "
		     "(try node_modules/faye/client)",
		     "nowhere");
	write_text("file", "x");
	assert_wrong("cannot be opened: Not a directory (try node_modules/faye/client)",
		     "file");
	write_text("other.js", "x");
	assert_wrong("has no faye-browser-min.js, faye-browser.js or client.js "
		     "(try node_modules/faye/client)",
		     ".");
	assert_int_equal(symlink("client.js", "client.js"), 0);
	assert_wrong("has client.js, which cannot be read: "
		     "Too many levels of symbolic links",
		     ".");
}

static void
too_much_is_refused(void **state)
{
	const size_t most = 4 * 1024 * 1024;
	char name[16], *bytes = calloc(1, most + 1);
	struct scripts *all;

	(void)state;
	assert_non_null(bytes);
	write_bytes("client.js", bytes, most);
	all = load(".");
	assert_int_equal(scripts_find(all, STR("client.js"))->forms[SCRIPT_PLAIN].n, most);
	scripts_free(all);
	write_bytes("client.js", bytes, most + 1);
	assert_wrong("has client.js, which cannot be read: File too large", ".");
	free(bytes);
	write_text("client.js", "x");
	for (int i = 0; i < 63; i++) {
		snprintf(name, sizeof(name), "%d.js", i);
		write_text(name, "x");
	}
	all = load(".");
	assert_int_equal(scripts_count(all), 64);
	scripts_free(all);
	write_text("more.js", "x");
	assert_wrong("has more than 64 scripts", ".");
}

/* ---- forms ---- */

/* Bytes that no compression makes smaller. */
static void
fill_random(char *p, size_t n)
{
	uint32_t x = 2463534242;

	for (size_t i = 0; i < n; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		p[i] = (char)(x >> 24);
	}
}

static void
assert_inflates_to(const struct script_form *packed, const char *p, size_t n)
{
	z_stream z = { .next_in = (Bytef *)packed->body, .avail_in = (uInt)packed->n };
	char *out = malloc(n + 1);

	assert_non_null(out);
	z.next_out = (Bytef *)out;
	z.avail_out = (uInt)n + 1;
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(z.avail_in, 0);
	assert_int_equal(z.total_out, n);
	assert_memory_equal(out, p, n);
	inflateEnd(&z);
	free(out);
}

static void
gzip_is_made_where_it_is_smaller(void **state)
{
	char text[3000], noise[3000];
	const struct script *s;
	struct scripts *all;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = "all the same \0"[i % 14];
	fill_random(noise, sizeof(noise));
	write_bytes("client.js", text, sizeof(text));
	write_bytes("noise.js", noise, sizeof(noise));
	write_bytes("empty.js", "", 0);
	all = load(".");
	s = scripts_find(all, STR("client.js"));
	assert_int_equal(s->forms[SCRIPT_PLAIN].n, sizeof(text));
	assert_memory_equal(s->forms[SCRIPT_PLAIN].body, text, sizeof(text));
	assert_true(s->forms[SCRIPT_GZIP].n < sizeof(text) / 10);
	assert_inflates_to(&s->forms[SCRIPT_GZIP], text, sizeof(text));
	s = scripts_find(all, STR("noise.js"));
	assert_memory_equal(s->forms[SCRIPT_PLAIN].body, noise, sizeof(noise));
	assert_null(s->forms[SCRIPT_GZIP].body);
	s = scripts_find(all, STR("empty.js"));
	assert_int_equal(s->forms[SCRIPT_PLAIN].n, 0);
	assert_null(s->forms[SCRIPT_GZIP].body);
	scripts_free(all);
}

static void
tags_are_the_contents_hash_and_the_date_is_the_files(void **state)
{
	const struct script *s;
	struct scripts *all;

	(void)state;
	write_text("client.js", "abc"); /* FIPS 180-1's first example */
	all = load(".");
	s = scripts_find(all, STR("client.js"));
	assert_string_equal(s->forms[SCRIPT_PLAIN].tag,
			    "\"a9993e364706816aba3e25717850c26c9cd0d89d\"");
	assert_string_equal(s->forms[SCRIPT_GZIP].tag,
			    "\"a9993e364706816aba3e25717850c26c9cd0d89d-gzip\"");
	assert_string_equal(s->modified, DATE);
	assert_int_equal(s->modified_s, DATE_S);
	scripts_free(all);
}

static int64_t
modified_of(int64_t file_s)
{
	struct timespec times[2] = { { .tv_sec = file_s }, { .tv_sec = file_s } };
	struct scripts *all;
	int64_t modified_s;

	assert_int_equal(utimensat(AT_FDCWD, "client.js", times, 0), 0);
	all = load(".");
	modified_s = scripts_find(all, STR("client.js"))->modified_s;
	scripts_free(all);
	return modified_s;
}

static void
the_date_does_not_lie_ahead(void **state)
{
	time_t before = time(NULL);
	int64_t got;

	(void)state;
	write_text("client.js", "x");
	got = modified_of(before + 100000);
	assert_in_range(got, before, time(NULL));
	assert_int_equal(modified_of(-5), 0);
}

/* ---- requests ---- */

static struct script_choice
choose(const struct scripts *all, const char *name, const char *lines)
{
	static char text[1000];
	struct head h;

	snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: a\r\n%s\r\n", lines);
	assert_int_equal(head_parse(&h, str_from(text)), 0);
	return script_choose(scripts_find(all, str_from(name)), &h);
}

/* "200 plain", "304 gzip", ... for client.js, whose text is ABC. */
#define ABC "abcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabcabc"
#define ABC_HASH "21e0227b6fc1099f60378b5183062221138b8205"

static void
assert_gets(const char *expected, const char *lines)
{
	struct scripts *all = load(".");
	struct script_choice choice = choose(all, "client.js", lines);
	char got[32];

	snprintf(got, sizeof(got), "%s %s", choice.is_fresh ? "304" : "200",
		 choice.encoding == SCRIPT_GZIP ? "gzip" : "plain");
	if (strcmp(got, expected) != 0)
		fail_msg("%s instead of %s for %s", got, expected, lines);
	scripts_free(all);
}

#define TAKES_GZIP "Accept-Encoding: gzip\r\n"
#define HAS(tag) "If-None-Match: " tag "\r\n"
#define SINCE(date) "If-Modified-Since: " date "\r\n"

static void
a_copy_is_fresh_by_its_tag(void **state)
{
	(void)state;
	write_text("client.js", ABC);
	assert_gets("200 plain", "");
	assert_gets("200 gzip", TAKES_GZIP);
	assert_gets("304 plain", HAS("\"" ABC_HASH "\""));
	assert_gets("304 gzip", TAKES_GZIP HAS("W/\"" ABC_HASH "-gzip\""));
	assert_gets("304 plain", HAS("\"x\", W/\"" ABC_HASH "\""));
	assert_gets("304 plain", HAS("*"));
	assert_gets("304 gzip", TAKES_GZIP HAS("*"));
	assert_gets("200 gzip", TAKES_GZIP HAS("\"x\""));
	assert_gets("200 plain", HAS("\"\""));
}

static void
a_copy_in_the_other_form_is_as_good_and_named(void **state)
{
	(void)state;
	write_text("client.js", ABC);
	assert_gets("304 plain", TAKES_GZIP HAS(ABC_HASH)); /* Faye's own */
	assert_gets("304 plain", TAKES_GZIP HAS("\"" ABC_HASH "\""));
	assert_gets("304 gzip", HAS("\"" ABC_HASH "-gzip\""));
	assert_gets("304 gzip", TAKES_GZIP HAS("\"" ABC_HASH "\", \"" ABC_HASH "-gzip\""));
}

static void
a_form_that_is_not_there_is_nobodys_copy(void **state)
{
	(void)state;
	write_text("client.js", "abc");
	assert_gets("200 plain", TAKES_GZIP);
	assert_gets("200 plain",
		    HAS("\"a9993e364706816aba3e25717850c26c9cd0d89d-gzip\""));
	assert_gets("304 plain",
		    TAKES_GZIP HAS("\"a9993e364706816aba3e25717850c26c9cd0d89d\""));
}

static void
a_copy_is_fresh_by_its_date_unless_tags_speak(void **state)
{
	(void)state;
	write_text("client.js", ABC);
	assert_gets("304 plain", SINCE(DATE));
	assert_gets("304 gzip", TAKES_GZIP SINCE("Fri, 01 Jan 2100 00:00:00 GMT"));
	assert_gets("200 plain", SINCE("Sun, 06 Nov 1994 08:49:36 GMT"));
	assert_gets("200 plain", SINCE("yesterday"));
	assert_gets("200 plain", HAS("\"x\"") SINCE(DATE));
	assert_gets("304 plain", HAS("*") SINCE("Sun, 06 Nov 1994 08:49:36 GMT"));
}

static void
no_script_is_no_script(void **state)
{
	struct scripts *all;

	(void)state;
	write_text("client.js", ABC);
	all = load(".");
	assert_null(choose(all, "none.js", HAS("*")).script);
	assert_null(choose(all, "none.map", "").script);
	assert_false(choose(all, "none.js", HAS("*")).is_fresh);
	scripts_free(all);
}

static void
without_a_folder_the_client_says_so(void **state)
{
	struct scripts *all = load(NULL);
	struct script_choice choice;

	(void)state;
	assert_non_null(strstr(text_of(all, "client.js"), "--client-dir"));
	assert_non_null(strstr(text_of(all, "client.js"), "client_dir"));
	assert_null(scripts_find(all, STR("faye-browser-min.js")));
	assert_null(scripts_find(all, STR("faye-browser-min.js.map")));
	/* Nobody may keep it. */
	choice = choose(all, "client.js", TAKES_GZIP HAS("*, \"\"") SINCE(DATE));
	assert_false(choice.is_fresh);
	assert_int_equal(choice.encoding, SCRIPT_PLAIN);
	assert_true(script_is_stand_in(choice.script));
	scripts_free(all);
}

/* ---- memory ---- */

static int
load_and_free(void *folder)
{
	char why[SCRIPTS_WHY_BYTES];
	struct scripts *all;
	int rc = scripts_new(&all, folder, why);

	if (rc)
		assert_null(all);
	else
		scripts_free(all);
	return rc;
}

static void
running_out_of_memory_leaves_nothing(void **state)
{
	(void)state;
	write_text("client.js", ABC);
	write_text("client.js.map", "x");
	failing_alloc_play(load_and_free, (char[]){ "." });
	failing_alloc_play(load_and_free, NULL);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(files_have_their_names_and_the_client_two),
		IN_FOLDER(the_client_is_the_best_there_is),
		IN_FOLDER(only_regular_scripts_are_loaded),
		IN_FOLDER(what_came_later_is_not_there),
		IN_FOLDER(a_folder_that_cannot_be_used_is_told),
		IN_FOLDER(too_much_is_refused),
		IN_FOLDER(gzip_is_made_where_it_is_smaller),
		IN_FOLDER(tags_are_the_contents_hash_and_the_date_is_the_files),
		IN_FOLDER(the_date_does_not_lie_ahead),
		IN_FOLDER(a_copy_is_fresh_by_its_tag),
		IN_FOLDER(a_copy_in_the_other_form_is_as_good_and_named),
		IN_FOLDER(a_form_that_is_not_there_is_nobodys_copy),
		IN_FOLDER(a_copy_is_fresh_by_its_date_unless_tags_speak),
		IN_FOLDER(no_script_is_no_script),
		cmocka_unit_test(without_a_folder_the_client_says_so),
		IN_FOLDER(running_out_of_memory_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
