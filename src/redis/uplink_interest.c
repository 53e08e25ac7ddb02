/* What the worker wants to hear: asked for, told of, kept alive in Redis, and given up
 * after a while. */
#include <errno.h>
#include <stdlib.h>

#include "redis/uplink_private.h"

enum { KEPT_AT_ONCE = 1000 };

struct str
uplink_live_channel(const struct uplink *up, struct str name, struct buf *out)
{
	buf_reset(out);
	buf_add_str(out, str_from(up->options.prefix));
	buf_add_str(out, STR("live:"));
	buf_add_str(out, name);
	return buf_str(out);
}

void
uplink_tell_wanted(struct uplink *up, struct interest *in)
{
	uint64_t workers = in->wanted & ~in->told;
	unsigned i;

	if (!in->on)
		return;
	in->told |= workers;
	for (i = 0; workers; i++, workers >>= 1)
		if (workers & 1)
			uplink_post(up, i, news_new(NEWS_WANTED, 0, interest_pattern(in)));
}

/* Those that came up while we were not. */
void
uplink_tell_all_wanted(struct uplink *up)
{
	struct list_node *n;

	for (n = list_first(&up->interests.all); n; n = list_next(&up->interests.all, n))
		uplink_tell_wanted(up, list_entry(n, struct interest, node));
}

void
uplink_ask(struct uplink *up, const struct interest *in)
{
	struct buf name = BUF_INIT;
	struct str channel = uplink_live_channel(up, interest_pattern(in), &name);

	if (up->subscriber_ready && up->state >= UPLINK_SYNCING) {
		/* Still syncing: that then waits for it, too. */
		up->unconfirmed++;
		if (name.failed || link_subscribe(up->subscriber, &channel, 1))
			log_error(up->options.log, "redis: out of memory, a "
						   "subscription hears nothing");
	}
	buf_clear(&name);
}

struct wish {
	struct mail mail;
	struct uplink *up;
	unsigned worker;
	bool wanted;
	size_t n;
	char pattern[];
};

static void
on_wish(struct mail *m)
{
	struct wish *w = list_entry(m, struct wish, mail);
	struct uplink *up = w->up;
	struct str pattern = { w->pattern, w->n };
	struct interest *in;
	bool fresh;

	if (!w->wanted) {
		interests_unwant(&up->interests, pattern, w->worker,
				 loop_now_ms(up->loop));
		uplink_end_lingering(up);
	} else {
		in = interests_want(&up->interests, pattern, w->worker, &fresh);
		if (!in)
			uplink_out_of_memory(up);
		else if (fresh)
			uplink_ask(up, in);
		else
			uplink_tell_wanted(up, in);
	}
	free(w);
}

int
uplink_want(struct uplink *up, unsigned worker, struct str pattern, bool wanted)
{
	struct wish *w;

	if (up->stopped)
		return 0; /* a worker ends behind others */
	w = calloc(1, sizeof(*w) + pattern.n);
	if (!w)
		return -ENOMEM;
	w->mail.run = on_wish;
	w->up = up;
	w->worker = worker;
	w->wanted = wanted;
	w->n = pattern.n;
	memcpy(w->pattern, pattern.p, pattern.n);
	mailbox_post(&up->box, &w->mail);
	return 0;
}

bool
uplink_drop_wish(struct mail *m)
{
	bool is_one = m->run == on_wish;

	if (is_one)
		free(list_entry(m, struct wish, mail));
	return is_one;
}

void
uplink_end_lingering(struct uplink *up)
{
	int64_t now = loop_now_ms(up->loop);
	struct buf name = BUF_INIT;
	struct list_node *n;
	struct interest *in;

	while (up->state == UPLINK_UP && (in = interests_expired(&up->interests, now))) {
		struct str channel = uplink_live_channel(up, interest_pattern(in), &name);

		if (!name.failed)
			link_unsubscribe(up->subscriber, &channel, 1);
		interests_drop(&up->interests, in);
	}
	buf_clear(&name);
	n = list_first(&up->interests.lingering);
	if (n && up->state == UPLINK_UP)
		loop_timer_set(up->loop, &up->linger,
			       list_entry(n, struct interest, lingering)->until_ms);
}

static void
on_kept(void *arg, const struct redisReply *reply)
{
	struct uplink *up = arg;

	if (reply && reply->type == REDIS_REPLY_ERROR)
		uplink_cut(up, reply->str);
}

void
uplink_keep(struct uplink *up)
{
	const struct str head[] = { UPLINK_GATE(up) };
	struct args patterns = { 0 };
	struct list_node *n;

	for (n = list_first(&up->interests.all); n; n = list_next(&up->interests.all, n)) {
		struct interest *in = list_entry(n, struct interest, node);

		if (in->users)
			args_add(&patterns, interest_pattern(in));
		if (args_count(&patterns) < KEPT_AT_ONCE &&
		    list_next(&up->interests.all, n))
			continue;
		if (args_count(&patterns))
			uplink_call(up, REDIS_KEEP, head, 3, &patterns, 0, on_kept, up);
		args_clear(&patterns);
	}
}
