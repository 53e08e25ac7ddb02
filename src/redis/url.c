/* Each read_… takes its part off the front of what is left to read. */
#include "redis/url.h"

#include <arpa/inet.h>
#include <stdio.h>

#define REDIS_PORT 6379
#define SENTINEL_PORT 26379
#define DB_MAX 999999 /* far beyond any server's */

#ifdef HAVE_HIREDIS_SSL
enum { HAVE_TLS = true };
#else
enum { HAVE_TLS = false };
#endif

static const char hidden[] = "***"; /* a password as redis_url_name() has it */

static const struct scheme {
	struct str text;
	enum redis_url_kind kind;
	bool tls;
	uint16_t port;
} schemes[] = {
	{ STR("redis://"), REDIS_URL_TCP, false, REDIS_PORT },
	{ STR("rediss://"), REDIS_URL_TCP, true, REDIS_PORT },
	{ STR("redis+unix://"), REDIS_URL_UNIX, false, 0 },
	{ STR("redis-sentinel://"), REDIS_URL_SENTINEL, false, SENTINEL_PORT },
};

static void
skip(struct str *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

/* How much of `s` is before the first of `marks`. */
static size_t
span_before(struct str s, const char *marks)
{
	size_t n = 0;

	while (n < s.n && (!s.p[n] || !strchr(marks, s.p[n])))
		n++;
	return n;
}

static struct str
take(struct str *s, size_t n)
{
	struct str taken = { s->p, n };

	skip(s, n);
	return taken;
}

static bool
take_char(struct str *s, char c)
{
	if (!s->n || *s->p != c)
		return false;
	skip(s, 1);
	return true;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* %XX to bytes. False when it does not fit, is malformed or has a control
 * character, which no name has and no log should. */
static bool
decode(char *out, size_t room, struct str s)
{
	size_t n = 0;

	while (s.n) {
		int c = (unsigned char)*s.p;
		size_t used = 1;

		if (c == '%') {
			int high = s.n > 2 ? hex_value(s.p[1]) : -1;
			int low = s.n > 2 ? hex_value(s.p[2]) : -1;

			if (high < 0 || low < 0)
				return false;
			c = high << 4 | low;
			used = 3;
		}
		if (c < ' ' || c == 0x7f || n + 1 >= room)
			return false;
		out[n++] = (char)c;
		skip(&s, used);
	}
	out[n] = '\0';
	return true;
}

static bool
read_number(struct str s, unsigned max, unsigned *out)
{
	unsigned v = 0;

	if (!s.n)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		v = v * 10 + (unsigned)(s.p[i] - '0');
		if (v > max)
			return false;
	}
	*out = v;
	return true;
}

static const struct scheme *
read_scheme(struct str *text)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (str_starts(*text, schemes[i].text)) {
			skip(text, schemes[i].text.n);
			return &schemes[i];
		}
	}
	return NULL;
}

/* Up to the last @, for a host has none and a password may have one that
 * should have been %40. */
static const char *
read_user(struct redis_url *url, struct str *authority)
{
	const char *at = authority->n ? memrchr(authority->p, '@', authority->n) : NULL;
	struct str user, password;

	if (!at)
		return NULL;
	password = take(authority, (size_t)(at - authority->p));
	skip(authority, 1);
	user = take(&password, span_before(password, ":"));
	if (!take_char(&password, ':') || !password.n)
		return "has no password before the @ (try redis://:PASSWORD@HOST)";
	if (str_equal(password, str_from(hidden)))
		return "has *** where its password was";
	if (!decode(url->user, sizeof(url->user), user))
		return "has a user that is too long, or a bad %";
	if (!decode(url->password, sizeof(url->password), password))
		return "has a password that is too long, or a bad % (a % itself is %25)";
	return NULL;
}

static bool
is_host_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i], lower = c | 0x20;

		if (!(lower >= 'a' && lower <= 'z') && !(c >= '0' && c <= '9') &&
		    c != '-' && c != '.' && c != '_')
			return false;
	}
	return s.n && s.p[0] != '-';
}

/* The name only: its end is the port's beginning. */
static bool
read_host_name(struct redis_host *host, struct str *s)
{
	bool bracket = take_char(s, '[');
	struct str name = take(s, span_before(*s, bracket ? "]" : ":"));
	struct in6_addr in6;

	if (name.n >= sizeof(host->name) || memchr(name.p, '\0', name.n))
		return false;
	memcpy(host->name, name.p, name.n);
	host->name[name.n] = '\0';
	if (bracket)
		return take_char(s, ']') && inet_pton(AF_INET6, host->name, &in6) == 1;
	return is_host_name(name);
}

static const char *
read_host(struct redis_url *url, struct str s, uint16_t standard_port)
{
	struct redis_host *host = &url->hosts[url->host_count];
	unsigned port = standard_port;

	if (url->host_count == REDIS_URL_MAX_HOSTS)
		return "has too many hosts";
	if (!s.n)
		return "has no host (try redis://127.0.0.1:6379)";
	if (!read_host_name(host, &s))
		return "has a host that is neither a name nor an address "
		       "(IPv6 as [::1]; in a password / is %2F, @ is %40)";
	if (s.n && (!take_char(&s, ':') || !read_number(s, UINT16_MAX, &port) || !port))
		return "has a port that is not from 1 to 65535";
	host->port = (uint16_t)port;
	url->host_count++;
	return NULL;
}

static const char *
read_db(struct redis_url *url, struct str s)
{
	return read_number(s, DB_MAX, &url->db) ? NULL
						: "has a database that is no number (try /0)";
}

static const char *
read_tcp(struct redis_url *url, struct str authority, struct str rest, uint16_t port)
{
	const char *fault = read_host(url, authority, port);

	if (fault || !take_char(&rest, '/') || !rest.n)
		return fault;
	return read_db(url, rest);
}

static const char *
read_sentinels(struct redis_url *url, struct str authority, struct str rest, uint16_t port)
{
	const char *fault;
	struct str master;

	do {
		fault = read_host(url, take(&authority, span_before(authority, ",")), port);
		if (fault)
			return fault;
	} while (take_char(&authority, ','));
	take_char(&rest, '/');
	master = take(&rest, span_before(rest, "/"));
	if (!master.n)
		return "has no master's name "
		       "(try redis-sentinel://10.0.0.1:26379,10.0.0.2:26379/mymaster)";
	if (!decode(url->master, sizeof(url->master), master))
		return "has a master's name that is too long, or a bad %";
	if (!take_char(&rest, '/') || !rest.n)
		return NULL;
	return read_db(url, rest);
}

static const char *
read_unix(struct redis_url *url, struct str authority, struct str rest)
{
	struct str path = take(&rest, span_before(rest, "?"));

	if (authority.n || path.n < 2 || *path.p != '/')
		return "has no absolute path (try redis+unix:///run/redis/redis.sock)";
	if (!decode(url->path, sizeof(url->path), path))
		return "has a path that is too long for a socket, or a bad %";
	if (!rest.n)
		return NULL;
	if (!str_starts(rest, STR("?db=")))
		return "has something else than ?db=N behind its path";
	skip(&rest, 4);
	return read_db(url, rest);
}

static const char *
read_all(struct redis_url *url, struct str text)
{
	const struct scheme *scheme = read_scheme(&text);
	struct str authority;
	const char *fault;

	if (!scheme)
		return "does not begin with redis://, rediss://, redis+unix:// or "
		       "redis-sentinel://";
	if (scheme->tls && !HAVE_TLS)
		return "wants TLS, which this fayed was built without (hiredis_ssl)";
	url->kind = scheme->kind;
	url->tls = scheme->tls;
	authority = take(&text, span_before(text, "/?#"));
	fault = read_user(url, &authority);
	if (fault)
		return fault;
	if (span_before(text, scheme->kind == REDIS_URL_UNIX ? "#" : "?#") < text.n)
		return "has a ? or # (as a part of something they are %3F and %23)";
	if (scheme->kind == REDIS_URL_UNIX)
		return read_unix(url, authority, text);
	if (scheme->kind == REDIS_URL_SENTINEL)
		return read_sentinels(url, authority, text, scheme->port);
	return read_tcp(url, authority, text, scheme->port);
}

const char *
redis_url_parse(struct redis_url *url, struct str text)
{
	struct redis_url made = { 0 };
	const char *fault = read_all(&made, text);

	if (!fault)
		*url = made;
	return fault;
}

/* ---- back to text ---- */

struct text {
	char *p;
	size_t n, room;
};

static void
add_char(struct text *t, char c)
{
	if (t->n + 1 < t->room)
		t->p[t->n++] = c;
	t->p[t->n] = '\0';
}

static void
add(struct text *t, const char *s)
{
	while (*s)
		add_char(t, *s++);
}

static void
add_number(struct text *t, const char *before, unsigned v)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%u", v);
	add(t, before);
	add(t, digits);
}

/* RFC 3986's unreserved characters stay, and those in `also`. */
static void
add_encoded(struct text *t, const char *s, const char *also)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		bool plain = ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
			     (c >= '0' && c <= '9') || strchr("-._~", c);

		if (plain || strchr(also, c)) {
			add_char(t, *s);
		} else {
			add_char(t, '%');
			add_char(t, digits[c >> 4]);
			add_char(t, digits[c & 15]);
		}
	}
}

static void
add_hosts(struct text *t, const struct redis_url *url)
{
	for (unsigned i = 0; i < url->host_count; i++) {
		const struct redis_host *h = &url->hosts[i];
		bool bracket = strchr(h->name, ':');

		add(t, i ? "," : "");
		add(t, bracket ? "[" : "");
		add(t, h->name);
		add_number(t, bracket ? "]:" : ":", h->port);
	}
}

static struct str
scheme_of(const struct redis_url *url)
{
	const struct scheme *s = schemes;

	while (s->kind != url->kind || s->tls != url->tls)
		s++;
	return s->text;
}

const char *
redis_url_name(const struct redis_url *url, char name[REDIS_URL_NAME_BYTES])
{
	struct text t = { name, 0, REDIS_URL_NAME_BYTES };

	add(&t, scheme_of(url).p); /* a literal: terminated */
	if (*url->password) {
		add_encoded(&t, url->user, "");
		add(&t, ":");
		add(&t, hidden);
		add(&t, "@");
	}
	add_hosts(&t, url);
	if (url->kind == REDIS_URL_UNIX) {
		add_encoded(&t, url->path, "/");
		add_number(&t, "?db=", url->db);
		return name;
	}
	if (url->kind == REDIS_URL_SENTINEL) {
		add(&t, "/");
		add_encoded(&t, url->master, "");
	}
	add_number(&t, "/", url->db);
	return name;
}
