/* States of a socket:
 *
 *     OPEN ── close frame sent ──> CLOSING ── the peer's close, or time ──> LINGERING
 *      └──── the peer's close, or its error: ours is queued ────────────────>┘
 *     LINGERING: what is queued goes out, then our side is shut and input thrown
 *     away until the peer shuts its side, so that no reset overtakes the close.
 *     Any ── failure, time, hang-up ──> dead: freed at the turn's end.
 *
 * Only set_state changes it. Outside OPEN nothing is read as a message. */
#include "transport/websocket.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/deflate_offer.h"
#include "transport/websocket_private.h"

enum {
	INPUT_BYTES = 65536,
	/* These may become a thousand times as many, all within one turn. */
	DEFLATED_INPUT_BYTES = 4096,
	CLOSE_MS = 5000,  /* the peer may take so long to answer a close */
	LINGER_MS = 2000, /* and so long to shut its side */
	COMPANY_MS = 250, /* a ping for proof waits so long for a message to leave with */
};

/* ---- state and time ---- */

static int64_t
arrives_ms(const struct websocket *w)
{
	return w->message_ms ? w->message_ms + w->ws->config.arrival_ms : INT64_MAX;
}

static int64_t
deadline(struct stream *s)
{
	const struct websocket *w = websocket_of(s);
	bool unproved = s->out.unproved && !outbox_is_ping_out(&s->out);
	int64_t pings, arrives;

	if (w->state == CLOSING)
		return w->state_ms + CLOSE_MS;
	if (w->state == LINGERING)
		return w->state_ms + LINGER_MS;
	pings = stream_next_ping_ms(s, unproved ? websocket_proof_due_ms(s) + COMPANY_MS
						: INT64_MAX);
	arrives = arrives_ms(w);
	return pings < arrives ? pings : arrives;
}

void
websocket_set_state(struct websocket *w, enum websocket_state state)
{
	w->state = (uint8_t)state;
	w->state_ms = loop_now_ms(w->stream.set->loop);
	w->stream.closing = true; /* there is no way back to OPEN */
	stream_set_timer(&w->stream);
	stream_mark_dirty(&w->stream);
}

/* ---- in ---- */

static void
refuse(struct websocket *w, int result)
{
	static const struct str too_many =
		STR("[{\"successful\":false,\"error\":\"400::Too many messages\"}]");
	static const struct str too_deep =
		STR("[{\"successful\":false,\"error\":\"400::Nested too deeply\"}]");

	/* No JSON is dropped without a word, as Faye does. */
	if (result == BATCH_TOO_MANY)
		stream_give(&w->stream, frozen_new_frame(FROZEN_TEXT, too_many));
	else if (result == BATCH_TOO_DEEP)
		stream_give(&w->stream, frozen_new_frame(FROZEN_TEXT, too_deep));
	else if (result < 0)
		stream_kill(&w->stream);
}

static void
on_message(void *arg, struct str payload)
{
	struct websocket *w = arg;
	char *text;

	w->got_message = true;
	if (w->state != OPEN || payload.n == 0)
		return;
	text = malloc(payload.n);
	if (!text) {
		stream_kill(&w->stream);
		return;
	}
	memcpy(text, payload.p, payload.n);
	refuse(w, broker_take(w->stream.set->broker, &w->stream.outlet, text,
			      payload.n));
}

static void
on_pong(void *arg, struct str payload)
{
	struct websocket *w = arg;

	outbox_pong(&w->stream.out, payload);
	if (w->drains)
		stream_mark_dirty(&w->stream);
	stream_set_timer(&w->stream);
}

static const struct frames_events frames_events = {
	.on_message = on_message,
	.on_pong = on_pong,
};

/* `answers` holds the close that goes back, unless ours went first. */
static void
on_peer_closed(struct websocket *w, const struct buf *answers)
{
	bool ours_is_out = w->state == CLOSING;

	outlet_gone(&w->stream.outlet);
	if (!ours_is_out && answers->n)
		stream_give(&w->stream, frozen_new_raw(buf_str(answers)));
	if (!w->stream.dead)
		websocket_set_state(w, LINGERING);
}

/* Only a socket inside a message has a reader; it may be the next one already. */
static void
note_message(struct websocket *w)
{
	bool fresh = w->got_message || !w->message_ms;

	w->got_message = false;
	if (w->state != OPEN || (!w->reader && !w->message_ms) || (w->reader && !fresh))
		return;
	w->message_ms = w->reader ? loop_now_ms(w->stream.set->loop) : 0;
	stream_set_timer(&w->stream);
}

static struct frames *
frames_of(struct websocket *w)
{
	return w->deflates ? &w->ws->inflating : &w->ws->frames;
}

static void
feed(struct websocket *w, struct str bytes)
{
	struct buf answers = BUF_INIT;
	int rc = frames_feed(frames_of(w), &w->reader, w, bytes, &answers);

	if (w->stream.dead)
		goto out;
	if (rc < 0)
		stream_kill(&w->stream);
	else if (rc == FRAMES_CLOSED)
		on_peer_closed(w, &answers);
	else if (answers.n && w->state == OPEN)
		stream_give(&w->stream, frozen_new_raw(buf_str(&answers)));
	note_message(w);
out:
	buf_clear(&answers);
}

static void
on_readable(struct stream *s)
{
	struct websocket *w = websocket_of(s);
	size_t room = w->deflates ? DEFLATED_INPUT_BYTES : INPUT_BYTES;
	ssize_t n = recv(s->fd, w->ws->input, room, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		stream_kill(s);
	else if (w->state != LINGERING)
		feed(w, (struct str){ w->ws->input, (size_t)n });
	if (outlet_is_crowded(&s->outlet))
		stream_mark_dirty(s); /* then it is not read */
}

static void
depart(struct stream *s)
{
	struct websocket *w = websocket_of(s);

	handover_websocket(w->ws->handover, s, w->home);
}

static void
on_due(struct stream *s)
{
	const struct websocket *w = websocket_of(s);

	if (s->closing)
		stream_kill(s);
	else if (loop_now_ms(s->set->loop) >= arrives_ms(w))
		stream_kill_slow(s, "stalled");
	else
		stream_mark_dirty(s);
}

/* ---- life ---- */

static void
free_websocket(struct stream *s)
{
	struct websocket *w = websocket_of(s);

	frames_release(frames_of(w), &w->reader);
	free(w);
}

static const struct stream_kind websocket_kind = {
	.name = "websocket",
	.slow_peers = "websocket: closed peers that were too slow",
	.unproved_messages = "websocket: messages beyond the limit without a pong are not repeated",
	.form = OUTBOX_FRAMES,
	.on_readable = on_readable,
	.on_due = on_due,
	.deadline = deadline,
	.prepare = websocket_prepare,
	.on_all_sent = websocket_on_all_sent,
	.on_overflow = websocket_on_overflow,
	.depart = depart,
	.free = free_websocket,
};

const char *
websockets_extensions(const struct websockets *ws, const struct head *h)
{
	return ws->config.compress ? deflate_offer_accept(h) : NULL;
}

int
websocket_open(struct websockets *ws, int fd, bool deflates, struct str early,
	       struct stream_lender *lender)
{
	const struct outlet_ops *ops = deflates ? &websocket_deflating_ops : &websocket_ops;
	struct websocket *w = calloc(1, sizeof(*w));

	if (!w || stream_open(&w->stream, &ws->streams, ops, fd, lender)) {
		free(w);
		if (lender)
			lender->on_done(lender);
		else
			close(fd);
		return -ENOMEM;
	}
	w->ws = ws;
	w->deflates = deflates;
	if (deflates)
		w->stream.out.form = OUTBOX_DEFLATED;
	stream_set_timer(&w->stream);
	if (early.n)
		feed(w, early);
	return 0;
}

void
websocket_arrive(struct websockets *ws, struct stream *s)
{
	struct websocket *w = websocket_of(s);

	w->ws = ws;
	frames_adopt(frames_of(w), w->reader);
	stream_arrive(s, &ws->streams);
}

int
websockets_init(struct websockets *ws, struct loop *loop, const struct log *log,
		struct broker *b, struct handover *ho, const struct websocket_config *cfg)
{
	*ws = (struct websockets){ .config = *cfg, .handover = ho };
	ws->input = malloc(INPUT_BYTES);
	if (!ws->input)
		return -ENOMEM;
	streams_init(&ws->streams, &websocket_kind, loop, log, b, &cfg->stream);
	frames_init(&ws->frames, &frames_events, cfg->message_bytes);
	frames_init(&ws->inflating, &frames_events, cfg->message_bytes);
	ws->inflating.inflates = true;
	return 0;
}

void
websockets_drain(struct websockets *ws)
{
	struct list_node *n;

	ws->drains = true;
	for (n = list_first(&ws->streams.all); n; n = list_next(&ws->streams.all, n))
		stream_mark_dirty(list_entry(n, struct stream, node));
}

void
websockets_clear(struct websockets *ws)
{
	struct list_node *n;

	if (!ws->input)
		return;
	while ((n = list_first(&ws->streams.all))) {
		struct stream *s = list_entry(n, struct stream, node);

		if (!s->closing) {
			websocket_give_close(websocket_of(s), CLOSE_GOING_AWAY);
			outbox_write(&s->out, s->fd);
		}
		stream_kill(s);
	}
	streams_clear(&ws->streams);
	frames_clear(&ws->frames);
	frames_clear(&ws->inflating);
	deflater_clear(&ws->deflater);
	free(ws->input);
	ws->input = NULL;
}
