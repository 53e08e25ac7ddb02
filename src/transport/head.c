#include "transport/head.h"

#include <string.h>
#include <strings.h>

/* RFC 9110 5.6.2; looked up, since each request has some hundred of them. */
static const bool token_chars[256] = {
	['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true,
	['!'] = true, ['#'] = true, ['$'] = true, ['%'] = true, ['&'] = true,
	['\''] = true, ['*'] = true, ['+'] = true, ['-'] = true, ['.'] = true,
	['^'] = true, ['_'] = true, ['`'] = true, ['|'] = true, ['~'] = true,
};

static bool
is_token(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (!token_chars[(unsigned char)s.p[i]])
			return false;
	return s.n > 0;
}

static bool
is_value(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

static bool
is_target(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return s.n > 0;
}

struct str
head_trim(struct str s)
{
	while (s.n && (*s.p == ' ' || *s.p == '\t')) {
		s.p++;
		s.n--;
	}
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

bool
head_same(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || strncasecmp(a.p, b.p, a.n) == 0);
}

/* Takes the next line off `bytes`, without its end. 0, HEAD_PARTIAL, HEAD_BAD. */
static int
take_line(struct str *bytes, struct str *line)
{
	const char *end = bytes->n ? memchr(bytes->p, '\n', bytes->n) : NULL;

	if (!end)
		return HEAD_PARTIAL;
	if (end == bytes->p || end[-1] != '\r')
		return HEAD_BAD;
	*line = (struct str){ bytes->p, (size_t)(end - 1 - bytes->p) };
	bytes->n -= (size_t)(end + 1 - bytes->p);
	bytes->p = end + 1;
	return 0;
}

static int
parse_request_line(struct head *h, struct str line)
{
	const char *one = memchr(line.p, ' ', line.n);
	const char *two = one ? memchr(one + 1, ' ', (size_t)(line.p + line.n - one - 1))
			      : NULL;
	struct str version;

	if (!two)
		return HEAD_BAD;
	h->method = (struct str){ line.p, (size_t)(one - line.p) };
	h->target = (struct str){ one + 1, (size_t)(two - one - 1) };
	version = (struct str){ two + 1, (size_t)(line.p + line.n - two - 1) };
	if (str_equal(version, STR("HTTP/1.1")))
		h->minor = 1;
	else if (!str_equal(version, STR("HTTP/1.0")))
		return HEAD_BAD;
	return is_token(h->method) && is_target(h->target) ? 0 : HEAD_BAD;
}

int
head_add(struct head *h, struct str name, struct str value)
{
	if (!is_token(name) || !is_value(value))
		return HEAD_BAD;
	if (h->count == HEAD_MAX_FIELDS)
		return HEAD_TOO_MANY;
	h->fields[h->count++] = (struct head_field){ name, head_trim(value) };
	return 0;
}

static int
parse_field(struct head *h, struct str line)
{
	const char *colon = memchr(line.p, ':', line.n);
	size_t name_n;

	if (!colon)
		return HEAD_BAD;
	name_n = (size_t)(colon - line.p);
	return head_add(h, (struct str){ line.p, name_n },
			(struct str){ colon + 1, line.n - name_n - 1 });
}

int
head_parse(struct head *h, struct str bytes)
{
	const char *begin = bytes.p;
	struct str line;
	int rc;

	h->minor = 0;
	h->count = 0;
	rc = take_line(&bytes, &line);
	if (!rc)
		rc = parse_request_line(h, line);
	while (!rc && (rc = take_line(&bytes, &line)) == 0) {
		if (line.n == 0) {
			h->n = (size_t)(bytes.p - begin);
			return 0;
		}
		rc = parse_field(h, line);
	}
	return rc;
}

unsigned
head_count(const struct head *h, struct str name)
{
	unsigned i, n = 0;

	for (i = 0; i < h->count; i++)
		n += head_same(h->fields[i].name, name);
	return n;
}

static bool
is_number(struct str s)
{
	size_t i;

	for (i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0 && s.n <= 18;
}

int
head_check(const struct head *h)
{
	const struct str *length = head_find(h, STR("Content-Length"));
	const struct str *coding = head_find(h, STR("Transfer-Encoding"));
	unsigned hosts = head_count(h, STR("Host"));

	if (hosts > 1 || (hosts == 0 && h->minor == 1))
		return 400;
	if (length && (coding || head_count(h, STR("Content-Length")) > 1 ||
		       !is_number(*length)))
		return 400;
	if (coding && h->minor == 0)
		return 400;
	if (coding && (head_count(h, STR("Transfer-Encoding")) > 1 ||
		       !head_same(*coding, STR("chunked"))))
		return 501;
	return 0;
}

static size_t
count_char(struct str s, char c)
{
	size_t i, n = 0;

	for (i = 0; i < s.n; i++)
		n += s.p[i] == c;
	return n;
}

size_t
head_cost(const struct head *h)
{
	size_t bytes = h->method.n + h->target.n;
	size_t records = 1 + count_char(h->target, '&');
	unsigned i;

	for (i = 0; i < h->count; i++) {
		struct str value = h->fields[i].value;

		bytes += h->fields[i].name.n + value.n + 4; /* ": " and CR LF */
		records++;
		if (!head_same(h->fields[i].name, STR("Cookie")))
			continue;
		bytes += value.n;
		/* libmicrohttpd parts them at commas, too (RFC 2109 4.3.4). */
		records += 1 + count_char(value, ';') + count_char(value, ',');
	}
	return bytes + records * HEAD_RECORD_BYTES;
}

const struct str *
head_find(const struct head *h, struct str name)
{
	unsigned i;

	for (i = 0; i < h->count; i++)
		if (head_same(h->fields[i].name, name))
			return &h->fields[i].value;
	return NULL;
}

static bool
list_has(struct str list, struct str token)
{
	while (list.n) {
		const char *comma = memchr(list.p, ',', list.n);
		size_t n = comma ? (size_t)(comma - list.p) : list.n;

		if (head_same(head_trim((struct str){ list.p, n }), token))
			return true;
		n += comma != NULL;
		list.p += n;
		list.n -= n;
	}
	return false;
}

bool
head_has_token(const struct head *h, struct str name, struct str token)
{
	unsigned i;

	for (i = 0; i < h->count; i++)
		if (head_same(h->fields[i].name, name) &&
		    list_has(h->fields[i].value, token))
			return true;
	return false;
}
