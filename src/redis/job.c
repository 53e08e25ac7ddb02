#include "redis/job.h"

#include <errno.h>
#include <stdlib.h>

#include "bayeux/channel.h"
#include "redis/reply.h"
#include "redis/text.h"

struct job *
job_new(struct mailbox *home, enum redis_script_id script)
{
	struct job *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->home = home;
	j->script = script;
	return j;
}

void
job_add_publication(struct args *a, struct str once, const struct frozen *f)
{
	struct str patterns[CHANNEL_MAX_PATTERNS];
	char scratch[CHANNEL_SCRATCH];
	size_t i, n = channel_expand(frozen_channel(f), patterns, scratch);

	args_add(a, once);
	for (i = 0; i < n; i++)
		args_add(a, patterns[i]);
}

static void
free_read(struct job *j)
{
	size_t i;

	for (i = 0; i < j->read.count; i++)
		frozen_unref(j->read.entries[i].message);
	free((void *)(uintptr_t)j->read.entries);
	j->read = (struct engine_read){ 0 };
}

void
job_free(struct job *j)
{
	unsigned i;

	if (!j)
		return;
	for (i = 0; i < j->copy_count; i++)
		frozen_unref(j->copies[i]);
	free(j->copies);
	free_read(j);
	args_clear(&j->args);
	buf_clear(&j->memory);
	frozen_unref(j->message);
	free(j);
}

/* ---- replies ---- */

static void
read_seen(struct engine_client *c, struct str list)
{
	while (list.n) {
		const char *comma = memchr(list.p, ',', list.n);
		size_t n = comma ? (size_t)(comma - list.p) : list.n;

		if (c->seen_count < ENGINE_SEEN)
			c->seen[c->seen_count++] =
				args_read_key((struct str){ list.p, n });
		n += comma != NULL;
		list = (struct str){ list.p + n, list.n - n };
	}
}

/* The patterns' text goes behind the array that points to it. */
static int
read_subscriptions(struct job *j, const struct redisReply *r, size_t at, size_t n)
{
	struct engine_sub *subs;
	size_t i, bytes = n * sizeof(*subs);
	char *text;

	for (i = 0; i < n; i++)
		bytes += redis_reply_text(r, at + 2 * i).n;
	subs = (struct engine_sub *)(void *)buf_reserve(&j->memory, bytes + 1);
	if (!subs)
		return -ENOMEM;
	text = (char *)&subs[n];
	for (i = 0; i < n; i++) {
		struct str pattern = redis_reply_text(r, at + 2 * i);

		if (!pattern.n || !redis_reply_number(r, at + 2 * i + 1, &subs[i].since))
			return -EPROTO;
		memcpy(text, pattern.p, pattern.n);
		subs[i].pattern = (struct str){ text, pattern.n };
		text += pattern.n;
	}
	j->client.subs = subs;
	j->client.sub_count = n;
	return 0;
}

enum { SUBS_AT = 10 }; /* in attach's reply */

static int
read_attached(struct job *j, const struct redisReply *r)
{
	struct engine_client *c = &j->client;
	uint64_t acked, flags, n;

	*c = (struct engine_client){ .connect = args_read_key(redis_reply_text(r, 5)) };
	if (!redis_reply_number(r, 1, &c->turn) || !redis_reply_number(r, 2, &c->at) ||
	    !redis_reply_number(r, 3, &c->cursor) || !redis_reply_number(r, 4, &c->sent) ||
	    !redis_reply_number(r, 6, &acked) || !redis_reply_number(r, SUBS_AT - 1, &n))
		return -EPROTO;
	c->acked = (uint32_t)acked;
	if (redis_reply_number(r, 7, &flags)) /* there may be none */
		c->flags = (unsigned)flags;
	read_seen(c, redis_reply_text(r, 8));
	if ((r->elements - SUBS_AT) % 2 || n != (r->elements - SUBS_AT) / 2)
		return -EPROTO;
	return read_subscriptions(j, r, SUBS_AT, (size_t)n);
}

static int
read_created(struct job *j, const struct redisReply *r)
{
	struct engine_client *c = &j->client;

	*c = (struct engine_client){ 0 };
	if (!redis_reply_number(r, 1, &c->turn) || !redis_reply_number(r, 2, &c->at))
		return -EPROTO;
	c->cursor = c->at;
	return 0;
}

static int
by_number(const void *a, const void *b)
{
	const struct engine_entry *x = a, *y = b;

	return x->message->seq < y->message->seq ? -1 : x->message->seq > y->message->seq;
}

enum { LOGS_AT = 4 }; /* in read's reply */

static void
read_log(struct job *j, struct engine_entry *entries, const struct redisReply *found,
	 uint32_t of)
{
	size_t i;

	for (i = 0; i + 1 < found->elements; i += 2) {
		struct str text = redis_reply_text(found, i + 1);
		uint64_t seq;
		struct frozen *f =
			redis_reply_number(found, i, &seq) ? text_read_message(text) : NULL;

		if (!f)
			continue; /* not ours */
		f->seq = seq;
		entries[j->read.count++] = (struct engine_entry){ f, of };
	}
}

static int
read_entries(struct job *j, const struct redisReply *r)
{
	struct engine_entry *entries;
	uint64_t made, trimmed;
	size_t log, n = 0;

	if (!redis_reply_number(r, 1, &j->seq) || r->elements < LOGS_AT)
		return -EPROTO;
	for (log = LOGS_AT; log < r->elements; log++) {
		if (!redis_reply_array(r, log))
			return -EPROTO;
		n += r->element[log]->elements / 2;
	}
	entries = calloc(n + 1, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	j->read.entries = entries;
	for (log = LOGS_AT; log < r->elements; log++)
		read_log(j, entries, r->element[log], (uint32_t)(log - LOGS_AT));
	qsort(entries, j->read.count, sizeof(*entries), by_number);
	redis_reply_number(r, 2, &made);
	redis_reply_number(r, 3, &trimmed);
	j->made = (unsigned)made;
	j->trimmed = (unsigned)trimmed;
	return 0;
}

static int
read_success(struct job *j, const struct redisReply *r)
{
	uint64_t taken;

	switch (j->script) {
	case REDIS_CREATE:
		return read_created(j, r);
	case REDIS_ATTACH:
		return read_attached(j, r);
	case REDIS_CHANGE:
		if (!redis_reply_number(r, 1, &taken))
			return -EPROTO;
		j->taken = (unsigned)taken;
		return 0;
	case REDIS_PUBLISH:
		return redis_reply_number(r, 1, &j->seq) ? 0 : -EPROTO;
	case REDIS_READ:
		return read_entries(j, r);
	default:
		return 0;
	}
}

int
job_read_reply(struct job *j, const struct redisReply *reply, const char **why)
{
	static const struct {
		struct str word;
		int result;
	} words[] = {
		{ { "TAKEN", 5 }, ENGINE_TAKEN }, { { "UNKNOWN", 7 }, ENGINE_UNKNOWN },
		{ { "LOST", 4 }, ENGINE_LOST },   { { "OLD", 3 }, ENGINE_OLD },
		{ { "DONE", 4 }, ENGINE_DONE },   { { "UNSURE", 6 }, ENGINE_UNSURE },
		{ { "LATER", 5 }, -EAGAIN },      { { "KEPT", 4 }, ENGINE_KEPT },
	};
	struct str status = redis_reply_text(reply, 0);
	size_t i;

	if (reply->type == REDIS_REPLY_ERROR) {
		*why = reply->str;
		return 1;
	}
	if (!status.n) {
		*why = "does not answer as our scripts do";
		return 1;
	}
	if (str_equal(status, STR("OK"))) {
		j->result = read_success(j, reply);
		return 0;
	}
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_equal(status, words[i].word)) {
			j->result = words[i].result;
			/* Its own first time, whose reply was lost: what it was is
			 * not known any more. */
			if (j->result == ENGINE_TAKEN && j->is_repeated)
				j->result = -EAGAIN;
			return 0;
		}
	*why = str_equal(status, STR("EMPTIED")) ? "it was emptied"
	       : str_equal(status, STR("STALE")) ? "another connection of this node is newer"
						 : "publications were lost count of";
	return 1;
}
