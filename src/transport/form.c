#include "transport/form.h"

#include <errno.h>

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static void
decode(struct str s, struct buf *out)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		int high = i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1;
		int low = i + 2 < s.n ? hex_digit(s.p[i + 2]) : -1;

		if (s.p[i] == '%' && high >= 0 && low >= 0) {
			buf_add_char(out, (char)(high * 16 + low));
			i += 2;
		} else {
			buf_add_char(out, s.p[i] == '+' ? ' ' : s.p[i]);
		}
	}
}

/* Takes what is before the next `c` off `s`, and the `c`. */
static struct str
take_until(struct str *s, char c)
{
	const char *end = s->n ? memchr(s->p, c, s->n) : NULL;
	struct str taken = { s->p, end ? (size_t)(end - s->p) : s->n };
	size_t n = taken.n + (end != NULL);

	s->p += n;
	s->n -= n;
	return taken;
}

int
form_take(struct str key, struct str value, struct str name, struct buf *out)
{
	size_t before = out->n;
	bool found;

	decode(key, out);
	if (out->failed)
		return -ENOMEM;
	/* An empty key may have left the buffer without memory. */
	found = out->n - before == name.n &&
		(name.n == 0 || memcmp(out->p + before, name.p, name.n) == 0);
	out->n = before;
	if (!found)
		return FORM_ABSENT;
	decode(value, out);
	return out->failed ? -ENOMEM : 0;
}

int
form_find(struct str text, struct str name, struct buf *out)
{
	int rc = FORM_ABSENT;

	while (text.n && rc == FORM_ABSENT) {
		struct str value = take_until(&text, '&');
		struct str key = take_until(&value, '=');

		rc = form_take(key, value, name, out);
	}
	return rc;
}
