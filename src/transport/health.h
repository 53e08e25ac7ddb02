/* What balancers ask: whether this node is to get clients. */
#ifndef TRANSPORT_HEALTH_H
#define TRANSPORT_HEALTH_H

#include <stdatomic.h>
#include <stdbool.h>

#include "util/str.h"

/* Of the whole process; any thread may write it. */
struct health {
	_Atomic(const char *) trouble; /* why not, in a few words, a literal; NULL: it is */
};

/* Whether that request, whose path is under no mount, asks it: GET, HEAD or OPTIONS of
 * /health, or OPTIONS of / (HAProxy: option httpchk without arguments). The path is
 * without its query. Pure. */
bool health_is_asked(struct str method, struct str path);

#endif
