#include "server/options.h"

#include <string.h>

#include "server/config.h"

#define KIB ((int64_t)1024)
#define GIB (KIB * KIB * KIB)
#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)

#define FIELD(member) .field = offsetof(struct config, member)
#define RANGE(least, most) .min = (least), .max = (most)

/* In the order of enum log_level, config_switch and config_overflow. */
static const char *const log_levels[] = { "error", "warn", "info", "debug",
					  NULL };
static const char *const switches[] = { "off", "on", NULL };
static const char *const overflows[] = { "drop-session", "drop-oldest", NULL };

/* --help and --check keep this order; settings of a group stand together. */
const struct option_def options[] = {
	{ OPTION_CONFIG, .letter = 'c', .name = "config", .argument = "FILE",
	  .help = "read settings from FILE" },
	{ OPTION_LISTEN, .name = "listen", .argument = "ADDR:PORT",
	  .key = "listen", .initial = "127.0.0.1:8000",
	  .help = "serve here; may be repeated" },
	{ OPTION_MOUNT, .name = "mount", .argument = "PATH", .key = "mount",
	  .initial = "/bayeux", .help = "serve this path; may be repeated" },
	{ OPTION_ORIGIN, .name = "origin", .argument = "ORIGIN",
	  .key = "origins", .initial = "*",
	  .help = "whose pages may connect; may be repeated" },
	{ OPTION_SECONDS, .name = "timeout", .argument = "SECONDS",
	  .key = "timeout", .initial = "60", FIELD(timeout_ms),
	  RANGE(1, DAY_MS), .help = "longest wait of a /meta/connect" },
	{ OPTION_SECONDS, .name = "interval", .argument = "SECONDS",
	  .key = "interval", .initial = "0", FIELD(interval_ms),
	  RANGE(0, DAY_MS), .help = "pause of a client between two of them" },
	{ OPTION_SECONDS, .name = "ping", .argument = "SECONDS",
	  .key = "ping", .initial = "0", FIELD(ping_ms), RANGE(0, DAY_MS),
	  .help = "between pings on a stream; 0: as Faye" },
	{ OPTION_COUNT, .name = "workers", .argument = "N", .key = "workers",
	  .initial = "0", FIELD(workers), RANGE(0, 64),
	  .help = "threads that serve; 0: one per core" },
	{ OPTION_CHOICE, .name = "redelivery", .argument = "SWITCH",
	  .key = "redelivery", .initial = "on", .choices = switches,
	  FIELD(redelivery), .help = "what a cut stream did not prove: " },
	{ OPTION_CHOICE, .name = "compress", .argument = "SWITCH",
	  .key = "compress", .initial = "off", .choices = switches,
	  FIELD(compress), .help = "deflate on WebSockets: " },
	{ OPTION_FOLDER, .name = "client-dir", .argument = "DIR",
	  .key = "client_dir", .initial = "", FIELD(client_dir),
	  .help = "serve Faye's browser client from DIR" },
	{ OPTION_REDIS, .name = "redis", .argument = "URL", .key = "redis",
	  .initial = "", FIELD(redis), .help = "share clients with other nodes there" },
	{ OPTION_PREFIX, .name = "redis-prefix", .argument = "PREFIX",
	  .key = "redis_prefix", .initial = "fayed", FIELD(redis_prefix),
	  RANGE(1, 64), .help = "in its keys: {PREFIX}:" },
	{ OPTION_COUNT, .name = "redis-log", .argument = "N", .key = "redis_log",
	  .initial = "10000", FIELD(redis_log), RANGE(100, 10000000),
	  .help = "messages of a channel kept there" },
	{ OPTION_CHOICE, .name = "metrics", .argument = "SWITCH", .key = "metrics",
	  .initial = "off", .choices = switches, FIELD(metrics),
	  .help = "GET /metrics, for Prometheus: " },
	{ OPTION_CHOICE, .name = "log-level", .argument = "LEVEL",
	  .key = "log_level", .initial = "info", .choices = log_levels,
	  FIELD(log_level), .help = "log: " },
	{ OPTION_CHECK, .name = "check",
	  .help = "print the settings, ok or what is wrong" },
	{ OPTION_VERSION, .name = "version", .help = "print the version" },
	{ OPTION_HELP, .name = "help", .help = "print this text" },

	{ OPTION_BYTES, .name = "limit-message-bytes", .argument = "N",
	  .key = "limits.message_bytes", .initial = "1M",
	  FIELD(limits.message_bytes), RANGE(64, GIB),
	  .help = "a request's body, a WebSocket message" },
	{ OPTION_COUNT, .name = "limit-batch-messages", .argument = "N",
	  .key = "limits.batch_messages", .initial = "100",
	  FIELD(limits.batch_messages), RANGE(1, 1000000),
	  .help = "messages in one request" },
	{ OPTION_COUNT, .name = "limit-nesting", .argument = "N",
	  .key = "limits.nesting", .initial = "64", FIELD(limits.nesting),
	  RANGE(2, 1000), .help = "depth of JSON" },
	{ OPTION_BYTES, .name = "limit-header-bytes", .argument = "N",
	  .key = "limits.header_bytes", .initial = "8k",
	  FIELD(limits.header_bytes), RANGE(256, 64 * KIB),
	  .help = "an HTTP request's head" },
	{ OPTION_COUNT, .name = "limit-subscriptions", .argument = "N",
	  .key = "limits.subscriptions", .initial = "1000",
	  FIELD(limits.subscriptions), RANGE(1, 1000000),
	  .help = "of one session" },
	{ OPTION_COUNT, .name = "limit-queue-messages", .argument = "N",
	  .key = "limits.queue_messages", .initial = "10000",
	  FIELD(limits.queue_messages), RANGE(1, 100000000),
	  .help = "waiting for one session" },
	{ OPTION_BYTES, .name = "limit-queue-bytes", .argument = "N",
	  .key = "limits.queue_bytes", .initial = "4M",
	  FIELD(limits.queue_bytes), RANGE(64, GIB),
	  .help = "waiting for one session" },
	{ OPTION_CHOICE, .name = "limit-overflow", .argument = "POLICY",
	  .key = "limits.overflow", .initial = "drop-session",
	  .choices = overflows, FIELD(limits.overflow), .help = "beyond: " },
	{ OPTION_BYTES, .name = "limit-unsent-bytes", .argument = "N",
	  .key = "limits.unsent_bytes", .initial = "4M",
	  FIELD(limits.unsent_bytes), RANGE(KIB, GIB),
	  .help = "written to a socket, not yet taken" },
	{ OPTION_SECONDS, .name = "limit-stall", .argument = "SECONDS",
	  .key = "limits.stall", .initial = "30", FIELD(limits.stall_ms),
	  RANGE(1, DAY_MS), .help = "longest time a socket takes nothing" },
	{ OPTION_SECONDS, .name = "limit-head", .argument = "SECONDS",
	  .key = "limits.head", .initial = "10", FIELD(limits.head_ms),
	  RANGE(1, DAY_MS), .help = "longest wait for a request's head" },
	{ OPTION_COUNT, .name = "limit-connections", .argument = "N",
	  .key = "limits.connections", .initial = "0",
	  FIELD(limits.connections), RANGE(0, 10000000),
	  .help = "at once; 0: as RLIMIT_NOFILE allows" },
	{ OPTION_COUNT, .name = "limit-sessions", .argument = "N",
	  .key = "limits.sessions", .initial = "1000000",
	  FIELD(limits.sessions), RANGE(1, 100000000), .help = "at once" },
	{ OPTION_COUNT, .name = "limit-kept-messages", .argument = "N",
	  .key = "limits.kept_messages", .initial = "10000",
	  FIELD(limits.kept_messages), RANGE(0, 100000000),
	  .help = "for a Redis that is away" },
	{ OPTION_BYTES, .name = "limit-kept-bytes", .argument = "N",
	  .key = "limits.kept_bytes", .initial = "64M",
	  FIELD(limits.kept_bytes), RANGE(0, GIB), .help = "for it, likewise" },
};

const size_t options_count = sizeof(options) / sizeof(options[0]);

const struct option_def *
options_by_name(struct str name)
{
	for (size_t i = 0; i < options_count; i++) {
		if (str_equal(str_from(options[i].name), name))
			return &options[i];
	}
	return NULL;
}

const struct option_def *
options_by_letter(char letter)
{
	for (size_t i = 0; i < options_count; i++) {
		if (options[i].letter && options[i].letter == letter)
			return &options[i];
	}
	return NULL;
}

const struct option_def *
options_by_key(const char *key)
{
	for (size_t i = 0; i < options_count; i++) {
		if (options[i].key && strcmp(options[i].key, key) == 0)
			return &options[i];
	}
	return NULL;
}

bool
options_has_group(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < options_count; i++) {
		const char *key = options[i].key;

		if (key && strncmp(key, name, n) == 0 && key[n] == '.')
			return true;
	}
	return false;
}

const char *
option_bare_key(const struct option_def *def)
{
	const char *dot = strchr(def->key, '.');

	return dot ? dot + 1 : def->key;
}
