/* Redis has been away for longer than a moment. Publications are accepted all the
 * same: they get their number among this node's (k), go to this node's sessions at once, and
 * are kept, up to a limit, to be sent in their order when Redis is back. Then each
 * comes back with its place in the order of everything. */
#include <stdlib.h>

#include "engine/hub.h"
#include "redis/uplink_private.h"

static size_t
bytes_of(const struct job *j)
{
	return frozen_wire(j->message).n + j->args.text.n;
}

static bool
has_room(const struct uplink *up, const struct job *j)
{
	return up->kept_count < up->options.kept_messages &&
	       up->kept_bytes + bytes_of(j) <= up->options.kept_bytes;
}

/* Each worker has one of its own, since it writes the place in the order into it when
 * that is its turn. */
static bool
add_copies(struct job *kept, unsigned workers)
{
	kept->copies = calloc(workers, sizeof(struct frozen *));
	while (kept->copies && kept->copy_count < workers) {
		struct frozen *f = workers == 1 ? frozen_ref(kept->message)
						: frozen_copy(kept->message);

		if (!f)
			return false;
		kept->copies[kept->copy_count++] = f;
	}
	return kept->copies != NULL;
}

/* To each worker with its copy. False: out of memory, and nobody is told. */
static bool
tell_all(struct uplink *up, const struct job *kept, enum news_kind kind, uint64_t seq)
{
	struct news *news[HUB_MAX_WORKERS];
	unsigned i, n;

	for (n = 0; n < kept->copy_count; n++) {
		news[n] = news_new(kind, seq, STR(""));
		if (!news[n])
			break;
		news[n]->k = kept->k;
		news[n]->message = frozen_ref(kept->copies[n]);
	}
	for (i = 0; i < n; i++) {
		if (n == kept->copy_count)
			uplink_post(up, i, news[i]);
		else
			news_free(news[i]);
	}
	return n == kept->copy_count;
}

/* Takes the place of `j`, which goes back to the worker: its publisher has been told
 * all that there is to tell. */
static struct job *
keep(struct uplink *up, struct job *j)
{
	struct job *kept = job_new(NULL, REDIS_PUBLISH);

	if (!kept)
		return NULL;
	kept->message = frozen_ref(j->message);
	if (!add_copies(kept, up->port_count)) {
		job_free(kept);
		return NULL;
	}
	kept->is_kept = true;
	kept->uplink = up;
	kept->k = j->k ? j->k : ++up->k;
	kept->is_repeated = j->is_repeated;
	kept->args = j->args;
	j->args = (struct args){ 0 };
	up->kept_count++;
	up->kept_bytes += bytes_of(kept);
	up->kept_k = kept->k;
	return kept;
}

bool
uplink_keep_publish(struct uplink *up, struct job *j)
{
	struct job *kept;

	/* One that was sent may have been done: there is no way back. */
	if (!j->k && !has_room(up, j)) {
		log_limited(up->options.log, &up->refused_lines, loop_now_ms(up->loop), 1,
			    "publications refused: Redis is away and no more are kept");
		up->refused++;
		return false;
	}
	kept = keep(up, j);
	if (!kept || !tell_all(up, kept, NEWS_ISLAND, kept->k)) {
		uplink_kept_done(up, kept);
		up->refused++;
		return false;
	}
	list_append(&up->waiting, &kept->node);
	j->result = 0;
	uplink_done(up, j);
	return true;
}

void
uplink_go_island(struct uplink *up)
{
	struct list now;
	struct list_node *n;

	list_init(&now);
	list_move(&now, &up->waiting);
	while ((n = list_take_first(&now))) {
		struct job *j = list_entry(n, struct job, node);

		/* Whether that is still to be done is for Redis to say. */
		if (j->is_kept || (j->own && j->k)) {
			list_append(&up->waiting, &j->node);
		} else if (j->script != REDIS_PUBLISH || !uplink_keep_publish(up, j)) {
			j->result = -EAGAIN;
			uplink_done(up, j);
		}
	}
}

/* ---- when Redis is back ---- */

void
uplink_kept_done(struct uplink *up, struct job *j)
{
	if (!j)
		return;
	list_unlink(&j->node);
	up->kept_count--;
	up->kept_bytes -= bytes_of(j);
	job_free(j);
}

static struct job *
find(struct list *jobs, uint64_t k)
{
	struct list_node *n;

	for (n = list_first(jobs); n; n = list_next(jobs, n)) {
		struct job *j = list_entry(n, struct job, node);

		if (j->is_kept && j->k == k)
			return j;
		if (j->is_kept && j->k > k)
			break;
	}
	return NULL;
}

bool
uplink_tell_kept(struct uplink *up, uint64_t k, uint64_t seq)
{
	bool is_done;
	struct job *j;

	if (up->kept_count == 0 || k > up->kept_k)
		return false;
	j = find(&up->returning, k);
	is_done = j != NULL;
	if (!j)
		j = find(&up->sent, k); /* its reply is still to come */
	if (!j)
		j = find(&up->waiting, k); /* or was lost */
	if (!j)
		return false;
	if (!tell_all(up, j, NEWS_MAINLAND, seq))
		uplink_out_of_memory(up);
	if (is_done)
		uplink_kept_done(up, j);
	else
		j->is_heard = true;
	return true;
}

/* Nobody here wanted to hear those. */
void
uplink_purge_returning(struct uplink *up)
{
	struct list_node *n;

	while ((n = list_first(&up->returning))) {
		struct job *j = list_entry(n, struct job, node);

		if (j->seq > up->pos)
			break;
		uplink_kept_done(up, j);
	}
}

void
uplink_drop_kept(struct uplink *up)
{
	struct list *lists[] = { &up->waiting, &up->sent, &up->returning };
	struct list_node *n, *next;
	size_t i, lost = 0;

	for (i = 0; i < 3; i++)
		for (n = list_first(lists[i]); n; n = next) {
			struct job *j = list_entry(n, struct job, node);

			next = list_next(lists[i], n);
			if (!j->is_kept)
				continue;
			lost += i < 2 && !j->is_heard;
			uplink_kept_done(up, j);
		}
	if (lost)
		log_error(up->options.log, "redis: %zu publications that were accepted "
					   "while Redis was away are lost", lost);
}
