/* Bayeux clients and others, driven by their connections. */
#ifndef BENCH_CLIENT_H
#define BENCH_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "account.h"
#include "hist.h"
#include "net.h"
#include "options.h"

enum client_kind {
	CLIENT_WS,
	CLIENT_LONG_POLLING,
	CLIENT_HTTP_PUBLISH, /* POSTs and nothing else */
	CLIENT_CENTRIFUGE,   /* subscribes as Centrifugo's do */
	CLIENT_RAW_WS,
	CLIENT_RAW_POST, /* publishes */
	CLIENT_RAW_POLLING,
};

enum client_phase {
	PHASE_NEW,
	PHASE_CONNECTING,
	PHASE_HANDSHAKE,
	PHASE_SUBSCRIBE,
	PHASE_READY,
	PHASE_WAITING, /* to reconnect */
	PHASE_GONE,
};

/* Long-polling publishers need a second connection beside the held one. */
enum lane { LANE_META, LANE_PUBLISH, LANES };

struct client {
	struct load *load;
	enum client_kind kind;
	enum client_phase phase;
	bool subscriber;
	bool idle;	/* a subscriber to what nobody publishes */
	bool slow;	/* stops reading once everyone is ready */
	bool deep;	/* wildcard: subscribed to ** */
	bool was_ready; /* counted as such */
	bool subscribed;
	bool resuming;	     /* came back with its client id */
	bool cut_off;	     /* a slow one that lost its connection */
	bool served_again;   /* got a message published after the kill */
	uint32_t url_index;
	uint32_t channel_index, channel_count; /* see client_channel() */
	uint32_t posted_stream; /* raw: what awaits its answer */
	uint32_t connect_id; /* of the outstanding connect; see send_connect */
	uint64_t started_ns;
	uint64_t due_ns; /* 0: nothing is due */
	struct client *next_due; /* see load.due */
	bool in_due;
	uint64_t slow_received;
	char id[128];
	char subscription[128];
	struct conn *conns; /* LANES times the number of URLs */
	struct track *tracks;
	uint32_t track_count;
};

/* All there is. Single-threaded. */
struct load {
	const struct options *opt;
	struct net net;
	struct client *clients;
	uint32_t client_count;
	struct client *due; /* those with something due, and some that had */
	struct stream *streams;
	uint32_t stream_count;
	struct tally tally;
	struct hist latency, setup_time;
	uint64_t origin_ns; /* messages carry times since then */
	char base[64];	    /* what all channels begin with */
	uint64_t killed_ns; /* when --kill was done; 0: not yet */
	char *text;	    /* where a publish is put together */
	char *padding;	    /* payload bytes of x */
};

extern const struct net_events client_events;

void client_start(struct client *c);
/* Does what is due. */
void clients_tick(struct load *load, uint64_t now);
bool client_can_publish(const struct client *c);
/* `due_ns` is when it should have been sent: latency counts from there. */
void client_publish(struct client *c, uint32_t stream, uint64_t due_ns);
void client_disconnect(struct client *c);

/* A subscriber's nth channel: with more channels than clients each has several,
 * and with fewer they share. */
uint32_t client_channel(const struct client *c, uint32_t nth);

/* Index into client.tracks; -1: this client must not see that stream. */
int client_track(const struct client *c, uint32_t stream);

#endif
