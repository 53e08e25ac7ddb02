/* One connection to a server that speaks Redis's protocol: commands out,
 * pipelined and written once a turn; their replies in, in order. It knows how
 * long an answer may take, and nothing of what is said.
 *
 * hiredis writes commands, parses replies and holds the bytes between. Its
 * asynchronous half is not used: there a context cannot be given up at any time,
 * a connection attempt has no end (0.14), and each subscribed channel costs an
 * entry in two tables. */
#ifndef REDIS_WIRE_H
#define REDIS_WIRE_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>

#include "host/loop.h"
#include "redis/url.h"

struct wire;

enum {
	WIRE_PEER_BYTES = REDIS_URL_HOST_BYTES + 16,
	WIRE_WHY_BYTES = 256,
};

/* Borrowed from its owner for the call. NULL: the connection ended, or was freed,
 * before it came; whether the command was done is unknown. */
typedef void (*wire_reply_fn)(void *arg, const struct redisReply *reply);

/* All may free the wire. None is called inside wire_new or wire_send. */
struct wire_events {
	void (*on_open)(void *arg); /* the first time that commands may be sent */
	/* Whether this reply answers no command, and was handled. NULL: all do. */
	bool (*on_reply)(void *arg, const struct redisReply *reply);
	/* After all replies that were awaited were NULL; the last call. One line. */
	void (*on_closed)(void *arg, const char *why);
};

struct wire_target {
	const struct redis_host *host;
	const char *path; /* not NULL: a Unix socket instead */
	bool tls;
};

/* Begins to connect. `target` is copied. The connection ends by itself when
 * there is no connection, or no answer while one is due, for `timeout_ms`. NULL:
 * out of memory. */
struct wire *wire_new(struct loop *loop, const struct wire_target *target,
		      int64_t timeout_ms, const struct wire_events *events, void *arg);
/* At any time. Commands that wait for their replies get NULL first. */
void wire_free(struct wire *w);

/* Reads no more, or goes on: what comes meanwhile waits in the kernel, and then with the
 * peer. No answer is due for that time. */
void wire_pause(struct wire *w, bool paused);

/* Ends it as a fault of the peer would; from inside a callback. */
void wire_close(struct wire *w, const char *why);

/* `argv` is copied. on_reply is called `answers` times, or until it is told NULL.
 * 0; -ENOTCONN: not open, nothing will be called; or -ENOMEM likewise. */
int wire_send(struct wire *w, int argc, const char *const *argv, const size_t *argv_bytes,
	      unsigned answers, wire_reply_fn on_reply, void *arg);

/* "10.0.0.1:6379", "[::1]:6379" or a path; good as long as the wire. */
const char *wire_peer(const struct wire *w);

#endif
