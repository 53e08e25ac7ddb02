#include "bayeux/channel.h"

#include <assert.h>
#include <stdint.h>

/* Whether `c` may stand in a segment. Locales must not matter, so no ctype. */
static bool
is_segment_byte(char c)
{
	switch (c) {
	case 'a' ... 'z':
	case 'A' ... 'Z':
	case '0' ... '9':
	case '-':
	case '_':
	case '!':
	case '~':
	case '(':
	case ')':
	case '$':
	case '@':
		return true;
	default:
		return false;
	}
}

bool
channel_is_name(struct str s)
{
	char before = 0;

	if (s.n == 0 || s.p[0] != '/')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '/' ? before == '/' : !is_segment_byte(s.p[i]))
			return false;
		before = s.p[i];
	}
	return before != '/';
}

bool
channel_is_pattern(struct str s)
{
	if (str_ends(s, STR("/**")))
		s.n -= 3;
	else if (str_ends(s, STR("/*")))
		s.n -= 2;
	else
		return false;
	return s.n == 0 || channel_is_name(s);
}

bool
channel_is_too_long(struct str s)
{
	size_t segments = 0;

	if (s.n > CHANNEL_MAX_BYTES)
		return true;
	for (size_t i = 0; i < s.n; i++)
		segments += s.p[i] == '/';
	return segments > CHANNEL_MAX_SEGMENTS;
}

static bool
is_at_or_below(struct str s, struct str root)
{
	return str_starts(s, root) && (s.n == root.n || s.p[root.n] == '/');
}

enum channel_kind
channel_kind(struct str s)
{
	if (is_at_or_below(s, STR("/meta")))
		return CHANNEL_META;
	if (is_at_or_below(s, STR("/service")))
		return CHANNEL_SERVICE;
	return CHANNEL_PLAIN;
}

/* Writes `head` and `tail` at `*to` and steps behind them. */
static struct str
join(char **to, struct str head, struct str tail)
{
	struct str joined = { *to, head.n + tail.n };

	memcpy(*to, head.p, head.n);
	memcpy(*to + head.n, tail.p, tail.n);
	*to += joined.n;
	return joined;
}

/* `name` without its last segment; empty below the root. */
static struct str
parent_of(struct str name)
{
	while (name.p[--name.n] != '/')
		;
	return name;
}

size_t
channel_expand(struct str name, struct str out[CHANNEL_MAX_PATTERNS],
	       char scratch[CHANNEL_SCRATCH])
{
	char *to = scratch;
	size_t n = 0;

	assert(!channel_is_too_long(name) && channel_is_name(name));
	out[n++] = join(&to, name, STR(""));
	name = parent_of(name);
	out[n++] = join(&to, name, STR("/*"));
	out[n++] = join(&to, name, STR("/**"));
	while (name.n > 0) {
		name = parent_of(name);
		out[n++] = join(&to, name, STR("/**"));
	}
	return n;
}
