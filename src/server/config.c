/* The command line is walked twice: first for its shape and for what decides
 * all else (--help, --config, ...), then, on top of the file, for settings. */
#include "server/config.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>

#include "fayed/version.h"
#include "server/args.h"
#include "server/config_file.h"
#include "server/help.h"
#include "server/mistake.h"
#include "server/option_value.h"
#include "server/options.h"
#include "transport/scripts.h"

struct wishes {
	const char *path; /* of the file; NULL: none. Borrowed from argv */
	bool check, version, help;
};

static const struct mistake_place command_line = { 0 };

/* --help and --version win over all behind them, also over mistakes there. */
static int
survey(struct wishes *wishes, int argc, char **argv, char *error)
{
	struct args args;
	struct arg arg;
	int rc;

	args_init(&args, argc, argv);
	while (!wishes->help && !wishes->version) {
		rc = args_next(&args, &arg, error);
		if (rc != ARGS_MORE)
			return rc;
		if (arg.def->type == OPTION_CONFIG && !*arg.value)
			return mistake(error, &command_line,
				       "--config: '' is no name of a file");
		if (arg.def->type == OPTION_CONFIG)
			wishes->path = arg.value;
		else if (arg.def->type == OPTION_CHECK)
			wishes->check = true;
		else if (arg.def->type == OPTION_VERSION)
			wishes->version = true;
		else if (arg.def->type == OPTION_HELP)
			wishes->help = true;
	}
	return 0;
}

static int
set_defaults(struct config *cfg, char *error)
{
	int rc = 0;

	for (size_t i = 0; i < options_count && !rc; i++) {
		if (options[i].key)
			rc = option_set(cfg, &options[i], options[i].initial,
					&command_line, error);
	}
	assert(rc != CONFIG_WRONG);
	return rc;
}

static int
set_from_args(struct config *cfg, int argc, char **argv, char *error)
{
	unsigned begun = 0; /* a bit for each type of list */
	struct args args;
	struct arg arg;
	int rc;

	args_init(&args, argc, argv);
	while ((rc = args_next(&args, &arg, error)) == ARGS_MORE) {
		if (!arg.def->key)
			continue;
		if (option_is_list(arg.def) && !(begun & 1u << arg.def->type)) {
			option_clear(cfg, arg.def);
			begun |= 1u << arg.def->type;
		}
		rc = option_set(cfg, arg.def, arg.value, &command_line, error);
		if (rc)
			break;
	}
	return rc;
}

/* A folder that cannot be used is a mistake in the settings, so it is looked
 * into here, where --check finds it. It may come from the file or the command
 * line, so it is named as both have it. */
static int
load_scripts(struct config *cfg, char *error)
{
	char why[SCRIPTS_WHY_BYTES];
	int rc = scripts_new(&cfg->scripts, cfg->client_dir, why);

	if (rc != SCRIPTS_WRONG)
		return rc;
	return mistake(error, &command_line, "client-dir '%.100s' %s", cfg->client_dir,
		       why);
}

static int
set_all(struct config *cfg, const struct wishes *wishes, int argc, char **argv,
	char *error)
{
	int rc;

	rc = set_defaults(cfg, error);
	if (!rc && wishes->path)
		rc = config_file_read(cfg, wishes->path, error);
	if (!rc)
		rc = set_from_args(cfg, argc, argv, error);
	if (!rc)
		rc = load_scripts(cfg, error);
	return rc;
}

/* A full disk or a closed pipe must not look like a success. */
static int
said(FILE *out)
{
	if (fflush(out))
		return -errno;
	return ferror(out) ? -EIO : CONFIG_EXIT_OK;
}

int
server_config_read(struct config *cfg, int argc, char **argv, FILE *out,
		   char error[CONFIG_ERROR_BYTES])
{
	struct wishes wishes = { 0 };
	int rc;

	*cfg = (struct config){ 0 };
	error[0] = '\0';
	rc = survey(&wishes, argc, argv, error);
	if (rc)
		return rc;
	if (wishes.help) {
		help_print(out);
		return said(out);
	}
	if (wishes.version) {
		fputs("fayed " FAYED_VERSION "\n", out);
		return said(out);
	}
	rc = set_all(cfg, &wishes, argc, argv, error);
	if (!rc && wishes.check) {
		help_print_settings(cfg, out);
		fputs("ok\n", out);
		rc = said(out);
	}
	if (rc)
		server_config_clear(cfg);
	return rc;
}

void
server_config_clear(struct config *cfg)
{
	for (size_t i = 0; i < options_count; i++)
		option_clear(cfg, &options[i]);
	scripts_free(cfg->scripts);
	*cfg = (struct config){ 0 };
}
