/* What each channel's messages do. A handler writes its reply by
 * exchange_reply and returns HANDLER_DONE, or makes an engine call with x->call,
 * sets x->after and returns HANDLER_PENDING; then `after` writes the reply. */
#ifndef BROKER_HANDLER_H
#define BROKER_HANDLER_H

#include "bayeux/reply.h"
#include "broker/broker.h"
#include "broker/exchange.h"

enum handler_result { HANDLER_DONE, HANDLER_PENDING };

typedef enum handler_result (*handler_fn)(struct exchange *x, const struct message *m);

/* Picks the handler by the message's channel and runs it. */
enum handler_result handler_run(struct exchange *x, const struct message *m);

enum handler_result handle_handshake(struct exchange *x, const struct message *m);
enum handler_result handle_connect(struct exchange *x, const struct message *m);
enum handler_result handle_subscribe(struct exchange *x, const struct message *m);
enum handler_result handle_unsubscribe(struct exchange *x, const struct message *m);
enum handler_result handle_disconnect(struct exchange *x, const struct message *m);
enum handler_result handle_publish(struct exchange *x, const struct message *m);

/* ---- checks that several share ---- */

/* Sets e to 402 for `param` unless the span is true. */
void handler_require(struct reply_error *e, const struct span *span, struct str param);

/* The client that the message names, into x->client_id, and its session if that is
 * here. False, and e is 401: there is none, here or on joined nodes. Comes first, since
 * a missing clientId is then reported as such (the last failing check wins). */
bool handler_find_client(struct exchange *x, const struct message *m,
			 struct reply_error *e, struct session **s);

/* The whole reply: opened, with e, and ended; subscription if `with` has one. */
void handler_reply(struct exchange *x, const struct message *m, int which,
		   const struct reply_error *e);

/* A fault of ours: an error that makes clients try again. */
void handler_reply_fault(struct exchange *x, const struct message *m);

/* An engine's call came to nothing. Where other nodes are out of reach, the
 * connection ends without an answer: Faye's clients then send the same again. */
void handler_reply_result(struct exchange *x, const struct message *m, int result);

/* What x->key is to be for a request that must not be done twice; 0 for one
 * that cannot be told from another (no id). */
uint64_t handler_key(const struct message *m, const struct span *what);

#endif
