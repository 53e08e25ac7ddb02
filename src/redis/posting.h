/* What other programs ask us to publish, as they put it into Redis: messages as in
 * Bayeux, with a channel and data, and an id and whatever else they like.
 *
 * docs/background-jobs.md has the two forms. Results are frozen as what comes from
 * clients is: `data` stays the bytes that it was. */
#ifndef REDIS_POSTING_H
#define REDIS_POSTING_H

#include "bayeux/batch.h"

struct posting_limits {
	size_t bytes; /* of one entry or text */
	struct batch_limits batch;
};

enum { POSTING_REFUSED = 1 }; /* `*why` tells, as in "refused: no data" */

/* An entry of a stream: name, value, name, value … `channel` and `id` are texts, the
 * other values JSON. 0 and *f, POSTING_REFUSED, or -ENOMEM. */
int posting_read_entry(struct frozen **f, const struct str *words, size_t n,
		       const struct posting_limits *limits, const char **why);

/* Takes `f`; NULL: that message was refused. */
typedef void (*posting_fn)(void *arg, struct frozen *f, const char *why);

/* A text: an object, or an array of them. `take` is called for each message, or once
 * for a text that is refused as a whole. 0 or -ENOMEM: not for all. */
int posting_read_text(struct str text, const struct posting_limits *limits,
		      posting_fn take, void *arg);

#endif
