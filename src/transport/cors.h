/* Cross-origin access, with credentials: as Faye gives it (node_adapter), to any
 * origin, or to those that are listed. */
#ifndef TRANSPORT_CORS_H
#define TRANSPORT_CORS_H

#include <microhttpd.h>

#include "transport/head.h"
#include "transport/origins.h"

/* Lets the request's origin read the response, when the request has one and it is
 * among the readers. NULL: it has been found to be, and nobody stores the response;
 * else that says to caches that it differs by origin, whoever asks. */
void cors_add(struct MHD_Response *response, struct MHD_Connection *c,
	      const struct origins *readers);

/* Whether a browser asks first: OPTIONS, or any method that says a POST will
 * follow. */
bool cors_is_preflight(const struct head *head);
/* Its answer, for a request that was admitted. Who names no origin hears what Faye
 * says to him, unless there is a list. */
void cors_add_preflight(struct MHD_Response *response, struct MHD_Connection *c,
			const struct origins *os);

#endif
