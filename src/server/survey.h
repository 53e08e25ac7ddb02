/* Goes from worker to worker and gathers what each has counted, for GET /metrics. All of
 * that is counted anyway, so asking costs each worker a moment and nobody else
 * anything. */
#ifndef SERVER_SURVEY_H
#define SERVER_SURVEY_H

#include "server/worker.h"

/* For struct metrics: `worker` is where it was asked. */
void survey_begin(void *worker, struct metrics_query *q);

#endif
