/* /meta/connect: the client is here and wants what waits for it. */
#include "broker/handler.h"

#include "broker/waiting.h"

/* The last failing check is the one that is told (Faye: server/connect). */
static struct session *
check(struct exchange *x, const struct message *m, struct reply_error *e)
{
	struct session *s = handler_find_session(x, m, e);

	handler_require(e, &m->client_id, STR("clientId"));
	if (!span_is_true(&m->connection_type))
		handler_require(e, &m->connection_type, STR("connectionType"));
	else if (!reply_is_connection_type(&m->connection_type))
		*e = (struct reply_error){ .code = REPLY_CONNECTION_TYPE_MISMATCH,
					   .param = m->connection_type };
	return s;
}

static enum handler_result
reply_failure(struct exchange *x, const struct message *m, const struct reply_error *e)
{
	struct reply_advice advice = { .reconnect = ADVICE_HANDSHAKE };
	struct buf *out = exchange_reply(x);

	reply_begin(out, m, REPLY_WITHOUT_CLIENT_ID, e);
	reply_add_advice(out, &advice);
	reply_end(out);
	return HANDLER_DONE;
}

/* `advice.timeout` of the connect, when the key is there at all. */
static struct span
find_timeout(const struct message *m, unsigned nesting)
{
	struct span key, value, timeout = { 0 };
	struct scan sc;

	if (m->advice.type != SCAN_OBJECT)
		return timeout;
	scan_init(&sc, m->advice.text, nesting);
	if (scan_enter(&sc))
		return timeout;
	while (scan_member(&sc, &key) == 0 && scan_value(&sc, &value) == 0)
		if (span_is(&key, STR("timeout")))
			timeout = value;
	return timeout;
}

/* What is no positive number answers at once (Faye: a JavaScript timer). */
static double
asked_ms(const struct span *timeout)
{
	double ms = timeout->type == SCAN_TRUE ? 1 : span_number(timeout);

	return ms > 0 ? ms : 0;
}

/* How long the answer may take. More than our timeout is cut down to it, so
 * that nobody is held beyond the life of a session. */
static int64_t
hold_ms(const struct exchange *x, const struct message *m, const struct span *timeout)
{
	const struct broker *b = x->broker;
	double ms;

	if (span_is(&m->connection_type, STR("eventsource")))
		return 0;
	if (timeout->type == SCAN_ABSENT)
		return b->timeout_ms;
	ms = asked_ms(timeout);
	return ms < (double)b->timeout_ms ? (int64_t)ms : b->timeout_ms;
}

/* What makes it the same connect sent again: the id. A client that has only one
 * id but names another time to wait asks anew; Faye's clients never change it
 * but to 0, when a retry shares its batch (Faye: dispatcher). */
static uint64_t
key_of(const struct exchange *x, const struct message *m, const struct span *timeout)
{
	struct str parts[] = { m->id.text, { 0 } };

	if (!span_is_true(&m->id))
		return 0;
	if (timeout->type != SCAN_ABSENT && asked_ms(timeout) > 0)
		parts[1] = timeout->text;
	return registry_key(&x->broker->registry, parts, 2);
}

/* Another connect of this client is held: this one takes over. The former is
 * answered, but not where it has the same id: one id is answered in one place
 * only, since the next id will acknowledge it. */
static void
take_over(const struct exchange *x, struct session *s, uint64_t key)
{
	struct waiting *w = s->held;
	struct outlet *former;

	if (!w)
		return;
	former = w->outlet;
	if (!key || w->key != key) {
		waiting_answer(w);
		return;
	}
	waiting_drop(w);
	if (former != x->outlet)
		outlet_hang_up(former);
}

enum handler_result
handle_connect(struct exchange *x, const struct message *m)
{
	struct reply_error e = { 0 };
	struct session *s = check(x, m, &e);
	struct span timeout;
	uint64_t key;

	if (!s || e.code || reply_is_refused(m))
		return reply_failure(x, m, &e);
	if (!x->outlet)
		return HANDLER_DONE; /* gone: what waits goes on waiting */
	timeout = find_timeout(m, x->broker->batch_limits.nesting);
	key = key_of(x, m, &timeout);
	registry_touch(&x->broker->registry, s, loop_now_ms(x->broker->loop));
	take_over(x, s, key);
	/* A stream's unproved messages go back to the queue before this connect
	 * is taken as what it acknowledges: it says nothing of them. */
	session_connect(s, key);
	if (outlet_is_stream(x->outlet))
		outlet_bind(x->outlet, s);
	else if (s->outlet)
		outlet_unbind(s->outlet);
	if (waiting_hold(x, m, s, key, hold_ms(x, m, &timeout)))
		handler_reply_fault(x, m);
	return HANDLER_DONE;
}
