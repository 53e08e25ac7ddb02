/* What --redis says, read from text and nothing else: no name is looked up, no
 * socket is opened. Pure.
 *
 *     redis://[[USER]:PASSWORD@]HOST[:PORT][/DB]      rediss:// likewise, by TLS
 *     redis+unix://[[USER]:PASSWORD@]/PATH[?db=DB]
 *     redis-sentinel://[[USER]:PASSWORD@]HOST[:PORT],HOST[:PORT]/MASTER[/DB]
 *
 * An IPv6 address stands in brackets. User, password, path and master may have
 * %XX. */
#ifndef REDIS_URL_H
#define REDIS_URL_H

#include <stdbool.h>
#include <stdint.h>

#include "util/str.h"

enum {
	REDIS_URL_MAX_HOSTS = 16,
	REDIS_URL_HOST_BYTES = 256, /* these are with the NUL */
	REDIS_URL_WORD_BYTES = 256, /* user, password, master */
	REDIS_URL_PATH_BYTES = 108, /* as much as a socket's address takes */
	REDIS_URL_NAME_BYTES = 6144,
};

enum redis_url_kind {
	REDIS_URL_TCP,      /* hosts[0] */
	REDIS_URL_UNIX,     /* path */
	REDIS_URL_SENTINEL, /* hosts; they know where `master` is */
};

struct redis_host {
	char name[REDIS_URL_HOST_BYTES]; /* without brackets */
	uint16_t port;
};

/* Holds a secret: never logged but by redis_url_name(). */
struct redis_url {
	enum redis_url_kind kind;
	bool tls;
	struct redis_host hosts[REDIS_URL_MAX_HOSTS];
	unsigned host_count;
	char path[REDIS_URL_PATH_BYTES];
	char master[REDIS_URL_WORD_BYTES];
	char user[REDIS_URL_WORD_BYTES];     /* "": Redis's default user */
	char password[REDIS_URL_WORD_BYTES]; /* "": none, no AUTH */
	unsigned db;
};

/* NULL with `url` filled; or what is wrong with `text`, which reads on behind
 * "the URL" and has nothing of it, for it may hold a password. */
const char *redis_url_parse(struct redis_url *url, struct str text);

/* The same URL with defaults filled in and *** for the password, which
 * redis_url_parse() refuses. Returns `name`. */
const char *redis_url_name(const struct redis_url *url, char name[REDIS_URL_NAME_BYTES]);

#endif
