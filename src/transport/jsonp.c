#include "transport/jsonp.h"

static bool
may_begin(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

bool
jsonp_is_callback(struct str name)
{
	bool at_start = true;
	size_t i;

	for (i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (c == '.' && !at_start)
			at_start = true;
		else if (may_begin(c) || (!at_start && c >= '0' && c <= '9'))
			at_start = false;
		else
			return false;
	}
	return !at_start;
}

/* U+2028 and U+2029 are E2 80 A8 and E2 80 A9. */
static void
add_escaped(struct str s, struct buf *out)
{
	size_t i, from = 0;

	for (i = 0; i + 2 < s.n; i++) {
		if (memcmp(s.p + i, "\xe2\x80", 2) != 0 ||
		    ((unsigned char)s.p[i + 2] & 0xfe) != 0xa8)
			continue;
		buf_add(out, s.p + from, i - from);
		buf_add_str(out, s.p[i + 2] == '\xa8' ? STR("\\u2028") : STR("\\u2029"));
		i += 2;
		from = i + 1;
	}
	buf_add(out, s.p + from, s.n - from);
}

void
jsonp_wrap(struct str callback, struct str array, struct buf *out)
{
	buf_add_str(out, STR("/**/"));
	buf_add_str(out, callback);
	buf_add_char(out, '(');
	add_escaped(array, out);
	buf_add_str(out, STR(");"));
}
