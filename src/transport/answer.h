/* HTTP responses with the headers that Faye gives them. Each is queued on the
 * connection; what comes back is for libmicrohttpd. */
#ifndef TRANSPORT_ANSWER_H
#define TRANSPORT_ANSWER_H

#include <microhttpd.h>

#include "transport/health.h"
#include "transport/metrics.h"
#include "transport/origins.h"
#include "transport/script.h"
#include "util/buf.h"

/* The status and what it means, for pages of those origins to read; `closing`: the
 * connection cannot go on. */
enum MHD_Result answer_text(struct MHD_Connection *c, unsigned status, bool closing,
			    const struct origins *readers);

/* The answers to a batch, a JSON array; the buffer is emptied. With a callback
 * (else NULL) it is called with them. */
enum MHD_Result answer_array(struct MHD_Connection *c, struct buf *array,
			     const char *callback);

/* What a browser asks before it lets a page POST across origins. */
enum MHD_Result answer_preflight(struct MHD_Connection *c, const struct origins *os);

/* A script, that the copy is still good, or that there is none. It is not copied
 * and must outlive the connection. */
enum MHD_Result answer_script(struct MHD_Connection *c, const struct script_choice *choice);

/* 200, or 503 and what the trouble is. */
enum MHD_Result answer_health(struct MHD_Connection *c, const struct health *health);

/* The metrics; the buffer is emptied. */
enum MHD_Result answer_metrics(struct MHD_Connection *c, struct buf *text);

#endif
