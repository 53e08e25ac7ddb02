/* Every option there is, in one table. The command line, the configuration
 * file, --help, --check and the range checks all read it: an option is added by
 * its line here and its field in struct config. */
#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/str.h"

enum option_type {
	OPTION_CONFIG, /* the four that are no settings: not in the file */
	OPTION_CHECK,
	OPTION_VERSION,
	OPTION_HELP,
	OPTION_LISTEN, /* a list */
	OPTION_MOUNT,  /* a list */
	OPTION_ORIGIN, /* a list */
	OPTION_SECONDS, /* int64_t, milliseconds */
	OPTION_BYTES,   /* size_t */
	OPTION_COUNT,   /* size_t */
	OPTION_CHOICE,  /* an enum, counted from 0 as `choices` is */
	OPTION_FOLDER,  /* char *, owned; NULL when it is empty */
	OPTION_REDIS,   /* struct redis_url *, owned; NULL when it is empty */
	OPTION_PREFIX,  /* char *, owned */
};

struct option_def {
	enum option_type type;
	char letter;             /* 0: none */
	const char *name;        /* behind the two dashes */
	const char *argument;    /* its name in --help; NULL: takes none */
	const char *key;         /* "group.key" in the file; NULL: not there */
	const char *initial;     /* the default, as one would type it */
	const char *const *choices; /* NULL-terminated; NULL: not a choice */
	size_t field;            /* offset in struct config; not for lists */
	int64_t min, max;        /* milliseconds, bytes or a plain count */
	const char *help;
};

extern const struct option_def options[];
extern const size_t options_count;

/* NULL: no such option. */
const struct option_def *options_by_name(struct str name);
const struct option_def *options_by_letter(char letter);
const struct option_def *options_by_key(const char *key);

/* Whether keys begin with `name` and a dot. */
bool options_has_group(const char *name);

static inline bool
option_is_list(const struct option_def *def)
{
	return def->type == OPTION_LISTEN || def->type == OPTION_MOUNT ||
	       def->type == OPTION_ORIGIN;
}

/* The part of its key behind the group's dot. */
const char *option_bare_key(const struct option_def *def);

#endif
