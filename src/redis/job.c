#include "redis/job.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

#include "redis/text.h"

struct job *
job_new(struct redis_engine *e, enum redis_script_id script)
{
	struct job *j = calloc(1, sizeof(*j));

	if (!j)
		return NULL;
	j->engine = e;
	j->script = script;
	return j;
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
	if (!j)
		return;
	free_read(j);
	args_clear(&j->args);
	buf_clear(&j->memory);
	frozen_unref(j->message);
	free(j);
}

/* ---- replies ---- */

static struct str
text_at(const struct redisReply *r, size_t i)
{
	const struct redisReply *e = i < r->elements ? r->element[i] : NULL;

	return e && e->type == REDIS_REPLY_STRING ? (struct str){ e->str, e->len }
						  : (struct str){ 0 };
}

static uint64_t
number_at(const struct redisReply *r, size_t i)
{
	struct str s = text_at(r, i);
	uint64_t v;

	return text_cut_number(&s, &v) ? v : 0;
}

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
		bytes += text_at(r, at + 2 * i).n;
	subs = (struct engine_sub *)(void *)buf_reserve(&j->memory, bytes + 1);
	if (!subs)
		return -ENOMEM;
	text = (char *)&subs[n];
	for (i = 0; i < n; i++) {
		struct str pattern = text_at(r, at + 2 * i);

		memcpy(text, pattern.p, pattern.n);
		subs[i].pattern = (struct str){ text, pattern.n };
		subs[i].since = number_at(r, at + 2 * i + 1);
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
	size_t n = (size_t)number_at(r, 9);

	*c = (struct engine_client){
		.turn = number_at(r, 1),
		.at = number_at(r, 2),
		.cursor = number_at(r, 3),
		.sent = number_at(r, 4),
		.connect = args_read_key(text_at(r, 5)),
		.acked = (uint32_t)number_at(r, 6),
		.flags = (unsigned)number_at(r, 7),
	};
	read_seen(c, text_at(r, 8));
	if (r->elements < SUBS_AT || n != (r->elements - SUBS_AT) / 2)
		return -EPROTO;
	return read_subscriptions(j, r, SUBS_AT, n);
}

static int
by_number(const void *a, const void *b)
{
	const struct engine_entry *x = a, *y = b;

	return x->message->seq < y->message->seq ? -1 : x->message->seq > y->message->seq;
}

enum { LOGS_AT = 4 }; /* in read's reply */

static int
read_entries(struct job *j, const struct redisReply *r)
{
	struct engine_entry *entries;
	size_t log, i, n = 0;

	for (log = LOGS_AT; log < r->elements; log++)
		n += r->element[log]->elements / 2;
	entries = calloc(n + 1, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	j->read.entries = entries;
	for (log = LOGS_AT; log < r->elements; log++) {
		const struct redisReply *found = r->element[log];

		for (i = 0; i + 1 < found->elements; i += 2) {
			struct frozen *f = text_read_message(text_at(found, i + 1));

			if (!f)
				continue; /* not ours */
			f->seq = number_at(found, i);
			entries[j->read.count++] =
				(struct engine_entry){ f, (uint32_t)(log - LOGS_AT) };
		}
	}
	qsort(entries, j->read.count, sizeof(*entries), by_number);
	j->seq = number_at(r, 1);
	j->made = (unsigned)number_at(r, 2);
	j->trimmed = (unsigned)number_at(r, 3);
	return 0;
}

static int
read_success(struct job *j, const struct redisReply *r)
{
	switch (j->script) {
	case REDIS_CREATE:
		j->client = (struct engine_client){ .turn = number_at(r, 1),
						    .at = number_at(r, 2),
						    .cursor = number_at(r, 2) };
		return 0;
	case REDIS_ATTACH:
		return read_attached(j, r);
	case REDIS_CHANGE:
		j->taken = (unsigned)number_at(r, 1);
		return 0;
	case REDIS_PUBLISH:
		j->seq = number_at(r, 1);
		return 0;
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
	struct str status = text_at(reply, 0);
	size_t i;

	if (reply->type == REDIS_REPLY_ERROR) {
		*why = reply->str;
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
