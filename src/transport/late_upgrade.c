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
take_over(struct http *h, struct MHD_Connection *c, bool deflates, struct str early,
	  MHD_socket fd, struct MHD_UpgradeResponseHandle *handle)
{
	struct loan *l = malloc(sizeof(*l));
	struct connection *cn = connection_of(c);

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
	websocket_open(h->websockets, fd, deflates, early, &l->lender);
}

static void
on_upgraded(void *cls, struct MHD_Connection *c, void *request, const char *extra,
	    size_t extra_n, MHD_socket fd, struct MHD_UpgradeResponseHandle *handle)
{
	(void)request;
	take_over(cls, c, false, (struct str){ extra, extra_n }, fd, handle);
}

/* The same, and permessage-deflate was agreed on. */
static void
on_upgraded_deflating(void *cls, struct MHD_Connection *c, void *request, const char *extra,
		      size_t extra_n, MHD_socket fd,
		      struct MHD_UpgradeResponseHandle *handle)
{
	(void)request;
	take_over(cls, c, true, (struct str){ extra, extra_n }, fd, handle);
}

static enum MHD_Result
queue(struct MHD_Connection *c, unsigned status, struct MHD_Response *response)
{
	enum MHD_Result rc;

	if (!response)
		return MHD_NO;
	rc = MHD_queue_response(c, status, response);
	MHD_destroy_response(response);
	return rc;
}

static enum MHD_Result
refuse(struct MHD_Connection *c, int status, char *why)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(strlen(why), why,
								 MHD_RESPMEM_MUST_COPY);

	if (r) {
		MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain");
		MHD_add_response_header(r, "Sec-WebSocket-Version", UPGRADE_VERSION);
	}
	return queue(c, (unsigned)status, r);
}

enum MHD_Result
late_upgrade(struct http *h, struct MHD_Connection *c, const struct head *head)
{
	const char *extensions = websockets_extensions(h->websockets, head);
	char accept[UPGRADE_ACCEPT_BYTES], why[UPGRADE_WHY_BYTES];
	int status = upgrade_check(head, accept, why);
	struct MHD_Response *r;

	if (status)
		return refuse(c, status, why);
	r = MHD_create_response_for_upgrade(extensions ? on_upgraded_deflating : on_upgraded, h);
	if (r) {
		MHD_add_response_header(r, MHD_HTTP_HEADER_UPGRADE, "websocket");
		MHD_add_response_header(r, "Sec-WebSocket-Accept", accept);
	}
	if (r && extensions)
		MHD_add_response_header(r, "Sec-WebSocket-Extensions", extensions);
	return queue(c, MHD_HTTP_SWITCHING_PROTOCOLS, r);
}
