/* The worker's jobs on their way: they wait until they may be sent, and come back
 * when Redis has replied. What was under way when a connection ended is sent again
 * on the next one; scripts that were done already are done once all the same, for
 * publishes are numbered, and whatever else is sent leaves what the first time left. */
#include <errno.h>
#include <stdlib.h>

#include "bayeux/channel.h"
#include "redis/uplink_private.h"

void
uplink_done(struct uplink *up, struct job *j)
{
	list_unlink(&j->node);
	if (j->own)
		j->own(j);
	else
		mailbox_post(j->home, &j->mail);
	if (up->stopping && uplink_is_idle(up))
		loop_stop(up->loop);
}

static void
give_up(struct uplink *up, struct job *j)
{
	j->result = -EAGAIN;
	uplink_done(up, j);
}

bool
uplink_is_idle(const struct uplink *up)
{
	return list_is_empty(&up->waiting) && list_is_empty(&up->sent);
}

/* ---- when it is done ---- */

/* Whether the message will be heard here: then its publisher is told behind it. */
static bool
will_be_heard(const struct uplink *up, const struct job *j)
{
	size_t i, n = args_count(&j->args);

	if (up->state != UPLINK_UP || j->seq <= up->pos)
		return false;
	for (i = 1; i < n; i++) {
		const struct interest *in =
			interests_find(&up->interests, args_get(&j->args, i));

		if (in && in->on)
			return true;
	}
	return false;
}

void
uplink_heard(struct uplink *up)
{
	struct list_node *n;

	while ((n = list_first(&up->unheard))) {
		struct job *j = list_entry(n, struct job, node);

		if (j->seq > up->pos)
			break;
		uplink_done(up, j);
	}
}

/* A read is whole when the other connection has come as far. */
void
uplink_marked(struct uplink *up, uint64_t mark)
{
	struct list_node *n;

	up->mark = mark;
	while ((n = list_first(&up->unmarked))) {
		struct job *j = list_entry(n, struct job, node);

		if (j->seq > mark)
			break;
		uplink_done(up, j);
	}
}

/* A kept one stays until its message has come back. */
static void
finish_kept(struct uplink *up, struct job *j)
{
	up->forwarded += j->result == 0;
	if (j->result || j->is_heard || j->seq <= up->pos) {
		uplink_kept_done(up, j);
	} else {
		list_unlink(&j->node);
		list_append(&up->returning, &j->node);
	}
}

static void
finish(struct uplink *up, struct job *j)
{
	if (j->script == REDIS_READ)
		uplink_count_gaps(up, j->made, j->trimmed);
	if (j->is_kept)
		finish_kept(up, j);
	else if (j->result == 0 && j->script == REDIS_PUBLISH && will_be_heard(up, j)) {
		list_unlink(&j->node);
		list_append(&up->unheard, &j->node);
	} else if (j->result == 0 && j->script == REDIS_READ && j->seq > up->mark) {
		list_unlink(&j->node);
		list_append(&up->unmarked, &j->node);
	} else {
		uplink_done(up, j);
	}
}

/* It is for the connection, which begins anew, to be in order again. An error that comes
 * back on the next one is the job's own: somebody else has been at its keys. */
static void
refuse(struct uplink *up, struct job *j, bool is_error, const char *why)
{
	if (is_error && j->is_refused && j->script != REDIS_PUBLISH) {
		log_error(up->options.log, "redis: %s: %s", redis_scripts[j->script].name, why);
		give_up(up, j);
		return;
	}
	j->is_refused = is_error;
	uplink_cut(up, why);
}

static void
on_reply(void *arg, const struct redisReply *reply)
{
	struct job *j = arg;
	struct uplink *up = j->uplink;
	const char *why;

	if (!reply)
		return; /* it goes back to those that wait */
	if (job_read_reply(j, reply, &why))
		refuse(up, j, reply->type == REDIS_REPLY_ERROR, why);
	else
		finish(up, j);
}

/* ---- sending ---- */

static int
send_publish(struct uplink *up, struct job *j)
{
	struct buf text = BUF_INIT;
	struct decimal k;
	int rc = -ENOMEM;

	decimal_set(&k, j->k);
	buf_add_str(&text, frozen_channel(j->message));
	buf_add_char(&text, ' ');
	buf_add_str(&text, frozen_json(j->message));
	if (!text.failed) {
		const struct str head[] = {
			str_from(up->node),
			decimal_str(&up->T_text),
			decimal_str(&k),
			args_get(&j->args, 0), /* what makes it done once */
			loop_now_ms(up->loop) < up->young_ms ? STR("1") : STR("0"),
			decimal_str(&up->log_text),
			buf_str(&text),
		};

		rc = uplink_call(up, REDIS_PUBLISH, head, 7, &j->args, 1, on_reply, j);
	}
	buf_clear(&text);
	return rc;
}

static int
send_job(struct uplink *up, struct job *j)
{
	const struct str head[] = { UPLINK_GATE(up) };

	if (j->script == REDIS_PUBLISH) {
		if (!j->k)
			j->k = ++up->k;
		return send_publish(up, j);
	}
	return uplink_call(up, j->script, head, 3, &j->args, 0, on_reply, j);
}

/* What a session needs here must be heard completely before it moves here. */
static bool
needs_up(const struct job *j)
{
	return j->script == REDIS_ATTACH || j->script == REDIS_READ;
}

static bool
may_be_sent(const struct uplink *up, const struct job *j)
{
	if (needs_up(j))
		return up->state == UPLINK_UP;
	if (j->script == REDIS_RESTORE)
		return up->state >= UPLINK_RESTORING;
	return up->state >= UPLINK_SYNCING;
}

static void
try_send(struct uplink *up, struct job *j)
{
	int rc;

	if (!may_be_sent(up, j)) {
		/* Rather the client tries another node. */
		if (up->is_late && needs_up(j))
			give_up(up, j);
		else
			list_append(&up->waiting, &j->node);
		return;
	}
	list_append(&up->sent, &j->node);
	rc = send_job(up, j);
	if (rc == 0) {
		if (j->script == REDIS_BEAT)
			uplink_beat_sent(up);
		return;
	}
	if (j->is_kept) { /* without memory the connection is of no use */
		uplink_cut(up, "out of memory");
		return;
	}
	if (j->script == REDIS_PUBLISH && j->k == up->k)
		up->k--; /* nobody has heard of that number */
	j->result = rc;
	uplink_done(up, j);
}

void
uplink_submit(struct uplink *up, struct job *j)
{
	j->uplink = up;
	if (up->is_away)
		give_up(up, j);
	else
		try_send(up, j);
}

static void
on_mail(struct mail *m)
{
	struct job *j = list_entry(m, struct job, mail);
	struct uplink *up = j->uplink;

	j->mail.run = j->back;
	if (!up->is_away && (j->script != REDIS_BEAT || up->state >= UPLINK_SYNCING))
		try_send(up, j);
	else if (j->script == REDIS_RESTORE && up->state >= UPLINK_RESTORING)
		try_send(up, j);
	else if (j->script != REDIS_PUBLISH || !uplink_keep_publish(up, j))
		give_up(up, j);
}

void
uplink_take(struct uplink *up, struct job *j)
{
	j->uplink = up;
	j->back = j->mail.run;
	j->mail.run = on_mail;
	mailbox_post(&up->box, &j->mail);
}

void
uplink_send_waiting(struct uplink *up)
{
	struct list now;
	struct list_node *n;

	list_init(&now);
	list_move(&now, &up->waiting);
	while ((n = list_take_first(&now)))
		try_send(up, list_entry(n, struct job, node));
}

/* ---- when connections end ---- */

/* Reads are worth nothing any more: what their sessions hold back begins anew. */
static void
give_up_reads(struct uplink *up, struct list *jobs)
{
	struct list_node *n, *next;

	for (n = list_first(jobs); n; n = next) {
		struct job *j = list_entry(n, struct job, node);

		next = list_next(jobs, n);
		if (j->script == REDIS_READ || j->script == REDIS_BEAT ||
		    j->script == REDIS_RESTORE)
			give_up(up, j);
	}
}

void
uplink_take_back(struct uplink *up)
{
	struct list_node *n;

	for (n = list_first(&up->sent); n; n = list_next(&up->sent, n))
		list_entry(n, struct job, node)->is_repeated = true;
	give_up_reads(up, &up->sent);
	give_up_reads(up, &up->unmarked);
	while ((n = list_first(&up->unheard)))
		uplink_done(up, list_entry(n, struct job, node));
	/* They were before those that wait. */
	list_move(&up->sent, &up->waiting);
	list_move(&up->waiting, &up->sent);
}

void
uplink_give_up_late(struct uplink *up)
{
	struct list_node *n, *next;

	for (n = list_first(&up->waiting); n; n = next) {
		struct job *j = list_entry(n, struct job, node);

		next = list_next(&up->waiting, n);
		if (needs_up(j))
			give_up(up, j);
	}
}

uint64_t
uplink_last_done(const struct uplink *up)
{
	struct list_node *n;

	for (n = list_first(&up->waiting); n; n = list_next(&up->waiting, n)) {
		const struct job *j = list_entry(n, struct job, node);

		if (j->k)
			return j->k - 1;
	}
	return up->k;
}

/* Publishes that Redis has are done, the others go out with the numbers they have. */
void
uplink_joined(struct uplink *up, uint64_t k, uint64_t seq)
{
	struct list_node *n, *next;

	up->is_away = false;
	loop_timer_clear(up->loop, &up->away);
	for (n = list_first(&up->waiting); n; n = next) {
		struct job *j = list_entry(n, struct job, node);

		next = list_next(&up->waiting, n);
		if (!j->k || j->k > k)
			continue;
		j->result = 0;
		j->seq = seq;
		if (j->is_kept)
			finish_kept(up, j);
		else
			uplink_done(up, j);
	}
	if (up->k < k)
		up->k = k;
	uplink_send_waiting(up);
}
