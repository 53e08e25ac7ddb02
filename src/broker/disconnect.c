/* /meta/disconnect: a session ends as its client wants. */
#include "broker/handler.h"

static void
after_destroy(struct exchange *x, const struct message *m, int result)
{
	struct session *s =
		registry_find(&x->broker->registry, str_from(x->client_id));

	if (result < 0) {
		handler_reply_fault(x, m);
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
	struct session *s = handler_find_session(x, m, &e);

	handler_require(&e, &m->client_id, STR("clientId"));
	if (!s || e.code || reply_is_refused(m)) {
		handler_reply(x, m, REPLY_WITHOUT_CLIENT_ID, &e);
		return HANDLER_DONE;
	}
	memcpy(x->client_id, s->id, sizeof(x->client_id));
	x->after = after_destroy;
	engine_destroy(x->broker->engine, &x->call, session_id(s));
	return HANDLER_PENDING;
}
