/* An offer with a parameter that we do not know, or twice, or with a value that
 * it cannot have, is declined (RFC 7692 7), and the next one looked at. What
 * cannot be read at all ends its field. */
#include "transport/deflate_offer.h"

#define ACCEPTED "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

enum param {
	UNKNOWN = 0,
	SERVER_NO_CONTEXT = 1,
	CLIENT_NO_CONTEXT = 2,
	SERVER_BITS = 4,
	CLIENT_BITS = 8,
};

enum { VALUE_BYTES = 4 }; /* more than any value has that we know */

struct reader {
	const char *p, *end;
};

struct offer {
	bool good;
	unsigned seen; /* enum param */
};

/* ---- words: RFC 6455 9.1 ---- */

static void
skip_blanks(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t'))
		r->p++;
}

static bool
take_char(struct reader *r, char c)
{
	skip_blanks(r);
	if (r->p == r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

static bool
is_token_char(char c)
{
	return c > ' ' && c < 0x7f && !strchr("()<>@,;:\\\"/[]?={}", c);
}

/* Empty: there is none. */
static struct str
take_token(struct reader *r)
{
	struct str token;

	skip_blanks(r);
	token.p = r->p;
	while (r->p < r->end && is_token_char(*r->p))
		r->p++;
	token.n = (size_t)(r->p - token.p);
	return token;
}

/* Behind the first quote. What is in it must be a token; what is beyond our room
 * is left out. */
static bool
take_quoted(struct reader *r, char room[VALUE_BYTES], struct str *value)
{
	*value = (struct str){ room, 0 };
	while (r->p < r->end && *r->p != '"') {
		if (*r->p == '\\' && ++r->p == r->end)
			return false;
		if (!is_token_char(*r->p))
			return false;
		if (value->n < VALUE_BYTES)
			room[value->n++] = *r->p;
		r->p++;
	}
	return r->p++ < r->end && value->n > 0;
}

/* ---- meaning ---- */

static enum param
param_of(struct str name)
{
	if (str_equal(name, STR("server_no_context_takeover")))
		return SERVER_NO_CONTEXT;
	if (str_equal(name, STR("client_no_context_takeover")))
		return CLIENT_NO_CONTEXT;
	if (str_equal(name, STR("server_max_window_bits")))
		return SERVER_BITS;
	if (str_equal(name, STR("client_max_window_bits")))
		return CLIENT_BITS;
	return UNKNOWN;
}

/* 8 to 15 */
static bool
is_window(struct str v)
{
	if (v.n == 1)
		return v.p[0] == '8' || v.p[0] == '9';
	return v.n == 2 && v.p[0] == '1' && v.p[1] >= '0' && v.p[1] <= '5';
}

/* `value` is empty where there is none. */
static bool
can_keep(enum param param, struct str value)
{
	switch (param) {
	case SERVER_NO_CONTEXT:
	case CLIENT_NO_CONTEXT:
		return value.n == 0;
	case SERVER_BITS:
		return str_equal(value, STR("15")); /* shared bytes have one window */
	case CLIENT_BITS:
		return value.n == 0 || is_window(value); /* we inflate any */
	default:
		return false;
	}
}

/* False: cannot be read. */
static bool
read_param(struct reader *r, struct offer *o)
{
	struct str name = take_token(r), value = STR("");
	enum param param = param_of(name);
	char room[VALUE_BYTES];

	if (name.n == 0)
		return false;
	if (take_char(r, '=')) {
		if (take_char(r, '"')) {
			if (!take_quoted(r, room, &value))
				return false;
		} else {
			value = take_token(r);
			if (value.n == 0)
				return false;
		}
	}
	if (o->seen & param || !can_keep(param, value))
		o->good = false;
	o->seen |= param;
	return true;
}

/* The same. */
static bool
read_extension(struct reader *r, struct offer *o)
{
	struct str name = take_token(r);

	*o = (struct offer){ .good = str_equal(name, STR("permessage-deflate")) };
	if (name.n == 0)
		return false;
	while (take_char(r, ';'))
		if (!read_param(r, o))
			return false;
	skip_blanks(r);
	return r->p == r->end || *r->p == ',';
}

static const char *
accept_one(struct str list)
{
	struct reader r = { list.p, list.p + list.n };
	struct offer o;

	do {
		if (!read_extension(&r, &o))
			return NULL;
		/* A window that was asked for must be in the answer. */
		if (o.good)
			return o.seen & SERVER_BITS ? ACCEPTED "; server_max_window_bits=15"
						    : ACCEPTED;
	} while (take_char(&r, ','));
	return NULL;
}

const char *
deflate_offer_accept(const struct head *h)
{
	const char *accepted = NULL;
	unsigned i;

	for (i = 0; i < h->count && !accepted; i++)
		if (head_same(h->fields[i].name, STR("Sec-WebSocket-Extensions")))
			accepted = accept_one(h->fields[i].value);
	return accepted;
}
