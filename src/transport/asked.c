#include "transport/asked.h"

#include "transport/cors.h"

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

unsigned
asked_read_head(struct MHD_Connection *c, const char *method, const char *version,
		struct head *head)
{
	head->method = str_from(method);
	head->target = STR("");
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

static enum MHD_Result
add_argument(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_n,
	     const char *value, size_t value_n)
{
	size_t *cost = cls;

	(void)kind;
	(void)name;
	(void)value;
	*cost += name_n + value_n + 2 + HEAD_RECORD_BYTES; /* "&" and "=" */
	return MHD_YES;
}

size_t
asked_cost(struct MHD_Connection *c, const char *url, const struct head *head)
{
	size_t cost = head_cost(head) + strlen(url);

	MHD_get_connection_values_n(c, MHD_GET_ARGUMENT_KIND, add_argument, &cost);
	return cost;
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
	return head_same(head_trim(media), STR("application/json"));
}

/* The one entry exactly, without parameters (Faye: node_adapter). */
static bool
wants_events(const struct head *head)
{
	return head_has_token(head, STR("Accept"), STR("text/event-stream"));
}

enum asked
asked_by(const struct head *head)
{
	if (cors_is_preflight(head))
		return ASKED_PREFLIGHT;
	if (str_equal(head->method, STR("GET")))
		return wants_events(head) ? ASKED_EVENTS : ASKED_QUERY;
	if (str_equal(head->method, STR("POST")))
		return is_json(head) ? ASKED_JSON : ASKED_FORM;
	return ASKED_NOTHING;
}
