/* Replies as Faye words them. A reply is written piece by piece to a buffer:
 *
 *     reply_begin(out, m, REPLY_ALL, NULL);
 *     reply_add_advice(out, &advice);
 *     reply_end(out);
 *
 * Failed allocations stick in the buffer. */
#ifndef BAYEUX_REPLY_H
#define BAYEUX_REPLY_H

#include "bayeux/message.h"

/* What goes wrong with a message (Faye: protocol/error). */
enum reply_code {
	REPLY_CONNECTION_TYPE_MISMATCH = 301,
	REPLY_CLIENT_UNKNOWN = 401,
	REPLY_PARAMETER_MISSING = 402,
	REPLY_CHANNEL_FORBIDDEN = 403,
	REPLY_CHANNEL_INVALID = 405,
	REPLY_SERVER_ERROR = 500,
	REPLY_SERVER_FULL = 503, /* ours: Faye has no limit */
};

/* One wrong thing; text is `CODE:PARAMS:MESSAGE`. */
struct reply_error {
	enum reply_code code; /* 0: none */
	struct span param;    /* shown as JavaScript would */
	struct str name;      /* or this text, when p is not NULL */
	struct str words;     /* instead of the code's usual words, unless NULL */
};

enum { REPLY_ALL, REPLY_WITHOUT_CLIENT_ID };

/* Opens the object: id, clientId and channel as given when they are true, and
 * `successful`, then the error. It fails when `e` (may be NULL) has a code or
 * the message brought an error of its own. */
void reply_begin(struct buf *out, const struct message *m, int which,
		 const struct reply_error *e);
void reply_end(struct buf *out);

/* Whether the message failed before anybody looked at it: extensions refuse a
 * message by putting an `error` into it (Faye: server/index). */
static inline bool
reply_is_refused(const struct message *m)
{
	return span_is_true(&m->error);
}

struct reply_advice {
	enum { ADVICE_RETRY, ADVICE_HANDSHAKE, ADVICE_NONE } reconnect;
	int64_t interval_ms, timeout_ms; /* with ADVICE_RETRY */
	int64_t max_interval_ms; /* CometD's: for so long may a client be silent
				  * beyond both; 0: it is not told */
};

void reply_add_advice(struct buf *out, const struct reply_advice *advice);
/* `version` and the list of connection types. */
void reply_add_versions(struct buf *out);
void reply_add_client_id(struct buf *out, struct str client_id);
/* `subscription` as given; absent: []. */
void reply_add_subscription(struct buf *out, const struct span *subscription);

/* Opens the successful answer to a connect that was held, with its advice; `id`
 * is the raw JSON of the connect's id, n is 0 when there was none. */
void reply_begin_connect(struct buf *out, struct str id, struct str client_id,
			 const struct reply_advice *advice);

/* Whether `type` is one of the six connection types. */
bool reply_is_connection_type(const struct span *type);

#endif
