#include "server/args.h"

#include <string.h>

#include "server/config.h"
#include "server/mistake.h"

static const struct mistake_place here = { 0 };

void
args_init(struct args *args, int argc, char **argv)
{
	*args = (struct args){ .argc = argc, .argv = argv, .next = 1 };
}

/* So much of it goes into an error. */
static int
shown(struct str typed)
{
	return typed.n < 100 ? (int)typed.n : 100;
}

/* `typed` is the option as it stands in argv without its value, which is
 * `attached` or, when that is NULL, the next word. */
static int
finish(struct args *args, struct arg *arg, struct str typed,
       const char *attached, char *error)
{
	const struct option_def *def = arg->def;

	if (!def)
		return mistake(error, &here, "unknown option '%.*s' (try --help)",
			       shown(typed), typed.p);
	if (!def->argument && attached)
		return mistake(error, &here, "%.*s takes no argument",
			       shown(typed), typed.p);
	arg->value = attached;
	if (def->argument && !attached) {
		if (args->next >= args->argc)
			return mistake(error, &here,
				       "%.*s needs an argument: %.*s %s",
				       shown(typed), typed.p, shown(typed),
				       typed.p, def->argument);
		arg->value = args->argv[args->next++];
	}
	return ARGS_MORE;
}

static int
stray(const char *word, char *error)
{
	return mistake(error, &here, "stray argument '%.100s' (try --help)",
		       word);
}

int
args_next(struct args *args, struct arg *arg, char *error)
{
	const char *word, *attached;
	struct str typed;

	if (args->next >= args->argc)
		return 0;
	word = args->argv[args->next++];
	if (strcmp(word, "--") == 0) {
		if (args->next >= args->argc)
			return 0;
		return stray(args->argv[args->next], error);
	}
	if (strncmp(word, "--", 2) == 0) {
		attached = strchr(word, '=');
		typed.p = word;
		typed.n = attached ? (size_t)(attached - word) : strlen(word);
		arg->def = options_by_name(
			(struct str){ typed.p + 2, typed.n - 2 });
		return finish(args, arg, typed, attached ? attached + 1 : NULL,
			      error);
	}
	if (word[0] == '-' && word[1]) {
		arg->def = options_by_letter(word[1]);
		typed.p = word;
		typed.n = arg->def ? 2 : strlen(word);
		return finish(args, arg, typed, word[2] ? word + 2 : NULL,
			      error);
	}
	return stray(word, error);
}
