/* A client handshakes, subscribes and connects, then holds a connect open.
 * After a lost connection it comes back on the next URL as Faye's clients do:
 * with the same client id, repeating the request that was not answered. */
#include "client.h"
#include "centrifuge.h"
#include "raw.h"
#include "reply.h"
#include "request.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MAX_BATCH_META = 16 };

static enum lane
lane_of(const struct conn *conn)
{
	const struct client *c = conn->owner;

	return (uint32_t)(conn - c->conns) / client_urls(c);
}

static void
become_ready(struct client *c)
{
	c->phase = PHASE_READY;
	if (!c->was_ready) {
		c->was_ready = true;
		c->load->tally.ready++;
		c->load->tally.in_setup--;
		hist_add(&c->load->setup_time, clock_ns() - c->started_ns);
	}
	if (c->kind == CLIENT_WS || c->kind == CLIENT_LONG_POLLING ||
	    c->kind == CLIENT_RAW_POLLING)
		request_connect(c);
}

/* The transport is there: the next thing that is missing. */
static void
proceed(struct client *c)
{
	bool bayeux = c->kind == CLIENT_WS || c->kind == CLIENT_LONG_POLLING;

	if (bayeux && !c->id[0])
		request_handshake(c);
	else if (bayeux && c->subscriber && !c->subscribed)
		request_subscribe(c);
	else if (c->kind == CLIENT_CENTRIFUGE)
		centrifuge_join(c);
	else
		become_ready(c);
}

static void
set_due(struct client *c, uint64_t at_ns)
{
	c->due_ns = at_ns;
	if (c->in_due)
		return;
	c->in_due = true;
	c->next_due = c->load->due;
	c->load->due = c;
}

static void
come_back_later(struct client *c)
{
	c->phase = PHASE_WAITING;
	set_due(c, clock_ns() +
			   (uint64_t)(c->load->opt->reconnect_delay_ms * 1e6));
}

/* The transport failed. */
static void
retry_later(struct client *c)
{
	struct tally *tally = &c->load->tally;

	if (!c->was_ready)
		tally->setup_errors++;
	for (uint32_t i = 0; i < c->track_count; i++)
		track_connection_lost(&c->tracks[i]);
	for (uint32_t i = 0; i < LANES * client_urls(c); i++)
		conn_close(&c->conns[i]);
	if (c->load->opt->reconnect_delay_ms < 0) {
		if (!c->was_ready)
			tally->in_setup--;
		c->phase = PHASE_GONE;
		return;
	}
	c->url_index = (c->url_index + 1) % client_urls(c);
	c->resuming = c->id[0] != '\0';
	come_back_later(c);
}

void
client_start(struct client *c)
{
	if (c->phase == PHASE_NEW) {
		c->started_ns = clock_ns();
		c->load->tally.in_setup++;
	}
	c->due_ns = 0;
	c->phase = PHASE_CONNECTING;
	if (client_is_ws(c))
		conn_open(client_conn(c, LANE_META), CONN_WS,
			  client_url(c, c->url_index),
			  raw_suffix(c),
			  c->slow ? (int)c->load->opt->slow_rcvbuf : 0);
	else
		proceed(c);
}

static void
tick(struct client *c)
{
	c->due_ns = 0;
	if (c->phase == PHASE_WAITING)
		client_start(c);
	else if (c->phase == PHASE_READY)
		request_connect(c); /* the server had asked for an interval */
}

/* Very many are idle: they are not looked at. */
void
clients_tick(struct load *load, uint64_t now)
{
	struct client *all = load->due, *c;

	load->due = NULL;
	while ((c = all)) {
		all = c->next_due;
		c->in_due = false;
		if (c->due_ns && c->due_ns <= now)
			tick(c);
		else if (c->due_ns)
			set_due(c, c->due_ns);
	}
}

static void
on_open(struct conn *conn)
{
	proceed(conn->owner);
}

static void
on_lost(struct conn *conn, const char *why)
{
	struct client *c = conn->owner;
	struct tally *tally = &c->load->tally;

	if (c->phase == PHASE_GONE)
		return;
	if (conn->kind == CONN_HTTP && !conn->awaiting)
		return; /* keep-alive ended; the next request opens another */
	if (tally->losses++ < 3)
		fprintf(stderr, "bayeux-load: connection lost: %s\n", why);
	if (c->slow && c->was_ready) {
		c->cut_off = true;
		tally->slow_closed++;
		return;
	}
	if (lane_of(conn) == LANE_PUBLISH && c->kind != CLIENT_HTTP_PUBLISH &&
	    c->kind != CLIENT_RAW_POST)
		return; /* the held connect will tell if the server is gone */
	retry_later(c);
}

uint32_t
client_channel(const struct client *c, uint32_t nth)
{
	return c->channel_index + nth * c->load->opt->clients;
}

int
client_track(const struct client *c, uint32_t stream)
{
	const struct options *opt = c->load->opt;
	uint32_t channel = stream % opt->channels, round, nth;

	if (!c->subscriber || c->idle || stream >= c->load->stream_count)
		return -1;
	if (opt->scenario == SCENARIO_WILDCARD)
		return c->deep || stream % 2 == 0 ? (int)stream : -1;
	nth = opt->channels > opt->clients ? channel / opt->clients : 0;
	if (channel != client_channel(c, nth))
		return -1;
	round = stream / opt->channels;
	return (int)(round * c->channel_count + nth);
}

/* ---- answers on /meta ---- */

static uint64_t
advised_interval_ns(struct span advice)
{
	const char *p = advice.p;
	struct span key, value;

	while (advice.n && json_next_member(&p, advice.p + advice.n, &key,
					    &value) == JSON_ITEM)
		if (span_is(key, "interval"))
			return span_number(value) * 1000000u;
	return 0;
}

static void
on_refused(struct client *c, const char *what, struct span error)
{
	if (c->load->tally.setup_errors++ < 3)
		fprintf(stderr, "bayeux-load: %s refused: %.*s\n", what,
			(int)error.n, error.n ? error.p : "");
	c->id[0] = '\0';
	come_back_later(c);
}

static void
on_handshake(struct client *c, const struct reply *r)
{
	if (!r->successful || r->client_id.n == 0 ||
	    r->client_id.n >= sizeof(c->id)) {
		on_refused(c, "handshake", r->error);
		return;
	}
	memcpy(c->id, r->client_id.p, r->client_id.n);
	c->id[r->client_id.n] = '\0';
	proceed(c);
}

static void
on_subscribe(struct client *c, const struct reply *r)
{
	if (!r->successful) {
		on_refused(c, "subscribe", r->error);
		return;
	}
	c->subscribed = true;
	proceed(c);
}

static void
on_connect(struct client *c, const struct reply *r)
{
	uint64_t interval;
	char id[16];

	snprintf(id, sizeof(id), "c%u", c->connect_id);
	if (c->phase != PHASE_READY || !span_is(r->id, id))
		return; /* an earlier connect, which another has replaced */
	c->connect_id++;
	if (c->kind == CLIENT_LONG_POLLING)
		c->load->tally.polls++;
	if (!r->successful) { /* the server forgot us */
		c->load->tally.rehandshakes++;
		c->resuming = false;
		request_handshake(c);
		return;
	}
	if (c->resuming) {
		c->resuming = false;
		c->load->tally.resumed++;
	}
	interval = advised_interval_ns(r->advice);
	if (interval)
		set_due(c, clock_ns() + interval);
	else
		request_connect(c);
}

static void
take_meta(struct client *c, const struct reply *r)
{
	if (span_is(r->channel, "/meta/connect"))
		on_connect(c, r);
	else if (span_is(r->channel, "/meta/handshake") &&
		 c->phase == PHASE_HANDSHAKE)
		on_handshake(c, r);
	else if (span_is(r->channel, "/meta/subscribe") &&
		 c->phase == PHASE_SUBSCRIBE)
		on_subscribe(c, r);
	else
		c->load->tally.unexpected++;
}

static void
take_centrifuge(struct client *c, const char *text, size_t n)
{
	struct span error;

	switch (centrifuge_take(c, text, n, &error)) {
	case CENTRIFUGE_JOINED:
		become_ready(c);
		break;
	case CENTRIFUGE_REFUSED:
		on_refused(c, "subscribe", error);
		break;
	}
}

/* Deliveries come before answers, whatever their order in the batch: an answer
 * may start the next request on this connection. */
static void
on_text(struct conn *conn, const char *text, size_t n)
{
	struct client *c = conn->owner;
	struct reply meta[MAX_BATCH_META];
	unsigned metas;

	if (c->phase == PHASE_GONE)
		return;
	if (c->kind == CLIENT_RAW_POST) {
		raw_take_acknowledgement(c);
		return;
	}
	if (c->kind == CLIENT_RAW_POLLING) {
		raw_take_poll(c);
		c->connect_id++;
		request_connect(c);
		return;
	}
	if (c->kind == CLIENT_CENTRIFUGE) {
		take_centrifuge(c, text, n);
		return;
	}
	metas = reply_take_batch(c, text, n, meta, MAX_BATCH_META);
	for (unsigned i = 0; i < metas; i++)
		take_meta(c, &meta[i]);
}

const struct net_events client_events = {
	.on_open = on_open,
	.on_text = on_text,
	.on_lost = on_lost,
};
