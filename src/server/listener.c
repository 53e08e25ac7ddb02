#include "server/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BACKLOG = 65535, /* the kernel cuts it to net.core.somaxconn */
	BURST = 256,    /* accepted in one turn, then others have theirs */
	PAUSE_MS = 100,
	LEAST_IDLE_S = 60, /* before a connection is probed */
	SLACK_S = 15,      /* for a client to say something after an answer */
};

/* Linux hands these on to what is accepted. A peer that vanished without a
 * word is found by probes when nothing is under way, else after `stall_ms`. Since
 * that counts for probes, too, a single one that is lost ends a connection: so who
 * has no reason to speak is not probed. */
static void
set_options(int fd, const struct listener_times *times)
{
	int one = 1, idle_s = (int)(times->quiet_ms / 1000) + SLACK_S, between_s = 10;
	unsigned timeout_ms = (unsigned)times->stall_ms;

	if (idle_s < LEAST_IDLE_S)
		idle_s = LEAST_IDLE_S;
	if (idle_s > INT16_MAX)
		idle_s = INT16_MAX; /* what the kernel takes */

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &between_s, sizeof(between_s));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout_ms, sizeof(timeout_ms));
}

static int
bind_to(int fd, const struct address *at, enum listener_share share)
{
	int one = 1, only = !at->all;

	/* SO_REUSEADDR: a restart need not wait for TIME_WAIT to end. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)))
		return -errno;
	if (share != LISTENER_ALONE &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)))
		return -errno;
	if (at->sockaddr.ss_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only)))
		return -errno;
	return bind(fd, (const struct sockaddr *)&at->sockaddr, at->length) ? -errno : 0;
}

/* A descriptor or negative errno. */
static int
new_bound(const struct address *at, enum listener_share share)
{
	int rc, fd = socket(at->sockaddr.ss_family,
			    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	rc = bind_to(fd, at, share);
	if (rc)
		close(fd);
	return rc ? rc : fd;
}

static int
open_at(struct listener *l, const struct address *at, enum listener_share share)
{
	int rc, fd;

	/* Whoever shares would also share with another process, without a word: so
	 * first it is tried whether the place is free. */
	if (share == LISTENER_FIRST) {
		fd = new_bound(at, LISTENER_ALONE);
		if (fd < 0)
			return fd;
		close(fd);
	}
	fd = new_bound(at, share);
	if (fd < 0)
		return fd;
	rc = listen(fd, BACKLOG) ? -errno : 0;
	if (rc)
		close(fd);
	else
		l->fd = fd;
	return rc;
}

int
listener_open(struct listener *l, const struct address *at, enum listener_share share,
	      const struct listener_times *times)
{
	struct address v4 = *at;
	int rc;

	l->fd = -1;
	rc = open_at(l, at, share);
	if (rc != -EAFNOSUPPORT || !at->all)
		goto out;
	/* "All" where the kernel has no IPv6. */
	memset(&v4.sockaddr, 0, sizeof(v4.sockaddr));
	v4.sockaddr.ss_family = AF_INET;
	((struct sockaddr_in *)&v4.sockaddr)->sin_port =
		((const struct sockaddr_in6 *)&at->sockaddr)->sin6_port;
	v4.length = sizeof(struct sockaddr_in);
	rc = open_at(l, &v4, share);
out:
	if (!rc)
		set_options(l->fd, times);
	return rc;
}

/* Else the queue stays readable, and a level-triggered loop would spin. */
static void
pause_accepting(struct listener *l)
{
	log_limited(l->log, &l->lines, loop_now_ms(l->loop), 1,
		    "listener: out of descriptors or memory, accepting pauses");
	loop_watch_clear(&l->watch);
	loop_timer_set(l->loop, &l->pause, loop_now_ms(l->loop) + PAUSE_MS);
}

static void
turn_away(struct listener *l, int fd)
{
	log_limited(l->log, &l->lines, loop_now_ms(l->loop), 1,
		    "listener: out of descriptors, turned away (raise LimitNOFILE)");
	l->on_crowded(l->arg, fd);
}

static bool
accept_one(struct listener *l)
{
	struct sockaddr_storage addr;
	socklen_t n = sizeof(addr);
	int fd = accept4(l->fd, (struct sockaddr *)&addr, &n, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd >= l->crowded_from) {
		turn_away(l, fd);
		return true;
	}
	if (fd >= 0) {
		l->on_accept(l->arg, fd, (struct sockaddr *)&addr, n);
		return true;
	}
	switch (errno) {
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		pause_accepting(l);
		return false;
	case EAGAIN:
		return false;
	default: /* is about the one connection (accept(2)) */
		return true;
	}
}

static void
on_ready(void *arg, short events)
{
	unsigned i;

	(void)events;
	for (i = 0; i < BURST; i++)
		if (!accept_one(arg))
			break;
}

static void
on_pause_over(void *arg)
{
	struct listener *l = arg;

	if (loop_watch_set(&l->watch, l->fd, LOOP_READ))
		loop_timer_set(l->loop, &l->pause, loop_now_ms(l->loop) + PAUSE_MS);
}

int
listener_address(const struct listener *l, struct address *at)
{
	at->length = sizeof(at->sockaddr);
	return getsockname(l->fd, (struct sockaddr *)&at->sockaddr, &at->length) ? -errno : 0;
}

int
listener_start(struct listener *l, struct loop *loop, const struct log *log)
{
	l->loop = loop;
	l->log = log;
	loop_watch_init(&l->watch, loop, on_ready, l);
	loop_timer_init(&l->pause, on_pause_over, l);
	return loop_watch_set(&l->watch, l->fd, LOOP_READ);
}

void
listener_close(struct listener *l)
{
	if (l->loop) {
		loop_watch_clear(&l->watch);
		loop_timer_clear(l->loop, &l->pause);
	}
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

const char *
listener_name(const struct listener *l, char out[LISTENER_NAME_BYTES])
{
	struct sockaddr_storage addr;
	socklen_t n = sizeof(addr);
	char host[48], port[8];

	if (getsockname(l->fd, (struct sockaddr *)&addr, &n) ||
	    getnameinfo((struct sockaddr *)&addr, n, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV))
		snprintf(out, LISTENER_NAME_BYTES, "?");
	else
		snprintf(out, LISTENER_NAME_BYTES,
			 addr.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
	return out;
}
