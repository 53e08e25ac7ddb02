#include "transport/route.h"

enum { ROUTE_MAX_BYTES = 8192 };

/* The path alone: without the query and, in absolute form, without the origin. */
static struct str
path_of(struct str target)
{
	size_t i, n;

	if (str_starts(target, STR("http://")) || str_starts(target, STR("https://"))) {
		i = target.p[4] == 's' ? 8 : 7;
		while (i < target.n && target.p[i] != '/' && target.p[i] != '?')
			i++;
		target.p += i;
		target.n -= i;
	}
	for (n = 0; n < target.n; n++)
		if (target.p[n] == '?' || target.p[n] == '#')
			break;
	target.n = n;
	return target;
}

/* Copies `path` with "." and ".." resolved (RFC 3986 5.2.4). */
static struct str
resolve(struct str path, char out[ROUTE_MAX_BYTES])
{
	size_t i = 0, n = 0, end;

	while (i < path.n) {
		struct str segment; /* with its slash */

		for (end = i + 1; end < path.n && path.p[end] != '/'; end++)
			;
		segment = (struct str){ path.p + i, end - i };
		i = end;
		if (str_equal(segment, STR("/.."))) {
			while (n && out[--n] != '/')
				;
		} else if (!str_equal(segment, STR("/."))) {
			memcpy(out + n, segment.p, segment.n);
			n += segment.n;
			continue;
		}
		if (i == path.n)
			out[n++] = '/'; /* "/a/.." is a folder */
	}
	return (struct str){ out, n };
}

static bool
is_below(struct str path, struct str mount)
{
	if (!str_starts(path, mount))
		return false;
	return path.n == mount.n || path.p[mount.n] == '/' || path.p[mount.n] == '.';
}

bool
route_is_ours(const struct route *r, struct str target)
{
	char resolved[ROUTE_MAX_BYTES];
	struct str path = path_of(target);
	size_t i;

	if (path.n == 0 || path.n >= sizeof(resolved) || path.p[0] != '/')
		return false;
	path = resolve(path, resolved);
	for (i = 0; i < r->count; i++)
		if (is_below(path, r->mounts[i]))
			return true;
	return false;
}
