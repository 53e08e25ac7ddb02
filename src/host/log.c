#include "host/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static const char *const names[] = { "error", "warn", "info", "debug" };

void
log_write(const struct log *log, enum log_level level, const char *format, ...)
{
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
	if (write(log->fd, line, (size_t)n) < 0)
		errno = saved;
	errno = saved;
}
