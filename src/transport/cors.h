/* Cross-origin access (Faye: node_adapter): any origin, with credentials. */
#ifndef TRANSPORT_CORS_H
#define TRANSPORT_CORS_H

#include <microhttpd.h>

#include "transport/head.h"

/* Lets the request's origin read the response, when the request has one. */
void cors_add(struct MHD_Response *response, struct MHD_Connection *c);

/* Whether a browser asks first: OPTIONS, or any method that says a POST will
 * follow. */
bool cors_is_preflight(const struct head *head);
/* Its answer. */
void cors_add_preflight(struct MHD_Response *response, struct MHD_Connection *c);

#endif
