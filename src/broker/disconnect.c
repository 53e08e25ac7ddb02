/* /meta/disconnect: a session ends as its client wants. */
#include "broker/handler.h"

static void
after_destroy(struct exchange *x, const struct message *m, int result)
{
	struct session *s =
		registry_find(&x->broker->registry, str_from(x->client_id));
	struct reply_error e = { .code = REPLY_CLIENT_UNKNOWN, .param = m->client_id };

	if (result < 0) {
		handler_reply_result(x, m, result);
		return;
	}
	if (result == ENGINE_UNKNOWN && !s) {
		handler_reply(x, m, REPLY_WITHOUT_CLIENT_ID, &e);
		return;
	}
	if (s)
		broker_end_session(x->broker, s);
	handler_reply(x, m, REPLY_ALL, NULL);
}

enum handler_result
handle_disconnect(struct exchange *x, const struct message *m)
{
	struct reply_error e = { 0 };
	struct session *s;
	bool is_known = handler_find_client(x, m, &e, &s);

	handler_require(&e, &m->client_id, STR("clientId"));
	if (!is_known || e.code || reply_is_refused(m)) {
		handler_reply(x, m, REPLY_WITHOUT_CLIENT_ID, &e);
		return HANDLER_DONE;
	}
	x->after = after_destroy;
	engine_destroy(x->broker->engine, &x->call, str_from(x->client_id), 0);
	return HANDLER_PENDING;
}
