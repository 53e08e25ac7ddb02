#include "transport/origins.h"

#include <arpa/inet.h>

#include "transport/head.h"

static bool
is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_scheme_char(char c)
{
	return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
}

/* Names of other scripts come as xn--... . */
static bool
is_name_char(char c)
{
	return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
}

/* Takes off `s` what `is` holds for. */
static struct str
take_while(struct str *s, bool (*is)(char))
{
	struct str taken = { s->p, 0 };

	while (s->n && is(*s->p)) {
		s->p++;
		s->n--;
		taken.n++;
	}
	return taken;
}

static bool
take(struct str *s, struct str prefix)
{
	if (!str_starts(*s, prefix))
		return false;
	s->p += prefix.n;
	s->n -= prefix.n;
	return true;
}

/* An IPv6 address in its brackets. */
static bool
read_address(struct str host, struct in6_addr *address)
{
	char text[INET6_ADDRSTRLEN];

	if (host.n < 2 || host.p[0] != '[' || host.n - 2 >= sizeof(text))
		return false;
	memcpy(text, host.p + 1, host.n - 2);
	text[host.n - 2] = '\0';
	return strlen(text) == host.n - 2 && inet_pton(AF_INET6, text, address) == 1;
}

static int
take_address(struct origin *o, struct str *rest)
{
	const char *end = memchr(rest->p, ']', rest->n);
	struct in6_addr address;

	if (!end)
		return ORIGIN_BAD_HOST;
	o->host = (struct str){ rest->p, (size_t)(end + 1 - rest->p) };
	take(rest, o->host);
	return read_address(o->host, &address) ? 0 : ORIGIN_BAD_HOST;
}

static int
take_host(struct origin *o, struct str *rest)
{
	o->below = take(rest, STR("*."));
	if (!o->below && rest->n && rest->p[0] == '[')
		return take_address(o, rest);
	o->host = take_while(rest, is_name_char);
	/* Pages of an app on a phone may come from file:// and say so. */
	if (o->host.n == 0)
		return head_same(o->scheme, STR("file")) && !o->below ? 0 : ORIGIN_BAD_HOST;
	return o->below && o->host.p[0] == '.' ? ORIGIN_BAD_HOST : 0;
}

static unsigned
usual_port(struct str scheme)
{
	if (head_same(scheme, STR("http")))
		return 80;
	return head_same(scheme, STR("https")) ? 443 : 0;
}

static int
take_port(struct origin *o, struct str *rest)
{
	struct str digits;
	size_t i;

	o->port = usual_port(o->scheme);
	if (!take(rest, STR(":")))
		return 0;
	digits = take_while(rest, is_digit);
	if (digits.n == 0 || digits.n > 5)
		return ORIGIN_BAD_PORT;
	for (o->port = 0, i = 0; i < digits.n; i++)
		o->port = 10 * o->port + (unsigned)(digits.p[i] - '0');
	return o->port && o->port <= 65535 ? 0 : ORIGIN_BAD_PORT;
}

int
origin_parse(struct origin *o, struct str text)
{
	int rc;

	*o = (struct origin){ .scheme = text };
	/* Of a page that has none. No scheme goes without a host, so this one is
	 * like no other. */
	if (str_equal(text, STR("null")))
		return 0;
	o->scheme = take_while(&text, is_scheme_char);
	if (o->scheme.n == 0 || !is_letter(o->scheme.p[0]) || !take(&text, STR("://")))
		return ORIGIN_BAD_SCHEME;
	rc = take_host(o, &text);
	if (!rc)
		rc = take_port(o, &text);
	if (rc || text.n == 0)
		return rc;
	if (text.p[0] == '/' || text.p[0] == '?' || text.p[0] == '#')
		return ORIGIN_HAS_PATH;
	return ORIGIN_BAD_HOST;
}

/* There are many ways to write an IPv6 address. */
static bool
same_host(struct str a, struct str b)
{
	struct in6_addr one, other;

	if (head_same(a, b))
		return true;
	return read_address(a, &one) && read_address(b, &other) &&
	       memcmp(&one, &other, sizeof(one)) == 0;
}

bool
origin_same(const struct origin *a, const struct origin *b)
{
	return a->below == b->below && a->port == b->port &&
	       head_same(a->scheme, b->scheme) && same_host(a->host, b->host);
}

static bool
is_below(struct str host, struct str name)
{
	size_t more = host.n > name.n + 1 ? host.n - name.n : 0;

	return more && host.p[0] != '.' && host.p[more - 1] == '.' &&
	       head_same((struct str){ host.p + more, name.n }, name);
}

/* Whether `entry` of a list means `o`, which a browser has told. */
static bool
means(const struct origin *entry, const struct origin *o)
{
	if (!entry->below)
		return origin_same(entry, o);
	return !o->below && entry->port == o->port && head_same(entry->scheme, o->scheme) &&
	       is_below(o->host, entry->host);
}

static bool
is_listed(const struct origins *os, const struct origin *o)
{
	size_t i;

	for (i = 0; i < os->count; i++)
		if (means(&os->list[i], o))
			return true;
	return false;
}

bool
origins_allow(const struct origins *os, struct str origin)
{
	struct origin o;

	if (os->count == 0)
		return true;
	return origin_parse(&o, origin) == 0 && is_listed(os, &o);
}

bool
origins_allow_page(const struct origins *os, struct str url)
{
	struct origin o;
	int rc;

	if (os->count == 0)
		return true;
	rc = origin_parse(&o, url);
	return (rc == 0 || rc == ORIGIN_HAS_PATH) && is_listed(os, &o);
}
