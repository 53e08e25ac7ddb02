/* Any other channel: a publication. */
#include "broker/handler.h"

#include "bayeux/channel.h"

/* The last failing check is the one that is told (Faye: server/index). */
static struct reply_error
check(const struct message *m, struct str channel)
{
	struct reply_error e = { 0 };
	bool is_name = m->channel.type == SCAN_STRING && channel_is_name(channel);
	bool is_known = is_name ||
			(m->channel.type == SCAN_STRING && channel_is_pattern(channel));

	if (is_known && channel_kind(channel) == CHANNEL_META) {
		e.code = REPLY_CHANNEL_FORBIDDEN;
		e.param = m->channel;
		return e;
	}
	if (!is_name)
		e.code = REPLY_CHANNEL_INVALID;
	else if (channel_is_too_long(channel))
		e.code = REPLY_CHANNEL_FORBIDDEN;
	if (e.code)
		e.param = m->channel;
	if (m->data.type == SCAN_ABSENT)
		e = (struct reply_error){ .code = REPLY_PARAMETER_MISSING,
					  .name = STR("data") };
	return e;
}

static void
after_publish(struct exchange *x, const struct message *m, int result)
{
	struct session *s;

	if (result == ENGINE_DONE)
		x->broker->counts.repeated++;
	if (result == 0 || result == ENGINE_DONE) {
		handler_reply(x, m, REPLY_ALL, NULL);
		return;
	}
	s = x->key ? registry_find(&x->broker->registry, str_from(x->client_id)) : NULL;
	if (s)
		session_did_not(s, x->key);
	handler_reply_result(x, m, result);
}

/* Whether it was accepted before and is only asked again; if not, it is noted
 * now, since the repeat may come before the engine is done. Publishing needs no
 * session; without one a retry cannot be told. Joined nodes remember together. */
static bool
is_repeated(struct exchange *x, const struct message *m)
{
	struct reply_error unknown;
	struct session *s;

	x->key = handler_find_client(x, m, &unknown, &s) ? handler_key(m, &m->data) : 0;
	if (!x->key || engine_joins_nodes(x->broker->engine))
		return false;
	if (session_has_done(s, x->key))
		return true;
	session_did(s, x->key);
	return false;
}

static enum handler_result
publish(struct exchange *x, const struct message *m, struct str channel)
{
	struct frozen *f = message_freeze(m, channel);

	if (!f) {
		handler_reply_fault(x, m);
		return HANDLER_DONE;
	}
	x->broker->counts.published++;
	x->after = after_publish;
	engine_publish(x->broker->engine, &x->call, f, str_from(x->client_id), x->key);
	return HANDLER_PENDING;
}

enum handler_result
handle_publish(struct exchange *x, const struct message *m)
{
	struct str channel = { 0 };
	struct reply_error e;

	if (m->channel.type == SCAN_STRING)
		channel = span_string(&m->channel, &x->scratch);
	e = check(m, channel);
	if (e.code || reply_is_refused(m)) {
		handler_reply(x, m, REPLY_ALL, &e);
		return HANDLER_DONE;
	}
	if (is_repeated(x, m)) {
		x->broker->counts.repeated++;
		handler_reply(x, m, REPLY_ALL, NULL);
		return HANDLER_DONE;
	}
	return publish(x, m, channel);
}
