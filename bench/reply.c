#include "reply.h"

#include <stdio.h>
#include <string.h>

static bool
read_reply(struct span object, struct reply *r)
{
	const char *p = object.p, *end = object.p + object.n;
	struct span key, value;
	enum json_step step;

	*r = (struct reply){ 0 };
	while ((step = json_next_member(&p, end, &key, &value)) == JSON_ITEM) {
		if (span_is(key, "data"))
			r->data = value;
		else if (span_is(key, "channel"))
			r->channel = value;
		else if (span_is(key, "id"))
			r->id = value;
		else if (span_is(key, "clientId"))
			r->client_id = value;
		else if (span_is(key, "error"))
			r->error = value;
		else if (span_is(key, "advice"))
			r->advice = value;
		else if (span_is(key, "successful")) {
			r->has_successful = true;
			r->successful = span_is(value, "true");
		}
	}
	return step == JSON_END && p == end;
}

struct delivery {
	uint32_t stream, seq;
	uint64_t due_ns;
};

/* Reads `data` and checks that it is what client_publish() made. */
static bool
read_delivery(const struct load *load, struct span data, struct delivery *d)
{
	const char *p = data.p, *end = data.p + data.n;
	struct span key, value;
	enum json_step step;
	unsigned found = 0;

	if (data.n != load->opt->payload)
		return false;
	while ((step = json_next_member(&p, end, &key, &value)) == JSON_ITEM) {
		if (span_is(key, "s"))
			d->stream = (uint32_t)span_number(value), found |= 1;
		else if (span_is(key, "n"))
			d->seq = (uint32_t)span_number(value), found |= 2;
		else if (span_is(key, "t"))
			d->due_ns = span_number(value), found |= 4;
		else if (span_is(key, "x") && value.n <= load->opt->payload &&
			 memcmp(value.p, load->padding, value.n) == 0)
			found |= 8;
	}
	return step == JSON_END && found == 15;
}

/* Whoever gets something that was published after the kill has found a server. */
static void
note_service(struct client *c, const struct delivery *d, uint64_t now)
{
	struct load *load = c->load;

	if (!load->killed_ns || c->served_again ||
	    d->seq < load->streams[d->stream].sent_before_kill)
		return;
	c->served_again = true;
	load->tally.served_again++;
	load->tally.last_served_ns = now;
}

void
reply_take_delivery(struct client *c, struct span channel, struct span data,
		    uint64_t now)
{
	struct load *load = c->load;
	struct tally *tally = &load->tally;
	struct delivery d = { 0 };
	int index;

	if (!read_delivery(load, data, &d)) {
		tally->damaged++;
		return;
	}
	index = client_track(c, d.stream);
	if (index < 0 || d.seq >= load->streams[d.stream].sent ||
	    !span_is(channel, load->streams[d.stream].channel)) {
		tally->unexpected++;
		return;
	}
	switch (track_take(&c->tracks[index], d.seq)) {
	case TRACK_AGAIN:
		tally->duplicated++;
		return;
	case TRACK_RESENT:
		tally->resent++;
		return;
	case TRACK_LATE:
		tally->reordered++;
		break;
	case TRACK_NEW:
		break;
	}
	if (c->slow) {
		c->slow_received++;
		tally->slow_deliveries++;
		return;
	}
	note_service(c, &d, now);
	load->streams[d.stream].received++;
	tally->deliveries++;
	tally->last_delivery_ns = now;
	now -= load->origin_ns;
	hist_add(&load->latency, now > d.due_ns ? now - d.due_ns : 0);
}

/* The answer to a publish; its id is "p<stream>n<number>". */
static void
take_answer(struct client *c, const struct reply *r)
{
	struct tally *tally = &c->load->tally;
	unsigned stream, seq;
	struct stream *s;
	char id[32];

	snprintf(id, sizeof(id), "%.*s", (int)r->id.n, r->id.n ? r->id.p : "");
	if (sscanf(id, "p%un%u", &stream, &seq) != 2 ||
	    stream >= c->load->stream_count ||
	    c->load->streams[stream].publisher != c ||
	    seq >= c->load->streams[stream].sent ||
	    stream_acked(&c->load->streams[stream], seq)) {
		tally->unexpected++;
		return;
	}
	s = &c->load->streams[stream];
	s->answered++;
	if (!r->successful) {
		tally->refused++;
		return;
	}
	tally->acks++;
	stream_set_acked(s, seq);
}

unsigned
reply_take_batch(struct client *c, const char *text, size_t n,
		 struct reply *meta, unsigned meta_room)
{
	struct tally *tally = &c->load->tally;
	const char *p = text, *end = text + n;
	uint64_t now = clock_ns();
	struct span object;
	enum json_step step;
	unsigned metas = 0;
	struct reply r;

	while ((step = json_next_element(&p, end, &object)) == JSON_ITEM) {
		if (!read_reply(object, &r))
			tally->damaged++;
		else if (r.channel.n > 6 &&
			 memcmp(r.channel.p, "/meta/", 6) == 0) {
			if (metas < meta_room)
				meta[metas++] = r;
			else
				tally->unexpected++;
		} else if (r.data.n)
			reply_take_delivery(c, r.channel, r.data, now);
		else if (r.has_successful)
			take_answer(c, &r);
		else
			tally->unexpected++;
	}
	if (step != JSON_END || p != end)
		tally->damaged++;
	return metas;
}
