/* /meta/connect: the client is here and wants what waits for it. */
#include "broker/handler.h"

#include "bayeux/advice.h"
#include "bayeux/ext.h"
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

static bool
is_event_source(const struct message *m)
{
	return span_is(&m->connection_type, STR("eventsource"));
}

/* How long the answer may take. More than our timeout is cut down to it, so
 * that nobody is held beyond the life of a session. */
static int64_t
hold_ms(const struct exchange *x, const struct message *m, double asked_ms)
{
	int64_t most = x->broker->timeout_ms;

	if (is_event_source(m))
		return 0;
	return asked_ms < 0 || asked_ms >= (double)most ? most : (int64_t)asked_ms;
}

/* What makes it the same connect sent again: the id. A client that has only one
 * id but names another time to wait asks anew; Faye's clients never change it
 * but to 0, when a retry shares its batch (Faye: dispatcher). */
static uint64_t
key_of(const struct exchange *x, const struct message *m, double asked_ms)
{
	double named_ms = asked_ms > 0 ? asked_ms : 0;
	const struct str parts[] = { m->id.text,
				     { (const char *)&named_ms, sizeof(named_ms) } };

	if (!span_is_true(&m->id))
		return 0;
	return registry_key(&x->broker->registry, parts, 2);
}

/* Clients number their messages from 1 on, to the base 10 (CometD) or 36 (Faye);
 * read to the base 36 both only ever rise, until a page that was loaded again
 * goes on with the clientId it had stored (CometD's reload extension) and begins
 * to count anew. 0: an id that does not look so. */
static uint32_t
count_of(const struct span *id)
{
	enum { MOST_DIGITS = 6 }; /* what fits */
	struct str text = id->text;
	uint32_t count = 0;

	if (id->type == SCAN_STRING)
		text = (struct str){ text.p + 1, text.n - 2 };
	if (text.n > MOST_DIGITS)
		return 0;
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c >= '0' && c <= '9')
			count = count * 36 + (uint32_t)(c - '0');
		else if (c >= 'a' && c <= 'z')
			count = count * 36 + (uint32_t)(c - 'a') + 10;
		else
			return 0;
	}
	return count;
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

/* Where its messages go from now on. */
static void
set_course(struct exchange *x, const struct message *m, struct session *s)
{
	if (outlet_is_stream(x->outlet))
		outlet_bind(x->outlet, s);
	else if (!s->outlet)
		return;
	else if (is_event_source(m))
		outlet_wake(s->outlet); /* its stream is another connection */
	else
		outlet_rest(s->outlet);
}

/* Forgets what the client says that it has got. */
static void
acknowledge(struct session *s, const struct message *m, uint64_t key)
{
	uint32_t number;

	if (!s->acks)
		session_connect(s, key);
	else if (ext_read_ack(&m->ext, &number))
		session_acknowledge(s, number);
}

enum handler_result
handle_connect(struct exchange *x, const struct message *m)
{
	struct reply_error e = { 0 };
	struct session *s = check(x, m, &e);
	double asked_ms;
	uint64_t key;

	if (!s || e.code || reply_is_refused(m))
		return reply_failure(x, m, &e);
	if (!x->outlet)
		return HANDLER_DONE; /* gone: what waits goes on waiting */
	asked_ms = advice_timeout_ms(&m->advice);
	key = key_of(x, m, asked_ms);
	registry_touch(&x->broker->registry, s, loop_now_ms(x->broker->loop));
	session_count(s, count_of(&m->id));
	take_over(x, s, key);
	/* A stream's unproved messages go back to the queue before this connect
	 * is taken as what it acknowledges: it says nothing of them. */
	acknowledge(s, m, key);
	set_course(x, m, s);
	if (!x->outlet)
		return HANDLER_DONE; /* gone by now */
	if (waiting_hold(x, m, s, key, hold_ms(x, m, asked_ms)))
		handler_reply_fault(x, m);
	return HANDLER_DONE;
}
