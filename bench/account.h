/* Who must have got what. Each publisher numbers its messages per channel: a
 * stream. A track is what one subscriber has seen of one stream. Everything is
 * counted exactly, nothing is sampled. */
#ifndef BENCH_ACCOUNT_H
#define BENCH_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>

struct track {
	uint32_t next;	    /* lowest number above all that were seen */
	uint32_t before_loss; /* `next` when a connection was last lost */
	uint32_t missing_n, missing_room;
	uint32_t *missing; /* holes below next */
};

enum track_result {
	TRACK_NEW,
	TRACK_LATE,    /* new, but a later one had come before */
	TRACK_AGAIN,   /* a duplicate */
	TRACK_RESENT,  /* a duplicate of one seen before a connection was lost */
};

enum track_result track_take(struct track *t, uint32_t seq);
/* From now on the server may rightly send again what was seen so far. */
void track_connection_lost(struct track *t);
void track_clear(struct track *t);

struct stream {
	char channel[128];
	struct client *publisher;
	uint32_t sent;
	uint32_t sent_before_kill;
	uint32_t answered;    /* acknowledged or refused */
	uint32_t subscribers; /* that read promptly */
	uint64_t received;    /* first deliveries to those */
	uint64_t last_due_ns; /* of the latest message */
	/* Given up by the closed loop so that it does not stand still. */
	uint64_t forgiven, forgiven_answers;
	uint8_t *acked; /* bits */
	uint32_t acked_bytes;
};

void stream_clear(struct stream *s);
bool stream_acked(const struct stream *s, uint32_t seq);
void stream_set_acked(struct stream *s, uint32_t seq);
/* Not yet delivered to, or not yet answered by, whom we wait for. */
uint64_t stream_undelivered(const struct stream *s);
uint64_t stream_unanswered(const struct stream *s);
void stream_forgive(struct stream *s); /* both are 0 now */

/* Sums over all streams and clients since the start. */
struct tally {
	uint64_t published, acks, refused;
	uint64_t deliveries; /* first ones, to prompt readers */
	uint64_t slow_deliveries;
	uint64_t duplicated, resent, reordered;
	uint64_t unexpected; /* came to somebody who should not get it */
	uint64_t damaged;    /* not what was published, or not JSON */
	uint64_t last_delivery_ns;
	uint64_t polls; /* answered connects of long-polling clients */
	uint64_t served_again, last_served_ns; /* after --kill */
	uint64_t ready, in_setup, setup_errors;
	uint64_t losses, resumed, rehandshakes, slow_closed;
};

#endif
