/* A part that is not complete waits in `in`. An event may close or reopen the
 * connection while its input is being gone through; the rest of that input
 * then belongs to nobody. */
#include "input.h"
#include "http.h"

/* Each takes one item. `*why` is set when the connection is at its end. */
static size_t
take_upgrade(struct conn *c, const uint8_t *p, size_t n, const char **why)
{
	ssize_t used = ws_parse_upgrade((const char *)p, n);

	if (used < 0) {
		*why = "WebSocket upgrade refused";
		return 0;
	}
	if (used > 0) {
		c->state = CONN_OPEN;
		c->net->events->on_open(c);
	}
	return (size_t)used;
}

static void
take_fragment(struct conn *c, const struct ws_frame *f)
{
	struct bytes whole;

	if (f->final && !c->in_message) {
		c->net->events->on_text(c, (const char *)f->payload, f->n);
		return;
	}
	bytes_add(&c->message, f->payload, f->n);
	c->in_message = !f->final;
	if (f->final) {
		whole = c->message;
		c->message = (struct bytes){ 0 };
		c->net->events->on_text(c, (const char *)whole.p, whole.n);
		bytes_clear(&whole);
	}
}

static size_t
take_frame(struct conn *c, const uint8_t *p, size_t n, const char **why)
{
	struct ws_frame f;
	ssize_t used = ws_parse_frame(p, n, &f);

	if (used == 0)
		return 0;
	/* control frames may come between fragments */
	if (used < 0 || (f.opcode < WS_CLOSE &&
			 (f.opcode == WS_CONTINUATION) != c->in_message)) {
		*why = "WebSocket protocol broken";
		return 0;
	}
	switch (f.opcode) {
	case WS_CONTINUATION:
	case WS_TEXT:
		take_fragment(c, &f);
		break;
	case WS_PING:
		c->net->pings++;
		conn_send_frame(c, WS_PONG, f.payload, f.n);
		break;
	case WS_PONG:
		break;
	case WS_CLOSE:
		conn_send_frame(c, WS_CLOSE, f.payload, f.n < 2 ? 0 : 2);
		*why = "close frame from the server";
		break;
	default:
		*why = "WebSocket frame of an unexpected kind";
		break;
	}
	return (size_t)used;
}

static size_t
take_response(struct conn *c, const uint8_t *p, size_t n, const char **why)
{
	struct http_response r;
	struct bytes chunks = { 0 };
	ssize_t used = http_parse((const char *)p, n, &chunks, &r);

	if (used < 0 || (used > 0 && !c->awaiting)) {
		*why = "HTTP broken";
	} else if (used > 0 && r.status >= 300) {
		*why = r.status == 503 ? "HTTP status 503"
				       : "HTTP status other than 2xx";
	} else if (used > 0 && r.status >= 200) {
		c->awaiting = false;
		if (r.close)
			conn_close(c);
		c->net->events->on_text(c, r.body, r.body_n);
	}
	bytes_clear(&chunks);
	return used < 0 ? 0 : (size_t)used;
}

/* Bytes used; all of them when the connection is no longer the same. */
static size_t
take_items(struct conn *c, const uint8_t *p, size_t n, const char **why)
{
	uint32_t opened = c->opened_in;
	size_t at = 0, used;

	while (at < n) {
		if (c->state == CONN_UPGRADING)
			used = take_upgrade(c, p + at, n - at, why);
		else if (c->kind == CONN_WS)
			used = take_frame(c, p + at, n - at, why);
		else
			used = take_response(c, p + at, n - at, why);
		if (c->state == CONN_CLOSED || c->opened_in != opened) {
			*why = NULL;
			return n;
		}
		if (used == 0 || *why)
			return at;
		at += used;
	}
	return at;
}

const char *
input_take(struct conn *c, const uint8_t *p, size_t n)
{
	const char *why = NULL;
	struct bytes held = c->in;
	size_t used;

	if (held.n == 0) { /* the usual case: nothing is copied */
		used = take_items(c, p, n, &why);
		if (used < n && !why)
			bytes_add(&c->in, p + used, n - used);
		return why;
	}
	c->in = (struct bytes){ 0 };
	bytes_add(&held, p, n);
	used = take_items(c, held.p, held.n, &why);
	if (used < held.n && !why) {
		bytes_drop_front(&held, used);
		c->in = held;
	} else {
		bytes_clear(&held);
	}
	return why;
}
