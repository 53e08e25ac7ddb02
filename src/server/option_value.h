/* One option's value: from text into struct config, and back. A value from the
 * file takes the same way as one from the command line, as text, so both obey
 * one grammar. Pure. */
#ifndef SERVER_OPTION_VALUE_H
#define SERVER_OPTION_VALUE_H

#include <stdio.h>

#include "server/config.h"
#include "server/mistake.h"
#include "server/options.h"

/* Sets the field, or appends to the list. 0, CONFIG_WRONG with `error` filled,
 * or -ENOMEM. The grammar of numbers is server/quantity.h's. */
int option_set(struct config *cfg, const struct option_def *def,
	       const char *text, const struct mistake_place *place,
	       char *error);

/* Empties what holds memory; leaves any other setting alone. */
void option_clear(struct config *cfg, const struct option_def *def);

/* The value as the file would have it: 0.5, "info", [ "/bayeux" ]. */
void option_print(const struct config *cfg, const struct option_def *def,
		  FILE *out);

#endif
