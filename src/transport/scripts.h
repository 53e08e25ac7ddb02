/* The scripts that pages load from us: Faye's browser client and its maps, as
 * npm has them in one folder. They are read at the start; no request reaches
 * the file system. Immutable, shared by all workers. */
#ifndef TRANSPORT_SCRIPTS_H
#define TRANSPORT_SCRIPTS_H

#include "transport/script.h"

enum {
	SCRIPTS_WRONG = 1, /* with the folder */
	SCRIPTS_WHY_BYTES = 320,
};

struct scripts;

/* Those in the folder; with NULL a client that says in the browser's console
 * what is missing. 0; SCRIPTS_WRONG with `why` filled, which reads on behind the
 * folder's name; or -ENOMEM. */
int scripts_new(struct scripts **out, const char *folder, char why[SCRIPTS_WHY_BYTES]);
void scripts_free(struct scripts *all);

size_t scripts_count(const struct scripts *all);

/* ROUTE_CLIENT is the client, whatever its file is called. NULL: none has that
 * name. */
const struct script *scripts_find(const struct scripts *all, struct str name);

#endif
