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
#include <inttypes.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/outbox.h"
#include "transport/peer.h"

enum {
	INPUT_BYTES = 65536,
	PROOF_MS = 1000,  /* between pings that ask for proof, but for a crowd */
	PROOF_CROWD = 1000, /* of unproved messages */
	CLOSE_MS = 5000,  /* the peer may take so long to answer a close */
	LINGER_MS = 2000, /* and so long to shut its side */
};

enum state { OPEN, CLOSING, LINGERING, DEAD };

/* RFC 6455 7.4.1 */
enum close_code { CLOSE_NORMAL = 1000, CLOSE_GOING_AWAY = 1001, CLOSE_POLICY = 1008 };

struct websocket {
	struct outlet outlet;
	struct websockets *ws;
	struct loop_watch watch;
	struct loop_timer timer;
	struct list_node node;  /* in ws->all or ws->dead */
	struct list_node dirty; /* in ws->dirty */
	struct outbox out;
	struct frames_reader *reader; /* only inside a message */
	struct websocket_lender *lender;
	int fd;
	uint8_t state;
	bool close_wanted;    /* when the batches under way are answered */
	int64_t state_ms;     /* since when */
	int64_t proof_ms;     /* when the last ping for proof left */
	int64_t keepalive_ms; /* when the next keep-alive ping is due */
	int64_t blocked_ms;   /* since when it takes nothing; 0: it does */
};

static void on_timer(void *arg);

/* ---- state and time ---- */

static void
mark_dirty(struct websocket *w)
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

/* When the next ping for proof may go. */
static int64_t
proof_due_ms(const struct websocket *w)
{
	return w->out.unproved >= PROOF_CROWD ? w->proof_ms : w->proof_ms + PROOF_MS;
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
		at = earlier(at, proof_due_ms(w));
	if (w->blocked_ms)
		at = earlier(at, w->blocked_ms + cfg->stall_ms);
	return at;
}

static void
set_timer(struct websocket *w)
{
	int64_t at = deadline(w);

	if (at == INT64_MAX)
		loop_timer_clear(w->ws->loop, &w->timer);
	else if (loop_timer_set(w->ws->loop, &w->timer, at))
		log_error(w->ws->log, "websocket: out of memory, a deadline is lost");
}

static void
set_state(struct websocket *w, enum state state)
{
	w->state = (uint8_t)state;
	w->state_ms = loop_now_ms(w->ws->loop);
	if (state == DEAD)
		return;
	set_timer(w);
	mark_dirty(w);
}

static void
kill(struct websocket *w)
{
	if (w->state == DEAD)
		return;
	set_state(w, DEAD);
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

static void
log_closing(const struct websocket *w, const char *reason)
{
	char peer[PEER_BYTES];

	log_warn(w->ws->log, "websocket: closed peer=%s reason=%s unsent=%zu",
		 peer_name(w->fd, peer), reason, w->out.unsent);
}

/* ---- out ---- */

static void
give(struct websocket *w, struct frozen *f)
{
	/* One message less is worse than one socket less: it comes again. */
	if (!f || outbox_give(&w->out, f))
		kill(w);
	else
		mark_dirty(w);
}

static void
give_close(struct websocket *w, enum close_code code)
{
	char payload[2] = { (char)(code >> 8), (char)code };

	give(w, frozen_new_frame(FROZEN_CLOSE, (struct str){ payload, sizeof(payload) }));
}

/* The messages go back to their session, and the peer is told why. */
static void
fail(struct websocket *w, enum close_code code, const char *reason)
{
	log_closing(w, reason);
	outlet_gone(&w->outlet);
	give_close(w, code);
	if (w->state != DEAD)
		set_state(w, CLOSING);
}

static void
on_reply(struct outlet *o, struct buf *array)
{
	struct websocket *w = list_entry(o, struct websocket, outlet);

	if (w->state == OPEN)
		give(w, array->failed ? NULL
				      : frozen_new_frame(FROZEN_TEXT, buf_str(array)));
}

static void
on_send(struct outlet *o, struct frozen *f)
{
	struct websocket *w = list_entry(o, struct websocket, outlet);

	/* Bound outlets are open: closing unbinds first. What is too much is
	 * found at the turn's end. */
	give(w, f);
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
	mark_dirty(w);
}

static void
on_hang_up(struct outlet *o)
{
	kill(list_entry(o, struct websocket, outlet));
}

static const struct outlet_ops websocket_ops = {
	.reply = on_reply,
	.hang_up = on_hang_up,
	.send = on_send,
	.has_room = has_room,
	.give_back = on_give_back,
	.close = on_close,
};

/* A ping goes out with messages that want proof, one at a time and one a
 * second at most; or when it is time to keep a proxy's connection alive. */
static void
add_ping(struct websocket *w)
{
	int64_t now = loop_now_ms(w->ws->loop);
	bool proof = (w->out.unproved || outbox_has_unsent(&w->out)) && w->outlet.session &&
		     !outbox_is_ping_out(&w->out) && now >= proof_due_ms(w);
	bool keepalive = w->ws->config.ping_ms && now >= w->keepalive_ms;

	if (w->state != OPEN || (!proof && !keepalive))
		return;
	w->proof_ms = now;
	w->keepalive_ms = now + w->ws->config.ping_ms;
	if (outbox_ping(&w->out))
		kill(w);
}

static void
finish_writing(struct websocket *w)
{
	if (loop_watch_set(&w->watch, w->fd, LOOP_READ))
		kill(w);
	else if (w->state == LINGERING)
		shutdown(w->fd, SHUT_WR);
}

static void
write_out(struct websocket *w)
{
	size_t before = w->out.unsent;
	int rc = outbox_write(&w->out, w->fd);

	if (rc < 0) {
		kill(w);
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
		kill(w);
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

static void
flush(struct websocket *w)
{
	const struct websocket_config *cfg = &w->ws->config;

	if (w->close_wanted && w->state == OPEN && list_is_empty(&w->outlet.exchanges)) {
		give_close(w, CLOSE_NORMAL);
		if (w->state == OPEN)
			set_state(w, CLOSING);
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
	set_timer(w);
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
		give(w, frozen_new_frame(FROZEN_TEXT, too_many));
	else if (result == BATCH_TOO_DEEP)
		give(w, frozen_new_frame(FROZEN_TEXT, too_deep));
	else if (result < 0)
		kill(w);
}

static void
on_message(void *arg, struct str payload)
{
	struct websocket *w = arg;
	char *text;

	if (w->state != OPEN || payload.n == 0)
		return;
	text = malloc(payload.n);
	if (!text) {
		kill(w);
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
	set_timer(w);
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
		give(w, frozen_new_raw(buf_str(answers)));
	if (w->state != DEAD)
		set_state(w, LINGERING);
}

static void
feed(struct websocket *w, struct str bytes)
{
	struct buf answers = BUF_INIT;
	int rc = frames_feed(&w->ws->frames, &w->reader, w, bytes, &answers);

	if (w->state == DEAD)
		goto out;
	if (rc < 0)
		kill(w);
	else if (rc == FRAMES_CLOSED)
		on_peer_closed(w, &answers);
	else if (answers.n && w->state == OPEN)
		give(w, frozen_new_raw(buf_str(&answers)));
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
		kill(w);
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
		mark_dirty(w);
}

static void
on_timer(void *arg)
{
	struct websocket *w = arg;
	int64_t now = loop_now_ms(w->ws->loop);

	if (w->state != OPEN) {
		kill(w);
	} else if (w->blocked_ms && now >= w->blocked_ms + w->ws->config.stall_ms) {
		w->ws->stalled++;
		log_closing(w, "stalled");
		kill(w);
	} else {
		mark_dirty(w);
	}
}

/* ---- life ---- */

static void
finish_turn(void *arg)
{
	struct websockets *ws = arg;
	struct list_node *n;

	while ((n = list_take_first(&ws->dirty)))
		flush(list_entry(n, struct websocket, dirty));
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
	w->proof_ms = -PROOF_MS;
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
		set_timer(w);
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
			give_close(w, CLOSE_GOING_AWAY);
			outbox_write(&w->out, w->fd);
		}
		kill(w);
	}
	finish_turn(ws);
	loop_task_clear(&ws->finish);
	frames_clear(&ws->frames);
	free(ws->input);
	ws->input = NULL;
}
