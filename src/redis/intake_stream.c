/* The stream's end of the intake: portions of entries, read by a connection that may
 * wait for them, published by the uplink's. The next portion is asked for when nothing
 * of the last is left, so that it begins with what is new, or was not done. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "redis/intake.h"
#include "redis/posting.h"
#include "redis/reply.h"
#include "redis/uplink_private.h"

enum {
	FAULT_PAUSE_MS = 1000,
	ENTRY_ID_BYTES = 42, /* two numbers of 64 bits, "-", the end */
};

#define PORTION "64" /* entries */
/* Longer costs nothing, but must be well below the link's time-out. */
#define WAIT_MS "2000"

static void read_on(struct intake *in);

static bool
is_resting(const struct intake *in)
{
	return loop_now_ms(in->up->loop) < in->not_before_ms;
}

static void
rest(struct intake *in)
{
	in->not_before_ms = loop_now_ms(in->up->loop) + FAULT_PAUSE_MS;
}

/* What is there stays there: we come back to it. */
static void
on_fault(struct intake *in, const char *why)
{
	char line[WIRE_WHY_BYTES + 64];

	rest(in);
	snprintf(line, sizeof(line), "redis: cannot take what other programs publish: %s",
		 why);
	log_limited(in->up->options.log, &in->faults, loop_now_ms(in->up->loop), 1, line);
}

/* ---- entries ---- */

static void
on_entry_done(struct job *j)
{
	struct intake *in = &j->uplink->intake;

	in->taken--;
	if (intake_account(in, j) < 0)
		rest(in);
	if (!in->taken)
		loop_defer(in->up->loop, &in->go_on);
}

static int
publish_entry(struct intake *in, struct str id, struct frozen *f)
{
	char guard[8 + ENTRY_ID_BYTES];
	int n = snprintf(guard, sizeof(guard), "@entry %.*s", (int)id.n, id.p);
	int rc;

	in->taken++;
	rc = intake_publish(in, f, (struct str){ guard, (size_t)n }, on_entry_done);
	if (rc)
		in->taken--;
	return rc;
}

/* One that is refused, while it is taken out of the stream. */
struct refusal {
	struct intake *in;
	const char *why;
	char what[8 + ENTRY_ID_BYTES];
};

/* Told by the node that took it out. */
static void
on_deleted(void *arg, const struct redisReply *reply)
{
	struct refusal *r = arg;

	if (reply && reply->type == REDIS_REPLY_INTEGER && reply->integer == 1)
		intake_refuse(r->in, r->what, r->why);
	else if (reply && reply->type == REDIS_REPLY_ERROR)
		on_fault(r->in, reply->str);
	free(r);
}

/* By the reader's own connection: the next portion is read behind it. */
static int
delete_entry(struct intake *in, struct str id, const char *why)
{
	const char *argv[] = { "XDEL", in->name.p, id.p };
	const size_t bytes[] = { 4, in->name.n, id.n };
	struct refusal *r = malloc(sizeof(*r));
	int rc;

	if (!r)
		return -ENOMEM;
	*r = (struct refusal){ .in = in, .why = why };
	snprintf(r->what, sizeof(r->what), "entry %.*s", (int)id.n, id.p);
	rc = link_send(in->reader, 3, argv, bytes, on_deleted, r);
	if (rc)
		free(r);
	return rc;
}

static int
take_words(struct intake *in, struct str id, const struct redisReply *words)
{
	struct str *all = calloc(words->elements + 1, sizeof(*all));
	struct frozen *f = NULL;
	const char *why;
	size_t i;
	int rc;

	if (!all)
		return -ENOMEM;
	for (i = 0; i < words->elements; i++)
		all[i] = (struct str){ words->element[i]->str, words->element[i]->len };
	rc = posting_read_entry(&f, all, i, &in->up->options.posting, &why);
	free(all);
	if (rc == POSTING_REFUSED)
		return delete_entry(in, id, why);
	return rc ? rc : publish_entry(in, id, f);
}

/* 0, -ENOMEM, or -EPROTO: not what XREAD replies. */
static int
take_entry(struct intake *in, const struct redisReply *entry)
{
	struct str id = redis_reply_text(entry, 0);
	const struct redisReply *words = redis_reply_array(entry, 1);

	if (entry->elements != 2 || !id.n || id.n >= ENTRY_ID_BYTES || !words)
		return -EPROTO;
	return take_words(in, id, words);
}

/* Entries behind one that could not be taken must not overtake it. */
static void
take_portion(struct intake *in, const struct redisReply *reply)
{
	const struct redisReply *stream = reply->elements == 1 ? redis_reply_array(reply, 0) : NULL;
	const struct redisReply *entries =
		stream && stream->elements == 2 ? redis_reply_array(stream, 1) : NULL;
	int rc = entries ? 0 : -EPROTO;
	size_t i;

	for (i = 0; !rc && i < entries->elements && !is_resting(in); i++)
		rc = take_entry(in, entries->element[i]);
	if (rc)
		on_fault(in, strerror(-rc));
}

/* ---- reading ---- */

static void
on_portion(void *arg, const struct redisReply *reply)
{
	struct intake *in = arg;

	in->reading = false;
	if (!reply)
		return;
	if (reply->type == REDIS_REPLY_ARRAY)
		take_portion(in, reply);
	else if (reply->type == REDIS_REPLY_ERROR)
		on_fault(in, reply->str);
	/* Nothing came: again, while there is a lease. */
	read_on(in);
}

static void
read_on(struct intake *in)
{
	const char *argv[] = { "XREAD", "COUNT", PORTION, "BLOCK",
			       WAIT_MS, "STREAMS", in->name.p, "0" };
	const size_t bytes[] = { 5, 5, sizeof(PORTION) - 1, 5, sizeof(WAIT_MS) - 1, 7,
				 in->name.n, 1 };

	if (!in->ready || in->reading || in->taken || is_resting(in))
		return;
	in->reading = link_send(in->reader, 8, argv, bytes, on_portion, in) == 0;
}

static void
on_ready(void *arg)
{
	struct intake *in = arg;

	in->ready = true;
	read_on(in);
}

static void
on_closed(void *arg, enum link_end end, const char *why)
{
	struct intake *in = arg;

	(void)end;
	on_fault(in, why);
	intake_stream_close(in);
}

static void
on_go_on(void *arg)
{
	read_on(arg);
}

static void
open_reader(struct intake *in)
{
	static const struct link_events events = {
		.on_ready = on_ready,
		.on_closed = on_closed,
	};

	in->reader = uplink_open_link(in->up, LINK_COMMANDS, "intake", &events, in);
	if (!in->reader)
		on_fault(in, strerror(ENOMEM));
}

void
intake_stream_beat(struct intake *in)
{
	if (is_resting(in))
		return;
	if (in->reader)
		read_on(in);
	else
		open_reader(in);
}

void
intake_stream_close(struct intake *in)
{
	struct link *reader = in->reader;

	in->reader = NULL;
	in->ready = false;
	link_free(reader); /* a portion that was asked for is NULL now */
	loop_task_clear(&in->go_on);
}

void
intake_stream_init(struct intake *in)
{
	loop_task_init(&in->go_on, on_go_on, in);
}
