/* What --help and --check print, both made from the table of options. */
#ifndef SERVER_HELP_H
#define SERVER_HELP_H

#include <stdio.h>

#include "server/config.h"

void help_print(FILE *out);

/* All settings, as a file for --config. */
void help_print_settings(const struct config *cfg, FILE *out);

#endif
