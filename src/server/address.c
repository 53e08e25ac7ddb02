/* The port is what follows the last colon; an IPv6 address must stand in
 * brackets, as in a URL, so that this colon cannot be one of its own. */
#include "server/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#define PORT_MAX 65535

static bool
read_port(const char *p, in_port_t *out)
{
	unsigned port = 0;

	if (!*p)
		return false;
	for (; *p; p++) {
		if (*p < '0' || *p > '9')
			return false;
		port = port * 10 + (unsigned)(*p - '0');
		if (port > PORT_MAX)
			return false;
	}
	*out = htons((uint16_t)port);
	return true;
}

static void
set_ipv4(struct address *a, struct in_addr host, in_port_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	sin.sin_addr = host;
	sin.sin_port = port;
	memcpy(&a->sockaddr, &sin, sizeof(sin));
	a->length = sizeof(sin);
}

static void
set_ipv6(struct address *a, struct in6_addr host, in_port_t port)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };

	sin6.sin6_addr = host;
	sin6.sin6_port = port;
	memcpy(&a->sockaddr, &sin6, sizeof(sin6));
	a->length = sizeof(sin6);
}

static bool
read_ipv4(struct address *a, const char *host, in_port_t port)
{
	struct in_addr in;

	if (inet_pton(AF_INET, host, &in) != 1)
		return false;
	set_ipv4(a, in, port);
	return true;
}

static bool
read_ipv6(struct address *a, char *host, in_port_t port)
{
	struct in6_addr in6;
	size_t n = strlen(host);

	if (n < 2 || host[n - 1] != ']')
		return false;
	host[n - 1] = '\0';
	if (inet_pton(AF_INET6, host + 1, &in6) != 1)
		return false;
	set_ipv6(a, in6, port);
	return true;
}

int
address_parse(struct address *a, const char *text)
{
	struct address made = { 0 };
	char host[ADDRESS_TEXT_BYTES];
	size_t n = strlen(text);
	bool good = true;
	in_port_t port;
	char *colon;

	if (n >= sizeof(host))
		return ADDRESS_BAD;
	memcpy(host, text, n + 1);
	memcpy(made.text, text, n + 1);
	colon = strrchr(host, ':');
	if (!colon || !read_port(colon + 1, &port))
		return ADDRESS_BAD;
	*colon = '\0';
	if (!*host || strcmp(host, "*") == 0) {
		set_ipv6(&made, in6addr_any, port);
		made.all = true;
	} else if (*host == '[') {
		good = read_ipv6(&made, host, port);
	} else {
		good = read_ipv4(&made, host, port);
	}
	if (!good)
		return ADDRESS_BAD;
	*a = made;
	return 0;
}

static bool
has_port(const struct address *a)
{
	struct sockaddr_in6 sin6;
	struct sockaddr_in sin;

	if (a->sockaddr.ss_family == AF_INET6) {
		memcpy(&sin6, &a->sockaddr, sizeof(sin6));
		return sin6.sin6_port != 0;
	}
	memcpy(&sin, &a->sockaddr, sizeof(sin));
	return sin.sin_port != 0;
}

bool
address_clash(const struct address *a, const struct address *b)
{
	return a->all == b->all && a->length == b->length && has_port(a) &&
	       memcmp(&a->sockaddr, &b->sockaddr, a->length) == 0;
}
