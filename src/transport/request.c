/* States of a request:
 *
 *     READING ── body whole ──> RUNNING ── replied ──> ANSWERED
 *        └── refused ─────────────────────────────────────┘
 *     RUNNING ── the peer vanished, or is hung up on ──> GONE
 *
 * What is RUNNING has until the turn's end, when libmicrohttpd calls the handler
 * again: most is answered by then. What is not is suspended, which costs two system
 * calls, a look at the socket and a place among all that are. libmicrohttpd does not
 * watch a suspended socket, so we do. On every way out of that: watch off, resume, and
 * the handler's next call ends it. The struct goes in request_completed only.
 *
 * One that lends its descriptor to an event source is RUNNING until that is done with
 * it, and GONE then. */
#include "transport/request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "transport/answer.h"
#include "transport/asked.h"
#include "transport/eventsource.h"
#include "transport/form.h"
#include "transport/head.h"
#include "transport/jsonp.h"
#include "transport/late_upgrade.h"

enum state { READING, RUNNING, ANSWERED, GONE };

struct request {
	struct outlet outlet;
	struct http *http;
	struct MHD_Connection *c;
	struct connection *connection; /* libmicrohttpd's, with our eye on it */
	struct list_node node; /* in http->waiting or http->answered */
	struct buf body;       /* in, then out */
	uint64_t came;         /* bytes of the body so far */
	char *callback;        /* JSONP's; NULL: plain JSON */
	struct script_choice script;
	uint8_t state, asked; /* enum state, enum asked */
	bool too_large;        /* the body was, and is thrown away */
	bool suspended;
	bool closing; /* the connection is not to be kept */
	struct stream_lender lender; /* of its descriptor to an event source */
	struct metrics_query query;  /* for metrics */
};

/* ---- ways out ---- */

static void
end_wait(struct request *r, enum state state)
{
	r->state = (uint8_t)state;
	if (!r->suspended)
		return;
	connection_rest(r->connection);
	list_unlink(&r->node);
	list_append(&r->http->answered, &r->node);
	loop_at_end(r->http->loop, &r->http->resume);
}

static void
on_reply(struct outlet *o, struct buf *array)
{
	struct request *r = list_entry(o, struct request, outlet);

	if (r->state != RUNNING)
		return;
	buf_clear(&r->body);
	r->body = *array;
	*array = BUF_INIT;
	end_wait(r, r->body.failed ? GONE : ANSWERED);
}

static void
on_hang_up(struct outlet *o)
{
	struct request *r = list_entry(o, struct request, outlet);

	if (r->state == RUNNING)
		end_wait(r, GONE);
}

static const struct outlet_ops poll_ops = {
	.reply = on_reply,
	.hang_up = on_hang_up,
};

void
request_resume_all(struct http *h)
{
	struct list_node *n;

	while ((n = list_take_first(&h->answered))) {
		struct request *r = list_entry(n, struct request, node);

		r->suspended = false;
		h->suspended--;
		MHD_resume_connection(r->c);
	}
}

void
request_drain_all(struct http *h)
{
	struct list_node *n;

	while ((n = list_first(&h->waiting))) {
		struct request *r = list_entry(n, struct request, node);

		outlet_drain(&r->outlet);
		if (r->state == RUNNING)
			outlet_hang_up(&r->outlet);
	}
}

static void
on_peer_gone(void *arg)
{
	struct request *r = arg;

	outlet_hang_up(&r->outlet);
}

static enum MHD_Result
wait_for_answer(struct request *r)
{
	struct http *h = r->http;

	/* Without our eye on it nobody would see the peer go; and who stops waits for
	 * nobody. */
	if (!r->connection || h->stopping)
		return MHD_NO;
	connection_wait(r->connection, outlet_waits(&r->outlet), on_peer_gone, r);
	list_append(&h->waiting, &r->node);
	r->suspended = true;
	h->suspended++;
	MHD_suspend_connection(r->c);
	return MHD_YES;
}

/* ---- answers ---- */

static enum MHD_Result
give_status(struct request *r, unsigned status)
{
	r->state = ANSWERED;
	return answer_text(r->c, status, r->closing, &r->http->config.gate->origins);
}

/* To what has been waited for. */
static enum MHD_Result
give_answer(struct request *r)
{
	if (r->asked == ASKED_METRICS)
		return answer_metrics(r->c, &r->body);
	return answer_array(r->c, &r->body, r->callback);
}

/* The connection cannot go on: what follows is not known to be a request. */
static enum MHD_Result
refuse(struct request *r, unsigned status)
{
	r->closing = true;
	return give_status(r, status);
}

/* ---- the way in ---- */

static struct request *
new_request(struct http *h, struct MHD_Connection *c)
{
	struct request *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	r->connection = connection_of(c);
	if (r->connection)
		connection_begin(r->connection);
	r->http = h;
	r->c = c;
	outlet_init(&r->outlet, &poll_ops, h->broker);
	h->requests++;
	return r;
}

static bool
is_too_large(const struct request *r, const struct head *head)
{
	const struct str *length = head_find(head, STR("Content-Length"));

	return length && strtoull(length->p, NULL, 10) > r->http->config.body_bytes;
}

/* Whether it is a script that is asked for; then which is noted. */
static bool
asks_script(struct request *r, const char *url, const struct head *head)
{
	const struct http_config *cfg = &r->http->config;
	struct str name = route_script(&cfg->route, str_from(url));

	if (!name.n)
		return false;
	r->script = script_choose(scripts_find(cfg->scripts, name), head);
	return true;
}

/* What lies outside the mounts, and not a WebSocket's: ASKED_NOTHING is a 404. */
static enum asked
asked_outside(const struct http_config *cfg, struct str method, struct str path)
{
	if (health_is_asked(method, path))
		return ASKED_HEALTH;
	return cfg->metrics && metrics_is_asked(method, path) ? ASKED_METRICS
							      : ASKED_NOTHING;
}

/* The first call: the head is there. */
static enum MHD_Result
begin(struct request *r, const char *url, const char *method, const char *version)
{
	struct head head;
	unsigned status;
	bool upgrade;

	status = asked_read_head(r->c, method, version, &head);
	if (status)
		return refuse(r, status);
	upgrade = upgrade_is_asked(&head);
	if (!route_is_ours(&r->http->config.route, str_from(url))) {
		r->asked = asked_outside(&r->http->config, head.method, str_from(url));
		if (upgrade || r->asked == ASKED_NOTHING)
			return give_status(r, MHD_HTTP_NOT_FOUND);
		return MHD_YES; /* answered when the body is whole: that keeps the
				 * connection */
	}
	if (r->http->stopping)
		return MHD_NO;
	r->asked = !upgrade && asks_script(r, url, &head) ? ASKED_SCRIPT : asked_by(&head);
	/* Any page may load a script. */
	if (r->asked != ASKED_SCRIPT && !gate_admits(r->http->config.gate, &head))
		return give_status(r, MHD_HTTP_FORBIDDEN);
	if (upgrade) {
		r->state = ANSWERED;
		return late_upgrade(r->http, r->c, &head);
	}
	if (is_too_large(r, &head))
		return refuse(r, MHD_HTTP_CONTENT_TOO_LARGE);
	/* The answer must fit beside it. Nothing has been done yet; on a fresh
	 * connection such a head is welcome, see entry.h. */
	if (!http_has_room(r->http, asked_cost(r->c, url, &head)))
		return refuse(r, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE);
	return MHD_YES;
}

/* Whether more of it may come. */
static bool
add_body(struct request *r, const char *data, size_t n)
{
	size_t most = r->http->config.body_bytes;

	r->came += n;
	if (r->came > most && !r->too_large) {
		r->too_large = r->closing = true;
		buf_clear(&r->body);
	}
	if (!r->too_large && (r->asked == ASKED_JSON || r->asked == ASKED_FORM)) {
		buf_reserve(&r->body, n + 1); /* mostly all, and buf_take's end */
		buf_add(&r->body, data, n);
	}
	/* It is eaten, so that the answer is seen; but not without end. */
	return r->came <= 4 * most;
}

struct search {
	struct str name;
	struct buf *out;
	int rc;
};

/* libmicrohttpd has made the pluses spaces, and nothing else. */
static enum MHD_Result
search_argument(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_n,
		const char *value, size_t value_n)
{
	struct search *s = cls;

	(void)kind;
	s->rc = form_take((struct str){ name, name_n }, (struct str){ value, value_n },
			  s->name, s->out);
	return s->rc == FORM_ABSENT ? MHD_YES : MHD_NO;
}

/* A field of the form or the query, decoded. Results as form_find's. */
static int
find_field(struct request *r, struct str name, struct buf *out)
{
	struct search s = { name, out, FORM_ABSENT };

	if (r->asked == ASKED_FORM)
		return form_find(buf_str(&r->body), name, out);
	/* Its own search does not see letters' case. */
	MHD_get_connection_values_n(r->c, MHD_GET_ARGUMENT_KIND, search_argument, &s);
	return s.rc;
}

/* The messages' text into `text`. 0, the status to refuse it with. */
static unsigned
find_messages(struct request *r, struct buf *text)
{
	struct buf callback = BUF_INIT;
	unsigned status = 0;

	if (r->asked == ASKED_JSON) {
		*text = r->body;
		r->body = BUF_INIT;
		return 0;
	}
	if (find_field(r, STR("message"), text) == FORM_ABSENT)
		status = MHD_HTTP_BAD_REQUEST;
	/* In a form it is of no use, but Faye looks at it. */
	find_field(r, STR("jsonp"), &callback);
	if (callback.n == 0)
		buf_add_str(&callback, STR("jsonpcallback"));
	if (!jsonp_is_callback(buf_str(&callback)))
		status = MHD_HTTP_BAD_REQUEST;
	if (r->asked == ASKED_QUERY && !status)
		r->callback = buf_take(&callback);
	buf_clear(&callback);
	return status;
}

static enum MHD_Result
take_batch(struct request *r, struct buf *messages)
{
	size_t n = messages->n;
	char *text = buf_take(messages);
	int rc;

	if (!text || (r->asked == ASKED_QUERY && !r->callback)) {
		free(text);
		return give_status(r, MHD_HTTP_INTERNAL_SERVER_ERROR);
	}
	r->state = RUNNING;
	rc = broker_take(r->http->broker, &r->outlet, text, n);
	if (rc)
		return give_status(r, rc < 0 ? MHD_HTTP_INTERNAL_SERVER_ERROR
					     : MHD_HTTP_BAD_REQUEST);
	if (r->state == RUNNING)
		return MHD_YES;
	return r->state == ANSWERED ? give_answer(r) : MHD_NO;
}

/* ---- event sources ---- */

static void
on_events_done(struct stream_lender *lender)
{
	end_wait(list_entry(lender, struct request, lender), GONE);
}

/* The connection sleeps while the event source has its descriptor, and ends then. */
static enum MHD_Result
lend_to_events(struct request *r, const char *url)
{
	struct http *h = r->http;
	struct str client_id = eventsource_client_id(str_from(url));
	int home = broker_home(h->broker, client_id);

	if (!eventsource_is_known(h->eventsources, client_id))
		return give_status(r, MHD_HTTP_NOT_FOUND);
	if (!r->connection)
		return MHD_NO;
	connection_leave(r->connection);
	r->state = RUNNING;
	r->suspended = true;
	h->suspended++;
	MHD_suspend_connection(r->c);
	r->lender.on_done = on_events_done;
	if (home != BROKER_HERE)
		handover_events(h->websockets->handover, (unsigned)home, r->connection->fd,
				client_id, &r->lender);
	else
		eventsource_open(h->eventsources, r->connection->fd, client_id, &r->lender);
	return MHD_YES;
}

/* ---- metrics ---- */

static void
on_metrics(struct metrics_query *q, struct buf *text)
{
	on_reply(&list_entry(q, struct request, query)->outlet, text);
}

static enum MHD_Result
ask_metrics(struct request *r)
{
	const struct metrics *metrics = r->http->config.metrics;

	r->state = RUNNING;
	r->query.done = on_metrics;
	metrics->ask(metrics->arg, &r->query);
	if (r->state == RUNNING)
		return MHD_YES;
	return r->state == ANSWERED ? give_answer(r) : MHD_NO;
}

/* The body is whole. */
static enum MHD_Result
start(struct request *r, const char *url)
{
	struct buf messages = BUF_INIT;
	enum MHD_Result rc;
	unsigned status;

	if (r->connection)
		connection_complete(r->connection);
	if (r->too_large)
		return give_status(r, MHD_HTTP_CONTENT_TOO_LARGE);
	if (r->asked == ASKED_HEALTH) {
		r->state = ANSWERED;
		return answer_health(r->c, r->http->config.health);
	}
	if (r->http->stopping)
		return MHD_NO;
	if (r->asked == ASKED_NOTHING)
		return give_status(r, MHD_HTTP_BAD_REQUEST);
	if (r->asked == ASKED_PREFLIGHT) {
		r->state = ANSWERED;
		return answer_preflight(r->c, &r->http->config.gate->origins);
	}
	if (r->asked == ASKED_SCRIPT) {
		r->state = ANSWERED;
		return answer_script(r->c, &r->script);
	}
	if (r->asked == ASKED_METRICS)
		return ask_metrics(r);
	if (r->asked == ASKED_EVENTS)
		return lend_to_events(r, url);
	status = find_messages(r, &messages);
	rc = status ? give_status(r, status) : take_batch(r, &messages);
	buf_clear(&messages);
	return rc;
}

enum MHD_Result
request_handle(void *cls, struct MHD_Connection *c, const char *url, const char *method,
	       const char *version, const char *data, size_t *data_n, void **request)
{
	struct request *r = *request;

	if (!r) {
		r = new_request(cls, c);
		if (!r)
			return MHD_NO;
		*request = r;
		return begin(r, url, method, version);
	}
	if (r->state == READING && *data_n) {
		if (!add_body(r, data, *data_n))
			return MHD_NO;
		*data_n = 0;
		return MHD_YES;
	}
	switch (r->state) {
	case READING:
		return start(r, url);
	case RUNNING:
		return r->http->turn_ends ? wait_for_answer(r) : MHD_YES;
	case ANSWERED:
		return give_answer(r);
	default:
		return MHD_NO;
	}
}

void
request_completed(void *cls, struct MHD_Connection *c, void **request,
		  enum MHD_RequestTerminationCode why)
{
	struct request *r = *request;

	(void)cls;
	(void)c;
	(void)why;
	if (!r)
		return;
	*request = NULL;
	if (r->connection)
		connection_end(r->connection);
	if (r->suspended)
		r->http->suspended--;
	list_unlink(&r->node);
	metrics_forget(&r->query);
	outlet_gone(&r->outlet);
	buf_clear(&r->body);
	free(r->callback);
	free(r);
}
