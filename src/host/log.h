/* Leveled lines on stderr:
 *
 *     fayed: warn: websocket: closed peer=127.0.0.1:4711 reason=stalled
 *
 * error: the operator must act. warn: a peer misbehaved or a limit was hit.
 * info: life of the daemon. debug: life of a connection. Never payloads, never client ids (they
 * are bearer secrets). One write(2) a line, so threads do not mix theirs; a line
 * is dropped where a pipe that nobody reads would stop us. */
#ifndef HOST_LOG_H
#define HOST_LOG_H

#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

struct log {
	enum log_level level; /* what is less urgent is not written */
	int fd;
};

__attribute__((format(printf, 3, 4))) void
log_write(const struct log *log, enum log_level level, const char *format, ...);

/* For what may happen thousands of times: a warning at most once a second, with
 * how often since the last one. */
struct log_limit {
	int64_t next_ms;
	uint64_t count;
};

void log_limited(const struct log *log, struct log_limit *limit, int64_t now_ms,
		 unsigned count, const char *what);

#define log_error(log, ...) log_write(log, LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(log, ...) log_write(log, LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(log, ...) log_write(log, LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(log, ...) log_write(log, LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
