#include "raw.h"

const char *
raw_suffix(const struct client *c)
{
	switch (c->kind) {
	case CLIENT_RAW_WS:
	case CLIENT_RAW_POST:
	case CLIENT_RAW_POLLING:
		return c->subscription;
	default:
		return "";
	}
}

void
raw_take_acknowledgement(struct client *c)
{
	struct load *load = c->load;
	struct stream *s = &load->streams[c->posted_stream];

	if (s->answered == s->sent) {
		load->tally.unexpected++;
		return;
	}
	load->tally.acks++;
	stream_set_acked(s, s->answered++);
}

void
raw_take_poll(struct client *c)
{
	struct load *load = c->load;
	struct stream *s = load->streams;
	uint64_t now = clock_ns();

	if (c->idle || c->tracks[0].next == s->sent) {
		load->tally.unexpected++;
		return;
	}
	track_take(&c->tracks[0], c->tracks[0].next);
	s->received++;
	load->tally.polls++;
	load->tally.deliveries++;
	load->tally.last_delivery_ns = now;
	hist_add(&load->latency, now - s->last_due_ns);
}
