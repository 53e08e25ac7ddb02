#include "transport/stream.h"

#include <errno.h>
#include <unistd.h>

#include "transport/peer.h"

/* ---- time ---- */

void
stream_mark_dirty(struct stream *s)
{
	if (s->dead || list_is_linked(&s->dirty))
		return;
	list_append(&s->set->dirty, &s->dirty);
	loop_at_end(s->set->loop, &s->set->finish);
}

static int64_t
stalls_ms(const struct stream *s)
{
	return s->blocked_ms ? s->blocked_ms + s->set->config.stall_ms : INT64_MAX;
}

void
stream_set_timer(struct stream *s)
{
	struct loop *loop = s->set->loop;
	int64_t at, stalls;

	if (s->dead)
		return;
	at = s->set->kind->deadline(s);
	stalls = stalls_ms(s);
	at = stalls < at ? stalls : at;
	if (at == INT64_MAX)
		loop_timer_clear(loop, &s->timer);
	else if (loop_timer_set(loop, &s->timer, at))
		log_error(s->set->log, "%s: out of memory, a deadline is lost",
			  s->set->kind->name);
}

int64_t
stream_next_ping_ms(const struct stream *s, int64_t proof_due_ms)
{
	if (!s->set->config.ping_ms || proof_due_ms < s->keepalive_ms)
		return proof_due_ms;
	return s->keepalive_ms;
}

/* ---- ends ---- */

void
stream_kill(struct stream *s)
{
	struct streams *set = s->set;

	if (s->dead)
		return;
	s->dead = true;
	loop_watch_clear(&s->watch);
	loop_timer_clear(set->loop, &s->timer);
	list_unlink(&s->dirty);
	list_unlink(&s->node);
	list_append(&set->dead, &s->node);
	loop_at_end(set->loop, &set->finish);
	set->count--;
	set->lent -= s->lender != NULL;
	outlet_gone(&s->outlet);
}

static void
log_closing(const struct stream *s, const char *reason)
{
	struct streams *set = s->set;
	char peer[PEER_BYTES];

	log_limited(set->log, &set->closed_lines, loop_now_ms(set->loop), 1,
		    set->kind->slow_peers);
	if (set->log->level >= LOG_LEVEL_DEBUG)
		log_debug(set->log, "%s: closed peer=%s reason=%s unsent=%zu",
			  set->kind->name, peer_name(s->fd, peer), reason, s->out.unsent);
}

void
stream_kill_slow(struct stream *s, const char *reason)
{
	s->set->stalled++;
	log_closing(s, reason);
	stream_kill(s);
}

static void
bury(struct stream *s)
{
	list_unlink(&s->node);
	outbox_clear(&s->out);
	if (s->lender)
		s->lender->on_done(s->lender);
	else
		close(s->fd);
	s->set->kind->free(s);
}

/* ---- out ---- */

void
stream_give(struct stream *s, struct frozen *f)
{
	/* Without memory rather the stream goes than a message. */
	if (f && queue_reserve(&s->out.queue)) {
		if (frozen_is_message(f) && s->outlet.session)
			outlet_put_back(&s->outlet, f);
		else
			frozen_unref(f);
		f = NULL;
	}
	if (!f || outbox_give(&s->out, f))
		stream_kill(s);
	else
		stream_mark_dirty(s);
}

void
stream_send(struct outlet *o, struct frozen *f)
{
	/* Bound outlets are open: closing unbinds first. What is too much is
	 * found at the turn's end. */
	stream_give(list_entry(o, struct stream, outlet), f);
}

/* Half of what may be unsent: the rest is for messages that come meanwhile. */
bool
stream_has_room(struct outlet *o)
{
	const struct stream *s = list_entry(o, struct stream, outlet);

	return !s->closing && outbox_load(&s->out) < s->set->config.unsent_bytes / 2;
}

static void
put_back(void *arg, struct frozen *f)
{
	outlet_put_back(arg, f);
}

void
stream_give_back(struct outlet *o)
{
	outbox_give_back(&list_entry(o, struct stream, outlet)->out, put_back, o);
}

uint64_t
stream_least_unproved(struct outlet *o)
{
	return outbox_least(&list_entry(o, struct stream, outlet)->out);
}

void
stream_close(struct outlet *o)
{
	struct stream *s = list_entry(o, struct stream, outlet);

	s->close_wanted = true;
	stream_mark_dirty(s);
}

void
stream_hang_up(struct outlet *o)
{
	stream_kill(list_entry(o, struct stream, outlet));
}

static void
write_out(struct stream *s)
{
	size_t before = s->out.unsent;
	int rc = outbox_write(&s->out, s->fd);
	short events = outlet_is_crowded(&s->outlet) ? 0 : LOOP_READ;

	if (rc == OUTBOX_BLOCKED)
		events |= LOOP_WRITE;
	if (rc < 0 || loop_watch_set(&s->watch, s->fd, events)) {
		stream_kill(s);
		return;
	}
	if (rc == 0) {
		s->blocked_ms = 0;
		if (s->closing || s->close_wanted)
			s->set->kind->on_all_sent(s);
	} else if (!s->blocked_ms || s->out.unsent < before) {
		s->blocked_ms = loop_now_ms(s->set->loop);
	}
}

static bool
keeps_too_much(const struct stream *s)
{
	const struct stream_config *cfg = &s->set->config;

	return s->out.unproved > cfg->unproved_messages || s->out.kept > cfg->unsent_bytes;
}

/* A peer that takes messages but proves nothing: the oldest count as arrived. */
static void
trim(struct stream *s)
{
	struct streams *set = s->set;
	uint32_t n;

	if (!keeps_too_much(s))
		return;
	if (!s->dead && set->kind->prove)
		set->kind->prove(s);
	n = outbox_trim(&s->out, set->config.unproved_messages, set->config.unsent_bytes);
	if (n == 0)
		return;
	set->unproved += n;
	log_limited(set->log, &set->unproved_lines, loop_now_ms(set->loop), n,
		    set->kind->unproved_messages);
}

static bool
may_depart(const struct stream *s)
{
	return outlet_may_move(&s->outlet) && !s->dead && !s->closing;
}

static void
flush(struct stream *s)
{
	struct streams *set = s->set;

	/* What it says goodbye with leaves with the rest. */
	if (may_depart(s))
		outlet_move(&s->outlet);
	set->kind->prepare(s);
	if (!s->dead)
		write_out(s);
	if (s->dead)
		return;
	if (!s->closing && outbox_load(&s->out) > set->config.unsent_bytes) {
		set->overflowed++;
		log_closing(s, "too-slow");
		set->kind->on_overflow(s);
	} else if (s->outlet.behind) {
		outlet_feed(&s->outlet);
	}
	trim(s);
	stream_set_timer(s);
}

/* ---- the loop's calls ---- */

/* The next one's memory comes while the kernel sends for this one. */
static void
prefetch_next(const struct streams *set)
{
	struct list_node *n = list_first(&set->dirty);
	const char *next;
	size_t i;

	if (!n)
		return;
	next = (const char *)list_entry(n, struct stream, dirty);
	for (i = 0; i <= offsetof(struct stream, watch); i += 64)
		__builtin_prefetch(next + i);
}

static void
finish_turn(void *arg)
{
	struct streams *set = arg;
	struct list_node *n;

	while ((n = list_take_first(&set->dirty))) {
		struct stream *s = list_entry(n, struct stream, dirty);

		prefetch_next(set);
		flush(s);
		if (may_depart(s))
			set->kind->depart(s);
	}
	while ((n = list_first(&set->dead)))
		bury(list_entry(n, struct stream, node));
}

static void
on_ready(void *arg, short events)
{
	struct stream *s = arg;

	if (events & LOOP_READ)
		s->set->kind->on_readable(s);
	if (events & LOOP_WRITE)
		stream_mark_dirty(s);
}

static void
on_timer(void *arg)
{
	struct stream *s = arg;

	if (loop_now_ms(s->set->loop) >= stalls_ms(s))
		stream_kill_slow(s, "stalled");
	else
		s->set->kind->on_due(s);
}

/* ---- life ---- */

void
stream_leave(struct stream *s)
{
	loop_watch_clear(&s->watch);
	loop_timer_clear(s->set->loop, &s->timer);
	list_unlink(&s->dirty);
	list_unlink(&s->node);
	s->set->count--;
	s->set->lent -= s->lender != NULL;
}

void
stream_arrive(struct stream *s, struct streams *set)
{
	int rc;

	s->set = set;
	loop_watch_init(&s->watch, set->loop, on_ready, s);
	loop_timer_init(&s->timer, on_timer, s);
	list_append(&set->all, &s->node);
	set->count++;
	set->lent += s->lender != NULL;
	rc = loop_watch_set(&s->watch, s->fd, LOOP_READ);
	outlet_moved(&s->outlet, set->broker);
	if (rc)
		stream_kill(s);
	else
		stream_mark_dirty(s); /* it may have been blocked, or want pings */
}

int
stream_open(struct stream *s, struct streams *set, const struct outlet_ops *ops, int fd,
	    struct stream_lender *lender)
{
	s->set = set;
	s->fd = fd;
	s->lender = lender;
	s->proof_ms = INT64_MIN / 2; /* long ago */
	s->keepalive_ms = loop_now_ms(set->loop) + set->config.ping_ms;
	s->out.form = set->kind->form;
	s->out.forgets = !set->config.redelivery;
	outlet_init(&s->outlet, ops, set->broker);
	loop_watch_init(&s->watch, set->loop, on_ready, s);
	loop_timer_init(&s->timer, on_timer, s);
	if (loop_watch_set(&s->watch, fd, LOOP_READ))
		return -ENOMEM;
	list_append(&set->all, &s->node);
	set->count++;
	set->lent += lender != NULL;
	set->opened++;
	return 0;
}

void
streams_init(struct streams *set, const struct stream_kind *kind, struct loop *loop,
	     const struct log *log, struct broker *b, const struct stream_config *cfg)
{
	*set = (struct streams){
		.loop = loop, .log = log, .broker = b, .kind = kind, .config = *cfg
	};
	list_init(&set->all);
	list_init(&set->dirty);
	list_init(&set->dead);
	loop_task_init(&set->finish, finish_turn, set);
}

void
streams_clear(struct streams *set)
{
	struct list_node *n;

	if (!set->loop)
		return; /* never begun */
	while ((n = list_first(&set->all)))
		stream_kill(list_entry(n, struct stream, node));
	finish_turn(set);
	loop_task_clear(&set->finish);
}
