#include "transport/eventsource.h"

#include <errno.h>
#include <linux/sockios.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* As Faye's, and a word to nginx not to hold it back. */
static const struct str head = STR("HTTP/1.1 200 OK\r\n"
				   "Content-Type: text/event-stream\r\n"
				   "Cache-Control: no-cache, no-store\r\n"
				   "X-Accel-Buffering: no\r\n"
				   "Connection: close\r\n"
				   "\r\n"
				   "retry: 5000\r\n"
				   "\r\n");
static const struct str comment = STR(":\r\n\r\n");

struct str
eventsource_client_id(struct str target)
{
	const char *query = target.n ? memchr(target.p, '?', target.n) : NULL;
	size_t n = query ? (size_t)(query - target.p) : target.n, begin = n;

	while (begin > 0 && target.p[begin - 1] != '/')
		begin--;
	return (struct str){ target.p + begin, n - begin };
}

/* ---- proof ---- */

static int64_t
proof_due_ms(const struct stream *s)
{
	return s->out.unproved ? s->proof_ms + STREAM_PROOF_MS : INT64_MAX;
}

/* What the peer's TCP has not acknowledged yet has perhaps not arrived. A socket that was
 * reset still tells. */
static void
prove(struct stream *s)
{
	int bytes = 0;

	s->proof_ms = loop_now_ms(s->set->loop);
	if (s->out.unproved && ioctl(s->fd, SIOCOUTQ, &bytes) == 0 && bytes >= 0)
		outbox_prove_but(&s->out, (size_t)bytes);
}

/* ---- the stream's calls ---- */

static int64_t
deadline(struct stream *s)
{
	return stream_next_ping_ms(s, proof_due_ms(s));
}

static void
prepare(struct stream *s)
{
	int64_t now = loop_now_ms(s->set->loop);

	if (now >= proof_due_ms(s))
		prove(s);
	if (s->closing || now < s->keepalive_ms)
		return;
	s->keepalive_ms = now + s->set->config.ping_ms;
	stream_give(s, frozen_new_raw(comment));
}

/* All that is left then is to end; there is no close to be said. */
static void
on_all_sent(struct stream *s)
{
	if (s->close_wanted)
		stream_kill(s);
}

static void
on_overflow(struct stream *s)
{
	stream_kill(s);
}

/* The peer has nothing to say but that it goes. */
static void
on_readable(struct stream *s)
{
	char bytes[512];
	ssize_t n = recv(s->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		stream_kill(s);
}

static void
free_eventsource(struct stream *s)
{
	free(s);
}

static const struct stream_kind eventsource_kind = {
	.name = "eventsource",
	.slow_peers = "eventsource: closed peers that were too slow",
	.unproved_messages = "eventsource: messages beyond the limit without proof are not repeated",
	.form = OUTBOX_EVENTS,
	.on_readable = on_readable,
	.on_due = stream_mark_dirty,
	.deadline = deadline,
	.prepare = prepare,
	.on_all_sent = on_all_sent,
	.prove = prove,
	.on_overflow = on_overflow,
	.free = free_eventsource,
};

/* ---- the outlet's calls ---- */

/* No batches come in on it. */
static void
on_reply(struct outlet *o, struct buf *array)
{
	(void)o;
	(void)array;
}

static void
on_give_back(struct outlet *o)
{
	prove(list_entry(o, struct stream, outlet));
	stream_give_back(o);
}

static const struct outlet_ops eventsource_ops = {
	.reply = on_reply,
	.hang_up = stream_hang_up,
	.send = stream_send,
	.is_bound_by_opening = true,
	.has_room = stream_has_room,
	.give_back = on_give_back,
	.least_unproved = stream_least_unproved,
	.close = stream_close,
};

/* ---- life ---- */

void
eventsources_init(struct streams *set, struct loop *loop, const struct log *log,
		  struct broker *b, const struct stream_config *cfg)
{
	streams_init(set, &eventsource_kind, loop, log, b, cfg);
}

bool
eventsource_is_known(const struct streams *set, struct str client_id)
{
	return broker_knows(set->broker, client_id);
}

int
eventsource_open(struct streams *set, int fd, struct str client_id,
		 struct stream_lender *lender)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s || stream_open(s, set, &eventsource_ops, fd, lender)) {
		free(s);
		if (lender)
			lender->on_done(lender);
		else
			close(fd);
		return -ENOMEM;
	}
	stream_give(s, frozen_new_raw(head));
	/* It may have ended between the question and now. */
	if (!s->dead && outlet_attach(&s->outlet, client_id))
		stream_close(&s->outlet);
	stream_set_timer(s);
	return 0;
}
