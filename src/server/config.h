/* What the operator wants: defaults, then the configuration file, then the
 * command line, each winning over the one before it. Pure but for reading the
 * file and the folder it is told of: no logging, no exit, nothing kept at file
 * scope.
 *
 * The functions are server_config_…, since libconfig owns config_read() and
 * config_clear(). */
#ifndef SERVER_CONFIG_H
#define SERVER_CONFIG_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "host/log.h"
#include "server/address.h"

#define CONFIG_ERROR_BYTES 512

/* What to do with a session whose waiting messages pass their limit. */
enum config_overflow {
	CONFIG_DROP_SESSION, /* its client must handshake anew */
	CONFIG_DROP_OLDEST,  /* it lives on and misses messages */
};

enum config_switch { CONFIG_OFF, CONFIG_ON };

struct limits {
	size_t message_bytes;  /* a request body, a WebSocket message */
	size_t batch_messages; /* messages in one request */
	size_t nesting;        /* JSON depth */
	size_t header_bytes;   /* an HTTP request's head */
	size_t subscriptions;  /* of one session */
	size_t queue_messages; /* waiting for one session */
	size_t queue_bytes;    /* likewise */
	enum config_overflow overflow;
	size_t unsent_bytes; /* written to one socket, not yet taken by it */
	int64_t stall_ms;    /* a socket may take nothing for so long */
	int64_t head_ms;     /* a request's head must be here by then */
	size_t connections;  /* 0: as many as RLIMIT_NOFILE allows */
	size_t sessions;     /* of this process */
	size_t kept_messages; /* accepted while Redis is away, and */
	size_t kept_bytes;    /* likewise */
};

struct config {
	struct address *listens; /* at least one, no two equal but for port 0 */
	size_t listen_count;
	/* At least one, no two equal. Each begins with a slash and ends
	 * without; the root ("/") is "", so `mount` + "/x" is always a path. */
	char **mounts;
	size_t mount_count;
	/* At least one, no two the same. "*", which is alone then, or what
	 * origin_parse() reads. */
	char **origins;
	size_t origin_count;
	int64_t timeout_ms;  /* how long /meta/connect may wait */
	int64_t interval_ms; /* how long a client should wait between them */
	int64_t ping_ms;     /* between WebSocket ping frames; 0: none */
	size_t workers;      /* threads; 0: one per core */
	enum config_switch redelivery; /* of what a stream did not prove */
	enum config_switch compress;   /* permessage-deflate, where it is offered */
	char *client_dir;    /* NULL: none is configured */
	struct scripts *scripts; /* from there */
	struct redis_url *redis; /* NULL: this node is alone */
	size_t redis_log;        /* messages of each pattern that it keeps, at least */
	char *redis_prefix;      /* keys begin with "{", this, "}:" */
	enum config_switch metrics; /* whether GET /metrics is answered */
	enum log_level log_level;
	struct limits limits;
};

enum config_result {
	CONFIG_RUN = 0, /* `cfg` is whole */
	CONFIG_EXIT_OK, /* help, version or check: said on `out`, exit with 0 */
	CONFIG_WRONG,   /* `error` holds one line without its end, exit with 2 */
};

/* An enum config_result, or a negative errno: out of memory, or `out` does not
 * take what was said. `cfg` need not be initialised; it is the caller's to
 * clear after CONFIG_RUN and is left empty after all else. */
int server_config_read(struct config *cfg, int argc, char **argv, FILE *out,
		       char error[CONFIG_ERROR_BYTES]);

void server_config_clear(struct config *cfg);

#endif
