#include "redis/sentinel.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* Nobody waits for a dead one as long as for Redis: the next may live. */
#define TIMEOUT_MAX_MS 2000

struct sentinel {
	struct loop *loop;
	const struct redis_url *url;
	struct sentinel_events events;
	void *arg;
	int64_t timeout_ms;
	unsigned asked; /* of url->hosts; the wire is to the last of them */
	struct wire *wire; /* NULL: none is asked now */
	struct loop_task step; /* to the next */
	struct redis_host found[REDIS_URL_MAX_HOSTS];
	unsigned found_count;
	char why[WIRE_WHY_BYTES + WIRE_PEER_BYTES];
};

/* `why` of the one that is being asked; then on to the next. */
static void
give_up_this(struct sentinel *s, const char *why)
{
	snprintf(s->why, sizeof(s->why), "Sentinel %s: %s", wire_peer(s->wire), why);
	wire_free(s->wire);
	s->wire = NULL;
	loop_defer(s->loop, &s->step);
}

static bool
was_found(const struct sentinel *s, const struct redis_host *h)
{
	for (unsigned i = 0; i < s->found_count; i++)
		if (s->found[i].port == h->port && strcmp(s->found[i].name, h->name) == 0)
			return true;
	return false;
}

static bool
read_master(const struct redisReply *reply, struct redis_host *out)
{
	const struct redisReply *name, *port;
	unsigned long number;
	char *end;

	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2)
		return false;
	name = reply->element[0];
	port = reply->element[1];
	if (name->type != REDIS_REPLY_STRING || port->type != REDIS_REPLY_STRING ||
	    !name->len || name->len >= sizeof(out->name))
		return false;
	number = strtoul(port->str, &end, 10);
	if (*end || !number || number > UINT16_MAX)
		return false;
	*out = (struct redis_host){ .port = (uint16_t)number };
	memcpy(out->name, name->str, name->len);
	return true;
}

static void
take_master(struct sentinel *s, const struct redis_host *master)
{
	if (was_found(s, master)) {
		give_up_this(s, "names the same server");
		return;
	}
	s->found[s->found_count++] = *master;
	wire_free(s->wire);
	s->wire = NULL;
	s->events.on_found(s->arg, master);
}

static void ask(struct sentinel *s, wire_reply_fn on_answer);

static void
on_answer(void *arg, const struct redisReply *reply)
{
	struct sentinel *s = arg;
	struct redis_host master;

	if (!reply)
		return; /* on_closed knows why */
	if (reply->type == REDIS_REPLY_ERROR)
		give_up_this(s, reply->str);
	else if (reply->type == REDIS_REPLY_NIL)
		give_up_this(s, "knows no master of that name");
	else if (!read_master(reply, &master))
		give_up_this(s, "an answer that is no address");
	else
		take_master(s, &master);
}

static void
on_authenticated(void *arg, const struct redisReply *reply)
{
	if (reply && reply->type == REDIS_REPLY_ERROR)
		give_up_this(arg, reply->str);
	else if (reply)
		ask(arg, on_answer);
}

/* Most Sentinels want no password, and refuse one that is not wanted. */
static void
on_first_answer(void *arg, const struct redisReply *reply)
{
	struct sentinel *s = arg;
	const char *argv[3] = { "AUTH" };
	int argc = 1;

	if (!reply || reply->type != REDIS_REPLY_ERROR ||
	    strncmp(reply->str, "NOAUTH", 6) != 0 || !*s->url->password) {
		on_answer(s, reply);
		return;
	}
	if (*s->url->user)
		argv[argc++] = s->url->user;
	argv[argc++] = s->url->password;
	if (wire_send(s->wire, argc, argv, NULL, 1, on_authenticated, s))
		give_up_this(s, strerror(ENOMEM));
}

static void
ask(struct sentinel *s, wire_reply_fn on_reply)
{
	const char *argv[] = { "SENTINEL", "get-master-addr-by-name", s->url->master };

	if (wire_send(s->wire, 3, argv, NULL, 1, on_reply, s))
		give_up_this(s, strerror(ENOMEM));
}

static void
on_open(void *arg)
{
	ask(arg, on_first_answer);
}

static void
on_closed(void *arg, const char *why)
{
	give_up_this(arg, why);
}

static void
step(void *arg)
{
	static const struct wire_events events = { .on_open = on_open,
						   .on_closed = on_closed };
	struct sentinel *s = arg;
	struct wire_target target = { 0 };

	if (s->asked == s->url->host_count) {
		s->events.on_end(s->arg, s->why);
		return;
	}
	target.host = &s->url->hosts[s->asked++];
	s->wire = wire_new(s->loop, &target, s->timeout_ms, &events, s);
	if (!s->wire)
		s->events.on_end(s->arg, strerror(ENOMEM));
}

struct sentinel *
sentinel_new(struct loop *loop, const struct redis_url *url, int64_t timeout_ms,
	     const struct sentinel_events *events, void *arg)
{
	struct sentinel *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->loop = loop;
	s->url = url;
	s->events = *events;
	s->arg = arg;
	s->timeout_ms = timeout_ms < TIMEOUT_MAX_MS ? timeout_ms : TIMEOUT_MAX_MS;
	loop_task_init(&s->step, step, s);
	loop_defer(loop, &s->step);
	return s;
}

void
sentinel_free(struct sentinel *s)
{
	if (!s)
		return;
	loop_task_clear(&s->step);
	wire_free(s->wire);
	free(s);
}

void
sentinel_ask_on(struct sentinel *s)
{
	loop_defer(s->loop, &s->step);
}
