/* The daemon from "configured" to "ended". */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include "server/config.h"

/* Serves until SIGTERM or SIGINT. 0, or 1 with one line on stderr that says
 * what is wrong: the process's exit status. */
int server_run(const struct config *cfg);

#endif
