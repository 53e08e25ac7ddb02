#include "bayeux/reply.h"

/* In Faye's order, all six whatever the client named: clients of 0.8 and 1.0
 * name only the current one and choose another from this list. */
static const char *const connection_types[] = {
	"long-polling", "cross-origin-long-polling", "callback-polling",
	"websocket",	"eventsource",		     "in-process",
};

enum { TYPE_COUNT = sizeof(connection_types) / sizeof(connection_types[0]) };

static struct str
words_of(enum reply_code code)
{
	switch (code) {
	case REPLY_CONNECTION_TYPE_MISMATCH:
		return STR("Connection types not supported");
	case REPLY_CLIENT_UNKNOWN:
		return STR("Unknown client");
	case REPLY_PARAMETER_MISSING:
		return STR("Missing required parameter");
	case REPLY_CHANNEL_FORBIDDEN:
		return STR("Forbidden channel");
	case REPLY_CHANNEL_INVALID:
		return STR("Invalid channel");
	case REPLY_SERVER_ERROR:
		return STR("Internal server error");
	case REPLY_SERVER_FULL:
		return STR("Too many clients");
	}
	return STR("");
}

static void
add_error(struct buf *out, const struct reply_error *e)
{
	struct buf text = BUF_INIT;

	buf_add_uint(&text, (uint64_t)e->code);
	buf_add_char(&text, ':');
	if (e->name.p)
		buf_add_str(&text, e->name);
	else if (e->param.type != SCAN_NULL) /* joined, null is nothing */
		span_text(&e->param, &text);
	buf_add_char(&text, ':');
	buf_add_str(&text, e->words.p ? e->words : words_of(e->code));
	buf_add_str(out, STR(",\"error\":"));
	scan_quote(buf_str(&text), out);
	if (text.failed)
		out->failed = true;
	buf_clear(&text);
}

static void
add_echo(struct buf *out, struct str key, const struct span *value)
{
	if (!span_is_true(value))
		return;
	buf_add_str(out, key);
	span_copy(value, out);
	buf_add_char(out, ',');
}

void
reply_begin(struct buf *out, const struct message *m, int which,
	    const struct reply_error *e)
{
	bool wrong = e && e->code;
	bool refused = reply_is_refused(m);

	buf_add_char(out, '{');
	add_echo(out, STR("\"id\":"), &m->id);
	if (which != REPLY_WITHOUT_CLIENT_ID)
		add_echo(out, STR("\"clientId\":"), &m->client_id);
	add_echo(out, STR("\"channel\":"), &m->channel);
	buf_add_str(out, wrong || refused ? STR("\"successful\":false")
					  : STR("\"successful\":true"));
	if (wrong) {
		add_error(out, e);
	} else if (refused) {
		buf_add_str(out, STR(",\"error\":"));
		span_copy(&m->error, out);
	}
}

void
reply_end(struct buf *out)
{
	buf_add_char(out, '}');
}

void
reply_add_advice(struct buf *out, const struct reply_advice *advice)
{
	switch (advice->reconnect) {
	case ADVICE_HANDSHAKE:
		buf_add_str(out, STR(",\"advice\":{\"reconnect\":\"handshake\"}"));
		return;
	case ADVICE_NONE:
		buf_add_str(out, STR(",\"advice\":{\"reconnect\":\"none\"}"));
		return;
	case ADVICE_RETRY:
		break;
	}
	buf_add_str(out, STR(",\"advice\":{\"reconnect\":\"retry\",\"interval\":"));
	buf_add_int(out, advice->interval_ms);
	buf_add_str(out, STR(",\"timeout\":"));
	buf_add_int(out, advice->timeout_ms);
	if (advice->max_interval_ms) {
		buf_add_str(out, STR(",\"maxInterval\":"));
		buf_add_int(out, advice->max_interval_ms);
	}
	buf_add_char(out, '}');
}

void
reply_add_versions(struct buf *out)
{
	unsigned i;

	buf_add_str(out, STR(",\"version\":\"1.0\",\"supportedConnectionTypes\":["));
	for (i = 0; i < TYPE_COUNT; i++) {
		buf_add_str(out, i ? STR(",\"") : STR("\""));
		buf_add_str(out, str_from(connection_types[i]));
		buf_add_char(out, '"');
	}
	buf_add_char(out, ']');
}

void
reply_add_client_id(struct buf *out, struct str client_id)
{
	buf_add_str(out, STR(",\"clientId\":\""));
	buf_add_str(out, client_id);
	buf_add_char(out, '"');
}

void
reply_add_subscription(struct buf *out, const struct span *subscription)
{
	buf_add_str(out, STR(",\"subscription\":"));
	if (span_is_true(subscription))
		span_copy(subscription, out);
	else
		buf_add_str(out, STR("[]"));
}

void
reply_begin_connect(struct buf *out, struct str id, struct str client_id,
		    const struct reply_advice *advice)
{
	buf_add_char(out, '{');
	if (id.n) {
		buf_add_str(out, STR("\"id\":"));
		buf_add_str(out, id);
		buf_add_char(out, ',');
	}
	buf_add_str(out, STR("\"clientId\":\""));
	buf_add_str(out, client_id);
	buf_add_str(out, STR("\",\"channel\":\"/meta/connect\",\"successful\":true"));
	reply_add_advice(out, advice);
}

bool
reply_is_connection_type(const struct span *type)
{
	unsigned i;

	for (i = 0; i < TYPE_COUNT; i++)
		if (span_is(type, str_from(connection_types[i])))
			return true;
	return false;
}
