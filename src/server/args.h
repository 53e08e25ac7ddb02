/* The words of a command line, one option at a time: --name VALUE,
 * --name=VALUE, -x VALUE, -xVALUE. We walk it ourselves: getopt_long() keeps
 * its place in globals, takes abbreviations (which break when options are
 * added), and cannot say what was wrong but on stderr. */
#ifndef SERVER_ARGS_H
#define SERVER_ARGS_H

#include "server/options.h"

struct args {
	int argc;
	char **argv;
	int next; /* index of the first word not yet read */
};

struct arg {
	const struct option_def *def;
	const char *value; /* borrowed from argv; NULL: takes none */
};

enum { ARGS_MORE = 16 }; /* beside enum config_result */

void args_init(struct args *args, int argc, char **argv);

/* ARGS_MORE with `arg` filled, 0 at the end, or CONFIG_WRONG. */
int args_next(struct args *args, struct arg *arg, char *error);

#endif
