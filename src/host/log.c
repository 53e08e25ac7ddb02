#include "host/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { LIMIT_MS = 1000 };

static const char *const names[] = { "error", "warn", "info", "debug" };

void
log_write(const struct log *log, enum log_level level, const char *format, ...)
{
	struct pollfd out = { .fd = log->fd, .events = POLLOUT };
	int n, m, saved = errno;
	char line[1024];
	va_list args;

	if (level > log->level)
		return;
	n = snprintf(line, sizeof(line), "fayed: %s: ", names[level]);
	va_start(args, format);
	m = vsnprintf(line + n, sizeof(line) - (size_t)n, format, args);
	va_end(args);
	if (m < 0)
		m = 0;
	n += m;
	if (n > (int)sizeof(line) - 1)
		n = (int)sizeof(line) - 1;
	line[n++] = '\n';
	/* Nowhere to say that saying failed. */
	if (poll(&out, 1, 0) == 1 && write(log->fd, line, (size_t)n) < 0)
		errno = saved;
	errno = saved;
}

void
log_limited(const struct log *log, struct log_limit *limit, int64_t now_ms,
	    unsigned count, const char *what)
{
	limit->count += count;
	if (now_ms < limit->next_ms)
		return;
	log_warn(log, "%s count=%llu", what, (unsigned long long)limit->count);
	limit->next_ms = now_ms + LIMIT_MS;
	limit->count = 0;
}
