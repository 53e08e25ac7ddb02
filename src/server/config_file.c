/* We read the bytes and libconfig parses them, for its scanner ends the process
 * when read() fails, as it does on a folder. Every scalar is turned back into
 * text and goes where the command line's words go (server/option_value.h). */
#include "server/config_file.h"

#include <errno.h>
#include <libconfig.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "server/config_scan.h"
#include "server/mistake.h"
#include "server/option_value.h"
#include "server/options.h"

#define FILE_BYTES_MAX ((size_t)1024 * 1024)
#define KEY_BYTES 128
#define SCALAR_BYTES 32

struct reading {
	struct config *cfg;
	const char *path;
	char *error;
};

static struct mistake_place
place_of(const struct reading *r, const config_setting_t *at)
{
	return (struct mistake_place){ r->path,
				       config_setting_source_line(at) };
}

/* Borrowed from `at` or from `room`; NULL when it is no scalar. */
static const char *
scalar_text(const config_setting_t *at, char room[SCALAR_BYTES])
{
	switch (config_setting_type(at)) {
	case CONFIG_TYPE_STRING:
		return config_setting_get_string(at);
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		snprintf(room, SCALAR_BYTES, "%lld",
			 config_setting_get_int64(at));
		return room;
	case CONFIG_TYPE_FLOAT:
		snprintf(room, SCALAR_BYTES, "%.15g",
			 config_setting_get_float(at));
		return room;
	case CONFIG_TYPE_BOOL:
		return config_setting_get_bool(at) ? "true" : "false";
	default:
		return NULL;
	}
}

static int
set_scalar(const struct reading *r, const struct option_def *def,
	   const config_setting_t *at)
{
	struct mistake_place place = place_of(r, at);
	char room[SCALAR_BYTES];
	const char *text = scalar_text(at, room);

	if (!text)
		return mistake(r->error, &place, "%s: must be a single value",
			       def->key);
	return option_set(r->cfg, def, text, &place, r->error);
}

/* A list of one may be written as a scalar. */
static int
set_list(const struct reading *r, const struct option_def *def,
	 const config_setting_t *at)
{
	struct mistake_place place = place_of(r, at);
	int n = config_setting_length(at), rc = 0;

	option_clear(r->cfg, def);
	if (!config_setting_is_array(at) && !config_setting_is_list(at))
		return set_scalar(r, def, at);
	if (!n)
		return mistake(r->error, &place,
			       "%s: is empty (try %s = [\"%s\"])", def->key,
			       def->key, def->initial);
	for (int i = 0; i < n && !rc; i++)
		rc = set_scalar(r, def,
				config_setting_get_elem(at, (unsigned)i));
	return rc;
}

/* `prefix` is "" or "group.". */
static int
set_key(const struct reading *r, const char *prefix, const config_setting_t *at)
{
	struct mistake_place place = place_of(r, at);
	const struct option_def *def;
	char key[KEY_BYTES];

	/* One that is cut is longer than any we know. */
	snprintf(key, sizeof(key), "%s%s", prefix, config_setting_name(at));
	def = options_by_key(key);
	if (!def)
		return mistake(r->error, &place, "unknown key '%s'", key);
	return option_is_list(def) ? set_list(r, def, at) :
				     set_scalar(r, def, at);
}

static int
set_group(const struct reading *r, const config_setting_t *at)
{
	struct mistake_place place = place_of(r, at);
	const char *name = config_setting_name(at);
	int n = config_setting_length(at), rc = 0;
	char prefix[KEY_BYTES];

	if (!config_setting_is_group(at))
		return mistake(r->error, &place,
			       "%s: must be a group: %s = { ... };", name,
			       name);
	snprintf(prefix, sizeof(prefix), "%s.", name);
	for (int i = 0; i < n && !rc; i++)
		rc = set_key(r, prefix,
			     config_setting_get_elem(at, (unsigned)i));
	return rc;
}

static int
set_all(const struct reading *r, const config_setting_t *root)
{
	int n = config_setting_length(root), rc = 0;

	for (int i = 0; i < n && !rc; i++) {
		const config_setting_t *at =
			config_setting_get_elem(root, (unsigned)i);

		rc = options_has_group(config_setting_name(at)) ?
			     set_group(r, at) :
			     set_key(r, "", at);
	}
	return rc;
}

/* What libconfig must not see. */
static int
check_text(const struct reading *r, const char *text)
{
	struct mistake_place place = { .path = r->path };
	struct str word;

	switch (config_scan(text, &word, &place.line)) {
	case CONFIG_SCAN_LARGE:
		return mistake(r->error, &place,
			       "'%.*s' is beyond what any setting takes",
			       word.n < 100 ? (int)word.n : 100, word.p);
	case CONFIG_SCAN_INCLUDE:
		return mistake(r->error, &place, "@include is not supported");
	case CONFIG_SCAN_COMMENT:
		return mistake(r->error, &place, "a comment does not end");
	}
	return 0;
}

static int
parse(const struct reading *r, const char *text)
{
	struct mistake_place place = { .path = r->path };
	config_t parser;
	int rc;

	config_init(&parser);
	if (config_read_string(&parser, text) == CONFIG_TRUE) {
		rc = set_all(r, config_root_setting(&parser));
	} else {
		place.line = (unsigned)config_error_line(&parser);
		rc = mistake(r->error, &place, "%s",
			     config_error_text(&parser));
	}
	config_destroy(&parser);
	return rc;
}

/* The whole file into `text`, terminated; it has FILE_BYTES_MAX + 2 bytes. */
static int
slurp(const struct reading *r, char *text)
{
	struct mistake_place place = { .path = r->path };
	FILE *file = fopen(r->path, "re");
	bool failed;
	size_t n;

	if (!file)
		return mistake(r->error, &place, "%s", strerror(errno));
	n = fread(text, 1, FILE_BYTES_MAX + 1, file);
	failed = ferror(file);
	if (failed)
		mistake(r->error, &place, "%s", strerror(errno));
	fclose(file);
	if (failed)
		return CONFIG_WRONG;
	if (n > FILE_BYTES_MAX)
		return mistake(r->error, &place, "is longer than %zu bytes",
			       FILE_BYTES_MAX);
	if (memchr(text, '\0', n))
		return mistake(r->error, &place, "is no text: has a zero byte");
	/* libconfig refuses a comment on a last line that has no end. */
	if (n && text[n - 1] != '\n')
		text[n++] = '\n';
	text[n] = '\0';
	return 0;
}

int
config_file_read(struct config *cfg, const char *path, char *error)
{
	struct reading r = { cfg, path, error };
	char *text = malloc(FILE_BYTES_MAX + 2);
	int rc;

	if (!text)
		return -ENOMEM;
	rc = slurp(&r, text);
	if (!rc)
		rc = check_text(&r, text);
	if (!rc)
		rc = parse(&r, text);
	free(text);
	return rc;
}
