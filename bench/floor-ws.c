/* floor-ws: what the machine can do. One thread; a frame that comes in on a
 * path is unmasked, framed once and handed with one send() each to everybody
 * else on that path. No protocol and no queues: whose socket would block is
 * hung up on. usage: floor-ws [PORT]
 *
 * Only for bayeux-load --protocol raw-ws: every client uses the nonce of
 * RFC 6455 section 1.3. */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "descriptors.h"

enum {
	PAYLOAD_MAX = 65535,
	RX_BYTES = PAYLOAD_MAX + 4096,
	EVENTS = 256,
	BUCKETS = 1 << 16,
};

/* Who is on a path; never freed. */
struct room {
	struct room *next; /* of the bucket */
	uint32_t path;	   /* hashed */
	int *fds;
	size_t n, size;
};

struct peer {
	int fd;
	struct room *room; /* NULL until upgraded */
	size_t at;	   /* in room.fds */
	bool broken;
	uint8_t *held; /* an incomplete frame */
	size_t held_n;
};

struct floor {
	int epoll_fd, listener;
	struct peer **peers; /* by fd */
	struct room *rooms[BUCKETS];
	uint8_t rx[RX_BYTES], frame[RX_BYTES];
};

static uint32_t
hash(const uint8_t *p, size_t n)
{
	uint32_t h = 2166136261u;

	while (n--)
		h = (h ^ *p++) * 16777619u;
	return h;
}

static struct room *
find_room(struct floor *f, uint32_t path)
{
	struct room **at = &f->rooms[path % BUCKETS];

	while (*at && (*at)->path != path)
		at = &(*at)->next;
	if (!*at) {
		*at = calloc(1, sizeof(**at));
		if (*at)
			(*at)->path = path;
	}
	return *at;
}

static void
enter(struct floor *f, struct peer *p, uint32_t path)
{
	struct room *r = find_room(f, path);

	if (r && r->n == r->size) {
		size_t size = r->size ? r->size * 2 : 4;
		int *more = realloc(r->fds, size * sizeof(*more));

		if (more) {
			r->fds = more;
			r->size = size;
		}
	}
	if (!r || r->n == r->size) {
		p->broken = true;
		return;
	}
	p->room = r;
	p->at = r->n;
	r->fds[r->n++] = p->fd;
}

static void
leave(struct floor *f, struct peer *p)
{
	struct room *r = p->room;

	r->fds[p->at] = r->fds[--r->n];
	f->peers[r->fds[p->at]]->at = p->at;
}

static void
drop(struct floor *f, struct peer *p)
{
	if (p->room)
		leave(f, p);
	close(p->fd);
	f->peers[p->fd] = NULL;
	free(p->held);
	free(p);
}

static void
broadcast(struct floor *f, const struct peer *from, const uint8_t *payload,
	  size_t n)
{
	const struct room *r = from->room;
	size_t h = 2;

	f->frame[0] = 0x81;
	if (n < 126) {
		f->frame[1] = (uint8_t)n;
	} else {
		f->frame[1] = 126;
		f->frame[2] = (uint8_t)(n >> 8);
		f->frame[3] = (uint8_t)n;
		h = 4;
	}
	memcpy(f->frame + h, payload, n);
	for (size_t i = 0; i < r->n; i++)
		if (r->fds[i] != from->fd &&
		    send(r->fds[i], f->frame, h + n,
			 MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)(h + n))
			shutdown(r->fds[i], SHUT_RDWR); /* read and dropped */
}

static size_t
take_request(struct floor *f, struct peer *p, const uint8_t *in, size_t n)
{
	static const char answer[] =
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
		"Connection: Upgrade\r\n"
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
	const uint8_t *end = memmem(in, n, "\r\n\r\n", 4), *path = in + 4;
	const uint8_t *space;

	if (!end)
		return 0;
	space = end > path ? memchr(path, ' ', (size_t)(end - path)) : NULL;
	if (!space || send(p->fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL) < 0)
		p->broken = true;
	else
		enter(f, p, hash(path, (size_t)(space - path)));
	return (size_t)(end - in) + 4;
}

static size_t
take_frame(struct floor *f, struct peer *p, uint8_t *in, size_t n)
{
	size_t h = 2, size;

	if (n < 8)
		return n >= 6 && in[1] == 0x80 ? 6 : 0;
	size = in[1] & 0x7f;
	if (size == 126) {
		size = (size_t)in[2] << 8 | in[3];
		h = 4;
	} else if (size == 127) {
		p->broken = true;
		return 0;
	}
	if (n < h + 4 + size)
		return 0;
	for (size_t i = 0; i < size; i++)
		in[h + 4 + i] ^= in[h + (i & 3)];
	if ((in[0] & 0x0f) == 1)
		broadcast(f, p, in + h + 4, size);
	return h + 4 + size;
}

static void
on_readable(struct floor *f, struct peer *p)
{
	size_t n = p->held_n, at = 0, used;
	ssize_t got;

	if (n)
		memcpy(f->rx, p->held, n);
	got = recv(p->fd, f->rx + n, RX_BYTES - n, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		drop(f, p);
		return;
	}
	n += (size_t)got;
	do {
		used = p->room ? take_frame(f, p, f->rx + at, n - at)
			       : take_request(f, p, f->rx + at, n - at);
		at += used;
	} while (used && at < n && !p->broken);
	free(p->held);
	p->held_n = n - at;
	p->held = p->held_n ? malloc(p->held_n) : NULL;
	if (p->broken || p->held_n == RX_BYTES || (p->held_n && !p->held))
		drop(f, p);
	else if (p->held_n)
		memcpy(p->held, f->rx + at, p->held_n);
}

static void
accept_all(struct floor *f)
{
	struct epoll_event e = { .events = EPOLLIN };
	int one = 1;

	while ((e.data.fd = accept4(f->listener, NULL, NULL, 0)) >= 0) {
		int fd = e.data.fd;

		f->peers[fd] = calloc(1, sizeof(**f->peers));
		if (!f->peers[fd]) {
			close(fd);
			continue;
		}
		f->peers[fd]->fd = fd;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, fd, &e);
	}
}

static bool
listen_at(struct floor *f, uint16_t port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_port = htons(port) };
	socklen_t len = sizeof(address);
	struct epoll_event e = { .events = EPOLLIN };
	int one = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	f->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(f->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(f->listener, (struct sockaddr *)&address, len) < 0 ||
	    listen(f->listener, 4096) < 0 ||
	    getsockname(f->listener, (struct sockaddr *)&address, &len) < 0)
		return false;
	e.data.fd = f->listener;
	epoll_ctl(f->epoll_fd, EPOLL_CTL_ADD, f->listener, &e);
	fprintf(stderr, "floor-ws ready on ws://127.0.0.1:%u\n",
		ntohs(address.sin_port));
	return true;
}

int
main(int argc, char **argv)
{
	struct floor *f = calloc(1, sizeof(*f));
	struct epoll_event events[EVENTS];
	rlim_t files = descriptors_raise();

	if (!f)
		return 1;
	f->peers = calloc(files, sizeof(*f->peers));
	f->epoll_fd = epoll_create1(0);
	if (!f->peers || f->epoll_fd < 0 ||
	    !listen_at(f, (uint16_t)(argc > 1 ? atoi(argv[1]) : 0))) {
		perror("floor-ws");
		return 1;
	}
	for (;;) {
		int n = epoll_wait(f->epoll_fd, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			int fd = events[i].data.fd;

			if (fd == f->listener)
				accept_all(f);
			else if (f->peers[fd])
				on_readable(f, f->peers[fd]);
		}
	}
}
