/* /meta/handshake: a session comes to life. */
#include "broker/handler.h"

#include "bayeux/ext.h"
#include "broker/member.h"
#include "host/random.h"

/* Only after so long may a client try again that found the server full. */
enum { FULL_INTERVAL_MS = 10000 };

static bool
has_common_type(const struct span *types, unsigned nesting)
{
	struct span type;
	struct scan sc;

	if (types->type != SCAN_ARRAY)
		return false;
	scan_init(&sc, types->text, nesting);
	if (scan_enter(&sc))
		return false;
	while (scan_item(&sc) == 0 && scan_value(&sc, &type) == 0)
		if (reply_is_connection_type(&type))
			return true;
	return false;
}

/* The last failing check is the one that is told (Faye: server/handshake). */
static struct reply_error
check(struct exchange *x, const struct message *m)
{
	struct reply_error e = { 0 };

	handler_require(&e, &m->version, STR("version"));
	if (!span_is_true(&m->supported_types))
		handler_require(&e, &m->supported_types, STR("supportedConnectionTypes"));
	else if (!has_common_type(&m->supported_types, x->broker->batch_limits.nesting))
		e = (struct reply_error){ .code = REPLY_CONNECTION_TYPE_MISMATCH,
					  .param = m->supported_types };
	return e;
}

static void
reply_failure(struct exchange *x, const struct message *m, const struct reply_error *e)
{
	struct reply_advice advice = { .reconnect = ADVICE_HANDSHAKE };
	struct buf *out = exchange_reply(x);

	reply_begin(out, m, REPLY_ALL, e);
	reply_add_versions(out);
	reply_add_advice(out, &advice);
	reply_end(out);
}

/* Clients wait for `interval` before the next handshake (Faye: client). */
static void
reply_full(struct exchange *x, const struct message *m)
{
	struct reply_error e = { .code = REPLY_SERVER_FULL, .name = STR("") };
	struct reply_advice advice = { ADVICE_RETRY, FULL_INTERVAL_MS,
				       x->broker->timeout_ms, 0 };
	struct buf *out = exchange_reply(x);

	reply_begin(out, m, REPLY_ALL, &e);
	reply_add_versions(out);
	reply_add_advice(out, &advice);
	reply_end(out);
}

static void
add_ext(struct exchange *x, const struct message *m, const struct session *s,
	struct buf *out)
{
	struct loop *loop = x->broker->loop;
	struct ext_reply reply = { .acks = s->acks };
	struct ext_timesync timesync;

	if (ext_read_timesync(&m->ext, &timesync)) {
		reply.timesync = &timesync;
		reply.came_ms = loop_wall_ms(loop, x->came_ms);
		reply.took_ms = loop_now_ms(loop) - x->came_ms;
	}
	ext_add(out, &reply);
}

static void
reply_success(struct exchange *x, const struct message *m, const struct session *s)
{
	struct reply_advice advice = broker_advice(
		x->broker, s, span_is(&m->connection_type, STR("eventsource")));
	struct buf *out = exchange_reply(x);

	reply_begin(out, m, REPLY_WITHOUT_CLIENT_ID, NULL);
	reply_add_versions(out);
	reply_add_client_id(out, session_id(s));
	reply_add_advice(out, &advice);
	add_ext(x, m, s, out);
	reply_end(out);
}

/* What CometD's clients ask for, which send that version; Faye's send none. */
static unsigned
flags_of(const struct message *m)
{
	bool is_cometd = span_is(&m->minimum_version, STR("1.0"));

	return (ext_wants_acks(&m->ext) ? ENGINE_ACKS : 0) |
	       (is_cometd ? ENGINE_MAX_INTERVAL : 0);
}

/* The engine has the client. */
static int
make_session(struct exchange *x, const struct message *m, struct session **s)
{
	bool joins = engine_joins_nodes(x->broker->engine);
	int rc = broker_create_session(x->broker, x->client_id, flags_of(m), s);

	if (rc)
		broker_part(x->broker, str_from(x->client_id),
			    joins ? x->call.client->turn : 0);
	else if (joins)
		rc = member_create(x->broker, *s, x->call.client);
	return rc;
}

static void
after_create(struct exchange *x, const struct message *m, int result)
{
	struct session *s;

	/* TAKEN would be a miracle of 160 bits: the client may try again. */
	if (!result)
		result = make_session(x, m, &s);
	if (result == REGISTRY_FULL)
		reply_full(x, m);
	else if (result)
		handler_reply_result(x, m, result);
	else
		reply_success(x, m, s);
}

enum handler_result
handle_handshake(struct exchange *x, const struct message *m)
{
	struct reply_error e = check(x, m);

	if (e.code || reply_is_refused(m)) {
		reply_failure(x, m, &e);
		return HANDLER_DONE;
	}
	if (broker_is_full(x->broker)) {
		x->broker->counts.refused++;
		reply_full(x, m);
		return HANDLER_DONE;
	}
	if (random_base36(x->client_id, SESSION_ID_BYTES)) {
		handler_reply_fault(x, m);
		return HANDLER_DONE;
	}
	x->after = after_create;
	engine_create(x->broker->engine, &x->call, str_from(x->client_id), flags_of(m));
	return HANDLER_PENDING;
}
