/* Which requests are ours (Faye: node_adapter). Pure. */
#ifndef TRANSPORT_ROUTE_H
#define TRANSPORT_ROUTE_H

#include "util/str.h"

/* What the browser's client is called under every mount. */
#define ROUTE_CLIENT "client.js"

struct route {
	const struct str *mounts; /* each "/a/b", or "" for the root */
	size_t count;
};

/* Whether the path of a request target lies at or below a mount: the mount,
 * then nothing, or "/" and more, or a suffix that begins with a dot. Dots in the
 * path are resolved, escapes stay, the query plays no part. An absolute
 * target's host is passed over. */
bool route_is_ours(const struct route *r, struct str target);

/* The script that a target of ours names (Faye: static_server): the last segment
 * of its path if that ends in ".js" or ".map", else an empty slice. Under the
 * mount "/a/b" the name "b.js" is another for ROUTE_CLIENT, which is returned.
 * Borrows the target. */
struct str route_script(const struct route *r, struct str target);

#endif
