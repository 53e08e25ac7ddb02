/* A request's head, looked at before anybody acts on it: by us where we accept
 * the connection, and again for each request that libmicrohttpd has parsed,
 * since that lets through what two servers in a row may read differently
 * (request smuggling). Pure. */
#ifndef TRANSPORT_HEAD_H
#define TRANSPORT_HEAD_H

#include "util/str.h"

enum {
	HEAD_MAX_FIELDS = 256,
	HEAD_RECORD_BYTES = 72, /* libmicrohttpd 0.9.75: struct MHD_HTTP_Header, aligned */
};

struct head_field {
	struct str name, value; /* value without the blanks around it */
};

struct head {
	struct str method, target;
	unsigned minor; /* of HTTP/1.x */
	struct head_field fields[HEAD_MAX_FIELDS];
	unsigned count;
	size_t n; /* bytes up to and with the empty line */
};

enum {
	HEAD_PARTIAL = 1, /* no empty line yet; nothing wrong so far */
	HEAD_BAD,         /* no head of HTTP/1: answer 400 and close */
	HEAD_TOO_MANY,    /* fields: answer 431 and close */
};

/* Parses strictly: lines end in CR LF, names are tokens, values hold no control
 * characters, nothing is folded. Slices borrow `bytes`. */
int head_parse(struct head *h, struct str bytes);

/* Adds a field that somebody else has parsed. 0, HEAD_BAD or HEAD_TOO_MANY. */
int head_add(struct head *h, struct str name, struct str value);

/* What the fields together must keep to. 0, or the status to refuse it with: 400,
 * 501. */
int head_check(const struct head *h);

/* What it costs libmicrohttpd to hold, in bytes of its pool: the text, cookies
 * twice since they are copied, and a record for each field, cookie and argument. */
size_t head_cost(const struct head *h);

/* The first field of that name (letters' case does not count), or NULL. */
const struct str *head_find(const struct head *h, struct str name);
unsigned head_count(const struct head *h, struct str name); /* fields of that name */
/* Whether some field of that name has `token` in its list. */
bool head_has_token(const struct head *h, struct str name, struct str token);
/* Without the blanks around it. */
struct str head_trim(struct str s);
/* Same letters but for their case. */
bool head_same(struct str a, struct str b);

#endif
