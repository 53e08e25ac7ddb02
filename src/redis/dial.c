#include "redis/dial.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static void try_current(struct dial *d);

/* Not the turn's: looking up a name may have taken longer than the patience. */
static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static void
hang_up(struct dial *d)
{
	loop_watch_clear(&d->watch);
	loop_timer_clear(d->loop, &d->patience);
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

static void
succeed(struct dial *d)
{
	int fd = d->fd;

	d->fd = -1;
	dial_clear(d);
	d->on_done(d->arg, fd, NULL);
}

/* To the next address, or to the end. */
static void
fail(struct dial *d, const char *why)
{
	hang_up(d);
	if (d->current)
		d->current = d->current->ai_next;
	if (d->current) {
		try_current(d);
		return;
	}
	dial_clear(d);
	d->on_done(d->arg, -1, why);
}

static void
on_connected(void *arg, short events)
{
	struct dial *d = arg;
	socklen_t n = sizeof(int);
	int error = 0;

	(void)events;
	if (getsockopt(d->fd, SOL_SOCKET, SO_ERROR, &error, &n))
		error = errno;
	if (error)
		fail(d, strerror(error));
	else
		succeed(d);
}

static void
on_impatient(void *arg)
{
	struct dial *d = arg;
	char why[DIAL_WHY_BYTES];

	snprintf(why, sizeof(why), "no connection within %g s",
		 (double)d->timeout_ms / 1000);
	fail(d, why);
}

/* Small commands go at once, and a peer that went without a word is noticed
 * though nothing is asked of it. */
static void
set_options(int fd)
{
	static const int on = 1, idle_s = 15, interval_s = 5, probes = 3;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}

static void
try_address(struct dial *d, const struct sockaddr *to, socklen_t n)
{
	d->fd = socket(to->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (d->fd < 0) {
		fail(d, strerror(errno));
		return;
	}
	if (to->sa_family != AF_UNIX)
		set_options(d->fd);
	if (connect(d->fd, to, n) == 0) {
		succeed(d);
		return;
	}
	if (errno != EINPROGRESS)
		fail(d, strerror(errno));
	else if (loop_timer_set(d->loop, &d->patience, now_ms() + d->timeout_ms) ||
		 loop_watch_set(&d->watch, d->fd, LOOP_WRITE))
		fail(d, strerror(ENOMEM));
}

static void
try_current(struct dial *d)
{
	try_address(d, d->current->ai_addr, d->current->ai_addrlen);
}

static void
try_path(struct dial *d)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	_Static_assert(sizeof(to.sun_path) == sizeof(d->path), "a path fits");
	memcpy(to.sun_path, d->path, sizeof(to.sun_path));
	try_address(d, (const struct sockaddr *)&to, sizeof(to));
}

static void
start(void *arg)
{
	static const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
					       .ai_flags = AI_NUMERICSERV };
	struct dial *d = arg;
	char port[8];
	int rc;

	if (*d->path) {
		try_path(d);
		return;
	}
	snprintf(port, sizeof(port), "%u", (unsigned)d->host.port);
	rc = getaddrinfo(d->host.name, port, &hints, &d->found);
	if (rc) {
		d->found = NULL;
		fail(d, rc == EAI_SYSTEM ? strerror(errno) : gai_strerror(rc));
		return;
	}
	d->current = d->found;
	try_current(d);
}

void
dial_init(struct dial *d, struct loop *loop, const struct redis_host *host,
	  const char *path, int64_t timeout_ms, dial_done_fn on_done, void *arg)
{
	*d = (struct dial){ .loop = loop, .timeout_ms = timeout_ms, .on_done = on_done,
			    .arg = arg, .fd = -1 };
	if (path)
		snprintf(d->path, sizeof(d->path), "%s", path);
	else
		d->host = *host;
	loop_watch_init(&d->watch, loop, on_connected, d);
	loop_timer_init(&d->patience, on_impatient, d);
	loop_task_init(&d->start, start, d);
	loop_defer(loop, &d->start);
}

void
dial_clear(struct dial *d)
{
	loop_task_clear(&d->start);
	hang_up(d);
	if (d->found)
		freeaddrinfo(d->found);
	d->found = d->current = NULL;
}
