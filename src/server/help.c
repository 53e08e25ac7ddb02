#include "server/help.h"

#include <stdbool.h>
#include <string.h>

#include "server/option_value.h"
#include "server/options.h"

#define HELP_COLUMN 32

static bool
in_group(const struct option_def *def)
{
	return def->key && strchr(def->key, '.');
}

static void
print_option(const struct option_def *def, FILE *out)
{
	const char *const *choice = def->choices;
	int n;

	n = def->letter ? fprintf(out, "  -%c, ", def->letter) :
			  fprintf(out, "      ");
	n += fprintf(out, "--%s", def->name);
	if (def->argument)
		n += fprintf(out, " %s", def->argument);
	fprintf(out, "%*s%s", HELP_COLUMN - n, "", def->help);
	for (; choice && *choice; choice++)
		fprintf(out, "%s%s", choice == def->choices ? "" : "|",
			*choice);
	if (def->initial && *def->initial)
		fprintf(out, " [%s]", def->initial);
	fputc('\n', out);
}

void
help_print(FILE *out)
{
	bool grouped = false;

	fputs("Usage: fayed [OPTION]...  serves Bayeux to Faye's and CometD's clients\n\n",
	      out);
	for (size_t i = 0; i < options_count; i++) {
		if (in_group(&options[i]) && !grouped)
			fputs("\nLimits to what a peer may cost:\n", out);
		grouped = in_group(&options[i]);
		print_option(&options[i], out);
	}
	fputs("\nSeconds may have a fraction (0.5), bytes a unit (64k). "
	      "Options win over FILE.\n",
	      out);
}

void
help_print_settings(const struct config *cfg, FILE *out)
{
	char group[64] = "";

	for (size_t i = 0; i < options_count; i++) {
		const struct option_def *def = &options[i];
		size_t n;

		if (!def->key)
			continue;
		n = (size_t)(option_bare_key(def) - def->key);
		if (strncmp(def->key, group, n) != 0 || group[n]) {
			if (*group)
				fputs("};\n", out);
			snprintf(group, sizeof(group), "%.*s", (int)n,
				 def->key);
			if (n)
				fprintf(out, "%.*s = {\n", (int)n - 1, group);
		}
		fprintf(out, "%s%s = ", n ? "\t" : "", option_bare_key(def));
		option_print(cfg, def, out);
		fputs(";\n", out);
	}
	if (*group)
		fputs("};\n", out);
}
