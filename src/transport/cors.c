#include "transport/cors.h"

/* NULL: absent or empty, which names nobody. */
static const char *
header(struct MHD_Connection *c, const char *name)
{
	const char *value = MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);

	return value && *value ? value : NULL;
}

static void
allow(struct MHD_Response *response, const char *origin)
{
	MHD_add_response_header(response, MHD_HTTP_HEADER_ACCESS_CONTROL_ALLOW_ORIGIN, origin);
	MHD_add_response_header(response, "Access-Control-Allow-Credentials", "true");
}

static void
vary(struct MHD_Response *response)
{
	MHD_add_response_header(response, MHD_HTTP_HEADER_VARY, "Origin");
}

void
cors_add(struct MHD_Response *response, struct MHD_Connection *c,
	 const struct origins *readers)
{
	const char *origin = header(c, MHD_HTTP_HEADER_ORIGIN);

	if (origin && (!readers || origins_allow(readers, str_from(origin))))
		allow(response, origin);
	/* Arrays are not for caches to keep. */
	if (origin || readers)
		vary(response);
}

bool
cors_is_preflight(const struct head *head)
{
	const struct str *method = head_find(head, STR("Access-Control-Request-Method"));

	return str_equal(head->method, STR("OPTIONS")) ||
	       (method && str_equal(*method, STR("POST")));
}

void
cors_add_preflight(struct MHD_Response *response, struct MHD_Connection *c,
		   const struct origins *os)
{
	const char *origin = header(c, MHD_HTTP_HEADER_ORIGIN);

	if (!origin && os->count) {
		vary(response);
		return;
	}
	if (!origin)
		origin = header(c, MHD_HTTP_HEADER_REFERER);
	allow(response, origin ? origin : "*");
	vary(response);
	MHD_add_response_header(response, "Access-Control-Allow-Headers",
				"Accept, Authorization, Content-Type, Pragma, X-Requested-With");
	MHD_add_response_header(response, "Access-Control-Allow-Methods", "POST, GET");
	MHD_add_response_header(response, "Access-Control-Max-Age", "86400");
}
