#include "request.h"
#include "raw.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { UNSENT_MAX = 1 << 20 };

bool
client_is_ws(const struct client *c)
{
	return c->kind == CLIENT_WS || c->kind == CLIENT_RAW_WS ||
	       c->kind == CLIENT_CENTRIFUGE;
}

const struct url *
client_url(const struct client *c, uint32_t index)
{
	const struct options *opt = c->load->opt;

	if (!c->subscriber && opt->pub_url_count > 0)
		return &opt->pub_urls[index % opt->pub_url_count];
	return &opt->urls[index % opt->url_count];
}

uint32_t
client_urls(const struct client *c)
{
	return c->load->opt->url_count;
}

struct conn *
client_conn(struct client *c, enum lane lane)
{
	uint32_t url = c->url_index;

	if (c->load->opt->alternate && !client_is_ws(c))
		url = c->url_index++;
	else if (c->load->opt->non_sticky && !client_is_ws(c))
		url = net_random(&c->load->net);
	return &c->conns[lane * client_urls(c) + url % client_urls(c)];
}

static void
send_request(struct client *c, enum lane lane, const char *text, int n)
{
	struct conn *conn;

	if (client_is_ws(c)) {
		conn = client_conn(c, LANE_META);
		conn_send_text(conn, text, (size_t)n);
		return;
	}
	conn = client_conn(c, lane);
	if (conn->state == CONN_CLOSED)
		conn_open(conn, CONN_HTTP,
			  client_url(c, (uint32_t)(conn - c->conns)),
			  raw_suffix(c), 0);
	conn_post(conn, text, (size_t)n);
}

static const char *
connection_type(const struct client *c)
{
	return c->kind == CLIENT_WS ? "websocket" : "long-polling";
}

void
request_handshake(struct client *c)
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

void
request_connect(struct client *c)
{
	char text[320];

	send_request(c, LANE_META, text,
		     snprintf(text, sizeof(text),
			      "[{\"channel\":\"/meta/connect\","
			      "\"clientId\":\"%s\",\"connectionType\":\"%s\","
			      "\"id\":\"c%u\"}]",
			      c->id, connection_type(c), c->connect_id));
}

void
request_subscribe(struct client *c)
{
	bool several = c->channel_count > 1;
	struct bytes text = { 0 };
	char part[512];
	int n;

	n = sprintf(part,
		    "[{\"channel\":\"/meta/subscribe\",\"clientId\":\"%s\","
		    "\"id\":\"s\",\"subscription\":%s\"%s\"",
		    c->id, several ? "[" : "", c->subscription);
	bytes_add(&text, part, (size_t)n);
	for (uint32_t i = 1; i < c->channel_count; i++) {
		n = sprintf(part, ",\"%s/c%u\"", c->load->base,
			    client_channel(c, i));
		bytes_add(&text, part, (size_t)n);
	}
	n = sprintf(part, "%s}]", several ? "]" : "");
	bytes_add(&text, part, (size_t)n);
	c->phase = PHASE_SUBSCRIBE;
	send_request(c, LANE_META, (const char *)text.p, (int)text.n);
	bytes_clear(&text);
}

bool
client_can_publish(const struct client *c)
{
	uint32_t urls = client_urls(c);

	if (c->phase != PHASE_READY)
		return false;
	if (client_is_ws(c))
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
	s->last_due_ns = due_ns;
	if (c->kind == CLIENT_RAW_WS)
		s->answered++;
	c->posted_stream = stream;
	if (load->opt->protocol == PROTOCOL_CENTRIFUGE)
		send_request(c, LANE_PUBLISH, text + data, (int)payload);
	else
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
