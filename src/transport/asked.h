/* What a request asks for, by its head. */
#ifndef TRANSPORT_ASKED_H
#define TRANSPORT_ASKED_H

#include <microhttpd.h>

#include "transport/head.h"

/* Where its messages are. */
enum asked {
	ASKED_NOTHING, /* that we could answer: 400 */
	ASKED_JSON,    /* they are the body */
	ASKED_FORM,    /* in a field of the body */
	ASKED_QUERY,   /* in a field of the query, and a function to be called */
	ASKED_PREFLIGHT,
	ASKED_EVENTS, /* none: they are to be sent, as long as it lasts */
	ASKED_SCRIPT, /* by its path, whatever else it says */
	ASKED_HEALTH, /* likewise, outside the mounts */
	ASKED_METRICS, /* likewise */
};

/* What is looked at in which order is Faye's (node_adapter). */
enum asked asked_by(const struct head *head);

/* The head that libmicrohttpd has parsed, in our own terms and checked again. 0,
 * or the status to refuse it with. The slices are good as long as the request. */
unsigned asked_read_head(struct MHD_Connection *c, const char *method,
			 const char *version, struct head *head);

/* As head_cost; libmicrohttpd has taken the target apart. */
size_t asked_cost(struct MHD_Connection *c, const char *url, const struct head *head);

#endif
