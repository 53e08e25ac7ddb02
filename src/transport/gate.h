/* Lets in what may come in: with a list of origins, requests of other sites' pages
 * get no further, by HTTP or by WebSocket. A page may look like the same origin as
 * ours and not be (DNS rebinding), so that one must be listed too. */
#ifndef TRANSPORT_GATE_H
#define TRANSPORT_GATE_H

#include "host/log.h"
#include "host/loop.h"
#include "transport/head.h"
#include "transport/origins.h"

#define GATE_REFUSAL "Origin not allowed" /* the answer's text, with 403 */

struct gate {
	struct origins origins;
	const struct loop *loop; /* the clock */
	const struct log *log;
	struct log_limit lines;
	uint64_t refused; /* since the start */
};

/* Whether to go on with the request of that head; a warning is logged if not. */
bool gate_admits(struct gate *g, const struct head *head);

#endif
