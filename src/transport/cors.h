/* Cross-origin access (Faye: node_adapter): any origin, with credentials. */
#ifndef TRANSPORT_CORS_H
#define TRANSPORT_CORS_H

#include <microhttpd.h>

/* Lets the request's origin read the response, when the request has one. */
void cors_add(struct MHD_Response *response, struct MHD_Connection *c);

#endif
