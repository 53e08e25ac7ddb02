/* What the workers are told, each by its mailbox, and the bound on what waits there. */
#include "redis/uplink_private.h"

enum { RELIEF_MS = 10 };

/* The worker does not keep up: what is published waits in Redis, which gives this node
 * up if it becomes too much there; then the node reads in the logs what it missed. */
static void
hold_up(struct uplink *up)
{
	if (up->paused || !up->subscriber)
		return;
	up->paused = true;
	link_pause(up->subscriber, true);
	loop_timer_set(up->loop, &up->relief, loop_now_ms(up->loop) + RELIEF_MS);
}

void
uplink_on_relief(void *arg)
{
	struct uplink *up = arg;
	int64_t now = loop_now_ms(up->loop);

	up->beat_heard_ms = now; /* it could not be */
	if (atomic_load(&up->backlog) > up->options.news_bytes / 2) {
		loop_timer_set(up->loop, &up->relief, now + RELIEF_MS);
		return;
	}
	up->paused = false;
	if (up->subscriber)
		link_pause(up->subscriber, false);
}

void
uplink_out_of_memory(struct uplink *up)
{
	log_error(up->options.log, "redis: out of memory, the node is behind");
}

void
uplink_post(struct uplink *up, unsigned worker, struct news *news)
{
	if (!news) {
		uplink_out_of_memory(up);
		return;
	}
	news->engine = up->ports[worker].engine;
	news->cost = sizeof(*news) + news->n +
		     (news->message ? frozen_wire(news->message).n : 0);
	if (atomic_fetch_add(&up->backlog, news->cost) > up->options.news_bytes)
		hold_up(up);
	mailbox_post(up->ports[worker].box, &news->mail);
}

void
uplink_handled(struct uplink *up, size_t cost)
{
	atomic_fetch_sub(&up->backlog, cost);
}

void
uplink_tell(struct uplink *up, enum news_kind kind, uint64_t seq)
{
	unsigned i;

	for (i = 0; i < up->port_count; i++)
		uplink_post(up, i, news_new(kind, seq, STR("")));
}
