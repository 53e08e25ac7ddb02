#include "load.h"
#include "raw.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PUBLISHES_PER_RUN = 64, TEXT_EXTRA = 512 };

/* ---- who subscribes to what ---- */

/* Subscribers come first, then publishers, then idle ones. */
static bool
is_idle(const struct options *opt, uint32_t i)
{
	return i >= opt->clients + opt->publishers;
}

static bool
is_idle_ws(const struct options *opt, uint32_t i)
{
	return is_idle(opt, i) &&
	       i < opt->clients + opt->publishers + opt->idle_ws;
}

static enum client_kind
raw_kind_of(const struct options *opt, uint32_t i)
{
	static const enum client_kind kinds[PROTOCOLS] = {
		[PROTOCOL_RAW_WS] = CLIENT_RAW_WS,
		[PROTOCOL_RAW_POLLING] = CLIENT_RAW_POLLING,
		[PROTOCOL_CENTRIFUGE] = CLIENT_CENTRIFUGE,
	};

	if (i >= opt->clients && !is_idle(opt, i) && opt->pub_url_count > 0 &&
	    opt->pub_urls[0].is_http)
		return CLIENT_RAW_POST;
	return kinds[opt->protocol];
}

static enum client_kind
kind_of(const struct options *opt, uint32_t i)
{
	if (opt->protocol != PROTOCOL_BAYEUX)
		return raw_kind_of(opt, i);
	if (is_idle(opt, i))
		return is_idle_ws(opt, i) ? CLIENT_WS : CLIENT_LONG_POLLING;
	if (i >= opt->clients && opt->scenario == SCENARIO_HTTP_PUBLISH)
		return CLIENT_HTTP_PUBLISH;
	if (opt->transport == TRANSPORT_LONG_POLLING ||
	    (opt->transport == TRANSPORT_MIXED && i < opt->clients &&
	     i % 2 == 1))
		return CLIENT_LONG_POLLING;
	return CLIENT_WS;
}

/* What it subscribes to, and the streams it will see. */
static void
choose_channels(struct client *c, uint32_t nth)
{
	const struct load *load = c->load;
	const struct options *opt = load->opt;
	size_t room = sizeof(c->subscription);

	c->channel_count = 1;
	c->channel_index = nth % opt->channels;
	if (c->idle) {
		snprintf(c->subscription, room, "%s/idle", load->base);
	} else if (opt->scenario == SCENARIO_WILDCARD) {
		/* pairs, so that both kinds are on every URL and transport */
		c->deep = nth / 2 / opt->url_count % 2 == 0;
		snprintf(c->subscription, room, "%s/a/%s", load->base,
			 c->deep ? "**" : "*");
		c->track_count = load->stream_count;
	} else {
		if (c->subscriber && opt->channels > opt->clients)
			c->channel_count =
				(opt->channels - nth + opt->clients - 1) /
				opt->clients;
		snprintf(c->subscription, room, "%s/c%u", load->base,
			 c->channel_index);
		c->track_count = (load->stream_count + opt->channels - 1) /
				 opt->channels * c->channel_count;
	}
	if (!c->subscriber)
		c->track_count = 0;
}

static int
make_client(struct load *load, uint32_t i)
{
	const struct options *opt = load->opt;
	struct client *c = &load->clients[i];
	uint32_t nth = i < opt->clients ? i : i - opt->clients;

	c->load = load;
	c->kind = kind_of(opt, i);
	c->idle = is_idle(opt, i);
	c->subscriber = i < opt->clients || c->idle;
	c->slow = !c->idle && c->subscriber && i >= opt->clients - opt->slow;
	c->url_index = nth % opt->url_count;
	if (c->kind == CLIENT_RAW_POLLING || c->kind == CLIENT_RAW_POST)
		strcpy(c->id, RAW_CLIENT_ID);
	choose_channels(c, nth);
	c->tracks = calloc(c->track_count + 1, sizeof(*c->tracks));
	c->conns = calloc(LANES * opt->url_count, sizeof(*c->conns));
	if (!c->tracks || !c->conns)
		return -ENOMEM;
	for (uint32_t k = 0; k < LANES * opt->url_count; k++)
		conn_init(&c->conns[k], &load->net, c);
	return 0;
}

static void
make_stream(struct load *load, uint32_t i)
{
	const struct options *opt = load->opt;
	struct stream *s = &load->streams[i];

	s->publisher = &load->clients[opt->clients + i % opt->publishers];
	if (opt->scenario == SCENARIO_WILDCARD)
		snprintf(s->channel, sizeof(s->channel), "%s/a/b%s",
			 load->base, i % 2 == 0 ? "" : "/c");
	else
		snprintf(s->channel, sizeof(s->channel), "%s/c%u", load->base,
			 i % opt->channels);
	for (uint32_t k = 0; k < opt->clients; k++)
		if (!load->clients[k].slow &&
		    client_track(&load->clients[k], i) >= 0)
			s->subscribers++;
}

static uint32_t
count_streams(const struct options *opt)
{
	uint32_t least = opt->scenario == SCENARIO_WILDCARD ? 2 : opt->channels;

	if (opt->publishers == 0)
		return 0;
	return opt->publishers > least ? opt->publishers : least;
}

int
load_init(struct load *load, const struct options *opt)
{
	uint32_t clients = opt->clients + opt->publishers + opt->idle_ws +
			   opt->idle_polling;
	int rc;

	*load = (struct load){ .opt = opt, .net.epoll_fd = -1 };
	/* channels of its own for each run, also of several tools at a time */
	snprintf(load->base, sizeof(load->base), "/bench/r%" PRIx64 "-%d",
		 (uint64_t)time(NULL), (int)getpid());
	load->origin_ns = clock_ns();
	load->stream_count = count_streams(opt);
	load->streams = calloc(load->stream_count + 1, sizeof(*load->streams));
	load->clients = calloc(clients + 1, sizeof(*load->clients));
	load->text = malloc(opt->payload + TEXT_EXTRA);
	load->padding = malloc(opt->payload + 1);
	if (!load->streams || !load->clients || !load->text || !load->padding)
		return -ENOMEM;
	memset(load->padding, 'x', opt->payload);
	load->padding[opt->payload] = '\0';
	rc = net_init(&load->net, &client_events);
	load->net.sources = opt->sources;
	while (!rc && load->client_count < clients)
		rc = make_client(load, load->client_count++);
	for (uint32_t i = 0; !rc && i < load->stream_count; i++)
		make_stream(load, i);
	return rc;
}

void
load_clear(struct load *load)
{
	for (uint32_t i = 0; i < load->client_count; i++) {
		struct client *c = &load->clients[i];

		for (uint32_t k = 0;
		     c->conns && k < LANES * load->opt->url_count; k++)
			conn_close(&c->conns[k]);
		for (uint32_t k = 0; c->tracks && k < c->track_count; k++)
			track_clear(&c->tracks[k]);
		free(c->conns);
		free(c->tracks);
	}
	for (uint32_t i = 0; load->streams && i < load->stream_count; i++)
		stream_clear(&load->streams[i]);
	free(load->clients);
	free(load->streams);
	free(load->text);
	free(load->padding);
	net_clear(&load->net);
}

uint64_t
load_in_flight(const struct load *load)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < load->stream_count; i++) {
		const struct stream *s = &load->streams[i];

		n += (uint64_t)s->sent * s->subscribers - s->received +
		     s->sent - s->answered;
	}
	return n;
}

/* ---- the pump ---- */

static bool
room(const struct load *load, const struct stream *s)
{
	uint32_t window = load->opt->window;

	if (s->publisher->kind == CLIENT_HTTP_PUBLISH)
		return true; /* one request per connection bounds it */
	return stream_unanswered(s) < window &&
	       (s->subscribers == 0 ||
		stream_undelivered(s) <=
			(uint64_t)(window - 1) * s->subscribers);
}

/* A closed loop must not stand still for ever after a loss: when a second
 * brought nothing, what is missing is counted out. */
static void
forgive_stalls(struct pump *pump, uint64_t now)
{
	struct load *load = pump->load;
	uint64_t progress = load->tally.deliveries + load->tally.acks +
			    load->tally.published;

	if (progress == pump->progress && now - pump->progress_ns > SECOND_NS)
		for (uint32_t i = 0; i < load->stream_count; i++)
			stream_forgive(&load->streams[i]);
	else if (progress == pump->progress)
		return;
	pump->progress = progress;
	pump->progress_ns = now;
}

bool
pump_done(const struct pump *pump)
{
	uint64_t done = pump->load->tally.published + pump->skipped;

	return pump->limit && done >= pump->limit;
}

static void
run_closed(struct pump *pump, uint64_t now)
{
	struct load *load = pump->load;
	int left = PUBLISHES_PER_RUN;

	for (uint32_t i = 0; i < load->stream_count; i++) {
		uint32_t n = (pump->first + i) % load->stream_count;
		struct stream *s = &load->streams[n];

		while (left > 0 && !pump_done(pump) && room(load, s) &&
		       client_can_publish(s->publisher)) {
			client_publish(s->publisher, n, clock_ns());
			left--;
		}
	}
	pump->first++;
	forgive_stalls(pump, now);
}

static uint64_t
due_ns(const struct pump *pump)
{
	return pump->begin_ns + (uint64_t)((double)pump->due * SECOND_NS /
					   pump->load->opt->rate);
}

static void
run_open(struct pump *pump, uint64_t now)
{
	struct load *load = pump->load;

	for (int left = PUBLISHES_PER_RUN;
	     left > 0 && !pump_done(pump) && due_ns(pump) <= now; left--) {
		uint32_t n = (uint32_t)(pump->due % load->stream_count);
		struct client *publisher = load->streams[n].publisher;

		if (publisher->phase != PHASE_READY)
			pump->skipped++;
		else if (client_can_publish(publisher))
			client_publish(publisher, n, due_ns(pump));
		else
			break;
		pump->due++;
	}
}

void
pump_run(struct pump *pump, uint64_t now)
{
	if (pump->load->opt->rate > 0)
		run_open(pump, now);
	else
		run_closed(pump, now);
}

uint64_t
pump_next(const struct pump *pump, uint64_t end)
{
	uint64_t due = end;

	if (pump->load->opt->rate > 0)
		due = due_ns(pump);
	return due < end ? due : end;
}
