#include "transport/connection.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "transport/peer.h"

enum { CHOKING_MS = 200 }; /* for a head with a query, until somebody looks */

static void
tell_gone(struct connection *cn)
{
	void (*on_gone)(void *) = cn->on_gone;

	cn->on_gone = NULL;
	on_gone(cn->arg);
}

static void
set_deadline(struct connection *cn, int64_t ms)
{
	struct loop *loop = cn->config->loop;

	/* Without memory for it the daemon's own time-out must do. */
	loop_timer_set(loop, &cn->timer, loop_now_ms(loop) + ms);
}

/* libmicrohttpd reads until a piece comes short (0.9.75), so an end of input that comes
 * with the last one stays unseen; and behind it there may be requests that it has not
 * begun. */
static void
close_soon(struct connection *cn)
{
	if (!heap_has(&cn->timer.node))
		set_deadline(cn, PEER_CLOSED_MS);
}

/* It has made an answer that we did not give. */
static bool
has_choked(const struct connection *cn)
{
	return MHD_get_connection_info(cn->c, MHD_CONNECTION_INFO_HTTP_STATUS) != NULL;
}

/* libmicrohttpd sees the end of input and closes; but not while it looks away. */
static void
on_late(void *arg)
{
	struct connection *cn = arg;
	bool choking = cn->choking;

	cn->choking = false;
	if (cn->on_gone)
		tell_gone(cn);
	else if (choking && !has_choked(cn))
		set_deadline(cn, cn->config->head_ms); /* the rest of it is late */
	else
		shutdown(cn->fd, SHUT_RDWR);
}

void
connection_query(struct connection *cn)
{
	cn->choking = true;
	set_deadline(cn, CHOKING_MS);
}

void
connection_begin(struct connection *cn)
{
	cn->busy = true;
	cn->choking = false;
	set_deadline(cn, cn->closed ? PEER_CLOSED_MS : cn->config->body_ms);
}

void
connection_complete(struct connection *cn)
{
	loop_timer_clear(cn->config->loop, &cn->timer);
}

void
connection_end(struct connection *cn)
{
	cn->busy = false;
	cn->ended_ms = loop_now_ms(cn->config->loop);
	connection_rest(cn);
	if (cn->closed)
		close_soon(cn);
}

static bool
is_read(const struct connection *cn)
{
	return !cn->busy || (!cn->on_gone && heap_has(&cn->timer.node));
}

/* Whatever else there is to be read is there. */
static void
see_closed(struct connection *cn)
{
	cn->closed = true;
	if (is_read(cn) && !cn->choking)
		set_deadline(cn, PEER_CLOSED_MS);
}

/* Edges come once: a close that is seen while a request is being read is
 * remembered for when it waits. */
static void
on_ready(void *arg, short events)
{
	struct connection *cn = arg;

	if (events & LOOP_CLOSED)
		see_closed(cn);
	/* In the turn that answered a request this may be its own edge. */
	if (!cn->busy && !heap_has(&cn->timer.node) &&
	    cn->ended_ms != loop_now_ms(cn->config->loop))
		set_deadline(cn, cn->config->head_ms);
	if (cn->on_gone && cn->closed && !cn->holds)
		close_soon(cn);
	else if (cn->on_gone && (cn->closed || peer_has_gone(cn->fd)))
		tell_gone(cn);
}

void
connection_wait(struct connection *cn, bool holds, void (*on_gone)(void *arg), void *arg)
{
	cn->holds = holds;
	cn->on_gone = on_gone;
	cn->arg = arg;
	if (cn->closed)
		set_deadline(cn, PEER_CLOSED_MS);
}

void
connection_rest(struct connection *cn)
{
	cn->on_gone = NULL;
	connection_complete(cn);
}

void
connection_leave(struct connection *cn)
{
	cn->closed = false;
	connection_end(cn);
	loop_watch_clear(&cn->watch);
}

struct connection *
connection_of(struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static struct connection *
new_connection(const struct connection_config *cfg, struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct connection *cn = calloc(1, sizeof(*cn));

	if (!cn || !info) {
		free(cn);
		return NULL;
	}
	cn->config = cfg;
	cn->c = c;
	cn->fd = info->connect_fd;
	loop_watch_init(&cn->watch, cfg->loop, on_ready, cn);
	loop_timer_init(&cn->timer, on_late, cn);
	if (loop_watch_set(&cn->watch, cn->fd, LOOP_READ | LOOP_CLOSED | LOOP_EDGE)) {
		free(cn);
		return NULL;
	}
	return cn;
}

void
connection_notify(void *cls, struct MHD_Connection *c, void **context,
		  enum MHD_ConnectionNotificationCode what)
{
	const struct connection_config *cfg = cls;
	struct connection *cn = *context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		++*cfg->count;
		*context = new_connection(cfg, c);
		return;
	}
	--*cfg->count;
	*context = NULL;
	if (!cn)
		return;
	/* Before libmicrohttpd closes the descriptor. */
	loop_watch_clear(&cn->watch);
	loop_timer_clear(cn->config->loop, &cn->timer);
	free(cn);
}
