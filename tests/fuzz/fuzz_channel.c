/* Names and patterns against the grammar read aloud, expansion against what
 * matching means. */
#include <stdbool.h>
#include <string.h>

#include "bayeux/channel.h"
#include "fuzz/fuzz.h"

/* The bytes of the segment at the front, `/` included; 0: there is none. */
static size_t
segment(struct str s)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_!~()$@";
	size_t n = 1;

	if (s.n == 0 || s.p[0] != '/')
		return 0;
	while (n < s.n && s.p[n] && strchr(letters, s.p[n]))
		n++;
	return n > 1 ? n : 0;
}

static size_t
segments(struct str *s)
{
	size_t n, count = 0;

	while ((n = segment(*s)) > 0) {
		s->p += n, s->n -= n;
		count++;
	}
	return count;
}

static bool
matches(struct str pattern, struct str name)
{
	bool deep = pattern.p[pattern.n - 2] == '*';

	pattern.n -= deep ? 3 : 2;
	if (!str_starts(name, pattern))
		return false;
	name.p += pattern.n, name.n -= pattern.n;
	return name.p[0] == '/' && (deep || segments(&name) == 1);
}

static void
check_expansion(struct str name, size_t depth)
{
	struct str out[CHANNEL_MAX_PATTERNS];
	char scratch[CHANNEL_SCRATCH];
	size_t n = channel_expand(name, out, scratch);

	MUST(n == depth + 2);
	MUST(str_equal(out[0], name));
	for (size_t i = 1; i < n; i++) {
		MUST(channel_is_pattern(out[i]));
		MUST(matches(out[i], name));
		MUST(channel_kind(out[i]) == channel_kind(name) ||
		     str_equal(out[i], STR("/*")) || str_equal(out[i], STR("/**")));
		for (size_t j = 0; j < i; j++)
			MUST(!str_equal(out[i], out[j]));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str s = { (const char *)data, n }, rest = s;
	size_t depth = segments(&rest);
	bool is_name = depth > 0 && rest.n == 0;

	MUST(channel_is_name(s) == is_name);
	MUST(channel_is_pattern(s) ==
	     (str_equal(rest, STR("/*")) || str_equal(rest, STR("/**"))));
	if (is_name && !channel_is_too_long(s))
		check_expansion(s, depth);
	return 0;
}
