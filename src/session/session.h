/* One client: what it wants, what waits for it, and what it may ask again.
 *
 * Messages wait in `queue`. Those in front of `given` were part of the answer
 * to the connect whose id hashes to `given_id`; they stay until a connect with
 * another id proves that the answer arrived (Faye's clients send the same
 * message with the same id again after an error or silence). A connect with the
 * same id gets them again.
 *
 * With acks (CometD's extension) the ids say nothing. Messages are counted, each
 * answer is numbered by the last one it gives, and each connect tells the number of
 * the last answer that arrived: `acked` are done with, those behind are given
 * again. All come by answers to connects, also where there is a stream.
 *
 * Publishes, subscribes and unsubscribes that were done are remembered, so that
 * one which is sent again is answered again and not done twice.
 *
 * Made, found and ended by the registry. Pure: time is passed in. */
#ifndef SESSION_SESSION_H
#define SESSION_SESSION_H

#include "session/queue.h"
#include "util/heap.h"
#include "util/list.h"
#include "util/map.h"

enum {
	SESSION_ID_BYTES = 31,       /* 160 bits in base 36, as Faye's */
	SESSION_MAX_DONE = 1024,     /* remembered ids; see session_did */
	SESSION_MAX_REPEATS = 5,     /* of one connect id, then it counts as new */
	SESSION_PORTION = 65536,     /* bytes of messages in an answer, with acks */
};

struct sub;

struct session {
	struct map_node by_id;
	struct heap_node expiry;   /* when to look whether it is still alive */
	struct list_node doomed;   /* in the registry's list: to be ended */
	int64_t seen_ms;           /* last handshake or connect */
	struct sub *subs;          /* what it wants, latest first */
	uint32_t sub_count;
	uint32_t count;            /* what its connects' ids count; see session_count */
	uint64_t given_id;         /* the connect that something was given to; see session_key */
	uint64_t *done;            /* ring of remembered requests, or NULL */
	uint16_t done_count, done_room, done_next;
	uint8_t repeats;           /* how often given_id came again */
	char id[SESSION_ID_BYTES + 1];
	/* What each message looks at, together: */
	uint64_t mark;             /* the last delivery that reached it */
	void *outlet, *held;       /* the broker's: the bound stream, the held connect, */
	void *member;              /* and its standing among joined nodes, or NULL */
	uint32_t given;            /* messages in front that were */
	uint32_t acked;            /* messages gone from the queue; wraps */
	struct queue queue;
	bool overflowed;           /* it did: doomed for that */
	bool returned;             /* it holds what a stream gave back */
	bool ids_repeat;           /* one id for different requests: it tells nothing */
	bool acks : 1;             /* it acknowledges by number */
	bool max_interval : 1;     /* its client knows advice.maxInterval */
	bool rests : 1;            /* its stream does, see outlet_rest */
	bool unsure : 1;           /* its stream waits for the word that it has its
				    * home here */
};

static inline struct str
session_id(const struct session *s)
{
	return (struct str){ s->id, SESSION_ID_BYTES };
}

/* Whether its messages leave by its stream, as they come. */
static inline bool
session_streams(const struct session *s)
{
	return s->outlet && !s->rests && !s->unsure && !s->acks;
}

struct queue_limits {
	uint32_t messages;
	size_t bytes;
	/* What a stream gave back had room elsewhere before: while it waits there
	 * may be so many more bytes, in any number of messages. */
	size_t returned_bytes;
	bool drop_oldest; /* else a full queue ends the session */
};

enum { SESSION_DROPPED = 1, SESSION_OVERFLOW };

/* Keeps `f` (the caller's reference is gone) for the next connect. 0;
 * SESSION_DROPPED: kept, but the oldest had to go; SESSION_OVERFLOW: not kept,
 * the session must be ended; -ENOMEM: not kept. */
int session_keep(struct session *s, struct frozen *f, const struct queue_limits *limits);

/* Puts back, before all that waits, what a closed stream could not prove to
 * have delivered; call it for the latest first. 0 or -ENOMEM. */
int session_put_back(struct session *s, struct frozen *f);

/* A connect with the id that hashes to `key` (0: it has no id). Forgets what
 * it acknowledges. */
void session_connect(struct session *s, uint64_t key);

/* With acks, instead: what came up to the answer with that number has arrived.
 * A number that no answer had says nothing. */
void session_acknowledge(struct session *s, uint32_t number);

/* How many of those that wait one answer should give: all; with acks a portion,
 * since nobody knows how much a stream may take at once. */
uint32_t session_portion(const struct session *s);

/* The first `n` that wait have been put into the answer to that connect. */
void session_give(struct session *s, uint32_t n, uint64_t key);

/* With acks: the number of an answer that gives the first `n`. */
static inline uint32_t
session_number(const struct session *s, uint32_t n)
{
	return s->acked + n;
}

/* Whether it looks like one of ours. */
bool session_is_id(struct str id);

/* A number, never 0, that stands for a request in a session's memory: on all nodes
 * the same. Whoever finds two requests with one number deceives himself alone, so no
 * secret is needed. */
uint64_t session_key(const struct str *parts, unsigned n);

/* What makes a request that one: its id and its content, both hashed. */
enum { SESSION_CONTENT_BITS = 24 };
static inline uint64_t
session_done_key(uint64_t id, uint64_t content)
{
	uint64_t mask = (UINT64_C(1) << SESSION_CONTENT_BITS) - 1;

	return (id & ~mask) | (content & mask) | 1;
}

/* Whether request `key` was done lately, and noting that it was. A memory that
 * cannot be had is no error: then a retry is done twice. A client that is seen
 * to have one id for different requests (a program with a constant) has no
 * retries that could be told from new ones, from then on. */
bool session_has_done(struct session *s, uint64_t key);
void session_did(struct session *s, uint64_t key);
/* A connect whose id is the client's `count`th, as far as ids count (0: it does
 * not). Where it falls the client has begun anew, and what it asks from now on
 * under old ids is new: nothing is remembered any more. */
void session_count(struct session *s, uint32_t count);
/* It came to nothing after all. */
void session_did_not(struct session *s, uint64_t key);

/* Frees what it holds. It is in no table any more. */
void session_clear(struct session *s);

#endif
