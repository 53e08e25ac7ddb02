/* /meta/subscribe and /meta/unsubscribe: the channels are taken in order and
 * the first bad one stops; those before it are done though the reply fails
 * (Faye: engine). */
#include "broker/handler.h"

#include <errno.h>
#include <stdlib.h>

#include "bayeux/channel.h"

static void
reply(struct exchange *x, const struct message *m, const struct reply_error *e)
{
	struct buf *out = exchange_reply(x);

	reply_begin(out, m, REPLY_ALL, e);
	reply_add_subscription(out, &m->subscription);
	reply_end(out);
}

/* One channel of the subscription: a name or pattern to take, or an error. */
static struct reply_error
check_channel(const struct span *channel, struct str name)
{
	struct reply_error e = { .param = *channel };

	if (channel->type != SCAN_STRING ||
	    (!channel_is_name(name) && !channel_is_pattern(name)))
		e.code = REPLY_CHANNEL_INVALID;
	else if (channel_kind(name) != CHANNEL_PLAIN || channel_is_too_long(name))
		e.code = REPLY_CHANNEL_FORBIDDEN;
	return e;
}

static struct reply_error
too_many(struct str name)
{
	return (struct reply_error){
		.code = REPLY_CHANNEL_FORBIDDEN,
		.name = name,
		.words = STR("Too many subscriptions"),
	};
}

static int
add_channel(struct exchange *x, struct str name)
{
	unsigned n = x->channel_count;
	struct str *more;

	/* A power of two is full. */
	if ((n & (n - 1)) == 0) {
		more = realloc(x->channels, (n ? n * 2 : 1) * sizeof(*more));
		if (!more)
			return -ENOMEM;
		x->channels = more;
	}
	x->channels[x->channel_count++] = name;
	return 0;
}

static int
take_channel(struct exchange *x, const struct span *channel, struct reply_error *e)
{
	struct str name = { 0 };

	if (channel->type == SCAN_STRING)
		name = span_string(channel, &x->scratch);
	*e = check_channel(channel, name);
	/* No more than a session may have: each is looked for among those. */
	if (!e->code && x->channel_count >= x->broker->registry.limits.subscriptions)
		*e = too_many(name);
	return e->code ? 0 : add_channel(x, name);
}

/* Gathers the channels up to the first bad one, which e tells of. */
static int
take_channels(struct exchange *x, const struct message *m, struct reply_error *e)
{
	struct span channel;
	struct scan sc;
	int rc;

	/* Decoded names are never longer than written, so the buffer stays where
	 * it is and the names may point into it. */
	if (!buf_reserve(&x->scratch, m->subscription.text.n))
		return -ENOMEM;
	if (m->subscription.type != SCAN_ARRAY)
		return take_channel(x, &m->subscription, e);
	scan_init(&sc, m->subscription.text, x->broker->batch_limits.nesting);
	rc = scan_enter(&sc);
	while (!rc && scan_item(&sc) == 0 && scan_value(&sc, &channel) == 0) {
		rc = take_channel(x, &channel, e);
		if (e->code)
			break;
	}
	return rc > 0 ? 0 : rc;
}

/* ---- what happens when the engine has agreed ---- */

static int
subscribe_all(struct exchange *x, struct session *s, struct reply_error *e)
{
	struct registry *r = &x->broker->registry;
	unsigned i;
	int rc;

	for (i = 0; i < x->channel_count; i++) {
		if (s->sub_count >= r->limits.subscriptions &&
		    !subs_has(&r->subs, s, x->channels[i])) {
			*e = too_many(x->channels[i]);
			return 0;
		}
		rc = subs_add(&r->subs, s, x->channels[i]);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
unsubscribe_all(struct exchange *x, struct session *s, struct reply_error *e)
{
	unsigned i;

	(void)e;
	for (i = 0; i < x->channel_count; i++)
		subs_remove(&x->broker->registry.subs, s, x->channels[i]);
	return 0;
}

static void
finish(struct exchange *x, const struct message *m, int result,
       int (*change)(struct exchange *, struct session *, struct reply_error *))
{
	bool joined = engine_joins_nodes(x->broker->engine);
	struct session *s =
		registry_find(&x->broker->registry, str_from(x->client_id));
	struct reply_error e = { 0 };

	if (result == ENGINE_UNKNOWN || (!s && !joined)) {
		e = (struct reply_error){ .code = REPLY_CLIENT_UNKNOWN,
					  .param = m->client_id };
	} else if (result || (!joined && change(x, s, &e))) {
		handler_reply_result(x, m, result);
		return;
	}
	if (!e.code && x->call.taken < x->channel_count && result == 0)
		e = too_many(x->channels[x->call.taken]);
	if (!e.code)
		e = x->channel_error;
	if (!e.code && x->key && !joined)
		session_did(s, x->key);
	reply(x, m, &e);
}

static void
after_subscribe(struct exchange *x, const struct message *m, int result)
{
	finish(x, m, result, subscribe_all);
}

static void
after_unsubscribe(struct exchange *x, const struct message *m, int result)
{
	finish(x, m, result, unsubscribe_all);
}

/* ---- what both do first ---- */

/* Whether the message is to be carried out. Otherwise it has been answered. The
 * last failing check is the one that is told. */
static bool
prepare(struct exchange *x, const struct message *m)
{
	struct reply_error e = { 0 };
	struct session *s;
	bool is_known = handler_find_client(x, m, &e, &s);

	handler_require(&e, &m->client_id, STR("clientId"));
	handler_require(&e, &m->subscription, STR("subscription"));
	if (!is_known || e.code || reply_is_refused(m)) {
		reply(x, m, &e);
		return false;
	}
	x->key = handler_key(m, &m->subscription);
	if (x->key && !engine_joins_nodes(x->broker->engine) &&
	    session_has_done(s, x->key)) {
		x->broker->counts.repeated++;
		reply(x, m, NULL);
		return false;
	}
	x->channel_error = (struct reply_error){ 0 };
	if (take_channels(x, m, &x->channel_error)) {
		handler_reply_fault(x, m);
		return false;
	}
	return true;
}

enum handler_result
handle_subscribe(struct exchange *x, const struct message *m)
{
	if (!prepare(x, m))
		return HANDLER_DONE;
	x->after = after_subscribe;
	engine_subscribe(x->broker->engine, &x->call, str_from(x->client_id), x->key,
			 x->broker->registry.limits.subscriptions, x->channels,
			 x->channel_count);
	return HANDLER_PENDING;
}

enum handler_result
handle_unsubscribe(struct exchange *x, const struct message *m)
{
	if (!prepare(x, m))
		return HANDLER_DONE;
	x->after = after_unsubscribe;
	engine_unsubscribe(x->broker->engine, &x->call, str_from(x->client_id), x->key,
			   x->channels, x->channel_count);
	return HANDLER_PENDING;
}
