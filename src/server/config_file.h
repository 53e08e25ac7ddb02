/* The configuration file, in libconfig's language: `timeout = 60;`,
 * `mount = ["/bayeux"];`, `limits = { nesting = 64; };`, comments; one file,
 * no @include. */
#ifndef SERVER_CONFIG_FILE_H
#define SERVER_CONFIG_FILE_H

#include "server/config.h"

/* Puts over `cfg` what the file says; a list in it replaces the one in `cfg`.
 * 0, CONFIG_WRONG with `error` filled (also when it cannot be read), or
 * -ENOMEM. */
int config_file_read(struct config *cfg, const char *path, char *error);

#endif
