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

struct session *
handler_find_session(struct exchange *x, const struct message *m, struct reply_error *e)
{
	struct buf scratch = BUF_INIT;
	struct session *s = NULL;

	if (m->client_id.type == SCAN_STRING)
		s = registry_find(&x->broker->registry,
				  span_string(&m->client_id, &scratch));
	buf_clear(&scratch);
	if (!s)
		*e = (struct reply_error){ .code = REPLY_CLIENT_UNKNOWN,
					   .param = m->client_id };
	return s;
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

uint64_t
handler_key(const struct exchange *x, const struct message *m, const struct span *what)
{
	const struct str content[] = { m->channel.text, what->text };
	const struct registry *r = &x->broker->registry;

	if (!span_is_true(&m->id))
		return 0;
	return session_done_key(registry_key(r, &m->id.text, 1),
				registry_key(r, content, 2));
}
