/* What a client says, and on which of its connections. */
#ifndef BENCH_REQUEST_H
#define BENCH_REQUEST_H

#include "client.h"

bool client_is_ws(const struct client *c);
uint32_t client_urls(const struct client *c); /* how many it may go to */
const struct url *client_url(const struct client *c, uint32_t index);
/* The one to use next. */
struct conn *client_conn(struct client *c, enum lane lane);

void request_handshake(struct client *c);
void request_subscribe(struct client *c);
/* Each connect has an id of its own, which says that the answer to the one
 * before has arrived. An unanswered one is repeated with its old id, which
 * asks for that answer again. */
void request_connect(struct client *c);

#endif
