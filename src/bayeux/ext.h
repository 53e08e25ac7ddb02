/* What a message's `ext` says of CometD's extensions, and how they are
 * answered. What is of a wrong type or beyond reason is as if it were absent;
 * other members are other people's. */
#ifndef BAYEUX_EXT_H
#define BAYEUX_EXT_H

#include "bayeux/scan.h"

/* `ext.ack` of a handshake: true, or {"enabled":true}. The client then tells by
 * each connect what it has got. */
bool ext_wants_acks(const struct span *ext);

/* `ext.ack` of a connect: the number of the last answer that arrived. */
bool ext_read_ack(const struct span *ext, uint32_t *number);

/* `ext.timesync` of a handshake or connect, all in milliseconds. */
struct ext_timesync {
	double client_ms; /* `tc`: the client's clock, when it was sent */
	double lag_ms;    /* `l`: which it thinks the way takes */
	double offset_ms; /* `o`: which it thinks our clock is ahead */
};

bool ext_read_timesync(const struct span *ext, struct ext_timesync *out);

/* What the reply says. */
struct ext_reply {
	bool acks;                           /* agreed to, on handshake */
	bool is_numbered;                    /* a connect's: has a number to be acknowledged */
	uint32_t number;
	const struct ext_timesync *timesync; /* to be answered; or NULL */
	int64_t came_ms;                     /* when that came, by the wall clock */
	int64_t took_ms;                     /* from then until now */
};

/* Adds `ext` to a reply under way; nothing when there is nothing to say. */
void ext_add(struct buf *out, const struct ext_reply *reply);

#endif
