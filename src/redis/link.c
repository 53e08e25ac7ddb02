/* Three steps: a Sentinel says where the master is (else the URL does), a wire is
 * opened, a greeting is exchanged. With Sentinels the first two are repeated
 * until they know no other address. */
#include "redis/link.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "redis/greeting.h"
#include "redis/sentinel.h"

struct link {
	struct loop *loop;
	struct link_options options;
	char name[LINK_NAME_BYTES];
	struct link_events events;
	void *arg;
	struct sentinel *sentinel; /* NULL: the URL has the address */
	struct wire *wire;         /* NULL: not known to whom, or ended */
	struct greeting greeting;
	bool ready;
	bool freed;
	char why[WIRE_PEER_BYTES + WIRE_WHY_BYTES]; /* the last address did not do */
};

/* The last thing that is done with `l`, which may be gone before `why` was read. */
static void
end(struct link *l, enum link_end how, const char *why)
{
	char line[sizeof(l->why)];

	snprintf(line, sizeof(line), "%s", why);
	l->ready = false;
	l->events.on_closed(l->arg, how, line);
}

/* Of this address; there may be another. No reply of a command is awaited any
 * more, so nobody else is called. */
static void
fail(struct link *l, enum link_end how, const char *why)
{
	snprintf(l->why, sizeof(l->why), "%s: %s", wire_peer(l->wire), why);
	wire_free(l->wire);
	l->wire = NULL;
	if (l->sentinel && !l->ready && how == LINK_PASSING)
		sentinel_ask_on(l->sentinel);
	else
		end(l, how, l->why);
}

static void
on_greeted(void *arg, enum greeting_verdict verdict, const char *why)
{
	struct link *l = arg;

	if (verdict == GREETING_WELCOME) {
		l->ready = true;
		l->events.on_ready(l->arg);
	} else {
		fail(l, verdict == GREETING_NEVER ? LINK_FATAL : LINK_PASSING, why);
	}
}

static void
on_open(void *arg)
{
	struct link *l = arg;

	l->greeting = (struct greeting){ .on_done = on_greeted, .arg = l };
	if (greeting_send(&l->greeting, l->wire, l->options.url, l->name))
		fail(l, LINK_PASSING, strerror(ENOMEM));
}

static void
on_wire_closed(void *arg, const char *why)
{
	fail(arg, LINK_PASSING, why);
}

/* ---- replies ---- */

static struct str
text_of(const struct redisReply *r)
{
	return (struct str){ r->str, r->len };
}

/* A master that became a replica of another says so to whoever writes. Nothing
 * was done, but that is for the next link to find out. */
static bool
says_read_only(const struct redisReply *reply)
{
	static const char direct[] = "READONLY ", in_script[] = ": -READONLY "; /* 6.2 */

	return reply->type == REDIS_REPLY_ERROR &&
	       (strncmp(reply->str, direct, sizeof(direct) - 1) == 0 ||
		strstr(reply->str, in_script));
}

static bool
on_command_reply(void *arg, const struct redisReply *reply)
{
	struct link *l = arg;

	if (!l->ready || !says_read_only(reply))
		return false;
	wire_close(l->wire, "is a replica");
	return true;
}

/* Messages come between the confirmations, which are awaited. */
static bool
on_subscriber_reply(void *arg, const struct redisReply *reply)
{
	struct link *l = arg;

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3 ||
	    !str_equal(text_of(reply->element[0]), STR("message")))
		return false;
	l->events.on_message(l->arg, text_of(reply->element[1]), text_of(reply->element[2]));
	return true;
}

static void
on_confirmed(void *arg, const struct redisReply *reply)
{
	struct link *l = arg;

	if (!reply)
		return;
	if (reply->type == REDIS_REPLY_ERROR)
		fail(l, LINK_FATAL, reply->str);
	else if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3)
		fail(l, LINK_PASSING, "does not answer as Redis does");
	else if (str_equal(text_of(reply->element[0]), STR("subscribe")))
		l->events.on_subscribed(l->arg, text_of(reply->element[1]));
}

/* ---- the way there ---- */

static void
open_wire(struct link *l, const struct wire_target *target)
{
	struct wire_events events = {
		.on_open = on_open,
		.on_reply = l->options.kind == LINK_SUBSCRIBER ? on_subscriber_reply :
								 on_command_reply,
		.on_closed = on_wire_closed,
	};

	l->wire = wire_new(l->loop, target, l->options.timeout_ms, &events, l);
}

static void
on_master_found(void *arg, const struct redis_host *master)
{
	struct wire_target target = { .host = master, .tls = false };
	struct link *l = arg;

	open_wire(l, &target);
	if (!l->wire)
		end(l, LINK_PASSING, strerror(ENOMEM));
}

/* A server that did not do tells more than a Sentinel that named it again. */
static void
on_no_master(void *arg, const char *why)
{
	struct link *l = arg;

	end(l, LINK_PASSING, *l->why ? l->why : why);
}

static bool
start(struct link *l)
{
	static const struct sentinel_events events = { on_master_found, on_no_master };
	const struct redis_url *url = l->options.url;
	struct wire_target target = { .host = url->hosts, .tls = url->tls };

	if (url->kind == REDIS_URL_SENTINEL) {
		l->sentinel = sentinel_new(l->loop, url, l->options.timeout_ms, &events, l);
		return l->sentinel;
	}
	if (url->kind == REDIS_URL_UNIX)
		target.path = url->path;
	open_wire(l, &target);
	return l->wire;
}

struct link *
link_new(struct loop *loop, const struct link_options *options,
	 const struct link_events *events, void *arg)
{
	struct link *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->loop = loop;
	l->options = *options;
	l->events = *events;
	l->arg = arg;
	snprintf(l->name, sizeof(l->name), "%s", options->name);
	if (start(l))
		return l;
	link_free(l);
	return NULL;
}

void
link_free(struct link *l)
{
	if (!l || l->freed)
		return;
	l->freed = true;
	sentinel_free(l->sentinel);
	wire_free(l->wire);
	free(l);
}

void
link_pause(struct link *l, bool paused)
{
	if (l->wire)
		wire_pause(l->wire, paused);
}

const char *
link_peer(const struct link *l)
{
	return l->wire ? wire_peer(l->wire) : "";
}

/* ---- what it is for ---- */

int
link_send(struct link *l, int argc, const char *const *argv, const size_t *argv_bytes,
	  wire_reply_fn on_reply, void *arg)
{
	assert(l->options.kind == LINK_COMMANDS);
	if (!l->ready)
		return -ENOTCONN;
	return wire_send(l->wire, argc, argv, argv_bytes, 1, on_reply, arg);
}

static int
send_channels(struct link *l, struct str command, const struct str *channels, size_t n)
{
	const char **argv = malloc((n + 1) * sizeof(*argv));
	size_t *bytes = malloc((n + 1) * sizeof(*bytes));
	int rc = argv && bytes ? 0 : -ENOMEM;

	if (rc)
		goto out;
	argv[0] = command.p;
	bytes[0] = command.n;
	for (size_t i = 0; i < n; i++) {
		argv[i + 1] = channels[i].p;
		bytes[i + 1] = channels[i].n;
	}
	rc = wire_send(l->wire, (int)(n + 1), argv, bytes, (unsigned)n, on_confirmed, l);
out:
	free(argv);
	free(bytes);
	return rc;
}

int
link_subscribe(struct link *l, const struct str *channels, size_t n)
{
	assert(l->options.kind == LINK_SUBSCRIBER);
	if (!l->ready)
		return -ENOTCONN;
	return n ? send_channels(l, STR("SUBSCRIBE"), channels, n) : 0;
}

int
link_unsubscribe(struct link *l, const struct str *channels, size_t n)
{
	assert(l->options.kind == LINK_SUBSCRIBER);
	if (!l->ready)
		return -ENOTCONN;
	return n ? send_channels(l, STR("UNSUBSCRIBE"), channels, n) : 0;
}
