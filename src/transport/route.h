/* Which requests are ours (Faye: node_adapter). Pure. */
#ifndef TRANSPORT_ROUTE_H
#define TRANSPORT_ROUTE_H

#include "util/str.h"

struct route {
	const struct str *mounts; /* each "/a/b", or "" for the root */
	size_t count;
};

/* Whether the path of a request target lies at or below a mount: the mount,
 * then nothing, or "/" and more, or a suffix that begins with a dot. Dots in the
 * path are resolved, escapes stay, the query plays no part. An absolute
 * target's host is passed over. */
bool route_is_ours(const struct route *r, struct str target);

#endif
