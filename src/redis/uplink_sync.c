/* What the node hears, in the one order of everything.
 *
 * A read shows Redis at one moment, while the subscriber connection may be behind or
 * ahead of it. So each read ends with a mark: when that has been heard, what was read
 * and what was heard are together complete. */
#include <errno.h>
#include <stdlib.h>

#include "engine/hub.h"
#include "redis/reply.h"
#include "redis/uplink_private.h"

enum { SUBSCRIBED_AT_ONCE = 1000, LOGS_AT_ONCE = 100 };

/* ---- handling ---- */

/* One of ours that was kept while Redis was away is known already. */
static bool
tell_returned(struct uplink *up, uint64_t seq, struct str text)
{
	struct str node = text_cut_word(&text);
	uint64_t k;

	return up->kept_count && str_equal(node, str_from(up->node)) &&
	       text_cut_number(&text, &k) && uplink_tell_kept(up, k, seq);
}

/* Those that want it, or all where there is one. */
static void
post_message(struct uplink *up, struct frozen *f)
{
	uint64_t workers = 1;
	unsigned i;

	if (up->port_count > 1)
		workers = interests_workers(&up->interests, frozen_channel(f));
	for (i = 0; workers; i++, workers >>= 1) {
		struct news *news;

		if (!(workers & 1))
			continue;
		news = news_new(NEWS_MESSAGE, f->seq, STR(""));
		if (news)
			news->message = frozen_ref(f);
		uplink_post(up, i, news);
	}
}

static void
tell_message(struct uplink *up, uint64_t seq, struct str text)
{
	struct frozen *f = text_read_message(text);

	if (!f) {
		log_limited(up->options.log, &up->error_lines, loop_now_ms(up->loop), 1,
			    "publications in Redis that are not understood");
		return;
	}
	f->seq = seq;
	post_message(up, f);
	frozen_unref(f);
}

/* It is for the worker that has that session, or sends for it. */
static void
tell_note(struct uplink *up, uint64_t seq, struct str text)
{
	struct hub *hub = up->options.hub;
	int worker = 0;

	if (hub)
		worker = directory_find(&hub->directory, text_read_note(text).client_id);
	if (worker >= 0)
		uplink_post(up, (unsigned)worker, news_new(NEWS_NOTE, seq, text));
}

/* Anything that is not newer is a copy. */
static void
handle(struct uplink *up, uint64_t seq, bool is_note, struct str text)
{
	if (seq <= up->pos)
		return;
	up->pos = seq;
	if (is_note)
		tell_note(up, seq, text);
	else if (!tell_returned(up, seq, text))
		tell_message(up, seq, text);
	uplink_heard(up);
}

static void
keep_heard(struct uplink *up, uint64_t seq, bool is_note, struct str text)
{
	struct heard *h = malloc(sizeof(*h) + text.n);

	if (!h) {
		uplink_out_of_memory(up);
		return;
	}
	*h = (struct heard){ .seq = seq, .is_note = is_note, .n = text.n };
	memcpy(h->text, text.p, text.n);
	list_append(&up->heard, &h->node);
}

void
uplink_forget_heard(struct uplink *up)
{
	struct list_node *n;

	while ((n = list_take_first(&up->heard)))
		free(list_entry(n, struct heard, node));
	up->reads = 0;
	up->mark = 0;
}

/* A log that is missing had expired, since it is made with the subscription: messages
 * are lost. Not so where Redis was emptied, and all of them begin anew. */
void
uplink_count_gaps(struct uplink *up, uint64_t made, uint64_t trimmed)
{
	int64_t now = loop_now_ms(up->loop);
	uint64_t gaps = trimmed + (now < up->young_ms ? 0 : made);

	if (!gaps)
		return;
	up->gaps += gaps;
	log_limited(up->options.log, &up->gap_lines, now, (unsigned)gaps,
		    "logs in Redis no longer had all that was missed: messages are lost "
		    "(--redis-log)");
}

/* ---- syncing ---- */

static int
by_number(const void *a, const void *b)
{
	const struct heard *x = *(struct heard *const *)a, *y = *(struct heard *const *)b;

	return x->seq < y->seq ? -1 : x->seq > y->seq;
}

static void
go_up(struct uplink *up)
{
	int64_t now = loop_now_ms(up->loop);

	up->state = UPLINK_UP;
	up->is_late = false;
	loop_timer_clear(up->loop, &up->late);
	up->failures = 0;
	up->history[0] = up->history[1] = 0;
	up->beat_heard_ms = now;
	loop_timer_set(up->loop, &up->beat, now + UPLINK_BEAT_MS);
	loop_timer_set(up->loop, &up->keep, now + (int64_t)up->T_s * 1000);
	log_info(up->options.log, "redis: joined node=%s at=%s", up->node,
		 link_peer(up->commands));
	uplink_tell(up, NEWS_UP, 0);
	uplink_tell_all_wanted(up);
	uplink_end_lingering(up);
	uplink_send_waiting(up);
	intake_beat(&up->intake);
	uplink_look(up);
}

static void
merge(struct uplink *up)
{
	struct heard **all;
	struct list_node *n;
	size_t count = 0, i;

	for (n = list_first(&up->heard); n; n = list_next(&up->heard, n))
		count++;
	all = calloc(count + 1, sizeof(*all));
	if (!all) {
		uplink_cut(up, "out of memory");
		return;
	}
	for (i = 0, n = list_first(&up->heard); n; n = list_next(&up->heard, n))
		all[i++] = list_entry(n, struct heard, node);
	qsort(all, count, sizeof(struct heard *), by_number);
	for (i = 0; i < count; i++)
		handle(up, all[i]->seq, all[i]->is_note,
		       (struct str){ all[i]->text, all[i]->n });
	free(all);
	if (up->pos < up->sync_mark)
		up->pos = up->sync_mark;
	uplink_forget_heard(up);
	up->mark = up->sync_mark;
	go_up(up);
}

static void
merge_when_whole(struct uplink *up)
{
	if (up->state == UPLINK_SYNCING && up->reads == 0 && up->sync_mark &&
	    up->mark >= up->sync_mark)
		merge(up);
}

/* Messages begin with a node and a number; notes are in the inbox. */
static void
keep_read(struct uplink *up, const struct redisReply *found)
{
	uint64_t seq;
	size_t i;

	for (i = 0; i + 1 < found->elements; i += 2) {
		struct str text = redis_reply_text(found, i + 1);

		if (redis_reply_number(found, i, &seq))
			keep_heard(up, seq, text_read_note(text).word != NOTE_NONE, text);
	}
}

static void
on_read(void *arg, const struct redisReply *reply)
{
	struct uplink *up = arg;
	uint64_t mark, trimmed;
	size_t log;

	if (!reply)
		return;
	if (!str_equal(redis_reply_text(reply, 0), STR("OK")) ||
	    !redis_reply_number(reply, 1, &mark)) {
		uplink_refuse(up, REDIS_READ, reply);
		return;
	}
	for (log = 4; log < reply->elements; log++)
		if (redis_reply_array(reply, log))
			keep_read(up, reply->element[log]);
	redis_reply_number(reply, 3, &trimmed);
	uplink_count_gaps(up, 0, trimmed);
	if (--up->reads == 0)
		up->sync_mark = mark;
	merge_when_whole(up);
}

static int
read_portion(struct uplink *up, const struct args *logs)
{
	const struct str head[] = { UPLINK_GATE(up), decimal_str(&up->log_text) };

	up->reads++;
	return uplink_call(up, REDIS_READ, head, 4, logs, 0, on_read, up);
}

static void
add_log(struct uplink *up, struct args *logs, struct str log)
{
	args_add(logs, log);
	args_add_uint(logs, up->pos);
}

/* Everything since `pos`, once it is sure that nothing later is missed. */
static void
read_all(struct uplink *up)
{
	struct args logs = { 0 };
	struct list_node *n;
	char inbox[REDIS_NODE_BYTES + 1];
	int rc = 0;

	snprintf(inbox, sizeof(inbox), "@%s", up->node);
	add_log(up, &logs, str_from(inbox));
	for (n = list_first(&up->interests.all); n && !rc;
	     n = list_next(&up->interests.all, n)) {
		add_log(up, &logs, interest_pattern(list_entry(n, struct interest, node)));
		if (args_count(&logs) < 2 * LOGS_AT_ONCE)
			continue;
		rc = read_portion(up, &logs);
		args_clear(&logs);
	}
	if (!rc && args_count(&logs))
		rc = read_portion(up, &logs);
	if (rc || args_failed(&logs))
		uplink_cut(up, "out of memory");
	args_clear(&logs);
}

static int
subscribe_portion(struct uplink *up, const struct args *names)
{
	size_t i, n = args_count(names);
	struct str *channels = calloc(n + 1, sizeof(*channels));
	int rc;

	if (!channels)
		return -ENOMEM;
	for (i = 0; i < n; i++)
		channels[i] = args_get(names, i);
	rc = link_subscribe(up->subscriber, channels, n);
	free(channels);
	return rc;
}

void
uplink_sync(struct uplink *up)
{
	struct args names = { 0 };
	struct buf name = BUF_INIT;
	char inbox[REDIS_NODE_BYTES + 1];
	struct list_node *n;
	int rc = 0;

	uplink_forget_heard(up);
	up->sync_mark = 0;
	up->unconfirmed = 1;
	snprintf(inbox, sizeof(inbox), "@%s", up->node);
	args_add(&names, uplink_live_channel(up, str_from(inbox), &name));
	for (n = list_first(&up->interests.all); n && !rc;
	     n = list_next(&up->interests.all, n)) {
		struct interest *in = list_entry(n, struct interest, node);

		up->unconfirmed++;
		args_add(&names, uplink_live_channel(up, interest_pattern(in), &name));
		if (args_count(&names) < SUBSCRIBED_AT_ONCE)
			continue;
		rc = subscribe_portion(up, &names);
		args_clear(&names);
	}
	if (!rc && args_count(&names))
		rc = subscribe_portion(up, &names);
	if (rc || args_failed(&names) || name.failed)
		uplink_cut(up, "out of memory");
	args_clear(&names);
	buf_clear(&name);
}

/* ---- the subscriber connection ---- */

/* What is behind PREFIX and "live:". */
static struct str
name_of(const struct uplink *up, struct str channel)
{
	size_t n = strlen(up->options.prefix) + 5;

	return channel.n > n ? (struct str){ channel.p + n, channel.n - n } : (struct str){ 0 };
}

void
uplink_on_subscribed(void *arg, struct str channel)
{
	struct uplink *up = arg;
	struct str name = name_of(up, channel);
	struct interest *in;

	if (intake_subscribed(&up->intake, channel))
		return;
	in = interests_find(&up->interests, name);
	if (in) {
		in->on = true;
		if (up->state == UPLINK_UP)
			uplink_tell_wanted(up, in);
	}
	if (up->state == UPLINK_SYNCING && --up->unconfirmed == 0)
		read_all(up);
}

static void
on_mark(struct uplink *up, uint64_t seq)
{
	up->mark = seq;
	if (up->state == UPLINK_UP) {
		if (up->pos < seq)
			up->pos = seq;
		uplink_marked(up, seq);
		uplink_heard(up);
	}
	merge_when_whole(up);
}

static void
on_own_beat(struct uplink *up, uint64_t seq)
{
	up->beat_heard_ms = loop_now_ms(up->loop);
	uplink_beat_heard(up);
	if (up->state == UPLINK_UP && up->pos < seq) {
		up->pos = seq;
		uplink_heard(up);
		uplink_purge_returning(up);
	}
}

void
uplink_on_message(void *arg, struct str channel, struct str text)
{
	struct uplink *up = arg;
	struct str name = name_of(up, channel);
	bool is_note = name.n && name.p[0] == '@';
	uint64_t seq;

	if (intake_message(&up->intake, channel, text) || !text_cut_number(&text, &seq))
		return;
	if (is_note && str_equal(text, STR("mark")))
		on_mark(up, seq);
	else if (is_note && str_equal(text, STR("beat")))
		on_own_beat(up, seq);
	else if (up->state == UPLINK_UP)
		handle(up, seq, is_note, text);
	else
		keep_heard(up, seq, is_note, text);
}
