/* What the uplink tells of itself: numbers for who watches, and lines in the log while
 * Redis is away. All of it is looked up once a second, so nothing is counted on the way
 * of a message. */
#include <time.h>

#include "redis/uplink_private.h"

enum {
	LOOK_MS = 1000,
	LINE_MS = 60000, /* between lines about one and the same trouble */
};

const char *const redis_stat_states[STAT_STATES] = {
	[UPLINK_DOWN] = "down",       [UPLINK_JOINING] = "joining",
	[UPLINK_RESTORING] = "restoring", [UPLINK_SYNCING] = "syncing",
	[UPLINK_UP] = "up",
};

_Static_assert(UPLINK_UP + 1 == STAT_STATES, "each state has a name");

/* ---- lag ---- */

/* The loop's clock is too coarse for it. */
static int64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void
uplink_beat_sent(struct uplink *up)
{
	struct uplink_watch *w = &up->watch;

	w->beats_us[w->beats_sent++ % UPLINK_BEATS_NOTED] = now_us();
}

/* They are heard in the order in which they were sent. */
void
uplink_beat_heard(struct uplink *up)
{
	struct uplink_watch *w = &up->watch;

	if (w->beats_heard == w->beats_sent)
		return;
	w->lag_us = (uint64_t)(now_us() - w->beats_us[w->beats_heard % UPLINK_BEATS_NOTED]);
	w->beats_heard++;
}

/* One that is due longer than the last one took says more. */
static uint64_t
lag_us(const struct uplink_watch *w)
{
	uint64_t due;

	if (w->lag_us == STAT_NONE || w->beats_heard == w->beats_sent)
		return w->lag_us;
	due = (uint64_t)(now_us() - w->beats_us[w->beats_heard % UPLINK_BEATS_NOTED]);
	return due > w->lag_us ? due : w->lag_us;
}

/* ---- numbers ---- */

static uint64_t
count_sent(const struct uplink *up)
{
	struct list_node *n;
	uint64_t count = 0;

	for (n = list_first(&up->sent); n; n = list_next(&up->sent, n))
		count++;
	return count;
}

static uint64_t
count_waiting(const struct uplink *up)
{
	struct list_node *n;
	uint64_t count = 0;

	for (n = list_first(&up->waiting); n; n = list_next(&up->waiting, n)) {
		const struct job *j = list_entry(n, struct job, node);

		count += j->script == REDIS_PUBLISH && !j->is_kept;
	}
	return count;
}

static void
write_intake(const struct intake *in, struct redis_stats *s)
{
	redis_stat_set(s, STAT_INTAKE, in->token != 0);
	redis_stat_set(s, STAT_INTAKE_PUBLISHED, in->counts.published);
	redis_stat_set(s, STAT_INTAKE_REFUSED, in->counts.refused);
	redis_stat_set(s, STAT_INTAKE_DROPPED, in->counts.dropped);
}

static void
write_stats(struct uplink *up)
{
	const struct uplink_watch *w = &up->watch;
	struct redis_stats *s = &up->stats;

	redis_stat_set(s, STAT_STATE, up->state);
	redis_stat_set(s, STAT_UP, w->is_up);
	redis_stat_set(s, STAT_CHANGED_MS, (uint64_t)w->changed_ms);
	redis_stat_set(s, STAT_JOINS, w->joins);
	redis_stat_set(s, STAT_LOSSES, w->losses);
	redis_stat_set(s, STAT_KEPT, up->kept_count);
	redis_stat_set(s, STAT_KEPT_BYTES, up->kept_bytes);
	redis_stat_set(s, STAT_FORWARDED, up->forwarded);
	redis_stat_set(s, STAT_REFUSED, up->refused);
	redis_stat_set(s, STAT_GAPS, up->gaps);
	redis_stat_set(s, STAT_COMMANDS, count_sent(up));
	redis_stat_set(s, STAT_WAITING, count_waiting(up));
	redis_stat_set(s, STAT_LAG_US, lag_us(w));
	redis_stat_set(s, STAT_POS, up->pos);
	write_intake(&up->intake, s);
}

/* ---- lines ---- */

static double
seconds(int64_t ms)
{
	return (double)ms / 1e3;
}

/* When all that was kept has gone, too, so that it can be said. */
static void
say_back(struct uplink *up)
{
	struct uplink_watch *w = &up->watch;
	uint64_t forwarded = up->forwarded - w->forwarded_before;

	if (w->losses || forwarded)
		log_info(up->options.log,
			 "redis: back after %.1f s, %llu publications forwarded",
			 seconds(w->changed_ms - w->away_ms), (unsigned long long)forwarded);
	w->is_told = true;
}

static void
say(struct uplink *up, int64_t now_ms)
{
	struct uplink_watch *w = &up->watch;

	if (w->is_up && up->kept_count == 0) {
		w->next_line_ms = now_ms + LINE_MS;
		if (!w->is_told)
			say_back(up);
	} else if (now_ms >= w->next_line_ms) {
		w->next_line_ms = now_ms + LINE_MS;
		log_info(up->options.log, "redis: %s for %.1f s state=%s kept=%zu bytes=%zu",
			 w->is_up ? "forwarding" : "away", seconds(now_ms - w->changed_ms),
			 redis_stat_states[up->state], up->kept_count, up->kept_bytes);
	}
}

/* ---- looking ---- */

static void
note_change(struct uplink *up, int64_t now_ms)
{
	struct uplink_watch *w = &up->watch;

	if (w->is_up == (up->state == UPLINK_UP))
		return;
	w->is_up = !w->is_up;
	w->changed_ms = now_ms;
	w->lag_us = STAT_NONE;
	if (w->is_up) {
		w->joins++;
		return;
	}
	w->losses++;
	if (!w->is_told)
		return; /* it was back, but not with all that was kept */
	w->is_told = false;
	w->away_ms = now_ms;
	w->forwarded_before = up->forwarded;
}

void
uplink_look(struct uplink *up)
{
	int64_t now_ms = loop_now_ms(up->loop);

	if (up->state == UPLINK_DOWN) /* what was under way is not heard any more */
		up->watch.beats_heard = up->watch.beats_sent;
	note_change(up, now_ms);
	say(up, now_ms);
	write_stats(up);
	loop_timer_set(up->loop, &up->watch.look, now_ms + LOOK_MS);
}

static void
on_look(void *arg)
{
	uplink_look(arg);
}

void
uplink_watch_init(struct uplink *up)
{
	struct uplink_watch *w = &up->watch;

	w->away_ms = w->changed_ms = loop_now_ms(up->loop);
	w->next_line_ms = w->changed_ms + LINE_MS;
	w->lag_us = STAT_NONE;
	loop_timer_init(&w->look, on_look, up);
	uplink_look(up);
}
