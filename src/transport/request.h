/* One HTTP exchange: gathers the body, waits suspended until it is answered,
 * answers. It is the outlet of a poll. */
#ifndef TRANSPORT_REQUEST_H
#define TRANSPORT_REQUEST_H

#include "transport/http.h"

/* libmicrohttpd's callbacks, with the struct http as `cls`. */
enum MHD_Result request_handle(void *cls, struct MHD_Connection *c, const char *url,
			       const char *method, const char *version,
			       const char *data, size_t *data_n, void **request);
void request_completed(void *cls, struct MHD_Connection *c, void **request,
		       enum MHD_RequestTerminationCode why);

/* Resumes all requests that have been answered since the last time. */
void request_resume_all(struct http *h);

/* The server stops: answers what is held. */
void request_drain_all(struct http *h);

#endif
