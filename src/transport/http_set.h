/* HTTP connections of one pool size, in as many daemons as there must be.
 *
 * libmicrohttpd walks all suspended connections of a daemon whenever some are resumed:
 * with ten thousand held polls that takes longer than answering a hundred. So no daemon
 * has more than HTTP_SET_CROWD connections, and a message to a few of them costs a walk
 * of a few hundred. */
#ifndef TRANSPORT_HTTP_SET_H
#define TRANSPORT_HTTP_SET_H

#include "transport/http.h"

enum { HTTP_SET_CROWD = 256 };

struct http_set {
	struct http **all;
	unsigned count;
	unsigned roomy;     /* the place of one that had room last */
	size_t connections; /* of all; those lent to streams among them */
};

/* As http_init, of the first. */
int http_set_init(struct http_set *set, struct loop *loop, const struct log *log,
		  struct broker *b, struct websockets *ws, struct streams *eventsources,
		  const struct http_config *cfg);
void http_set_clear(struct http_set *set);

/* As http_has_room and http_add. */
bool http_set_has_room(const struct http_set *set, size_t head_cost);
void http_set_add(struct http_set *set, int fd, const struct sockaddr *addr, socklen_t n);

unsigned http_set_suspended(const struct http_set *set);
uint64_t http_set_requests(const struct http_set *set); /* since the start */

#endif
