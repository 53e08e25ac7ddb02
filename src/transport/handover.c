#include "transport/handover.h"

#include <stdlib.h>
#include <unistd.h>

#include "engine/hub.h"
#include "transport/entry.h"
#include "transport/eventsource.h"

/* Who lent the descriptor is another worker's, and hears there that it is done with. */
struct far_lender {
	struct stream_lender lender;
	struct mail mail;
	struct hub *hub;
	unsigned home;
	struct stream_lender *near;
};

static void
tell_near(struct mail *m)
{
	struct far_lender *l = list_entry(m, struct far_lender, mail);

	l->near->on_done(l->near);
	free(l);
}

static void
on_done(struct stream_lender *lender)
{
	struct far_lender *l = list_entry(lender, struct far_lender, lender);

	l->mail.run = tell_near;
	hub_post(l->hub, l->home, &l->mail);
}

/* It need not be told again of where the stream is. */
static bool
is_far(const struct stream_lender *lender)
{
	return lender->on_done == on_done;
}

/* NULL: out of memory. */
static struct far_lender *
new_far_lender(const struct handover *ho, struct stream_lender *near)
{
	struct far_lender *l = calloc(1, sizeof(*l));

	if (l)
		*l = (struct far_lender){ .lender = { on_done }, .hub = ho->hub,
					  .home = ho->worker, .near = near };
	return l;
}

/* ---- sockets ---- */

struct moving_socket {
	struct mail mail;
	struct handover *to;
	struct stream *stream;
};

static void
on_socket(struct mail *m)
{
	struct moving_socket *v = list_entry(m, struct moving_socket, mail);

	websocket_arrive(v->to->websockets, v->stream);
	free(v);
}

void
handover_websocket(struct handover *ho, struct stream *s, unsigned to)
{
	struct moving_socket *v = calloc(1, sizeof(*v));
	bool wants_lender = s->lender && !is_far(s->lender);
	struct far_lender *l = wants_lender && v ? new_far_lender(ho, s->lender) : NULL;

	if (!v || (wants_lender && !l)) {
		free(v);
		stream_kill(s);
		return;
	}
	stream_leave(s);
	if (l)
		s->lender = &l->lender;
	*v = (struct moving_socket){ .mail.run = on_socket, .to = ho->workers[to], .stream = s };
	hub_post(ho->hub, to, &v->mail);
}

/* ---- event sources ---- */

struct fresh_connection {
	struct mail mail;
	struct handover *to;
	int fd;
	socklen_t addr_n;
	struct sockaddr_storage addr;
};

static void
on_fresh(struct mail *m)
{
	struct fresh_connection *v = list_entry(m, struct fresh_connection, mail);

	entry_take_over(v->to->entries, v->fd, (struct sockaddr *)&v->addr, v->addr_n);
	free(v);
}

void
handover_fresh(struct handover *ho, unsigned to, int fd, const struct sockaddr *addr,
	       socklen_t n)
{
	struct fresh_connection *v = calloc(1, sizeof(*v));

	if (!v) {
		close(fd);
		return;
	}
	v->mail.run = on_fresh;
	v->to = ho->workers[to];
	v->fd = fd;
	v->addr_n = n;
	memcpy(&v->addr, addr, n);
	hub_post(ho->hub, to, &v->mail);
}

struct lent_descriptor {
	struct mail mail;
	struct handover *to;
	int fd;
	struct stream_lender *lender;
	size_t n;
	char client_id[];
};

static void
on_lent(struct mail *m)
{
	struct lent_descriptor *v = list_entry(m, struct lent_descriptor, mail);

	eventsource_open(v->to->eventsources, v->fd, (struct str){ v->client_id, v->n },
			 v->lender);
	free(v);
}

void
handover_events(struct handover *ho, unsigned to, int fd, struct str client_id,
		struct stream_lender *lender)
{
	struct lent_descriptor *v = calloc(1, sizeof(*v) + client_id.n);
	struct far_lender *l = v ? new_far_lender(ho, lender) : NULL;

	if (!l) {
		free(v);
		lender->on_done(lender);
		return;
	}
	v->mail.run = on_lent;
	v->to = ho->workers[to];
	v->fd = fd;
	v->lender = &l->lender;
	v->n = client_id.n;
	memcpy(v->client_id, client_id.p, client_id.n);
	hub_post(ho->hub, to, &v->mail);
}
