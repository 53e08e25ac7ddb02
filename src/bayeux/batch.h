/* What one request or frame carries: a JSON array of messages, or one alone. */
#ifndef BAYEUX_BATCH_H
#define BAYEUX_BATCH_H

#include "bayeux/message.h"

struct batch_limits {
	unsigned messages; /* at most, in one batch */
	unsigned nesting;  /* brackets open at once, the batch's own included */
};

struct batch {
	struct message *messages;
	unsigned count, room;
};

/* Results; 0 is success. A refused batch has done nothing. */
enum {
	BATCH_INVALID = 1, /* no JSON, or neither array, object nor null */
	BATCH_TOO_MANY,    /* messages */
	BATCH_TOO_DEEP,
};

/* Reads `text`, which must outlive the batch. Entries that are false to
 * JavaScript count for nothing; other entries that are no objects are messages
 * without fields (Faye: server/index). 0, a result above or -ENOMEM; `b` is to
 * be cleared in any case. */
int batch_read(struct batch *b, struct str text, const struct batch_limits *limits);
void batch_clear(struct batch *b);

#endif
