/* /meta/connect: the client is here and wants what waits for it. */
#include "broker/handler.h"

#include "bayeux/advice.h"
#include "bayeux/ext.h"
#include "broker/arrival.h"
#include "broker/waiting.h"

/* The last failing check is the one that is told (Faye: server/connect). */
static bool
check(struct exchange *x, const struct message *m, struct reply_error *e,
      struct session **s)
{
	bool is_known = handler_find_client(x, m, e, s);

	handler_require(e, &m->client_id, STR("clientId"));
	if (!span_is_true(&m->connection_type))
		handler_require(e, &m->connection_type, STR("connectionType"));
	else if (!reply_is_connection_type(&m->connection_type))
		*e = (struct reply_error){ .code = REPLY_CONNECTION_TYPE_MISMATCH,
					   .param = m->connection_type };
	return is_known;
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
key_of(const struct message *m, double asked_ms)
{
	double named_ms = asked_ms > 0 ? asked_ms : 0;
	const struct str parts[] = { m->id.text,
				     { (const char *)&named_ms, sizeof(named_ms) } };

	if (!span_is_true(&m->id))
		return 0;
	return session_key(parts, 2);
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
take_over(const struct waiting *w, struct session *s)
{
	struct waiting *former = s->held;
	struct outlet *o;

	if (!former)
		return;
	o = former->outlet;
	if (!w->key || former->key != w->key) {
		waiting_answer(former);
		return;
	}
	waiting_drop(former);
	if (o != w->outlet)
		outlet_hang_up(o);
}

/* Where its messages go from now on. */
static void
set_course(const struct waiting *w, struct session *s)
{
	if (outlet_is_stream(w->outlet))
		outlet_bind(w->outlet, s);
	else if (!s->outlet)
		return;
	else if (w->event_source)
		outlet_wake(s->outlet); /* its stream is another connection */
	else
		outlet_rest(s->outlet);
}

/* Forgets what the client says that it has got. */
static void
acknowledge(const struct waiting *w, struct session *s)
{
	if (!s->acks)
		session_connect(s, w->key);
	if (!s->acks || !w->has_ack)
		return;
	session_acknowledge(s, w->acked);
	if (s->member)
		member_acknowledge(s, w->acked);
}

void
connect_come(struct waiting *w, struct session *s)
{
	struct broker *b = w->broker;

	if (s->member && member_is_old(s, w->key)) {
		waiting_pass(w, session_id(s));
		return;
	}
	registry_touch(&b->registry, s, loop_now_ms(b->loop));
	session_count(s, w->count);
	take_over(w, s);
	/* Before a stream's unproved messages go back to the queue: of those this
	 * connect says nothing. */
	acknowledge(w, s);
	if (s->member)
		member_connect(s, w);
	set_course(w, s);
	if (w->outlet->gone)
		waiting_drop(w); /* a stream that found no memory */
	else
		waiting_hold(w, s);
}

/* An event stream stays where it is, and its client's connects are signs of life alone:
 * they do not bring the session here. */
static void
after_sign_of_life(struct exchange *x, const struct message *m, int result)
{
	struct reply_error e = { .code = REPLY_CLIENT_UNKNOWN, .param = m->client_id };
	struct reply_advice advice = broker_advice(x->broker, NULL, true);
	struct buf id = BUF_INIT, *out;

	if (result == ENGINE_UNKNOWN) {
		reply_failure(x, m, &e);
	} else if (result) {
		handler_reply_result(x, m, result);
	} else {
		if (span_is_true(&m->id))
			span_copy(&m->id, &id);
		out = exchange_reply(x);
		reply_begin_connect(out, buf_str(&id), str_from(x->client_id), &advice);
		reply_end(out);
		buf_clear(&id);
	}
}

static enum handler_result
pass_sign_of_life(struct exchange *x)
{
	x->after = after_sign_of_life;
	engine_subscribe(x->broker->engine, &x->call, str_from(x->client_id), 0, 0, NULL, 0);
	return HANDLER_PENDING;
}

enum handler_result
handle_connect(struct exchange *x, const struct message *m)
{
	struct reply_error e = { 0 };
	struct session *s;
	bool is_known = check(x, m, &e, &s);
	struct waiting *w;
	double asked_ms;

	if (!is_known || e.code || reply_is_refused(m))
		return reply_failure(x, m, &e);
	if (!x->outlet)
		return HANDLER_DONE; /* gone: what waits goes on waiting */
	if (!s && is_event_source(m))
		return pass_sign_of_life(x);
	asked_ms = advice_timeout_ms(&m->advice);
	w = waiting_new(x, m, key_of(m, asked_ms), hold_ms(x, m, asked_ms));
	if (!w) {
		handler_reply_fault(x, m);
		return HANDLER_DONE;
	}
	w->count = count_of(&m->id);
	if (s)
		connect_come(w, s);
	else
		arrival_add(w, str_from(x->client_id));
	return HANDLER_DONE;
}
