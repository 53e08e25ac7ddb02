#include "redis/intake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "bayeux/channel.h"
#include "redis/posting.h"
#include "redis/reply.h"
#include "redis/uplink_private.h"

enum {
	LEASE_MS = 3000, /* three beats: one may be late */
	HEARD_AT_ONCE = 10000,
	HEARD_BYTES = 64 << 20,
};

/* ---- publishing ---- */

int
intake_publish(struct intake *in, struct frozen *f, struct str guard,
	       void (*own)(struct job *j))
{
	struct job *j = job_new(NULL, REDIS_PUBLISH);

	if (!j) {
		frozen_unref(f);
		return -ENOMEM;
	}
	j->message = f;
	j->own = own;
	job_add_publication(&j->args, guard, f);
	if (args_failed(&j->args)) {
		job_free(j);
		return -ENOMEM;
	}
	list_append(&in->jobs, &j->all);
	uplink_submit(in->up, j);
	return 0;
}

int
intake_account(struct intake *in, struct job *j)
{
	int result = j->result;

	if (result == 0)
		in->counts.published++;
	else if (result == ENGINE_DONE)
		in->counts.elsewhere++;
	list_unlink(&j->all);
	job_free(j);
	return result;
}

void
intake_refuse(struct intake *in, const char *what, const char *why)
{
	char line[256];

	in->counts.refused++;
	snprintf(line, sizeof(line), "redis: %s of %s was refused: %s", what, in->name_text,
		 why);
	log_limited(in->up->options.log, &in->refusals, loop_now_ms(in->up->loop), 1, line);
}

/* ---- the channel ---- */

static void
on_heard_done(struct job *j)
{
	struct intake *in = &j->uplink->intake;

	in->heard--;
	in->heard_bytes -= j->message->text_n;
	intake_account(in, j);
}

static void
drop(struct intake *in)
{
	in->counts.dropped++;
	log_limited(in->up->options.log, &in->drops, loop_now_ms(in->up->loop), 1,
		    "redis: what was published by PUBLISH was dropped");
}

static void
on_posting(void *arg, struct frozen *f, const char *why)
{
	struct intake *in = arg;
	char guard[40];
	size_t n, bytes = f ? f->text_n : 0;

	if (!f) {
		intake_refuse(in, "a message", why);
		return;
	}
	if (in->heard == HEARD_AT_ONCE || bytes > HEARD_BYTES - in->heard_bytes) {
		frozen_unref(f);
		drop(in);
		return;
	}
	n = (size_t)snprintf(guard, sizeof(guard), "@lease %llu",
			     (unsigned long long)in->token);
	in->heard++;
	in->heard_bytes += bytes;
	if (intake_publish(in, f, (struct str){ guard, n }, on_heard_done)) {
		in->heard--;
		in->heard_bytes -= bytes;
		drop(in);
	}
}

bool
intake_message(struct intake *in, struct str channel, struct str text)
{
	if (!str_equal(channel, in->name))
		return false;
	if (in->token && !in->unconfirmed &&
	    posting_read_text(text, &in->up->options.posting, on_posting, in))
		drop(in);
	return true;
}

bool
intake_subscribed(struct intake *in, struct str channel)
{
	if (!str_equal(channel, in->name))
		return false;
	if (in->unconfirmed)
		in->unconfirmed--;
	return true;
}

static void
stop_listening(struct intake *in)
{
	if (in->listening && in->up->subscriber)
		link_unsubscribe(in->up->subscriber, &in->name, 1);
	in->listening = false;
}

/* Anew: what was said while the lease was another's is theirs. */
static void
listen_anew(struct intake *in)
{
	stop_listening(in);
	in->unconfirmed++;
	in->listening = link_subscribe(in->up->subscriber, &in->name, 1) == 0;
	if (!in->listening)
		in->unconfirmed--;
}

/* ---- the lease ---- */

static void
lose(struct intake *in)
{
	if (in->token)
		log_info(in->up->options.log, "redis: leaves it to others to publish for "
					      "other programs");
	in->token = 0;
	stop_listening(in);
	intake_stream_close(in);
}

static void
hold(struct intake *in, uint64_t token)
{
	if (!in->token)
		log_info(in->up->options.log, "redis: publishes for other programs");
	if (in->token != token || !in->listening) {
		in->token = token;
		listen_anew(in);
	}
	intake_stream_beat(in);
}

static void
on_leased(void *arg, const struct redisReply *reply)
{
	struct intake *in = arg;
	uint64_t token;

	in->asking = false;
	if (!reply || in->stopping)
		return;
	if (reply->type == REDIS_REPLY_ERROR) {
		uplink_cut(in->up, reply->str);
		return;
	}
	if (str_equal(redis_reply_text(reply, 0), STR("OK")) && reply->elements == 2 &&
	    redis_reply_number(reply, 1, &token) && token)
		hold(in, token);
	else
		lose(in);
}

static int
ask(struct intake *in, unsigned ms)
{
	struct decimal most;
	struct str head[] = { UPLINK_GATE(in->up), { 0 } };

	decimal_set(&most, ms);
	head[3] = decimal_str(&most);
	return uplink_call(in->up, REDIS_LEASE, head, 4, NULL, 0, on_leased, in);
}

void
intake_beat(struct intake *in)
{
	if (!in->asking && !in->stopping)
		in->asking = ask(in, LEASE_MS) == 0;
}

void
intake_down(struct intake *in)
{
	in->token = 0;
	in->listening = false;
	in->unconfirmed = 0;
	intake_stream_close(in);
}

void
intake_stop(struct intake *in)
{
	bool had = in->token;

	in->stopping = true;
	lose(in);
	if (had)
		ask(in, 0);
}

/* ---- life ---- */

void
intake_init(struct intake *in, struct uplink *up)
{
	in->up = up;
	in->name.p = in->name_text;
	in->name.n = (size_t)snprintf(in->name_text, sizeof(in->name_text), "%spublish",
				      up->options.prefix);
	list_init(&in->jobs);
	intake_stream_init(in);
}

void
intake_clear(struct intake *in)
{
	struct list_node *n;

	intake_stream_close(in);
	while ((n = list_take_first(&in->jobs)))
		job_free(list_entry(n, struct job, all));
}
