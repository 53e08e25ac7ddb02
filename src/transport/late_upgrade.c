#include "transport/late_upgrade.h"

#include <fcntl.h>
#include <stdlib.h>

struct loan {
	struct stream_lender lender;
	struct http *http;
	struct MHD_UpgradeResponseHandle *handle;
};

/* libmicrohttpd closes the descriptor, when it gets a turn. */
static void
on_done(struct stream_lender *lender)
{
	struct loan *l = (struct loan *)(void *)lender;

	MHD_upgrade_action(l->handle, MHD_UPGRADE_ACTION_CLOSE);
	http_turn(l->http);
	free(l);
}

static void
on_upgraded(void *cls, struct MHD_Connection *c, void *request, const char *extra,
	    size_t extra_n, MHD_socket fd, struct MHD_UpgradeResponseHandle *handle)
{
	struct http *h = cls;
	struct loan *l = malloc(sizeof(*l));
	struct connection *cn = connection_of(c);

	(void)request;
	if (cn)
		connection_leave(cn);
	/* The last run before the end may finish one: nobody is there for it. */
	if (!l || h->stopping) {
		free(l);
		MHD_upgrade_action(handle, MHD_UPGRADE_ACTION_CLOSE);
		http_turn(h);
		return;
	}
	*l = (struct loan){ { on_done }, h, handle };
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	websocket_open(h->websockets, fd, (struct str){ extra, extra_n }, &l->lender);
}

static enum MHD_Result
queue(struct MHD_Connection *c, unsigned status, struct MHD_Response *response,
      const char *name, const char *value)
{
	enum MHD_Result rc;

	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, name, value);
	if (status == MHD_HTTP_SWITCHING_PROTOCOLS)
		MHD_add_response_header(response, MHD_HTTP_HEADER_UPGRADE, "websocket");
	else
		MHD_add_response_header(response, "Sec-WebSocket-Version", UPGRADE_VERSION);
	rc = MHD_queue_response(c, status, response);
	MHD_destroy_response(response);
	return rc;
}

enum MHD_Result
late_upgrade(struct http *h, struct MHD_Connection *c, const struct head *head)
{
	char accept[UPGRADE_ACCEPT_BYTES], why[UPGRADE_WHY_BYTES];
	int status = upgrade_check(head, accept, why);

	if (status)
		return queue(c, (unsigned)status,
			     MHD_create_response_from_buffer(strlen(why), why,
							     MHD_RESPMEM_MUST_COPY),
			     MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain");
	return queue(c, MHD_HTTP_SWITCHING_PROTOCOLS,
		     MHD_create_response_for_upgrade(on_upgraded, h),
		     "Sec-WebSocket-Accept", accept);
}
