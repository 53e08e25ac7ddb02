/* What GET /metrics is answered; docs/metrics.md has each name. */
#ifndef SERVER_METRICS_TEXT_H
#define SERVER_METRICS_TEXT_H

#include "server/figures.h"

/* `f`: of all workers. `now_ms` as loop_now_ms has it. */
void metrics_write(const struct figures *f, const struct crew *crew, int64_t now_ms,
		   struct buf *out);

#endif
