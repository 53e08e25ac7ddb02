/* On a new connection: the scripts are loaded, the node says who it is, and what Redis
 * may have forgotten is written back before anything else is said. */
#include <stdio.h>
#include <stdlib.h>

#include "host/random.h"
#include "redis/reply.h"
#include "redis/uplink_private.h"

/* What Redis knows of our sessions may be gone: it was emptied, or another took over
 * and lacks the last writes, or they were not refreshed for too long. */
static void
note_standing(struct uplink *up, const char *epoch, bool inbox_made)
{
	int64_t now = loop_now_ms(up->loop);
	bool is_first = up->joined_ms == 0;
	bool is_new = strcmp(up->epoch, epoch) != 0;

	if (!is_first && is_new) {
		up->young_ms = now + UPLINK_YOUNG_MS;
		log_warn(up->options.log, "redis: it was emptied; sessions are written back");
	}
	if (!is_first && (is_new || inbox_made ||
			  strcmp(up->peer, link_peer(up->commands)) != 0 ||
			  now - up->joined_ms > (int64_t)up->T_s * 1000))
		up->restore_due = true;
	if (!is_first && !is_new && inbox_made)
		up->missed = true;
	snprintf(up->epoch, sizeof(up->epoch), "%s", epoch);
	snprintf(up->peer, sizeof(up->peer), "%s", link_peer(up->commands));
}

static void
go_on(struct uplink *up)
{
	up->state = UPLINK_SYNCING;
	up->joined_ms = loop_now_ms(up->loop);
	uplink_joined(up, up->stored_k, up->stored_seq);
	if (up->subscriber_ready)
		uplink_sync(up);
}

static void
tell_restore(struct uplink *up)
{
	unsigned i;

	for (i = 0; i < up->port_count; i++) {
		struct news *news = news_new(NEWS_RESTORE, up->missed, STR(""));

		if (news)
			news->k = up->gen;
		uplink_post(up, i, news);
	}
}

static void
on_joined(void *arg, const struct redisReply *reply)
{
	struct uplink *up = arg;
	uint64_t numbers[5] = { 0 };
	bool is_whole = true;
	struct str epoch;
	size_t i;

	if (!reply)
		return;
	epoch = redis_reply_text(reply, 1);
	for (i = 0; i < 5; i++)
		is_whole &= redis_reply_number(reply, 2 + i, &numbers[i]);
	if (!is_whole || !epoch.n) {
		uplink_refuse(up, REDIS_JOIN, reply);
		return;
	}
	note_standing(up, epoch.p, numbers[3] != 0);
	up->gen = numbers[1];
	decimal_set(&up->gen_text, up->gen);
	up->stored_k = numbers[2];
	up->stored_seq = numbers[4];
	if (up->pos == 0)
		up->pos = numbers[4];
	if (up->restore_due) {
		up->state = UPLINK_RESTORING;
		tell_restore(up);
	} else {
		go_on(up);
	}
}

struct restored {
	struct mail mail;
	struct uplink *up;
	unsigned worker;
	uint64_t gen;
};

static bool
all_restored(const struct uplink *up)
{
	unsigned i;

	for (i = 0; i < up->port_count; i++)
		if (up->ports[i].restored != up->gen)
			return false;
	return true;
}

static void
on_restored(struct mail *m)
{
	struct restored *r = list_entry(m, struct restored, mail);
	struct uplink *up = r->up;

	up->ports[r->worker].restored = r->gen;
	/* Else that connection is gone: again on the next. */
	if (up->state == UPLINK_RESTORING && all_restored(up)) {
		up->restore_due = up->missed = false;
		go_on(up);
	}
	free(r);
}

void
uplink_restored(struct uplink *up, unsigned worker, uint64_t gen)
{
	struct restored *r = calloc(1, sizeof(*r));

	if (!r) {
		log_error(up->options.log, "redis: out of memory, the node stays alone");
		return;
	}
	*r = (struct restored){ .mail.run = on_restored, .up = up, .worker = worker,
				.gen = gen };
	mailbox_post(&up->box, &r->mail);
}

static void
join(struct uplink *up)
{
	struct decimal pos, k;
	char random[17];
	struct str head[] = { str_from(up->node), decimal_str(&up->T_text), { 0 }, { 0 },
			      { random, 16 },     str_from(up->epoch) };

	decimal_set(&pos, up->pos);
	decimal_set(&k, uplink_last_done(up));
	head[2] = decimal_str(&pos);
	head[3] = decimal_str(&k);
	random_base36(random, 16);
	if (uplink_call(up, REDIS_JOIN, head, 6, NULL, 0, on_joined, up))
		log_error(up->options.log, "redis: out of memory");
}

static void
on_loaded(void *arg, const struct redisReply *reply)
{
	struct uplink *up = arg;

	if (!reply)
		return;
	if (reply->type != REDIS_REPLY_STRING || reply->len != UPLINK_SHA_BYTES) {
		uplink_cut(up, reply->type == REDIS_REPLY_ERROR ? reply->str
								: "SCRIPT LOAD: not understood");
		return;
	}
	memcpy(up->sha[up->loaded++], reply->str, UPLINK_SHA_BYTES);
	if (up->loaded == REDIS_SCRIPT_COUNT)
		join(up);
}

void
uplink_on_commands_ready(void *arg)
{
	struct uplink *up = arg;
	unsigned i;

	up->state = UPLINK_JOINING;
	up->loaded = 0;
	for (i = 0; i < REDIS_SCRIPT_COUNT; i++) {
		const char *argv[] = { "SCRIPT", "LOAD", redis_scripts[i].text };
		const size_t bytes[] = { 6, 4, redis_scripts[i].n };

		if (link_send(up->commands, 3, argv, bytes, on_loaded, up)) {
			uplink_cut(up, "out of memory");
			return;
		}
	}
}

bool
uplink_drop_restored(struct mail *m)
{
	bool is_one = m->run == on_restored;

	if (is_one)
		free(list_entry(m, struct restored, mail));
	return is_one;
}
