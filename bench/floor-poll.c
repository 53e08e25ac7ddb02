/* floor-poll: what libmicrohttpd can do. One thread, libevent's loop around
 * libmicrohttpd's epoll. A POST to /poll/CHANNEL is suspended, one to
 * /publish/CHANNEL resumes whoever waits there, and each is answered with the
 * same bytes every time, as many as fayed answers with under bayeux-load's
 * usual payload. Nothing is parsed, nothing passed on. A message that came
 * while a connection had no poll waiting answers its next one.
 * usage: floor-poll [PORT]
 *
 * Only for bayeux-load --protocol raw-polling. */
#include <arpa/inet.h>
#include <event2/event.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "descriptors.h"

enum {
	CHANNELS_MAX = 8,
	POOL_BYTES = 8192, /* as fayed's */
	BACKLOG = 4096,
};

static const char message[] =
	"[{\"id\":\"c1234\",\"clientId\":\"rawclientrawclientrawclientrawc\","
	"\"channel\":\"/meta/connect\",\"successful\":true,"
	"\"advice\":{\"reconnect\":\"retry\",\"interval\":0,\"timeout\":600000}},"
	"{\"channel\":\"/bench/r00000000-00000/c0\",\"id\":\"p0n1234\",\"data\":"
	"{\"s\":0,\"n\":1234,\"t\":1234567890,\"x\":\"xxxxxxxxxxxxxxxxxxxxxxxx"
	"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}}]";
static const char published[] =
	"[{\"id\":\"p0n1234\",\"clientId\":\"rawclientrawclientrawclientrawc\","
	"\"channel\":\"/bench/r00000000-00000/c0\",\"successful\":true}]";

/* A connection is asked one thing at a time. */
enum peer_state { PEER_QUIET, PEER_ASKS, PEER_WAITS, PEER_RESUMED };

struct peer {
	struct MHD_Connection *connection;
	struct channel *channel; /* NULL: never polled */
	enum peer_state state;
	uint32_t seen; /* messages of the channel */
	size_t at;     /* in channel.waiting, while it waits */
};

struct channel {
	char path[128]; /* "" if free */
	uint32_t messages;
	struct peer **waiting;
	size_t waiting_n, waiting_room;
};

struct floor {
	struct MHD_Daemon *daemon;
	struct event *ready, *timer;
	struct MHD_Response *message, *published;
	struct channel channels[CHANNELS_MAX];
};

/* NULL: there are too many. */
static struct channel *
find_channel(struct floor *f, const char *path)
{
	for (int i = 0; i < CHANNELS_MAX; i++) {
		struct channel *c = &f->channels[i];

		if (!c->path[0])
			snprintf(c->path, sizeof(c->path), "%s", path);
		if (strcmp(c->path, path) == 0)
			return c;
	}
	return NULL;
}

static bool
wait_for_message(struct peer *p)
{
	struct channel *c = p->channel;

	if (c->waiting_n == c->waiting_room) {
		size_t room = c->waiting_room ? c->waiting_room * 2 : 64;
		void *more = realloc(c->waiting, room * sizeof(*c->waiting));

		if (!more)
			return false;
		c->waiting = more;
		c->waiting_room = room;
	}
	p->at = c->waiting_n;
	c->waiting[c->waiting_n++] = p;
	p->state = PEER_WAITS;
	MHD_suspend_connection(p->connection);
	return true;
}

static enum MHD_Result
answer_poll(struct floor *f, struct peer *p)
{
	p->seen++;
	p->state = PEER_QUIET;
	return MHD_queue_response(p->connection, MHD_HTTP_OK, f->message);
}

static enum MHD_Result
take_poll(struct floor *f, struct peer *p, const char *path)
{
	if (!p->channel) {
		p->channel = find_channel(f, path);
		if (!p->channel)
			return MHD_NO;
		p->seen = p->channel->messages;
	}
	if (p->seen != p->channel->messages)
		return answer_poll(f, p);
	return wait_for_message(p) ? MHD_YES : MHD_NO;
}

static enum MHD_Result
take_publish(struct floor *f, struct peer *p, const char *path)
{
	struct channel *c = find_channel(f, path);

	if (!c)
		return MHD_NO;
	c->messages++;
	for (size_t i = 0; i < c->waiting_n; i++) {
		c->waiting[i]->state = PEER_RESUMED;
		MHD_resume_connection(c->waiting[i]->connection);
	}
	c->waiting_n = 0;
	event_active(f->ready, EV_READ, 0);
	p->state = PEER_QUIET;
	return MHD_queue_response(p->connection, MHD_HTTP_OK, f->published);
}

/* Called for the head, for each part of the body, for its end, and once more
 * when a poll was resumed. */
static enum MHD_Result
on_request(void *arg, struct MHD_Connection *connection, const char *url,
	   const char *method, const char *version, const char *part,
	   size_t *part_n, void **context)
{
	struct floor *f = arg;
	struct peer *p = MHD_get_connection_info(
				 connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
				 ->socket_context;

	(void)method, (void)version, (void)part, (void)context;
	if (p->state == PEER_QUIET) {
		p->state = PEER_ASKS;
		return MHD_YES;
	}
	if (*part_n) {
		*part_n = 0;
		return MHD_YES;
	}
	if (p->state == PEER_RESUMED)
		return answer_poll(f, p);
	if (strncmp(url, "/poll/", 6) == 0)
		return take_poll(f, p, url + 5);
	if (strncmp(url, "/publish/", 9) == 0)
		return take_publish(f, p, url + 8);
	return MHD_NO;
}

static void
on_connection(void *arg, struct MHD_Connection *connection, void **context,
	      enum MHD_ConnectionNotificationCode what)
{
	struct peer *p = *context;

	(void)arg;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		p = calloc(1, sizeof(*p));
		if (!p)
			abort();
		p->connection = connection;
		*context = p;
		return;
	}
	if (p->state == PEER_WAITS) { /* only as the daemon stops */
		struct channel *c = p->channel;

		c->waiting[p->at] = c->waiting[--c->waiting_n];
		c->waiting[p->at]->at = p->at;
	}
	free(p);
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct floor *f = arg;
	unsigned long long ms;
	struct timeval wait;

	(void)fd, (void)what;
	MHD_run(f->daemon);
	if (MHD_get_timeout(f->daemon, &ms) != MHD_YES) {
		event_del(f->timer);
	} else if (ms == 0) {
		event_active(f->timer, EV_TIMEOUT, 0);
	} else {
		wait.tv_sec = (time_t)(ms / 1000);
		wait.tv_usec = (suseconds_t)(ms % 1000 * 1000);
		event_add(f->timer, &wait);
	}
}

/* The heads are fayed's, too. */
static struct MHD_Response *
constant(const char *text)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
		strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);

	if (!r ||
	    MHD_add_response_header(r, "Content-Type",
				    "application/json; charset=utf-8") !=
		    MHD_YES ||
	    MHD_add_response_header(r, "Cache-Control",
				    "no-cache, no-store") != MHD_YES ||
	    MHD_add_response_header(r, "X-Content-Type-Options", "nosniff") !=
		    MHD_YES)
		abort();
	return r;
}

static bool
start(struct floor *f, struct event_base *base, uint16_t port, unsigned files)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(port) };
	int fd;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	f->message = constant(message);
	f->published = constant(published);
	f->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0,
		NULL, NULL, on_request, f, MHD_OPTION_SOCK_ADDR, &address,
		MHD_OPTION_LISTEN_BACKLOG_SIZE, (unsigned)BACKLOG,
		MHD_OPTION_CONNECTION_LIMIT, files,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_BYTES,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, f, MHD_OPTION_END);
	if (!f->daemon)
		return false;
	fd = MHD_get_daemon_info(f->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
	f->ready = event_new(base, fd, EV_READ | EV_PERSIST, on_ready, f);
	f->timer = evtimer_new(base, on_ready, f);
	if (!f->ready || !f->timer || event_add(f->ready, NULL) < 0)
		return false;
	event_active(f->ready, EV_READ, 0);
	port = MHD_get_daemon_info(f->daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
	fprintf(stderr, "floor-poll ready on http://127.0.0.1:%u\n", port);
	return true;
}

int
main(int argc, char **argv)
{
	struct event_base *base = event_base_new();
	struct floor f = { 0 };
	rlim_t files = descriptors_raise();

	if (!base || !start(&f, base, (uint16_t)(argc > 1 ? atoi(argv[1]) : 0),
			    (unsigned)files - 16)) {
		perror("floor-poll");
		return 1;
	}
	return event_base_dispatch(base) < 0;
}
