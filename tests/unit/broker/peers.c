#include "unit/broker/peers.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { TURNS = 4, PATIENCE_S = 60 };

const struct broker_config peers_config = {
	.timeout_ms = 45000,
	.interval_ms = 0,
	.batch = { .messages = 10, .nesting = 16 },
	.registry = {
		.sessions = 4,
		.subscriptions = 3,
		.queue = { .messages = 3, .bytes = 1 << 20 },
	},
};

/* ---- the world ---- */

static void
on_turn(void *arg)
{
	struct world *w = arg;

	if (--w->turns)
		loop_at_end(w->loop, &w->turn);
	else
		loop_stop(w->loop);
}

void
peers_start(struct world *w, const struct broker_config *cfg)
{
	*w = (struct world){ .loop = loop_new() };
	assert_non_null(w->loop);
	w->log = (struct log){ .level = LOG_LEVEL_ERROR, .fd = STDERR_FILENO };
	w->b = broker_new(w->loop, &w->log, cfg);
	assert_non_null(w->b);
	loop_task_init(&w->turn, on_turn, w);
	alarm(PATIENCE_S);
}

void
peers_end(struct world *w)
{
	broker_free(w->b);
	loop_free(w->loop);
	alarm(0);
}

void
peers_wait(struct world *w)
{
	assert_int_equal(loop_run(w->loop), 0);
}

static void
on_tick(void *arg)
{
	loop_stop(arg);
}

void
peers_pause(struct world *w)
{
	struct loop_timer tick;

	loop_timer_init(&tick, on_tick, w->loop);
	assert_int_equal(loop_timer_set(w->loop, &tick, loop_now_ms(w->loop) + 5), 0);
	peers_wait(w);
	loop_timer_clear(w->loop, &tick);
}

void
peers_settle(struct world *w)
{
	w->turns = TURNS;
	loop_at_end(w->loop, &w->turn);
	peers_wait(w);
}

void
peer_handshakes(struct peer *p, const char *fields)
{
	static const char key[] = "\"clientId\":\"";
	struct buf words = BUF_INIT;
	const char *at;

	buf_addf(&words, "[{'channel':'/meta/handshake','version':'1.0',"
			 "'supportedConnectionTypes':['websocket']%s}]%c", fields, '\0');
	assert_false(words.failed);
	assert_int_equal(peer_say(p, words.p), 0);
	buf_clear(&words);
	peers_settle(p->w);
	assert_int_equal(p->replies, 1);
	buf_add_char(&p->got, '\0');
	p->got.n--;
	at = strstr(p->got.p, key);
	assert_non_null(at);
	memcpy(p->w->me, at + sizeof(key) - 1, SESSION_ID_BYTES);
}

void
peers_handshake(struct world *w)
{
	struct peer p;

	peer_poll(&p, w);
	peer_handshakes(&p, "");
	peer_end(&p);
}

/* ---- peers ---- */

static void
on_reply(struct outlet *o, struct buf *array)
{
	struct peer *p = list_entry(o, struct peer, outlet);

	assert_false(array->failed);
	buf_add_str(&p->got, buf_str(array));
	p->replies++;
	p->replied_ms = loop_now_ms(p->w->loop);
	if (p->stops)
		loop_stop(p->w->loop);
}

static void
on_hang_up(struct outlet *o)
{
	list_entry(o, struct peer, outlet)->hung_up++;
}

static void
on_send(struct outlet *o, struct frozen *f)
{
	struct peer *p = list_entry(o, struct peer, outlet);

	buf_add_str(&p->got, frozen_json(f));
	assert_int_equal(queue_give(&p->kept, f), 0);
}

static bool
has_room(struct outlet *o)
{
	return !list_entry(o, struct peer, outlet)->full;
}

static uint64_t
least_unproved(struct outlet *o)
{
	struct peer *p = list_entry(o, struct peer, outlet);

	return p->kept.count ? queue_peek(&p->kept, 0)->seq : 0;
}

static void
on_give_back(struct outlet *o)
{
	struct peer *p = list_entry(o, struct peer, outlet);

	for (uint32_t i = p->kept.count; i-- > 0;)
		outlet_put_back(o, frozen_ref(queue_peek(&p->kept, i)));
	queue_clear(&p->kept);
}

static void
on_close(struct outlet *o)
{
	list_entry(o, struct peer, outlet)->closed++;
}

static void
start(struct peer *p, struct world *w, const struct outlet_ops *ops)
{
	*p = (struct peer){ .w = w };
	outlet_init(&p->outlet, ops, w->b);
}

void
peer_poll(struct peer *p, struct world *w)
{
	static const struct outlet_ops ops = { .reply = on_reply, .hang_up = on_hang_up };

	start(p, w, &ops);
}

void
peer_stream(struct peer *p, struct world *w)
{
	static const struct outlet_ops ops = {
		.reply = on_reply,
		.hang_up = on_hang_up,
		.send = on_send,
		.has_room = has_room,
		.give_back = on_give_back,
		.least_unproved = least_unproved,
		.close = on_close,
	};

	start(p, w, &ops);
}

void
peer_end(struct peer *p)
{
	outlet_gone(&p->outlet);
	queue_clear(&p->kept);
	buf_clear(&p->got);
}

void
peer_prove(struct peer *p)
{
	queue_clear(&p->kept);
}

/* With the quotes and the name; not terminated. */
static void
add_words(struct buf *out, const struct world *w, const char *words)
{
	for (; *words; words++) {
		if (words[0] == 'M' && words[1] == 'E') {
			buf_add_str(out, str_from(w->me));
			words++;
		} else {
			buf_add_char(out, *words == '\'' ? '"' : *words);
		}
	}
	assert_false(out->failed);
}

int
peer_say(struct peer *p, const char *batch)
{
	struct buf text = BUF_INIT;
	char *exact; /* a sanitizer sees a look beyond it */
	size_t n;

	add_words(&text, p->w, batch);
	n = text.n;
	exact = malloc(n);
	assert_non_null(exact);
	memcpy(exact, text.p, n);
	buf_clear(&text);
	return broker_take(p->w->b, &p->outlet, exact, n);
}

void
peer_assert_got(struct peer *p, const char *expected)
{
	struct buf text = BUF_INIT;

	add_words(&text, p->w, expected);
	buf_add_char(&text, '\0');
	buf_add_char(&p->got, '\0');
	assert_string_equal(p->got.p, text.p);
	buf_clear(&text);
	buf_reset(&p->got);
}

void
peer_asks(struct peer *p, const char *batch, const char *expected)
{
	assert_int_equal(peer_say(p, batch), 0);
	peers_settle(p->w);
	peer_assert_got(p, expected);
}

void
peers_ask(struct world *w, const char *batch, const char *expected)
{
	struct peer p;

	peer_poll(&p, w);
	peer_asks(&p, batch, expected);
	peer_end(&p);
}

void
peers_say(struct world *w, const char *batch)
{
	struct peer p;

	peer_poll(&p, w);
	assert_int_equal(peer_say(&p, batch), 0);
	peers_settle(w);
	peer_end(&p);
}

void
peers_subscribed(struct world *w, const struct broker_config *cfg)
{
	peers_start(w, cfg);
	peers_handshake(w);
	peers_ask(w, "[" SUBSCRIBE("/a") "]", "[" SUBSCRIBED("/a") "]");
}
