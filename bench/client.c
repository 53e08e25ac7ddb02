/* A client handshakes, subscribes and connects, then holds a connect open.
 * After a lost connection it comes back on the next URL as Faye's clients do:
 * with the same client id, repeating the request that was not answered. */
#include "client.h"
#include "reply.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MAX_BATCH_META = 16, UNSENT_MAX = 1 << 20 };

static bool
is_ws(const struct client *c)
{
	return c->kind == CLIENT_WS || c->kind == CLIENT_RAW_WS;
}

static const struct url *
url_of(const struct client *c, uint32_t index)
{
	const struct options *opt = c->load->opt;

	if (!c->subscriber && opt->pub_url_count > 0)
		return &opt->pub_urls[index % opt->pub_url_count];
	return &opt->urls[index % opt->url_count];
}

static uint32_t
url_count(const struct client *c)
{
	return c->load->opt->url_count;
}

static struct conn *
lane_conn(struct client *c, enum lane lane)
{
	uint32_t url = c->url_index;

	if (c->load->opt->alternate && !is_ws(c))
		url = c->url_index++;
	else if (c->load->opt->non_sticky && !is_ws(c))
		url = net_random(&c->load->net);
	return &c->conns[lane * url_count(c) + url % url_count(c)];
}

static enum lane
lane_of(const struct conn *conn)
{
	const struct client *c = conn->owner;

	return (uint32_t)(conn - c->conns) / url_count(c);
}

static void
send_request(struct client *c, enum lane lane, const char *text, int n)
{
	struct conn *conn;

	if (is_ws(c)) {
		conn = lane_conn(c, LANE_META);
		conn_send_text(conn, text, (size_t)n);
		return;
	}
	conn = lane_conn(c, lane);
	if (conn->state == CONN_CLOSED)
		conn_open(conn, CONN_HTTP,
			  url_of(c, (uint32_t)(conn - c->conns)), NULL, 0);
	conn_post(conn, text, (size_t)n);
}

static const char *
connection_type(const struct client *c)
{
	return c->kind == CLIENT_WS ? "websocket" : "long-polling";
}

static void
send_handshake(struct client *c)
{
	char text[256];

	c->phase = PHASE_HANDSHAKE;
	c->id[0] = '\0';
	c->subscribed = false;
	send_request(c, LANE_META, text,
		     snprintf(text, sizeof(text),
			      "[{\"channel\":\"/meta/handshake\","
			      "\"version\":\"1.0\","
			      "\"supportedConnectionTypes\":[\"%s\"],"
			      "\"id\":\"h\"}]",
			      connection_type(c)));
}

/* Each connect has an id of its own, which says that the answer to the one
 * before has arrived. An unanswered one is repeated with its old id, which
 * asks for that answer again. */
static void
send_connect(struct client *c)
{
	char text[320];

	send_request(c, LANE_META, text,
		     snprintf(text, sizeof(text),
			      "[{\"channel\":\"/meta/connect\","
			      "\"clientId\":\"%s\",\"connectionType\":\"%s\","
			      "\"id\":\"c%u\"}]",
			      c->id, connection_type(c), c->connect_id));
}

static void
send_subscribe(struct client *c)
{
	char text[512];

	c->phase = PHASE_SUBSCRIBE;
	send_request(c, LANE_META, text,
		     snprintf(text, sizeof(text),
			      "[{\"channel\":\"/meta/subscribe\","
			      "\"clientId\":\"%s\",\"subscription\":\"%s\","
			      "\"id\":\"s\"}]",
			      c->id, c->subscription));
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
	if (c->kind == CLIENT_WS || c->kind == CLIENT_LONG_POLLING)
		send_connect(c);
}

/* The transport is there: the next thing that is missing. */
static void
proceed(struct client *c)
{
	bool bayeux = c->kind == CLIENT_WS || c->kind == CLIENT_LONG_POLLING;

	if (bayeux && !c->id[0])
		send_handshake(c);
	else if (bayeux && c->subscriber && !c->subscribed)
		send_subscribe(c);
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
	for (uint32_t i = 0; i < LANES * url_count(c); i++)
		conn_close(&c->conns[i]);
	if (c->load->opt->reconnect_delay_ms < 0) {
		if (!c->was_ready)
			tally->in_setup--;
		c->phase = PHASE_GONE;
		return;
	}
	c->url_index = (c->url_index + 1) % url_count(c);
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
	if (is_ws(c))
		conn_open(lane_conn(c, LANE_META), CONN_WS,
			  url_of(c, c->url_index),
			  c->kind == CLIENT_RAW_WS ? c->subscription : NULL,
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
		send_connect(c); /* the server had asked for an interval */
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
	if (lane_of(conn) == LANE_PUBLISH && c->kind != CLIENT_HTTP_PUBLISH)
		return; /* the held connect will tell if the server is gone */
	retry_later(c);
}

int
client_track(const struct client *c, uint32_t stream)
{
	const struct options *opt = c->load->opt;

	if (!c->subscriber || stream >= c->load->stream_count)
		return -1;
	if (opt->scenario == SCENARIO_WILDCARD)
		return c->deep || stream % 2 == 0 ? (int)stream : -1;
	if (stream % opt->channels != c->channel_index)
		return -1;
	return (int)(stream / opt->channels);
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
on_refused(struct client *c, const char *what, const struct reply *r)
{
	if (c->load->tally.setup_errors++ < 3)
		fprintf(stderr, "bayeux-load: %s refused: %.*s\n", what,
			(int)r->error.n, r->error.n ? r->error.p : "");
	c->id[0] = '\0';
	come_back_later(c);
}

static void
on_handshake(struct client *c, const struct reply *r)
{
	if (!r->successful || r->client_id.n == 0 ||
	    r->client_id.n >= sizeof(c->id)) {
		on_refused(c, "handshake", r);
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
		on_refused(c, "subscribe", r);
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
		send_handshake(c);
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
		send_connect(c);
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
	metas = reply_take_batch(c, text, n, meta, MAX_BATCH_META);
	for (unsigned i = 0; i < metas; i++)
		take_meta(c, &meta[i]);
}

const struct net_events client_events = {
	.on_open = on_open,
	.on_text = on_text,
	.on_lost = on_lost,
};

/* ---- what goes out ---- */

bool
client_can_publish(const struct client *c)
{
	uint32_t urls = url_count(c);

	if (c->phase != PHASE_READY)
		return false;
	if (is_ws(c))
		return c->conns[c->url_index % urls].out.n < UNSENT_MAX;
	for (uint32_t i = 0; i < urls; i++)
		if (c->conns[LANE_PUBLISH * urls + i].awaiting)
			return false;
	return true;
}

void
client_publish(struct client *c, uint32_t stream, uint64_t due_ns)
{
	struct load *load = c->load;
	struct stream *s = &load->streams[stream];
	char *text = load->text;
	size_t payload = load->opt->payload;
	uint32_t seq = s->sent++;
	int n, data;

	n = sprintf(text, "[{\"channel\":\"%s\",\"id\":\"p%un%u\",",
		    s->channel, stream, seq);
	if (c->id[0])
		n += sprintf(text + n, "\"clientId\":\"%s\",", c->id);
	n += sprintf(text + n, "\"data\":");
	data = n;
	n += sprintf(text + n, "{\"s\":%u,\"n\":%u,\"t\":%" PRIu64 ",\"x\":\"", stream,
		     seq, due_ns - load->origin_ns);
	n += sprintf(text + n, "%.*s\"}}]",
		     (int)payload - (n - data) - 2, load->padding);
	load->tally.published++;
	if (c->kind == CLIENT_RAW_WS)
		s->answered++;
	send_request(c, LANE_PUBLISH, text, n);
}

void
client_disconnect(struct client *c)
{
	char text[256];

	if (c->kind == CLIENT_WS && c->phase == PHASE_READY && !c->slow)
		send_request(c, LANE_META, text,
			     snprintf(text, sizeof(text),
				      "[{\"channel\":\"/meta/disconnect\","
				      "\"clientId\":\"%s\",\"id\":\"d\"}]",
				      c->id));
	c->phase = PHASE_GONE;
}
