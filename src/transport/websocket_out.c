/* What goes out on a WebSocket: collected over a turn of the loop, written once
 * at its end. */
#include "transport/websocket_private.h"

#include <sys/socket.h>

enum {
	PROOF_MS = 1000,    /* between pings that ask for proof, but for a crowd */
	PROOF_CROWD = 1000, /* of unproved messages */
};

void
websocket_give(struct websocket *w, struct frozen *f)
{
	/* Without memory rather the socket goes than a message. */
	if (f && queue_reserve(&w->out.queue)) {
		if (frozen_is_message(f) && w->outlet.session)
			outlet_put_back(&w->outlet, f);
		else
			frozen_unref(f);
		f = NULL;
	}
	if (!f || outbox_give(&w->out, f))
		websocket_kill(w);
	else
		websocket_mark_dirty(w);
}

void
websocket_give_close(struct websocket *w, enum close_code code)
{
	char payload[2] = { (char)(code >> 8), (char)code };

	websocket_give(w, frozen_new_frame(FROZEN_CLOSE, (struct str){ payload, sizeof(payload) }));
}

/* The messages go back to their session, and the peer is told why. */
static void
fail(struct websocket *w, enum close_code code, const char *reason)
{
	websocket_log_closing(w, reason);
	outlet_gone(&w->outlet);
	websocket_give_close(w, code);
	if (w->state != DEAD)
		websocket_set_state(w, CLOSING);
}

static void
on_reply(struct outlet *o, struct buf *array)
{
	struct websocket *w = list_entry(o, struct websocket, outlet);

	if (w->state == OPEN)
		websocket_give(w, array->failed ? NULL
				      : frozen_new_frame(FROZEN_TEXT, buf_str(array)));
}

static void
on_send(struct outlet *o, struct frozen *f)
{
	struct websocket *w = list_entry(o, struct websocket, outlet);

	/* Bound outlets are open: closing unbinds first. What is too much is
	 * found at the turn's end. */
	websocket_give(w, f);
}

/* Half of what may be unsent: the rest is for messages that come meanwhile. */
static bool
has_room(struct outlet *o)
{
	const struct websocket *w = list_entry(o, struct websocket, outlet);

	return w->state == OPEN && w->out.unsent < w->ws->config.unsent_bytes / 2;
}

static void
put_back(void *arg, struct frozen *f)
{
	outlet_put_back(arg, f);
}

static void
on_give_back(struct outlet *o)
{
	struct websocket *w = list_entry(o, struct websocket, outlet);

	outbox_give_back(&w->out, put_back, o);
}

static void
on_close(struct outlet *o)
{
	struct websocket *w = list_entry(o, struct websocket, outlet);

	w->close_wanted = true;
	websocket_mark_dirty(w);
}

static void
on_hang_up(struct outlet *o)
{
	websocket_kill(list_entry(o, struct websocket, outlet));
}

const struct outlet_ops websocket_ops = {
	.reply = on_reply,
	.hang_up = on_hang_up,
	.send = on_send,
	.has_room = has_room,
	.give_back = on_give_back,
	.close = on_close,
};

int64_t
websocket_proof_due_ms(const struct websocket *w)
{
	return w->out.unproved >= PROOF_CROWD ? w->proof_ms : w->proof_ms + PROOF_MS;
}

/* A ping goes out with messages that want proof, one at a time and one a
 * second at most; or when it is time to keep a proxy's connection alive. */
static void
add_ping(struct websocket *w)
{
	int64_t now = loop_now_ms(w->ws->loop);
	bool proof = (w->out.unproved || outbox_has_unsent(&w->out)) && w->outlet.session &&
		     !outbox_is_ping_out(&w->out) && now >= websocket_proof_due_ms(w);
	bool keepalive = w->ws->config.ping_ms && now >= w->keepalive_ms;

	if (w->state != OPEN || (!proof && !keepalive))
		return;
	w->proof_ms = now;
	w->keepalive_ms = now + w->ws->config.ping_ms;
	if (outbox_ping(&w->out))
		websocket_kill(w);
}

static void
finish_writing(struct websocket *w)
{
	if (loop_watch_set(&w->watch, w->fd, LOOP_READ))
		websocket_kill(w);
	else if (w->state == LINGERING)
		shutdown(w->fd, SHUT_WR);
}

static void
write_out(struct websocket *w)
{
	size_t before = w->out.unsent;
	int rc = outbox_write(&w->out, w->fd);

	if (rc < 0) {
		websocket_kill(w);
		return;
	}
	if (rc == 0) {
		w->blocked_ms = 0;
		finish_writing(w);
		return;
	}
	if (!w->blocked_ms || w->out.unsent < before)
		w->blocked_ms = loop_now_ms(w->ws->loop);
	if (loop_watch_set(&w->watch, w->fd, LOOP_READ | LOOP_WRITE))
		websocket_kill(w);
}

/* A peer that takes messages but proves nothing: the oldest count as arrived. */
static void
trim(struct websocket *w)
{
	const struct websocket_config *cfg = &w->ws->config;
	uint32_t n = outbox_trim(&w->out, cfg->unproved_messages, cfg->unsent_bytes);

	if (n && w->ws->unproved == 0)
		log_warn(w->ws->log, "websocket: kept messages beyond the limit without "
				     "a pong, the oldest are not repeated");
	w->ws->unproved += n;
}

void
websocket_flush(struct websocket *w)
{
	const struct websocket_config *cfg = &w->ws->config;

	if (w->close_wanted && w->state == OPEN && list_is_empty(&w->outlet.exchanges)) {
		/* It may have been bound anew meanwhile: nothing follows a close. */
		outlet_gone(&w->outlet);
		websocket_give_close(w, CLOSE_NORMAL);
		if (w->state == OPEN)
			websocket_set_state(w, CLOSING);
	}
	add_ping(w);
	if (w->state != DEAD)
		write_out(w);
	if (w->state == DEAD)
		return;
	if (w->state == OPEN && w->out.unsent > cfg->unsent_bytes) {
		w->ws->overflowed++;
		fail(w, CLOSE_POLICY, "too-slow");
	} else {
		outlet_feed(&w->outlet);
	}
	trim(w);
	websocket_set_timer(w);
}

