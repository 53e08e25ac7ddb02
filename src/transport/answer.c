#include "transport/answer.h"

#include <stdlib.h>
#include <string.h>

#include "transport/cors.h"
#include "transport/gate.h"
#include "transport/jsonp.h"

static void
add_header(struct MHD_Response *response, const char *name, const char *value)
{
	/* Only memory can fail it, and then the whole response fails. */
	MHD_add_response_header(response, name, value);
}

static enum MHD_Result
queue(struct MHD_Connection *c, unsigned status, struct MHD_Response *response)
{
	enum MHD_Result rc = MHD_queue_response(c, status, response);

	MHD_destroy_response(response);
	return rc;
}

static struct MHD_Response *
constant(const char *text)
{
	return MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text,
					       MHD_RESPMEM_PERSISTENT);
}

enum MHD_Result
answer_text(struct MHD_Connection *c, unsigned status, bool closing,
	    const struct origins *readers)
{
	static const struct {
		unsigned status;
		const char *text;
	} texts[] = {
		{ MHD_HTTP_BAD_REQUEST, "Bad request" }, /* Faye's very words */
		{ MHD_HTTP_FORBIDDEN, GATE_REFUSAL },
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
	response = constant(text);
	if (!response)
		return MHD_NO;
	add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; charset=utf-8");
	cors_add(response, c, readers); /* else a page cannot tell why */
	if (closing)
		add_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	return queue(c, status, response);
}

/* Of the buffer's content, which it takes; NULL: out of memory. */
static struct MHD_Response *
take_body(struct buf *body)
{
	struct MHD_Response *response;
	size_t n = body->n;
	char *text = buf_take(body);

	if (!text)
		return NULL;
	response = MHD_create_response_from_buffer(n, text, MHD_RESPMEM_MUST_FREE);
	if (!response)
		free(text);
	return response;
}

static void
wrap(struct buf *array, const char *callback)
{
	struct buf script = BUF_INIT;

	jsonp_wrap(str_from(callback), buf_str(array), &script);
	buf_clear(array);
	*array = script;
}

enum MHD_Result
answer_array(struct MHD_Connection *c, struct buf *array, const char *callback)
{
	struct MHD_Response *response;

	if (callback)
		wrap(array, callback);
	response = take_body(array);
	if (!response)
		return MHD_NO;
	add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
		   callback ? "text/javascript; charset=utf-8"
			    : "application/json; charset=utf-8");
	if (callback)
		add_header(response, "Content-Disposition", "attachment; filename=f.txt");
	add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache, no-store");
	add_header(response, "X-Content-Type-Options", "nosniff");
	cors_add(response, c, NULL);
	return queue(c, MHD_HTTP_OK, response);
}

enum MHD_Result
answer_preflight(struct MHD_Connection *c, const struct origins *os)
{
	struct MHD_Response *response = constant("");

	if (!response)
		return MHD_NO;
	cors_add_preflight(response, c, os);
	return queue(c, MHD_HTTP_OK, response);
}

/* No CORS headers: a page may load a script from anywhere, and Faye has none. */
static void
add_script_headers(struct MHD_Response *response, const struct script_choice *choice)
{
	const struct script *s = choice->script;

	if (!choice->is_fresh)
		add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE,
			   str_ends(str_from(s->name), STR(".map"))
				   ? "application/json; charset=utf-8"
				   : "text/javascript; charset=utf-8");
	if (script_is_stand_in(s)) {
		add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
		return;
	}
	add_header(response, MHD_HTTP_HEADER_ETAG, s->forms[choice->encoding].tag);
	add_header(response, MHD_HTTP_HEADER_LAST_MODIFIED, s->modified);
	if (s->forms[SCRIPT_GZIP].body)
		add_header(response, MHD_HTTP_HEADER_VARY, MHD_HTTP_HEADER_ACCEPT_ENCODING);
	if (choice->encoding == SCRIPT_GZIP && !choice->is_fresh)
		add_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
}

enum MHD_Result
answer_script(struct MHD_Connection *c, const struct script_choice *choice)
{
	const struct script_form *form;
	struct MHD_Response *response;

	if (choice->script) {
		/* libmicrohttpd sends its length alone with a 304. */
		form = &choice->script->forms[choice->encoding];
		response = MHD_create_response_from_buffer(form->n, form->body,
							   MHD_RESPMEM_PERSISTENT);
	} else {
		response = constant("");
	}
	if (!response)
		return MHD_NO;
	if (choice->script)
		add_script_headers(response, choice);
	return queue(c,
		     !choice->script    ? MHD_HTTP_NOT_FOUND
		     : choice->is_fresh ? MHD_HTTP_NOT_MODIFIED
					: MHD_HTTP_OK,
		     response);
}

/* No CORS headers: it is not for pages. */
enum MHD_Result
answer_health(struct MHD_Connection *c, const struct health *health)
{
	const char *trouble = health->trouble;
	struct MHD_Response *response = constant(trouble ? trouble : "ok");

	if (!response)
		return MHD_NO;
	add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; charset=utf-8");
	add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	return queue(c, trouble ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_OK, response);
}

/* Likewise. */
enum MHD_Result
answer_metrics(struct MHD_Connection *c, struct buf *text)
{
	struct MHD_Response *response = take_body(text);

	if (!response)
		return MHD_NO;
	add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, METRICS_TYPE);
	add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	return queue(c, MHD_HTTP_OK, response);
}
