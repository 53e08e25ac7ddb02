/* What monitoring asks: GET or HEAD of /metrics, answered in Prometheus's text format. */
#ifndef TRANSPORT_METRICS_H
#define TRANSPORT_METRICS_H

#include <stdbool.h>

#include "util/buf.h"

/* The content type of the answer: exposition format 0.0.4. */
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* Its owner fills it; called on the loop's thread. */
struct metrics {
	void (*write)(void *arg, struct buf *out);
	void *arg;
};

/* Whether that request, whose path is under no mount, asks for them. The path is
 * without its query. Pure. */
bool metrics_is_asked(struct str method, struct str path);

#endif
