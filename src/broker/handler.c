#include "broker/handler.h"

static const struct {
	struct str channel;
	handler_fn handle;
} meta[] = {
	{ { "/meta/connect", 13 }, handle_connect },
	{ { "/meta/handshake", 15 }, handle_handshake },
	{ { "/meta/subscribe", 15 }, handle_subscribe },
	{ { "/meta/unsubscribe", 17 }, handle_unsubscribe },
	{ { "/meta/disconnect", 16 }, handle_disconnect },
};

enum { META_COUNT = sizeof(meta) / sizeof(meta[0]) };

enum handler_result
handler_run(struct exchange *x, const struct message *m)
{
	unsigned i;

	for (i = 0; i < META_COUNT; i++)
		if (span_is(&m->channel, meta[i].channel))
			return meta[i].handle(x, m);
	return handle_publish(x, m);
}

void
handler_require(struct reply_error *e, const struct span *span, struct str param)
{
	if (!span_is_true(span))
		*e = (struct reply_error){ .code = REPLY_PARAMETER_MISSING, .name = param };
}

bool
handler_find_client(struct exchange *x, const struct message *m, struct reply_error *e,
		    struct session **s)
{
	struct buf scratch = BUF_INIT;
	struct str id = { 0 };

	bool is_known = false;

	*s = NULL;
	if (m->client_id.type == SCAN_STRING)
		id = span_string(&m->client_id, &scratch);
	if (session_is_id(id)) {
		memcpy(x->client_id, id.p, SESSION_ID_BYTES);
		*s = registry_find(&x->broker->registry, id);
		is_known = *s || engine_joins_nodes(x->broker->engine);
	}
	buf_clear(&scratch);
	if (!is_known)
		*e = (struct reply_error){ .code = REPLY_CLIENT_UNKNOWN,
					   .param = m->client_id };
	return is_known;
}

void
handler_reply(struct exchange *x, const struct message *m, int which,
	      const struct reply_error *e)
{
	struct buf *out = exchange_reply(x);

	reply_begin(out, m, which, e);
	reply_end(out);
}

void
handler_reply_fault(struct exchange *x, const struct message *m)
{
	struct reply_error e = { .code = REPLY_SERVER_ERROR, .name = STR("") };

	handler_reply(x, m, REPLY_ALL, &e);
}

void
handler_reply_result(struct exchange *x, const struct message *m, int result)
{
	if (result == -EAGAIN)
		x->hangs_up = true;
	else
		handler_reply_fault(x, m);
}

uint64_t
handler_key(const struct message *m, const struct span *what)
{
	const struct str content[] = { m->channel.text, what->text };

	if (!span_is_true(&m->id))
		return 0;
	return session_done_key(session_key(&m->id.text, 1), session_key(content, 2));
}
