/* A node's way to Redis: one connection that was found, let in and looked at.
 * Asynchronous, on one loop. A link lives once: whoever wants another makes one. */
#ifndef REDIS_LINK_H
#define REDIS_LINK_H

#include "redis/wire.h"

struct link;

enum link_kind {
	LINK_COMMANDS,   /* link_send */
	LINK_SUBSCRIBER, /* link_subscribe, link_unsubscribe */
};

enum link_end {
	LINK_PASSING, /* a new link may do */
	LINK_FATAL,   /* not before the operator has acted: a wrong password, a Redis
		       * that is too old, something that the user may not do */
};

/* All may free the link; none is called inside a function below but link_free. */
struct link_events {
	/* It is a master of 6.2 or later: commands may be sent. Once at most. */
	void (*on_ready)(void *arg);
	/* The last call. `why` is one line, of the kind "10.0.0.1:6379: is a replica".
	 * All replies that were awaited have been NULL. */
	void (*on_closed)(void *arg, enum link_end end, const char *why);
	/* Of a subscriber, in the order in which Redis has it. Borrowed. */
	void (*on_subscribed)(void *arg, struct str channel);
	void (*on_message)(void *arg, struct str channel, struct str text);
};

struct link_options {
	const struct redis_url *url; /* stays as it is as long as the link */
	enum link_kind kind;
	const char *name; /* for CLIENT LIST: no blanks; copied */
	/* For a connection, and for the next answer while any is due; both with each
	 * address that is tried. 5,000 is good. */
	int64_t timeout_ms;
};

enum { LINK_NAME_BYTES = 64 };

/* Begins to connect; on_ready or on_closed follows, on a later step of the loop.
 * The look-up of a name blocks the loop. NULL: out of memory. */
struct link *link_new(struct loop *loop, const struct link_options *options,
		      const struct link_events *events, void *arg);

/* At any time, also from inside its callbacks. Replies that are awaited are NULL
 * before it returns; nothing else is called. */
void link_free(struct link *l);

/* One command, after those before it. on_reply comes exactly once, with its reply,
 * be that an error, or NULL when the link ended before (then the command may have
 * been done or not). Commands of one turn leave together at its end. 0; -ENOTCONN:
 * not ready or ended, on_reply will not come; or -ENOMEM likewise. */
int link_send(struct link *l, int argc, const char *const *argv, const size_t *argv_bytes,
	      wire_reply_fn on_reply, void *arg);

/* Each channel that is subscribed to is confirmed by on_subscribed. One command
 * each time, so some thousand at once are better than all. 0, -ENOTCONN, -ENOMEM. */
int link_subscribe(struct link *l, const struct str *channels, size_t n);
int link_unsubscribe(struct link *l, const struct str *channels, size_t n);

/* Hears no more for a while, see wire_pause. */
void link_pause(struct link *l, bool paused);

/* Whom we speak to, for the log. Empty while that is not known. */
const char *link_peer(const struct link *l);

#endif
