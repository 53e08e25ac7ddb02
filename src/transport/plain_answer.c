#include "transport/plain_answer.h"

#include <time.h>

#include "transport/gate.h"

void
plain_date_set(struct plain_date *d, int64_t at_s)
{
	time_t t = (time_t)at_s;
	struct tm tm;

	if (d->at_s == at_s)
		return;
	d->at_s = at_s;
	gmtime_r(&t, &tm);
	strftime(d->text, sizeof(d->text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

static void
begin(const struct plain_answer *a, const char *status_line, struct buf *out)
{
	buf_add_str(out, str_from(status_line));
	buf_add_str(out, STR("\r\nDate: "));
	buf_add_str(out, str_from(a->date->text));
	if (a->closing)
		buf_add_str(out, STR("\r\nConnection: close"));
}

static void
allow(struct str origin, struct buf *out)
{
	buf_add_str(out, STR("\r\nAccess-Control-Allow-Origin: "));
	buf_add_str(out, origin);
	buf_add_str(out, STR("\r\nAccess-Control-Allow-Credentials: true"));
}

static void
end(size_t n, struct buf *out)
{
	buf_add_str(out, STR("\r\nContent-Length: "));
	buf_add_uint(out, n);
	buf_add_str(out, STR("\r\n\r\n"));
}

void
plain_answer_array(const struct plain_answer *a, size_t n, struct buf *out)
{
	begin(a, "HTTP/1.1 200 OK", out);
	buf_add_str(out, STR("\r\nContent-Type: application/json; charset=utf-8"
			     "\r\nCache-Control: no-cache, no-store"
			     "\r\nX-Content-Type-Options: nosniff"));
	if (a->origin.n) {
		allow(a->origin, out);
		buf_add_str(out, STR("\r\nVary: Origin"));
	}
	end(n, out);
}

/* The words are those of answer_text. */
void
plain_answer_status(const struct plain_answer *a, unsigned status,
		    const struct origins *readers, struct buf *out)
{
	const char *line = "HTTP/1.1 500 Internal Server Error";
	struct str text = STR("Internal server error");

	if (status == 400) {
		line = "HTTP/1.1 400 Bad Request";
		text = STR("Bad request");
	} else if (status == 403) {
		line = "HTTP/1.1 403 Forbidden";
		text = STR(GATE_REFUSAL);
	}
	begin(a, line, out);
	buf_add_str(out, STR("\r\nContent-Type: text/plain; charset=utf-8"));
	if (a->origin.n && origins_allow(readers, a->origin))
		allow(a->origin, out);
	buf_add_str(out, STR("\r\nVary: Origin"));
	end(text.n, out);
	buf_add_str(out, text);
}
