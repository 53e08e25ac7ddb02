/* What monitoring asks: GET or HEAD of /metrics, answered in Prometheus's text format. It
 * takes a while where there are several workers. */
#ifndef TRANSPORT_METRICS_H
#define TRANSPORT_METRICS_H

#include <stdbool.h>

#include "util/buf.h"

/* The content type of the answer: exposition format 0.0.4. */
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct metrics_survey;

/* A request that waits for them. */
struct metrics_query {
	/* The text, taken out of `text`; or, if that has failed, there is none. */
	void (*done)(struct metrics_query *q, struct buf *text);
	struct metrics_survey *survey; /* NULL: it has been answered */
};

/* What looks for them, part of a larger struct of its owner. */
struct metrics_survey {
	struct metrics_query *query; /* NULL: nobody waits any more */
};

/* Its owner fills it; called on the loop's thread. */
struct metrics {
	/* Answers with metrics_answer or metrics_fail, now or later. */
	void (*ask)(void *arg, struct metrics_query *q);
	void *arg;
};

void metrics_begin(struct metrics_query *q, struct metrics_survey *s);
void metrics_answer(struct metrics_survey *s, struct buf *text);
void metrics_fail(struct metrics_query *q); /* out of memory */
/* Nobody waits any more. Idempotent. */
void metrics_forget(struct metrics_query *q);

/* Whether that request, whose path is under no mount, asks for them. The path is
 * without its query. Pure. */
bool metrics_is_asked(struct str method, struct str path);

#endif
