/* Many non-blocking client connections on one epoll: HTTP/1.1 keep-alive and
 * WebSocket. */
#ifndef BENCH_NET_H
#define BENCH_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bytes.h"

struct url {
	char host[128], path[256];
	uint16_t port;
	struct sockaddr_in address;
	bool is_http; /* not ws:, and not without a scheme */
};

enum conn_kind { CONN_HTTP, CONN_WS };
enum conn_state { CONN_CLOSED, CONN_CONNECTING, CONN_UPGRADING, CONN_OPEN };

struct conn {
	struct net *net;
	void *owner; /* for the events */
	int fd;
	enum conn_kind kind;
	enum conn_state state;
	bool awaiting;	   /* HTTP: an answer is outstanding */
	bool paused;	   /* not reading, on purpose */
	bool want_write;
	bool in_message;   /* WebSocket: between fragments */
	int connect_error; /* errno of a connect() that failed at once */
	uint32_t opened_in; /* the turn that opened it: older events are stale */
	const struct url *url;
	const char *suffix; /* to its path; never NULL */
	struct bytes in, out, message;
};

/* May close or open any connection, also the one they are called for. */
struct net_events {
	void (*on_open)(struct conn *c); /* upgraded; not for HTTP */
	void (*on_text)(struct conn *c, const char *text, size_t n);
	/* Closed, but not by us. `awaiting` still tells whether an answer is
	 * missing. */
	void (*on_lost)(struct conn *c, const char *why);
};

struct net {
	int epoll_fd;
	uint32_t sources; /* connect from so many addresses of 127/8; 0: any */
	uint32_t opened;
	uint32_t turn;
	uint64_t random;
	uint64_t pings; /* answered */
	const struct net_events *events;
	uint8_t *rx;
	struct bytes scratch;
};

uint64_t clock_ns(void); /* monotonic */

int url_parse(const char *text, struct url *u); /* 0 or -EINVAL */

int net_init(struct net *net, const struct net_events *events); /* or -errno */
void net_clear(struct net *net);
/* Handles what happens within `wait_ns`, at least once; 0 or -errno. */
int net_turn(struct net *net, uint64_t wait_ns);
uint32_t net_random(struct net *net);

void conn_init(struct conn *c, struct net *net, void *owner);
/* `suffix` is added to the URL's path, and stays the caller's. rcvbuf 0: the
 * system's default. Failures are told by on_lost(), later. */
void conn_open(struct conn *c, enum conn_kind kind, const struct url *u,
	       const char *suffix, int rcvbuf);
void conn_close(struct conn *c); /* idempotent; no event */
void conn_pause(struct conn *c, bool paused);
void conn_send_text(struct conn *c, const char *text, size_t n);
void conn_post(struct conn *c, const char *body, size_t n);

#endif
