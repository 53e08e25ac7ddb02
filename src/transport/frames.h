/* WebSocket frames in, by wslay. A wslay context is 9 kB, so a worker has a
 * pool of them: a socket borrows one when bytes come and gives it back when
 * these end with a whole message. Only a socket inside a message keeps one.
 * Sockets that agreed on deflating have a pool of their own. */
#ifndef TRANSPORT_FRAMES_H
#define TRANSPORT_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "transport/inflate.h"
#include "util/str.h"

struct frames_reader; /* a borrowed context; NULL in an idle socket */

/* What a socket hears; called inside frames_feed. */
struct frames_events {
	/* Text or binary, inflated; borrowed. */
	void (*on_message)(void *arg, struct str payload);
	void (*on_pong)(void *arg, struct str payload);
};

struct frames {
	const struct frames_events *events;
	size_t max_message_bytes; /* as it came, and inflated */
	bool inflates;            /* messages may be deflated; set it before the first */
	struct inflater inflater;
	struct frames_reader *idle; /* single list */
	unsigned idle_count;
};

void frames_init(struct frames *fr, const struct frames_events *events,
		 size_t max_message_bytes);
void frames_clear(struct frames *fr); /* all readers were given back */

enum {
	FRAMES_CLOSED = 1, /* the peer closed, or must be: `out` holds the close
			    * frame; nothing more is to be read */
};

/* Reads `bytes` for the socket whose slot *reader is; `arg` is for the events.
 * Answers to control frames are appended to `out`, as whole frames. 0,
 * FRAMES_CLOSED or -ENOMEM. */
int frames_feed(struct frames *fr, struct frames_reader **reader, void *arg,
		struct str bytes, struct buf *out);

/* A socket that is inside a message has come from another worker; NULL is welcome. */
void frames_adopt(struct frames *fr, struct frames_reader *reader);

/* The socket ends: gives back what it had borrowed. NULL is welcome. */
void frames_release(struct frames *fr, struct frames_reader **reader);

#endif
