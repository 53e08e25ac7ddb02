/* What a callback may do to us: wire_free() marks and lets the outermost of our
 * functions, which counts itself in `busy`, free the memory. The socket and the
 * awaited replies go at once. */
#include "redis/wire.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "redis/dial.h"
#include "redis/tls.h"

/* One command whose replies are awaited. */
struct request {
	struct list_node node;
	unsigned answers; /* still to come */
	wire_reply_fn on_reply;
	void *arg;
};

enum wire_state { WIRE_DIALING, WIRE_OPEN, WIRE_CLOSED };

struct wire {
	struct loop *loop;
	struct wire_events events;
	void *arg;
	enum wire_state state;
	struct dial dial;
	bool tls;
	char host[REDIS_URL_HOST_BYTES]; /* whose certificate it must be */
	char peer[WIRE_PEER_BYTES];
	redisContext *context; /* NULL: not open. Has the descriptor */
	struct tls *session;   /* NULL: without TLS */
	struct loop_watch watch;
	struct loop_task flush;
	struct list requests;        /* the oldest first */
	struct loop_timer patience;  /* set while there are any */
	int64_t timeout_ms, heard_ms; /* when the wait for the next answer began */
	unsigned busy;
	bool freed;
	bool paused; /* see wire_pause */
};

static void
destroy(struct wire *w)
{
	free(w);
}

static void
enter(struct wire *w)
{
	w->busy++;
}

static void
leave(struct wire *w)
{
	if (--w->busy == 0 && w->freed)
		destroy(w);
}

static void
fail_requests(struct wire *w)
{
	struct list_node *n;

	while ((n = list_take_first(&w->requests))) {
		struct request *r = list_entry(n, struct request, node);

		r->on_reply(r->arg, NULL);
		free(r);
	}
}

static void
let_go(struct wire *w)
{
	w->state = WIRE_CLOSED;
	dial_clear(&w->dial);
	loop_watch_clear(&w->watch);
	loop_timer_clear(w->loop, &w->patience);
	loop_task_clear(&w->flush);
	if (w->context)
		redisFree(w->context);
	w->context = NULL;
	tls_free(w->session);
	w->session = NULL;
}

void
wire_close(struct wire *w, const char *why)
{
	char line[WIRE_WHY_BYTES]; /* `why` may be the context's */

	if (w->state == WIRE_CLOSED)
		return;
	enter(w);
	snprintf(line, sizeof(line), "%s", why);
	for (char *p = line; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	let_go(w);
	fail_requests(w);
	if (!w->freed)
		w->events.on_closed(w->arg, line);
	leave(w);
}

void
wire_free(struct wire *w)
{
	if (!w || w->freed)
		return;
	enter(w);
	w->freed = true;
	let_go(w);
	fail_requests(w);
	leave(w);
}

/* ---- out ---- */

/* How the context broke. hiredis has no errno of its own. */
static void
close_broken(struct wire *w)
{
	const char *why = w->context->errstr;

	if (w->context->err == REDIS_ERR_EOF)
		why = "the server closed the connection";
	wire_close(w, w->session ? tls_why(w->session, why) : why);
}

/* TLS may want to read before it can write; until something was heard it does,
 * and what we say first fits a fresh socket. */
static bool
can_wait_for_room(const struct wire *w)
{
	return !w->session || tls_is_agreed(w->session);
}

static void
write_out(struct wire *w)
{
	short events = w->paused ? 0 : LOOP_READ;
	int done = 0;

	if (redisBufferWrite(w->context, &done) != REDIS_OK) {
		close_broken(w);
		return;
	}
	if (!done && can_wait_for_room(w))
		events |= LOOP_WRITE;
	if (loop_watch_set(&w->watch, w->context->fd, events))
		wire_close(w, strerror(ENOMEM));
}

static void
on_flush(void *arg)
{
	struct wire *w = arg;

	enter(w);
	write_out(w);
	leave(w);
}

/* From the moment on that the first of a row is sent, and from each sign of
 * life: who answers anything will come to the rest. */
static void
begin_to_wait(struct wire *w)
{
	w->heard_ms = loop_now_ms(w->loop);
}

static void
on_impatient(void *arg)
{
	struct wire *w = arg;
	int64_t late = loop_now_ms(w->loop) - (w->heard_ms + w->timeout_ms);
	char why[WIRE_WHY_BYTES];

	if (list_is_empty(&w->requests))
		return;
	/* We stood still, not they. */
	if (late > w->timeout_ms || w->paused) {
		begin_to_wait(w);
		late = -1;
	}
	if (late >= 0) {
		snprintf(why, sizeof(why), "no answer for %g s",
			 (double)w->timeout_ms / 1000);
		wire_close(w, why);
	} else if (loop_timer_set(w->loop, &w->patience, w->heard_ms + w->timeout_ms)) {
		wire_close(w, strerror(ENOMEM));
	}
}

static int
await(struct wire *w, unsigned answers, wire_reply_fn on_reply, void *arg)
{
	struct request *r = malloc(sizeof(*r));
	bool first = list_is_empty(&w->requests);

	if (!r)
		return -ENOMEM;
	if (first) {
		begin_to_wait(w);
		if (!heap_has(&w->patience.node) &&
		    loop_timer_set(w->loop, &w->patience, w->heard_ms + w->timeout_ms)) {
			free(r);
			return -ENOMEM;
		}
	}
	*r = (struct request){ .answers = answers, .on_reply = on_reply, .arg = arg };
	list_append(&w->requests, &r->node);
	return 0;
}

int
wire_send(struct wire *w, int argc, const char *const *argv, const size_t *argv_bytes,
	  unsigned answers, wire_reply_fn on_reply, void *arg)
{
	int rc;

	if (w->state != WIRE_OPEN)
		return -ENOTCONN;
	rc = await(w, answers, on_reply, arg);
	if (rc)
		return rc;
	if (redisAppendCommandArgv(w->context, argc, (const char **)(uintptr_t)argv,
				   argv_bytes) != REDIS_OK) {
		struct list_node *last = w->requests.head.prev;

		list_unlink(last);
		free(list_entry(last, struct request, node));
		return -ENOMEM;
	}
	loop_at_end(w->loop, &w->flush);
	return 0;
}

void
wire_pause(struct wire *w, bool paused)
{
	w->paused = paused;
	if (w->state == WIRE_OPEN)
		loop_at_end(w->loop, &w->flush); /* it looks at what to wait for */
}

/* ---- in ---- */

static void
take_reply(struct wire *w, const struct redisReply *reply)
{
	struct list_node *first;
	struct request *r;

	if (w->events.on_reply && w->events.on_reply(w->arg, reply))
		return;
	if (w->state != WIRE_OPEN)
		return;
	first = list_first(&w->requests);
	if (!first) {
		/* Such as that there are too many clients. */
		wire_close(w, reply->type == REDIS_REPLY_ERROR ? reply->str :
								 "an answer to nothing");
		return;
	}
	r = list_entry(first, struct request, node);
	if (--r->answers) {
		r->on_reply(r->arg, reply);
		return;
	}
	list_unlink(first);
	r->on_reply(r->arg, reply);
	free(r);
}

static void
read_in(struct wire *w)
{
	void *reply = NULL;

	if (redisBufferRead(w->context) != REDIS_OK) {
		close_broken(w);
		return;
	}
	begin_to_wait(w);
	while (w->state == WIRE_OPEN) {
		if (redisGetReplyFromReader(w->context, &reply) != REDIS_OK) {
			close_broken(w);
			return;
		}
		if (!reply)
			return;
		take_reply(w, reply);
		freeReplyObject(reply);
	}
}

static void
on_ready(void *arg, short events)
{
	struct wire *w = arg;
	bool more = (events & LOOP_WRITE) || !can_wait_for_room(w);

	enter(w);
	if (events & LOOP_READ)
		read_in(w);
	if (more && w->state == WIRE_OPEN)
		write_out(w);
	leave(w);
}

/* ---- from dialing to open ---- */

static void
open_context(struct wire *w, int fd)
{
	char why[WIRE_WHY_BYTES];

	w->context = redisConnectFd(fd);
	if (!w->context) {
		close(fd);
		wire_close(w, strerror(ENOMEM));
		return;
	}
	w->context->flags &= ~REDIS_BLOCK;
	if (w->tls && tls_new(&w->session, w->context, w->host, why)) {
		wire_close(w, why);
		return;
	}
	w->state = WIRE_OPEN;
	if (loop_watch_set(&w->watch, fd, LOOP_READ))
		wire_close(w, strerror(ENOMEM));
	else
		w->events.on_open(w->arg);
}

static void
on_dialed(void *arg, int fd, const char *why)
{
	struct wire *w = arg;

	enter(w);
	if (fd < 0)
		wire_close(w, why);
	else
		open_context(w, fd);
	leave(w);
}

static void
name_peer(struct wire *w, const struct wire_target *target)
{
	if (target->path) {
		snprintf(w->peer, sizeof(w->peer), "%s", target->path);
		return;
	}
	memcpy(w->host, target->host->name, sizeof(w->host));
	snprintf(w->peer, sizeof(w->peer), strchr(w->host, ':') ? "[%s]:%u" : "%s:%u",
		 w->host, (unsigned)target->host->port);
}

struct wire *
wire_new(struct loop *loop, const struct wire_target *target, int64_t timeout_ms,
	 const struct wire_events *events, void *arg)
{
	struct wire *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->loop = loop;
	w->events = *events;
	w->arg = arg;
	w->state = WIRE_DIALING;
	w->tls = target->tls;
	w->timeout_ms = timeout_ms;
	name_peer(w, target);
	list_init(&w->requests);
	loop_watch_init(&w->watch, loop, on_ready, w);
	loop_task_init(&w->flush, on_flush, w);
	loop_timer_init(&w->patience, on_impatient, w);
	dial_init(&w->dial, loop, target->host, target->path, timeout_ms, on_dialed, w);
	return w;
}

const char *
wire_peer(const struct wire *w)
{
	return w->peer;
}
