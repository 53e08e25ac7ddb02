#include "unit/server/reading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

int
reading_setup(void **state)
{
	char *dir = strdup("/tmp/fayed-test-XXXXXX");

	*state = dir;
	return dir && mkdtemp(dir) ? chdir(dir) : -1;
}

int
reading_teardown(void **state)
{
	char *dir = *state;
	int rc;

	rc = unlink(CONF) || chdir("/") || rmdir(dir) ? -1 : 0;
	free(dir);
	return rc;
}

void
reading_write_bytes(const void *bytes, size_t n)
{
	FILE *file = fopen(CONF, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, n, file), n);
	assert_int_equal(fclose(file), 0);
}

void
reading_write_file(const char *text)
{
	reading_write_bytes(text, strlen(text));
}

/* Parsing gets words it may not rely on to be constant. */
void
reading_start(struct reading *r, const char *const *words)
{
	char *argv[32];
	size_t said_n;
	int argc = 0;
	FILE *out;

	for (; words[argc]; argc++) {
		assert_true(argc < 31);
		argv[argc] = strdup(words[argc]);
		assert_non_null(argv[argc]);
	}
	argv[argc] = NULL;
	memset(r, 0xa5, sizeof(*r)); /* nobody promised us zeros */
	r->said = NULL;
	out = open_memstream(&r->said, &said_n);
	assert_non_null(out);
	r->rc = server_config_read(&r->cfg, argc, argv, out, r->error);
	assert_int_equal(fclose(out), 0);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
}

void
reading_clear(struct reading *r)
{
	server_config_clear(&r->cfg);
	free(r->said);
}

static void
assert_empty(const struct config *cfg)
{
	assert_null(cfg->listens);
	assert_int_equal(cfg->listen_count, 0);
	assert_null(cfg->mounts);
	assert_int_equal(cfg->mount_count, 0);
	assert_null(cfg->origins);
	assert_int_equal(cfg->origin_count, 0);
	assert_null(cfg->client_dir);
	assert_null(cfg->scripts);
}

void
reading_assert_wrong(const char *line, const char *const *words)
{
	struct reading r;

	reading_start(&r, words);
	assert_string_equal(r.error, line);
	assert_int_equal(r.rc, CONFIG_WRONG);
	assert_string_equal(r.said, "");
	assert_empty(&r.cfg);
	reading_clear(&r);
}

struct config
reading_settings(const char *const *words)
{
	struct reading r;

	reading_start(&r, words);
	assert_string_equal(r.error, "");
	assert_int_equal(r.rc, CONFIG_RUN);
	assert_string_equal(r.said, "");
	free(r.said);
	return r.cfg;
}
