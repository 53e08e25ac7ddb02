/* Whose pages may talk to us: origins as browsers name them (RFC 6454 6.1), and a
 * list of those that are welcome. Pure. */
#ifndef TRANSPORT_ORIGINS_H
#define TRANSPORT_ORIGINS_H

#include "util/str.h"

struct origin {
	struct str scheme, host; /* as written; letters' case does not count */
	unsigned port;           /* the scheme's own when none is written; 0: it has none */
	bool below;              /* all names that end in ".host", and not the host */
};

enum origin_fault {
	ORIGIN_BAD_SCHEME = 1, /* or none */
	ORIGIN_BAD_HOST,
	ORIGIN_BAD_PORT,
	ORIGIN_HAS_PATH, /* or query or fragment, be it a slash; the rest was read */
};

/* Reads `scheme://host[:port]`, where `*.` before a name means those below it, or
 * `null`. 0 or an enum origin_fault. Borrows `text`. */
int origin_parse(struct origin *o, struct str text);

/* Both name the same. */
bool origin_same(const struct origin *a, const struct origin *b);

struct origins {
	const struct origin *list; /* borrowed */
	size_t count;              /* 0: any */
};

/* Whether a request with that value of Origin is welcome. */
bool origins_allow(const struct origins *os, struct str origin);
/* The same for the page of that URL: a value of Referer. */
bool origins_allow_page(const struct origins *os, struct str url);

#endif
