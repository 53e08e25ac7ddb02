/* Readiness, sending, opening and closing. What comes in goes to input.c. */
#include "net.h"
#include "input.h"
#include "ws.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_PER_TURN = 512, RX_BYTES = 256 * 1024 };

uint64_t
clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint32_t
net_random(struct net *net)
{
	net->random ^= net->random << 13;
	net->random ^= net->random >> 7;
	net->random ^= net->random << 17;
	return (uint32_t)(net->random >> 16);
}

int
url_parse(const char *text, struct url *u)
{
	struct addrinfo hints = { .ai_family = AF_INET,
				  .ai_socktype = SOCK_STREAM };
	struct addrinfo *found;
	const char *p = strstr(text, "://");
	unsigned long port = 80;
	size_t host;

	u->is_http = strncmp(text, "http://", 7) == 0;
	p = p ? p + 3 : text;
	host = strcspn(p, ":/");
	if (host == 0 || host >= sizeof(u->host))
		return -EINVAL;
	memcpy(u->host, p, host);
	u->host[host] = '\0';
	p += host;
	if (*p == ':') {
		char *end;

		port = strtoul(p + 1, &end, 10);
		p = end;
	}
	if (port == 0 || port > 65535 || strlen(p) >= sizeof(u->path))
		return -EINVAL;
	u->port = (uint16_t)port;
	snprintf(u->path, sizeof(u->path), "%s", *p ? p : "/");
	if (getaddrinfo(u->host, NULL, &hints, &found) != 0)
		return -EINVAL;
	memcpy(&u->address, found->ai_addr, sizeof(u->address));
	u->address.sin_port = htons(u->port);
	freeaddrinfo(found);
	return 0;
}

int
net_init(struct net *net, const struct net_events *events)
{
	*net = (struct net){ .events = events, .random = 0x9e3779b97f4a7c15u };
	net->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (net->epoll_fd < 0)
		return -errno;
	net->rx = malloc(RX_BYTES);
	return net->rx ? 0 : -ENOMEM;
}

void
net_clear(struct net *net)
{
	if (net->epoll_fd >= 0)
		close(net->epoll_fd);
	free(net->rx);
	bytes_clear(&net->scratch);
}

void
conn_init(struct conn *c, struct net *net, void *owner)
{
	*c = (struct conn){ .net = net, .owner = owner, .fd = -1 };
}

static void
watch(struct conn *c, int op)
{
	struct epoll_event e = { .data.ptr = c };

	if (!c->paused) /* errors and hang-ups are told all the same */
		e.events |= EPOLLIN | EPOLLRDHUP;
	if (c->want_write)
		e.events |= EPOLLOUT;
	if (epoll_ctl(c->net->epoll_fd, op, c->fd, &e) < 0) {
		perror("epoll_ctl");
		abort();
	}
}

void
conn_close(struct conn *c)
{
	if (c->state == CONN_CLOSED)
		return;
	close(c->fd);
	c->fd = -1;
	c->state = CONN_CLOSED;
	c->awaiting = c->want_write = c->paused = c->in_message = false;
	bytes_clear(&c->in);
	bytes_clear(&c->out);
	bytes_clear(&c->message);
}

static void
lose(struct conn *c, const char *why)
{
	bool awaiting = c->awaiting;

	conn_close(c);
	c->awaiting = awaiting;
	c->net->events->on_lost(c, why);
	if (c->state == CONN_CLOSED)
		c->awaiting = false;
}

/* Sends what is buffered and asks for EPOLLOUT while something is left. */
static int
flush(struct conn *c)
{
	bool want;

	while (c->out.n > 0) {
		ssize_t sent = send(c->fd, c->out.p, c->out.n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno == EAGAIN)
			break;
		if (sent < 0)
			return -errno;
		bytes_drop_front(&c->out, (size_t)sent);
	}
	want = c->out.n > 0;
	if (!want)
		bytes_clear(&c->out); /* idle ones are many */
	if (want != c->want_write) {
		c->want_write = want;
		watch(c, EPOLL_CTL_MOD);
	}
	return 0;
}

static void
transmit(struct conn *c, const uint8_t *p, size_t n)
{
	if (c->state == CONN_CLOSED)
		return;
	if (c->state == CONN_OPEN && c->out.n == 0) {
		ssize_t sent = send(c->fd, p, n, MSG_NOSIGNAL);

		if (sent == (ssize_t)n)
			return;
		if (sent > 0) {
			p += sent;
			n -= (size_t)sent;
		}
	}
	bytes_add(&c->out, p, n); /* of a dead socket epoll tells */
	if (c->state == CONN_OPEN && !c->want_write) {
		c->want_write = true;
		watch(c, EPOLL_CTL_MOD);
	}
}

/* One address has no more than the ports of ip_local_port_range for one server.
 * Which port is left to connect(), since all share them. */
static void
bind_source(struct conn *c)
{
	struct net *net = c->net;
	struct sockaddr_in from = { .sin_family = AF_INET };
	int one = 1;

	if (!net->sources)
		return;
	from.sin_addr.s_addr =
		htonl(INADDR_LOOPBACK + net->opened++ % net->sources);
	setsockopt(c->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one,
		   sizeof(one));
	if (bind(c->fd, (const struct sockaddr *)&from, sizeof(from)) < 0) {
		perror("bayeux-load: bind");
		exit(3);
	}
}

void
conn_open(struct conn *c, enum conn_kind kind, const struct url *u,
	  const char *suffix, int rcvbuf)
{
	int one = 1;

	conn_close(c);
	c->kind = kind;
	c->url = u;
	c->suffix = suffix;
	c->opened_in = c->net->turn;
	c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd < 0) {
		perror("bayeux-load: socket");
		exit(3);
	}
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (rcvbuf)
		setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &rcvbuf,
			   sizeof(rcvbuf));
	bind_source(c);
	c->state = CONN_CONNECTING;
	c->want_write = true;
	c->connect_error = 0;
	if (connect(c->fd, (const struct sockaddr *)&u->address,
		    sizeof(u->address)) < 0 &&
	    errno != EINPROGRESS)
		c->connect_error = errno; /* epoll wakes for such a socket */
	if (kind == CONN_WS) {
		char head[1024];
		int n = snprintf(head, sizeof(head),
				 "GET %s%s HTTP/1.1\r\nHost: %s:%u\r\n"
				 "Upgrade: websocket\r\nConnection: Upgrade\r\n"
				 "Sec-WebSocket-Key: " WS_KEY "\r\n"
				 "Sec-WebSocket-Version: 13\r\n\r\n",
				 u->path, suffix, u->host, u->port);

		bytes_add(&c->out, head, (size_t)n);
	}
	watch(c, EPOLL_CTL_ADD);
}

void
conn_pause(struct conn *c, bool paused)
{
	if (c->state == CONN_CLOSED || c->paused == paused)
		return;
	c->paused = paused;
	watch(c, EPOLL_CTL_MOD);
}

void
conn_send_frame(struct conn *c, enum ws_opcode opcode, const void *payload,
		size_t n)
{
	struct bytes *scratch = &c->net->scratch;
	uint32_t key = net_random(c->net);
	uint8_t head[WS_HEAD_MAX];
	size_t h = ws_make_head(head, opcode, n, key);

	scratch->n = 0;
	bytes_add(scratch, head, h);
	bytes_add(scratch, payload, n);
	ws_mask(scratch->p + h, n, key);
	transmit(c, scratch->p, scratch->n);
}

void
conn_send_text(struct conn *c, const char *text, size_t n)
{
	conn_send_frame(c, WS_TEXT, text, n);
}

void
conn_post(struct conn *c, const char *body, size_t n)
{
	struct bytes *scratch = &c->net->scratch;
	char head[768];
	int h = snprintf(head, sizeof(head),
			 "POST %s%s HTTP/1.1\r\nHost: %s:%u\r\n"
			 "Content-Type: application/json\r\n"
			 "Content-Length: %zu\r\n\r\n",
			 c->url->path, c->suffix, c->url->host, c->url->port, n);

	scratch->n = 0;
	bytes_add(scratch, head, (size_t)h);
	bytes_add(scratch, body, n);
	c->awaiting = true;
	transmit(c, scratch->p, scratch->n);
}

static void
read_all(struct conn *c)
{
	uint32_t opened = c->opened_in;
	const char *why;
	ssize_t got;

	do {
		got = recv(c->fd, c->net->rx, RX_BYTES, 0);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (got <= 0) {
			lose(c, got == 0 ? "closed by the server"
					 : strerror(errno));
			return;
		}
		why = input_take(c, c->net->rx, (size_t)got);
		if (why) {
			lose(c, why);
			return;
		}
	} while (got == RX_BYTES && !c->paused && c->state != CONN_CLOSED &&
		 c->opened_in == opened);
}

static void
on_connected(struct conn *c)
{
	int error = c->connect_error;
	socklen_t len = sizeof(error);

	if (!error)
		getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error)
		lose(c, strerror(error));
	else
		c->state = c->kind == CONN_WS ? CONN_UPGRADING : CONN_OPEN;
}

static void
on_ready(struct conn *c, uint32_t events)
{
	int rc;

	if (c->state == CONN_CLOSED || c->opened_in == c->net->turn)
		return;
	if (c->state == CONN_CONNECTING)
		on_connected(c);
	if (c->state == CONN_CLOSED || c->opened_in == c->net->turn)
		return;
	if (events & EPOLLOUT) {
		rc = flush(c);
		if (rc) {
			lose(c, strerror(-rc));
			return;
		}
	}
	if (c->paused && (events & (EPOLLERR | EPOLLHUP)))
		lose(c, "closed by the server while not reading");
	else if (!c->paused &&
		 (events & (EPOLLIN | EPOLLERR | EPOLLHUP | EPOLLRDHUP)))
		read_all(c);
}

int
net_turn(struct net *net, uint64_t wait_ns)
{
	struct epoll_event events[EVENTS_PER_TURN];
	struct timespec wait = { .tv_sec = (time_t)(wait_ns / 1000000000u),
				 .tv_nsec = (long)(wait_ns % 1000000000u) };
	int n;

	net->turn++;
	n = epoll_pwait2(net->epoll_fd, events, EVENTS_PER_TURN, &wait, NULL);
	if (n < 0 && errno != EINTR)
		return -errno;
	for (int i = 0; i < n; i++)
		on_ready(events[i].data.ptr, events[i].events);
	return 0;
}
