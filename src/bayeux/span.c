/* What is read here has been through the scanner: all of it is valid JSON, so
 * nothing below checks for ends that the grammar promises. */
#include "bayeux/scan.h"

#include <assert.h>
#include <math.h>

#include "bayeux/scan_string.h"
#include "util/number.h"

enum { REPLACEMENT = 0xfffd }; /* for half a surrogate pair */

/* ---- strings ---- */

static struct str
between_quotes(const struct span *s)
{
	assert(s->type == SCAN_STRING && s->text.n >= 2);
	return (struct str){ s->text.p + 1, s->text.n - 2 };
}

static unsigned
hex4(const char *p)
{
	unsigned v = 0;

	for (int i = 0; i < 4; i++) {
		unsigned c = (unsigned char)p[i];

		v = v << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return v;
}

static size_t
put_utf8(char *out, unsigned c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* The character of the \u escape at the front of `s`, both halves of a pair. */
static unsigned
take_unicode(struct str *s)
{
	unsigned c = hex4(s->p + 2), low;

	s->p += 6, s->n -= 6;
	if (c < 0xd800 || c > 0xdfff)
		return c;
	if (c > 0xdbff || !str_starts(*s, STR("\\u")))
		return REPLACEMENT;
	low = hex4(s->p + 2);
	if (low < 0xdc00 || low > 0xdfff)
		return REPLACEMENT; /* what follows speaks for itself */
	s->p += 6, s->n -= 6;
	return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

/* Takes a run of plain bytes or an escape off `s`, whose content is returned:
 * a part of the text or up to 4 bytes in `room`. */
static struct str
take_piece(struct str *s, char room[4])
{
	const char *from = s->p, *backslash;
	char c;

	if (*from != '\\') {
		backslash = memchr(from, '\\', s->n);
		s->p = backslash ? backslash : from + s->n;
		s->n -= (size_t)(s->p - from);
		return (struct str){ from, (size_t)(s->p - from) };
	}
	if (from[1] == 'u')
		return (struct str){ room, put_utf8(room, take_unicode(s)) };
	switch (c = from[1]) {
	case 'b':
		c = '\b';
		break;
	case 'f':
		c = '\f';
		break;
	case 'n':
		c = '\n';
		break;
	case 'r':
		c = '\r';
		break;
	case 't':
		c = '\t';
		break;
	}
	room[0] = c;
	s->p += 2, s->n -= 2;
	return (struct str){ room, 1 };
}

bool
span_is(const struct span *s, struct str content)
{
	struct str rest, piece;
	char room[4];

	if (s->type != SCAN_STRING)
		return false;
	rest = between_quotes(s);
	if (!s->escaped)
		return str_equal(rest, content);
	while (rest.n > 0) {
		piece = take_piece(&rest, room);
		if (!str_starts(content, piece))
			return false;
		content.p += piece.n, content.n -= piece.n;
	}
	return content.n == 0;
}

struct str
span_string(const struct span *s, struct buf *scratch)
{
	struct str rest = between_quotes(s);
	size_t from = scratch->n;
	char room[4];

	if (!s->escaped)
		return rest;
	/* At once, since no escape is shorter than what it stands for. */
	if (!buf_reserve(scratch, rest.n))
		return (struct str){ NULL, 0 };
	while (rest.n > 0)
		buf_add_str(scratch, take_piece(&rest, room));
	return (struct str){ scratch->p + from, scratch->n - from };
}

static const char *
short_escape(char c)
{
	switch (c) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\b':
		return "\\b";
	case '\f':
		return "\\f";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	default:
		return NULL;
	}
}

static void
add_escaped(struct buf *out, char c)
{
	const char *known = short_escape(c);

	if (known)
		buf_add_str(out, str_from(known));
	else
		buf_addf(out, "\\u%04x", (unsigned)c);
}

void
scan_quote(struct str text, struct buf *out)
{
	size_t from = 0;

	buf_add_char(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_add(out, text.p + from, i - from);
		add_escaped(out, (char)c);
		from = i + 1;
	}
	if (text.n > from)
		buf_add(out, text.p + from, text.n - from);
	buf_add_char(out, '"');
}

/* ---- values ---- */

double
span_number(const struct span *s)
{
	struct buf scratch = BUF_INIT;
	struct str text;
	double v = NAN;

	if (s->type == SCAN_NUMBER)
		return number_parse(s->text);
	if (s->type != SCAN_STRING)
		return NAN;
	text = span_string(s, &scratch);
	if (text.p)
		v = number_parse(text);
	buf_clear(&scratch);
	return v;
}

bool
span_is_true(const struct span *s)
{
	switch ((enum scan_type)s->type) {
	case SCAN_ABSENT:
	case SCAN_NULL:
	case SCAN_FALSE:
		return false;
	case SCAN_NUMBER:
		return span_number(s) != 0;
	case SCAN_STRING:
		return s->text.n > 2;
	case SCAN_TRUE:
	case SCAN_ARRAY:
	case SCAN_OBJECT:
		break;
	}
	return true;
}

/* Up to the next quote or white space, neither of which `p` is at; or the end. */
static const char *
behind_tokens(const char *p, const char *end)
{
	while (p < end && *p != '"' && *p != ' ' && *p != '\n' && *p != '\r' &&
	       *p != '\t')
		p++;
	return p;
}

void
span_copy(const struct span *s, struct buf *out)
{
	const char *p = s->text.p, *end, *to;
	bool escaped;

	if (!s->spaced) {
		buf_add_str(out, s->text);
		return;
	}
	if (!buf_reserve(out, s->text.n))
		return;
	for (end = p + s->text.n; p < end; p = to) {
		if (*p == '"')
			to = scan_string_end(p, end, &escaped);
		else
			to = behind_tokens(p, end);
		if (to == p)
			to++; /* white space */
		else
			buf_add(out, p, (size_t)(to - p));
	}
}

static void
add_string(const struct span *s, struct buf *out)
{
	if (s->escaped)
		span_string(s, out); /* decodes into it */
	else
		buf_add_str(out, between_quotes(s));
}

static void
add_number(const struct span *s, struct buf *out)
{
	char text[NUMBER_MAX_BYTES];

	buf_add(out, text, number_format(span_number(s), text));
}

/* Anything but an array. */
static void
add_plain(const struct span *s, struct buf *out)
{
	switch ((enum scan_type)s->type) {
	case SCAN_NULL:
	case SCAN_FALSE:
	case SCAN_TRUE:
		buf_add_str(out, s->text);
		break;
	case SCAN_NUMBER:
		add_number(s, out);
		break;
	case SCAN_STRING:
		add_string(s, out);
		break;
	case SCAN_OBJECT:
		buf_add_str(out, STR("[object Object]"));
		break;
	case SCAN_ABSENT:
	case SCAN_ARRAY:
		break;
	}
}

/* Arrays in arrays need no recursion: joined by commas, they read as one row
 * with a comma between any two neighbours. */
static void
add_array(const struct span *s, struct buf *out)
{
	struct scan sc;
	struct span item;
	bool first;
	int rc;

	scan_init(&sc, s->text, SCAN_DEPTH_LIMIT);
	rc = scan_enter(&sc);
	while (sc.depth > 0) {
		first = sc.first;
		rc = scan_item(&sc);
		if (rc == SCAN_END)
			continue;
		if (!rc && !first)
			buf_add_char(out, ',');
		if (!rc && scan_peek(&sc) == SCAN_ARRAY) {
			rc = scan_enter(&sc);
		} else if (!rc) {
			rc = scan_value(&sc, &item);
			if (!rc && item.type != SCAN_NULL)
				add_plain(&item, out);
		}
		assert(!rc);
	}
}

void
span_text(const struct span *s, struct buf *out)
{
	if (s->type == SCAN_ARRAY)
		add_array(s, out);
	else
		add_plain(s, out);
}
