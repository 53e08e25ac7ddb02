/* What goes out on a WebSocket besides messages: replies, pings, the close. */
#include "transport/websocket_private.h"

#include <sys/socket.h>

enum {
	PROOF_CROWD = 1000, /* unproved messages that do not wait for their time */
	PROOF_PART = 4,     /* nor does this part of the bytes that may be kept */
	LARGE_REPLY = 1024, /* bytes; what goes to one socket alone is worth it later */
};

static void
on_reply(struct outlet *o, struct buf *array)
{
	struct stream *s = list_entry(o, struct stream, outlet);

	if (!s->closing)
		stream_give(s, array->failed ? NULL
					     : frozen_new_frame(FROZEN_TEXT, buf_str(array)));
}

static void
on_move(struct outlet *o, unsigned worker)
{
	struct stream *s = list_entry(o, struct stream, outlet);

	websocket_of(s)->home = (uint8_t)worker;
	stream_mark_dirty(s);
}

/* The turn's end looks at it. */
static void
on_caught_up(struct outlet *o)
{
	stream_mark_dirty(list_entry(o, struct stream, outlet));
}

const struct outlet_ops websocket_ops = {
	.reply = on_reply,
	.hang_up = stream_hang_up,
	.move = on_move,
	.has_caught_up = on_caught_up,
	.send = stream_send,
	.has_room = stream_has_room,
	.give_back = stream_give_back,
	.least_unproved = stream_least_unproved,
	.close = stream_close,
};

/* ---- where permessage-deflate was agreed on ---- */

static void
on_reply_deflating(struct outlet *o, struct buf *array)
{
	struct stream *s = list_entry(o, struct stream, outlet);
	struct frozen *f = NULL;

	if (!s->closing && !array->failed && array->n >= LARGE_REPLY)
		f = deflater_new_frame(&websocket_of(s)->ws->deflater, buf_str(array));
	if (f)
		stream_give(s, f);
	else
		on_reply(o, array);
}

static void
send_deflating(struct outlet *o, struct frozen *f)
{
	struct stream *s = list_entry(o, struct stream, outlet);

	deflater_settle(&websocket_of(s)->ws->deflater, f);
	stream_send(o, f);
}

const struct outlet_ops websocket_deflating_ops = {
	.reply = on_reply_deflating,
	.hang_up = stream_hang_up,
	.move = on_move,
	.has_caught_up = on_caught_up,
	.send = send_deflating,
	.has_room = stream_has_room,
	.give_back = stream_give_back,
	.least_unproved = stream_least_unproved,
	.close = stream_close,
};

/* ---- control ---- */

void
websocket_give_close(struct websocket *w, enum close_code code)
{
	char payload[2] = { (char)(code >> 8), (char)code };

	stream_give(&w->stream,
		    frozen_new_frame(FROZEN_CLOSE, (struct str){ payload, sizeof(payload) }));
}

static void
close_with(struct websocket *w, enum close_code code)
{
	/* It may have been bound anew meanwhile: nothing follows a close. */
	outlet_gone(&w->stream.outlet);
	websocket_give_close(w, code);
	if (!w->stream.dead)
		websocket_set_state(w, CLOSING);
}

int64_t
websocket_proof_due_ms(const struct stream *s)
{
	bool crowd = s->out.unproved >= PROOF_CROWD ||
		     s->out.kept >= s->set->config.unsent_bytes / PROOF_PART;

	return crowd ? s->proof_ms : s->proof_ms + STREAM_PROOF_MS;
}

/* One ping at a time, and one a second at most. */
static bool
wants_proof(const struct stream *s, int64_t now)
{
	return !outbox_is_ping_out(&s->out) && s->set->config.redelivery &&
	       s->outlet.session && (s->out.unproved || outbox_has_unsent(&s->out)) &&
	       now >= websocket_proof_due_ms(s);
}

static bool
is_proved(const struct stream *s)
{
	return !s->out.unproved && !outbox_has_unsent(&s->out);
}

/* One last ping, and with its pong, or where there is nothing to prove, the end. */
static void
drain(struct websocket *w)
{
	struct stream *s = &w->stream;

	if (s->closing || s->dead || outbox_is_ping_out(&s->out))
		return;
	if (w->drains || is_proved(s) || !s->set->config.redelivery) {
		close_with(w, CLOSE_GOING_AWAY);
		return;
	}
	w->drains = true;
	if (outbox_ping(&s->out))
		stream_kill(s);
}

/* A ping goes out with messages that want proof, or when it is time to keep a
 * proxy's connection alive. */
static void
add_ping(struct stream *s)
{
	int64_t now = loop_now_ms(s->set->loop);
	bool proof = wants_proof(s, now);
	bool keepalive = s->set->config.ping_ms && now >= s->keepalive_ms;

	if (s->closing || s->dead || (!proof && !keepalive))
		return;
	s->proof_ms = now;
	s->keepalive_ms = now + s->set->config.ping_ms;
	if (outbox_ping(&s->out))
		stream_kill(s);
}

void
websocket_prepare(struct stream *s)
{
	/* Answers to what is under way come before the close. */
	if (s->close_wanted && !s->closing && list_is_empty(&s->outlet.exchanges))
		close_with(websocket_of(s), CLOSE_NORMAL);
	if (websocket_of(s)->ws->drains)
		drain(websocket_of(s));
	else
		add_ping(s);
}

void
websocket_on_all_sent(struct stream *s)
{
	if (websocket_of(s)->state == LINGERING)
		shutdown(s->fd, SHUT_WR);
}

/* The messages go back to their session, and the peer is told why. */
void
websocket_on_overflow(struct stream *s)
{
	close_with(websocket_of(s), CLOSE_POLICY);
}
