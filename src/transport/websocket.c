/* States of a socket:
 *
 *     OPEN ── close frame sent ──> CLOSING ── the peer's close, or time ──> LINGERING
 *      └──── the peer's close, or its error: ours is queued ────────────────>┘
 *     LINGERING: what is queued goes out, then our side is shut and input thrown
 *     away until the peer shuts its side, so that no reset overtakes the close.
 *     Any ── failure, time, hang-up ──> DEAD: freed at the turn's end.
 *
 * Only set_state changes it. Outside OPEN nothing is read as a message. */
#include "transport/websocket.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/peer.h"
#include "transport/websocket_private.h"

enum {
	INPUT_BYTES = 65536,
	CLOSE_MS = 5000,  /* the peer may take so long to answer a close */
	LINGER_MS = 2000, /* and so long to shut its side */
};

/* ---- state and time ---- */

void
websocket_mark_dirty(struct websocket *w)
{
	if (w->state == DEAD || list_is_linked(&w->dirty))
		return;
	list_append(&w->ws->dirty, &w->dirty);
	loop_at_end(w->ws->loop, &w->ws->finish);
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* The next moment at which something must be done about this socket. */
static int64_t
deadline(const struct websocket *w)
{
	const struct websocket_config *cfg = &w->ws->config;
	int64_t at = INT64_MAX;

	if (w->state == CLOSING)
		return w->state_ms + CLOSE_MS;
	if (w->state == LINGERING)
		return w->state_ms + LINGER_MS;
	if (cfg->ping_ms)
		at = earlier(at, w->keepalive_ms);
	if (w->out.unproved && !outbox_is_ping_out(&w->out))
		at = earlier(at, websocket_proof_due_ms(w));
	if (w->blocked_ms)
		at = earlier(at, w->blocked_ms + cfg->stall_ms);
	if (w->message_ms)
		at = earlier(at, w->message_ms + cfg->arrival_ms);
	return at;
}

void
websocket_set_timer(struct websocket *w)
{
	int64_t at = w->state == DEAD ? INT64_MAX : deadline(w);

	if (at == INT64_MAX)
		loop_timer_clear(w->ws->loop, &w->timer);
	else if (loop_timer_set(w->ws->loop, &w->timer, at))
		log_error(w->ws->log, "websocket: out of memory, a deadline is lost");
}

void
websocket_set_state(struct websocket *w, enum websocket_state state)
{
	w->state = (uint8_t)state;
	w->state_ms = loop_now_ms(w->ws->loop);
	if (state == DEAD)
		return;
	websocket_set_timer(w);
	websocket_mark_dirty(w);
}

void
websocket_kill(struct websocket *w)
{
	if (w->state == DEAD)
		return;
	websocket_set_state(w, DEAD);
	loop_watch_clear(&w->watch);
	loop_timer_clear(w->ws->loop, &w->timer);
	list_unlink(&w->dirty);
	list_unlink(&w->node);
	list_append(&w->ws->dead, &w->node);
	loop_at_end(w->ws->loop, &w->ws->finish);
	w->ws->count--;
	outlet_gone(&w->outlet);
}

static void
bury(struct websocket *w)
{
	list_unlink(&w->node);
	frames_release(&w->ws->frames, &w->reader);
	outbox_clear(&w->out);
	if (w->lender)
		w->lender->on_done(w->lender);
	else
		close(w->fd);
	free(w);
}

void
websocket_log_closing(const struct websocket *w, const char *reason)
{
	struct websockets *ws = w->ws;
	char peer[PEER_BYTES];

	log_limited(ws->log, &ws->closed_lines, loop_now_ms(ws->loop), 1,
		    "websocket: closed peers that were too slow");
	if (ws->log->level >= LOG_LEVEL_DEBUG)
		log_debug(ws->log, "websocket: closed peer=%s reason=%s unsent=%zu",
			  peer_name(w->fd, peer), reason, w->out.unsent);
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
		websocket_give(w, frozen_new_frame(FROZEN_TEXT, too_many));
	else if (result == BATCH_TOO_DEEP)
		websocket_give(w, frozen_new_frame(FROZEN_TEXT, too_deep));
	else if (result < 0)
		websocket_kill(w);
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
		websocket_kill(w);
		return;
	}
	memcpy(text, payload.p, payload.n);
	refuse(w, broker_take(w->ws->broker, &w->outlet, text, payload.n));
}

static void
on_pong(void *arg, struct str payload)
{
	struct websocket *w = arg;

	outbox_pong(&w->out, payload);
	websocket_set_timer(w);
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

	outlet_gone(&w->outlet);
	if (!ours_is_out && answers->n)
		websocket_give(w, frozen_new_raw(buf_str(answers)));
	if (w->state != DEAD)
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
	w->message_ms = w->reader ? loop_now_ms(w->ws->loop) : 0;
	websocket_set_timer(w);
}

static void
feed(struct websocket *w, struct str bytes)
{
	struct buf answers = BUF_INIT;
	int rc = frames_feed(&w->ws->frames, &w->reader, w, bytes, &answers);

	if (w->state == DEAD)
		goto out;
	if (rc < 0)
		websocket_kill(w);
	else if (rc == FRAMES_CLOSED)
		on_peer_closed(w, &answers);
	else if (answers.n && w->state == OPEN)
		websocket_give(w, frozen_new_raw(buf_str(&answers)));
	note_message(w);
out:
	buf_clear(&answers);
}

static void
read_in(struct websocket *w)
{
	ssize_t n = recv(w->fd, w->ws->input, INPUT_BYTES, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		websocket_kill(w);
	else if (w->state != LINGERING)
		feed(w, (struct str){ w->ws->input, (size_t)n });
}

static void
on_ready(void *arg, short events)
{
	struct websocket *w = arg;

	if (events & LOOP_READ)
		read_in(w);
	if (events & LOOP_WRITE)
		websocket_mark_dirty(w);
}

static bool
has_stalled(const struct websocket *w, int64_t now)
{
	const struct websocket_config *cfg = &w->ws->config;

	return (w->blocked_ms && now >= w->blocked_ms + cfg->stall_ms) ||
	       (w->message_ms && now >= w->message_ms + cfg->arrival_ms);
}

static void
on_timer(void *arg)
{
	struct websocket *w = arg;
	int64_t now = loop_now_ms(w->ws->loop);

	if (w->state != OPEN) {
		websocket_kill(w);
	} else if (has_stalled(w, now)) {
		w->ws->stalled++;
		websocket_log_closing(w, "stalled");
		websocket_kill(w);
	} else {
		websocket_mark_dirty(w);
	}
}

/* ---- life ---- */

static void
finish_turn(void *arg)
{
	struct websockets *ws = arg;
	struct list_node *n;

	while ((n = list_take_first(&ws->dirty)))
		websocket_flush(list_entry(n, struct websocket, dirty));
	while ((n = list_first(&ws->dead)))
		bury(list_entry(n, struct websocket, node));
}

int
websocket_open(struct websockets *ws, int fd, struct str early,
	       struct websocket_lender *lender)
{
	struct websocket *w = calloc(1, sizeof(*w));

	if (!w)
		goto fail;
	w->ws = ws;
	w->fd = fd;
	w->lender = lender;
	w->proof_ms = INT64_MIN / 2; /* long ago */
	w->keepalive_ms = loop_now_ms(ws->loop) + ws->config.ping_ms;
	outlet_init(&w->outlet, &websocket_ops, ws->broker);
	loop_watch_init(&w->watch, ws->loop, on_ready, w);
	loop_timer_init(&w->timer, on_timer, w);
	if (loop_watch_set(&w->watch, fd, LOOP_READ))
		goto fail;
	list_append(&ws->all, &w->node);
	ws->count++;
	ws->opened++;
	if (ws->config.ping_ms)
		websocket_set_timer(w);
	if (early.n)
		feed(w, early);
	return 0;
fail:
	free(w);
	if (lender)
		lender->on_done(lender);
	else
		close(fd);
	return -ENOMEM;
}

int
websockets_init(struct websockets *ws, struct loop *loop, const struct log *log,
		struct broker *b, const struct websocket_config *cfg)
{
	*ws = (struct websockets){
		.loop = loop, .log = log, .broker = b, .config = *cfg
	};
	ws->input = malloc(INPUT_BYTES);
	if (!ws->input)
		return -ENOMEM;
	frames_init(&ws->frames, &frames_events, cfg->message_bytes);
	list_init(&ws->all);
	list_init(&ws->dirty);
	list_init(&ws->dead);
	loop_task_init(&ws->finish, finish_turn, ws);
	return 0;
}

void
websockets_clear(struct websockets *ws)
{
	struct list_node *n;

	if (!ws->input)
		return;
	while ((n = list_first(&ws->all))) {
		struct websocket *w = list_entry(n, struct websocket, node);

		if (w->state == OPEN) {
			websocket_give_close(w, CLOSE_GOING_AWAY);
			outbox_write(&w->out, w->fd);
		}
		websocket_kill(w);
	}
	finish_turn(ws);
	loop_task_clear(&ws->finish);
	frames_clear(&ws->frames);
	free(ws->input);
	ws->input = NULL;
}
