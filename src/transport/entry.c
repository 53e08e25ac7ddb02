/* The bytes are peeked at, since libmicrohttpd cannot be given what was read
 * already. They stay readable, so a partial head is waited for edge-triggered:
 * only more of it wakes us. */
#include "transport/entry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "transport/asked.h"
#include "transport/eventsource.h"
#include "transport/head.h"
#include "transport/peer.h"
#include "transport/upgrade.h"

enum { REFUSAL_READS = 16 }; /* of what a refused peer still sends */

struct entry {
	struct entries *en;
	struct loop_watch watch;
	struct loop_timer timer;
	struct list_node node;
	int fd;
	socklen_t addr_n;
	struct sockaddr_storage addr;
};

/* Ends the entry; the descriptor is somebody else's now. */
static void
leave(struct entry *e)
{
	loop_watch_clear(&e->watch);
	loop_timer_clear(e->en->loop, &e->timer);
	list_unlink(&e->node);
	e->en->count--;
	free(e);
}

static void
drop(struct entry *e)
{
	int fd = e->fd;

	leave(e);
	close(fd);
}

static const char *
reason_of(int status)
{
	switch (status) {
	case 400:
		return "Bad Request";
	case 403:
		return "Forbidden";
	case 404:
		return "Not Found";
	case 431:
		return "Request Header Fields Too Large";
	case 501:
		return "Not Implemented";
	default:
		return "Service Unavailable";
	}
}

/* Best effort, and what the peer sent is read first: closing over unread bytes
 * would reset the connection before the answer is seen. `field`: one more line of
 * the head, or nothing. */
static void
send_refusal(struct entries *en, int fd, int status, const char *field, const char *why)
{
	char answer[512];
	int n = snprintf(answer, sizeof(answer),
			 "HTTP/1.1 %d %s\r\nContent-Type: text/plain\r\n"
			 "Content-Length: %zu\r\nConnection: close\r\n%s\r\n%s",
			 status, reason_of(status), strlen(why), field, why);
	unsigned i;

	for (i = 0; i < REFUSAL_READS; i++)
		if (recv(fd, en->input, en->config.head_bytes, MSG_DONTWAIT) <= 0)
			break;
	if (send(fd, answer, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) == n)
		shutdown(fd, SHUT_WR);
}

static void
refuse_with(struct entry *e, int status, const char *field, const char *why)
{
	char peer[PEER_BYTES];

	e->en->refused++;
	log_debug(e->en->log, "entry: refused peer=%s status=%d", peer_name(e->fd, peer),
		  status);
	send_refusal(e->en, e->fd, status, field, why);
	drop(e);
}

static void
refuse(struct entry *e, int status, const char *why)
{
	refuse_with(e, status, "", why);
}

/* ---- where it goes ---- */

static struct http_set *
set_for(const struct entries *en, const struct head *head)
{
	return http_set_has_room(en->http, head_cost(head)) ? en->http : en->roomy;
}

static void
to_http(struct entry *e, const struct head *head)
{
	struct sockaddr_storage addr = e->addr;
	struct http_set *set = set_for(e->en, head);
	socklen_t n = e->addr_n;
	int fd = e->fd;

	leave(e);
	http_set_add(set, fd, (struct sockaddr *)&addr, n);
}

static void
to_plain(struct entry *e)
{
	struct plains *plains = e->en->plains;
	int fd = e->fd;

	leave(e);
	plain_open(plains, fd);
}

/* Takes the head alone: frames behind it stay for the socket. What was peeked at
 * is read to the same place, so slices of it stay good. False: dropped. */
static bool
take_head(struct entry *e, const struct head *head)
{
	if (recv(e->fd, e->en->input, head->n, MSG_DONTWAIT) == (ssize_t)head->n)
		return true;
	drop(e);
	return false;
}

static bool
send_accept(int fd, const char *accept, const char *extensions)
{
	char answer[320];
	int n = snprintf(answer, sizeof(answer),
			 "HTTP/1.1 101 Switching Protocols\r\n"
			 "Upgrade: websocket\r\nConnection: Upgrade\r\n"
			 "Sec-WebSocket-Accept: %s\r\n%s%s%s\r\n",
			 accept, extensions ? "Sec-WebSocket-Extensions: " : "",
			 extensions ? extensions : "", extensions ? "\r\n" : "");

	/* The first bytes on a fresh socket: they fit or it is broken. */
	return send(fd, answer, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) == n;
}

static void
to_websocket(struct entry *e, const struct head *head)
{
	char accept[UPGRADE_ACCEPT_BYTES], why[UPGRADE_WHY_BYTES];
	struct websockets *ws = e->en->websockets;
	const char *extensions;
	int fd = e->fd, status;

	if (!route_is_ours(&e->en->config.route, head->target)) {
		refuse(e, 404, "Not found");
		return;
	}
	if (!gate_admits(e->en->config.gate, head)) {
		refuse(e, 403, GATE_REFUSAL);
		return;
	}
	status = upgrade_check(head, accept, why);
	if (status) {
		refuse_with(e, status, "Sec-WebSocket-Version: " UPGRADE_VERSION "\r\n", why);
		return;
	}
	if (!take_head(e, head))
		return;
	extensions = websockets_extensions(ws, head);
	if (!send_accept(fd, accept, extensions)) {
		drop(e);
		return;
	}
	leave(e);
	websocket_open(ws, fd, extensions != NULL, STR(""), NULL);
}

/* All but an event source of somebody we know is left to libmicrohttpd, which then
 * answers by the same rules. */
static bool
is_event_source(const struct entry *e, const struct head *head)
{
	return asked_by(head) == ASKED_EVENTS &&
	       !head_find(head, STR("Content-Length")) &&
	       !head_find(head, STR("Transfer-Encoding")) &&
	       route_is_ours(&e->en->config.route, head->target) &&
	       eventsource_is_known(e->en->eventsources,
				    eventsource_client_id(head->target));
}

/* Which looks at it anew. */
static void
to_worker(struct entry *e, unsigned home)
{
	struct handover *ho = e->en->handover;
	struct sockaddr_storage addr = e->addr;
	socklen_t n = e->addr_n;
	int fd = e->fd;

	leave(e);
	handover_fresh(ho, home, fd, (struct sockaddr *)&addr, n);
}

static void
to_eventsource(struct entry *e, const struct head *head)
{
	struct streams *set = e->en->eventsources;
	struct str client_id = eventsource_client_id(head->target);
	int fd = e->fd, home = broker_home(set->broker, client_id);

	if (!gate_admits(e->en->config.gate, head)) {
		refuse_with(e, 403, "Vary: Origin\r\n", GATE_REFUSAL);
		return;
	}
	if (home != BROKER_HERE) {
		to_worker(e, (unsigned)home);
		return;
	}
	if (!take_head(e, head))
		return;
	leave(e);
	eventsource_open(set, fd, client_id, NULL);
}

/* Whether the entry still waits for more. */
static bool
decide(struct entry *e, struct str bytes)
{
	struct head head;
	int rc = head_parse(&head, bytes), status = 0;

	if (rc == HEAD_PARTIAL && bytes.n <= e->en->config.head_bytes)
		return true; /* there is time */
	if (rc == HEAD_BAD)
		status = 400;
	else if (rc || head.n > e->en->config.head_bytes)
		status = 431;
	else
		status = head_check(&head);
	if (status)
		refuse(e, status, status == 431 ? "Header too large" : "Bad request");
	else if (upgrade_is_asked(&head))
		to_websocket(e, &head);
	else if (is_event_source(e, &head))
		to_eventsource(e, &head);
	else if (plain_is_asked(e->en->plains, &head))
		to_plain(e);
	else if (http_set_has_room(e->en->roomy, head_cost(&head)))
		to_http(e, &head);
	else /* libmicrohttpd would fall silent over it */
		refuse(e, 431, "Header too large");
	return false;
}

/* The same. */
static bool
look(struct entry *e)
{
	size_t room = e->en->config.head_bytes + 1;
	ssize_t n = recv(e->fd, e->en->input, room, MSG_PEEK | MSG_DONTWAIT);

	if (n > 0)
		return decide(e, (struct str){ e->en->input, (size_t)n });
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	drop(e);
	return false;
}

static void
on_ready(void *arg, short events)
{
	struct entry *e = arg;

	/* A peer that shut its side with half a head will not send the rest. */
	if (look(e) && (events & LOOP_CLOSED))
		drop(e);
}

static void
on_late(void *arg)
{
	struct entry *e = arg;
	char peer[PEER_BYTES];

	log_debug(e->en->log, "entry: closed peer=%s reason=no-head",
		  peer_name(e->fd, peer));
	e->en->refused++;
	drop(e);
}

/* ---- life ---- */

size_t
entries_connections(const struct entries *en)
{
	return en->count + en->plains->count +
	       streams_own_count(&en->websockets->streams) +
	       streams_own_count(en->eventsources) + en->http->connections +
	       en->roomy->connections;
}

/* Those of the other workers, as they were when their turns ended or they accepted. */
static size_t
others(const struct entries *en)
{
	const struct entry_config *cfg = &en->config;
	size_t n = 0;
	unsigned i;

	for (i = 0; i < cfg->workers && cfg->counts; i++)
		if (i != cfg->worker)
			n += atomic_load_explicit(&cfg->counts[i].n, memory_order_relaxed);
	return n;
}

static void
tell_count(void *arg)
{
	struct entries *en = arg;

	if (!en->config.counts)
		return;
	atomic_store_explicit(&en->config.counts[en->config.worker].n,
			      entries_connections(en), memory_order_relaxed);
}

void
entry_turn_away(struct entries *en, int fd)
{
	en->full++;
	send_refusal(en, fd, 503, "Retry-After: 10\r\n", "Too many connections");
	close(fd);
}

void
entry_take_over(struct entries *en, int fd, const struct sockaddr *addr, socklen_t n)
{
	struct entry *e = calloc(1, sizeof(*e));

	if (!e) {
		close(fd);
		return;
	}
	e->en = en;
	e->fd = fd;
	e->addr_n = n;
	memcpy(&e->addr, addr, n);
	list_append(&en->waiting, &e->node);
	en->count++;
	loop_watch_init(&e->watch, en->loop, on_ready, e);
	loop_timer_init(&e->timer, on_late, e);
	if (loop_timer_set(en->loop, &e->timer, loop_now_ms(en->loop) + en->config.head_ms) ||
	    loop_watch_set(&e->watch, fd, LOOP_READ | LOOP_CLOSED | LOOP_EDGE))
		drop(e);
}

void
entry_add(struct entries *en, int fd, const struct sockaddr *addr, socklen_t n)
{
	if (entries_connections(en) + others(en) >= en->config.connections) {
		log_limited(en->log, &en->lines, loop_now_ms(en->loop), 1,
			    "entry: as many connections as may be, turned away");
		entry_turn_away(en, fd);
		return;
	}
	entry_take_over(en, fd, addr, n);
	tell_count(en); /* many may come in one turn, and at all workers */
}

void
entry_take_back(void *entries, int fd, const struct head *head)
{
	struct entries *en = entries;
	struct sockaddr_storage addr;
	socklen_t n = sizeof(addr);

	if (getpeername(fd, (struct sockaddr *)&addr, &n)) {
		close(fd); /* the peer has gone */
	} else if (!head) {
		entry_take_over(en, fd, (struct sockaddr *)&addr, n);
	} else if (http_set_has_room(en->roomy, head_cost(head))) {
		http_set_add(set_for(en, head), fd, (struct sockaddr *)&addr, n);
	} else {
		en->refused++;
		send_refusal(en, fd, 431, "", "Header too large");
		close(fd);
	}
}

int
entries_init(struct entries *en, struct loop *loop, const struct log *log,
	     struct http_set *h, struct http_set *roomy, struct plains *plains,
	     struct websockets *ws, struct streams *eventsources, struct handover *ho,
	     const struct entry_config *cfg)
{
	*en = (struct entries){
		.loop = loop, .log = log, .http = h, .roomy = roomy, .plains = plains, .websockets = ws,
		.eventsources = eventsources, .handover = ho, .config = *cfg
	};
	list_init(&en->waiting);
	en->input = malloc(cfg->head_bytes + 1);
	if (cfg->counts)
		loop_on_turn(loop, tell_count, en);
	return en->input ? 0 : -ENOMEM;
}

void
entries_clear(struct entries *en)
{
	struct list_node *n;

	if (!en->input)
		return;
	while ((n = list_first(&en->waiting)))
		drop(list_entry(n, struct entry, node));
	free(en->input);
	en->input = NULL;
}
