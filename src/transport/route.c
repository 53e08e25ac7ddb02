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

/* The whole way to an absolute path without dots; empty when there is none. */
static struct str
read_path(struct str target, char out[ROUTE_MAX_BYTES])
{
	struct str path = path_of(target);

	if (path.n == 0 || path.n >= ROUTE_MAX_BYTES || path.p[0] != '/')
		return STR("");
	return resolve(path, out);
}

bool
route_is_ours(const struct route *r, struct str target)
{
	char resolved[ROUTE_MAX_BYTES];
	struct str path = read_path(target, resolved);
	size_t i;

	for (i = 0; path.n && i < r->count; i++)
		if (is_below(path, r->mounts[i]))
			return true;
	return false;
}

static struct str
last_segment(struct str path)
{
	size_t i = path.n;

	while (i && path.p[i - 1] != '/')
		i--;
	return (struct str){ path.p + i, path.n - i };
}

static bool
is_called_after(struct str name, struct str mount)
{
	struct str last = last_segment(mount);

	return str_starts(name, last) && name.n == last.n + 3 && str_ends(name, STR(".js"));
}

struct str
route_script(const struct route *r, struct str target)
{
	char resolved[ROUTE_MAX_BYTES];
	/* A name is no dots, so it is the same in the resolved path. */
	struct str path, name = last_segment(path_of(target));
	size_t i;

	if (!str_ends(name, STR(".js")) && !str_ends(name, STR(".map")))
		return STR("");
	path = read_path(target, resolved);
	for (i = 0; i < r->count; i++)
		if (is_below(path, r->mounts[i]) && is_called_after(name, r->mounts[i]))
			return STR(ROUTE_CLIENT);
	return name;
}
