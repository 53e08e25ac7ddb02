/* Reading what the server says, and accounting for deliveries and for the
 * answers to publishes. */
#ifndef BENCH_REPLY_H
#define BENCH_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "client.h"
#include "json.h"

/* Borrowed from the batch's text. */
struct reply {
	struct span channel, id, client_id, data, error, advice;
	bool successful, has_successful;
};

/* A message that came to `c` on `channel`: is it what was published, and due? */
void reply_take_delivery(struct client *c, struct span channel,
			 struct span data, uint64_t now);

/* Takes in a batch except for the messages on /meta, which are left in `meta`;
 * returns their number. */
unsigned reply_take_batch(struct client *c, const char *text, size_t n,
			  struct reply *meta, unsigned meta_room);

#endif
