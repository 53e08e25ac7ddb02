/* States of a request:
 *
 *     READING ── body whole ──> RUNNING ── replied ──> ANSWERED
 *        └── refused ─────────────────────────────────────┘
 *     RUNNING ── the peer vanished, or is hung up on ──> GONE
 *
 * While RUNNING the connection is suspended, when the broker has not answered
 * at once. libmicrohttpd does not watch a suspended socket, so we do. On every
 * way out of that: watch off, resume, and the handler's next call ends it. The
 * struct goes in request_completed only. */
#include "transport/request.h"

#include <stdlib.h>
#include <string.h>

#include "transport/cors.h"
#include "transport/head.h"
#include "transport/late_upgrade.h"

enum state { READING, RUNNING, ANSWERED, GONE };

struct request {
	struct outlet outlet;
	struct http *http;
	struct MHD_Connection *c;
	struct connection *connection; /* libmicrohttpd's, with our eye on it */
	struct list_node node; /* in http->waiting or http->answered */
	struct buf body;       /* in, then out */
	unsigned status;
	uint8_t state;
	bool suspended;
	bool closing; /* the connection is not to be kept */
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
	r->status = MHD_HTTP_OK;
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
		if (r->state == RUNNING) {
			outlet_gone(&r->outlet);
			end_wait(r, GONE);
		}
	}
}

static void
on_peer_gone(void *arg)
{
	struct request *r = arg;

	outlet_gone(&r->outlet);
	end_wait(r, GONE);
}

static enum MHD_Result
wait_for_answer(struct request *r)
{
	struct http *h = r->http;

	/* Without our eye on it nobody would see the peer go. */
	if (!r->connection || connection_wait(r->connection, on_peer_gone, r))
		return MHD_NO;
	list_append(&h->waiting, &r->node);
	r->suspended = true;
	h->suspended++;
	MHD_suspend_connection(r->c);
	return MHD_YES;
}

/* ---- answers ---- */

static void
add_header(struct MHD_Response *response, const char *name, const char *value)
{
	/* Only memory can fail it, and then the whole response fails. */
	MHD_add_response_header(response, name, value);
}

static enum MHD_Result
queue(struct request *r, struct MHD_Response *response)
{
	enum MHD_Result rc;

	if (!response)
		return MHD_NO;
	if (r->closing)
		add_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	rc = MHD_queue_response(r->c, r->status, response);
	MHD_destroy_response(response);
	return rc;
}

static enum MHD_Result
answer_text(struct request *r, unsigned status)
{
	static const struct {
		unsigned status;
		const char *text;
	} texts[] = {
		{ MHD_HTTP_BAD_REQUEST, "Bad request" }, /* Faye's very words */
		{ MHD_HTTP_NOT_FOUND, "Not found" },
		{ MHD_HTTP_CONTENT_TOO_LARGE, "Content too large" },
		{ MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE, "Too many header fields" },
		{ MHD_HTTP_NOT_IMPLEMENTED, "Transfer-Encoding not implemented" },
	};
	const char *text = "Internal server error";
	struct MHD_Response *response;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].status == status)
			text = texts[i].text;
	r->status = status;
	r->state = ANSWERED;
	response = MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text,
						   MHD_RESPMEM_PERSISTENT);
	if (response)
		add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
			   "text/plain; charset=utf-8");
	return queue(r, response);
}

static enum MHD_Result
answer_array(struct request *r)
{
	size_t n = r->body.n;
	char *text = buf_take(&r->body);
	struct MHD_Response *response;

	if (!text)
		return MHD_NO;
	response = MHD_create_response_from_buffer(n, text, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(text);
		return MHD_NO;
	}
	add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
		   "application/json; charset=utf-8");
	add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache, no-store");
	add_header(response, "X-Content-Type-Options", "nosniff");
	cors_add(response, r->c);
	return queue(r, response);
}

/* The connection cannot go on: what follows is not known to be a request. */
static enum MHD_Result
refuse(struct request *r, unsigned status)
{
	r->closing = true;
	return answer_text(r, status);
}

/* ---- the way in ---- */

static enum MHD_Result
collect(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_n,
	const char *value, size_t value_n)
{
	struct head *head = cls;

	(void)kind;
	if (head_add(head, (struct str){ name, name_n }, (struct str){ value, value_n }) == 0)
		return MHD_YES;
	head->n = 1; /* something is wrong */
	return MHD_NO;
}

/* The head again in our own terms; 0 or the status to refuse it with. */
static unsigned
read_head(struct MHD_Connection *c, struct head *head, const char *method,
	  const char *version)
{
	head->method = str_from(method);
	head->minor = strcmp(version, MHD_HTTP_VERSION_1_0) != 0;
	head->count = 0;
	head->n = 0;
	MHD_get_connection_values_n(c, MHD_HEADER_KIND, collect, head);
	if (head->n)
		return head->count == HEAD_MAX_FIELDS
			       ? MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE
			       : MHD_HTTP_BAD_REQUEST;
	return (unsigned)head_check(head);
}

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
is_json(const struct head *head)
{
	const struct str *type = head_find(head, STR("Content-Type"));
	const char *end;
	struct str media;

	if (!type)
		return false;
	media = *type;
	end = media.n ? memchr(media.p, ';', media.n) : NULL;
	if (end)
		media.n = (size_t)(end - media.p);
	while (media.n && (media.p[media.n - 1] == ' ' || media.p[media.n - 1] == '\t'))
		media.n--;
	return head_same(media, STR("application/json"));
}

static bool
is_too_large(const struct request *r, const struct head *head)
{
	const struct str *length = head_find(head, STR("Content-Length"));

	return length && strtoull(length->p, NULL, 10) > r->http->config.body_bytes;
}

/* The first call: the head is there. */
static enum MHD_Result
begin(struct request *r, const char *url, const char *method, const char *version)
{
	struct head head;
	unsigned status;

	if (r->http->stopping)
		return MHD_NO;
	status = read_head(r->c, &head, method, version);
	if (status)
		return refuse(r, status);
	if (!route_is_ours(&r->http->config.route, str_from(url)))
		return answer_text(r, MHD_HTTP_NOT_FOUND);
	if (upgrade_is_asked(&head)) {
		r->state = ANSWERED;
		return late_upgrade(r->http, r->c, &head);
	}
	if (is_too_large(r, &head))
		return refuse(r, MHD_HTTP_CONTENT_TOO_LARGE);
	if (!str_equal(head.method, STR("POST")) || !is_json(&head))
		r->status = MHD_HTTP_BAD_REQUEST; /* when the body has been eaten */
	return MHD_YES;
}

static void
add_body(struct request *r, const char *data, size_t n)
{
	if (r->status)
		return;
	if (r->body.n + n > r->http->config.body_bytes) {
		r->status = MHD_HTTP_CONTENT_TOO_LARGE;
		r->closing = true;
		buf_clear(&r->body);
		return;
	}
	buf_add(&r->body, data, n);
}

/* The body is whole. */
static enum MHD_Result
start(struct request *r)
{
	size_t n = r->body.n;
	char *text;
	int rc;

	if (r->connection)
		connection_complete(r->connection);
	if (r->http->stopping)
		return MHD_NO;
	if (r->status)
		return answer_text(r, r->status);
	text = buf_take(&r->body);
	if (!text)
		return answer_text(r, MHD_HTTP_INTERNAL_SERVER_ERROR);
	r->state = RUNNING;
	rc = broker_take(r->http->broker, &r->outlet, text, n);
	if (rc)
		return answer_text(r, rc < 0 ? MHD_HTTP_INTERNAL_SERVER_ERROR
					     : MHD_HTTP_BAD_REQUEST);
	if (r->state == RUNNING)
		return wait_for_answer(r);
	return r->state == ANSWERED ? answer_array(r) : MHD_NO;
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
		add_body(r, data, *data_n);
		*data_n = 0;
		return MHD_YES;
	}
	switch (r->state) {
	case READING:
		return start(r);
	case ANSWERED:
		return answer_array(r);
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
	outlet_gone(&r->outlet);
	buf_clear(&r->body);
	free(r);
}
