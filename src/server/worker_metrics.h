/* What a worker tells of itself on GET /metrics; docs/metrics.md has each name. All of
 * it is counted anyway: asking costs the asker's turn alone. */
#ifndef SERVER_WORKER_METRICS_H
#define SERVER_WORKER_METRICS_H

#include "server/worker.h"

/* For struct metrics: `arg` is the worker. */
void worker_write_metrics(void *arg, struct buf *out);

#endif
