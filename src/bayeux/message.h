/* One Bayeux message as it came in: spans of the batch's text for the fields
 * the protocol knows, and which stretches of the text a publication passes on.
 * Everything is borrowed from the text. */
#ifndef BAYEUX_MESSAGE_H
#define BAYEUX_MESSAGE_H

#include "bayeux/frozen.h"
#include "bayeux/scan.h"

/* The stretches between at most five protocol fields (see message.c), and some
 * to spare for repeated ones. */
enum { MESSAGE_MAX_KEPT = 8 };

struct message {
	/* Absent fields have type SCAN_ABSENT; of repeated ones the last counts,
	 * as in JavaScript. A message that is no object has none. */
	struct span id, channel, client_id, data, error;
	struct span version, minimum_version, supported_types, connection_type;
	struct span subscription, advice, ext;

	struct str text; /* all of it, if it is an object */
	struct str kept[MESSAGE_MAX_KEPT]; /* members for the subscribers */
	uint8_t kept_count;
	bool spaced; /* white space between tokens somewhere in them */
};

/* Reads the next value of `sc`. 0, SCAN_INVALID (also for a message that
 * repeats protocol fields without end) or SCAN_DEEP. */
int message_read(struct message *m, struct scan *sc);

/* The publication that subscribers of `channel` get: all fields but clientId
 * and those that only a server may say. NULL: out of memory. */
struct frozen *message_freeze(const struct message *m, struct str channel);

#endif
