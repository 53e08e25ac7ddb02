/* The watch is edge-triggered and lasts as long as the connection, since setting it for
 * each request would cost two system calls: what comes while a request is under way is
 * only noted, in `more`. Answers leave at the turn's end. */
#include "transport/plain.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "transport/peer.h"
#include "transport/plain_private.h"

enum { IDLE_MS = 75000 }; /* a kept-alive connection; longer than proxies' 60 s */

/* ---- ends ---- */

static void
mark_dirty(struct plain *p)
{
	list_unlink(&p->turn);
	list_append(&p->set->dirty, &p->turn);
	loop_at_end(p->set->loop, &p->set->finish);
}

/* Everything but the descriptor. */
static void
release(struct plain *p)
{
	struct plains *set = p->set;

	loop_watch_clear(&p->watch);
	loop_timer_clear(set->loop, &p->timer);
	list_unlink(&p->node);
	list_unlink(&p->turn);
	buf_clear(&p->answer);
	free(p->origin);
	set->count--;
	free(p);
}

void
plain_bury(struct plain *p)
{
	int fd = p->fd;

	release(p);
	close(fd);
}

void
plain_end(struct plain *p, enum plain_state state)
{
	loop_timer_clear(p->set->loop, &p->timer);
	p->set->running--;
	p->state = (uint8_t)state;
	mark_dirty(p);
}

void
plain_pass_on(struct plain *p, const struct head *head)
{
	const struct plain_config *cfg = &p->set->config;
	int fd = p->fd;

	release(p);
	cfg->on_other(cfg->arg, fd, head);
}

static void
on_closed_for_long(void *arg)
{
	struct plain *p = arg;

	outlet_hang_up(&p->outlet);
}

/* ---- waiting for the next request ---- */

static void
set_idle_timer(struct plains *set)
{
	struct list_node *n = list_first(&set->idle);

	if (n && !heap_has(&set->timer.node) &&
	    loop_timer_set(set->loop, &set->timer,
			   list_entry(n, struct plain, node)->since_ms + IDLE_MS))
		log_error(set->log, "plain: out of memory, connections may stay for ever");
}

void
plain_rest(struct plain *p, enum plain_state state)
{
	struct plains *set = p->set;

	p->state = (uint8_t)state;
	p->since_ms = loop_now_ms(set->loop);
	list_unlink(&p->node);
	list_append(&set->idle, &p->node);
	set_idle_timer(set);
}

static void
on_idle_for_long(void *arg)
{
	struct plains *set = arg;
	int64_t before_ms = loop_now_ms(set->loop) - IDLE_MS;
	struct list_node *n;

	while ((n = list_first(&set->idle)) &&
	       list_entry(n, struct plain, node)->since_ms <= before_ms)
		plain_bury(list_entry(n, struct plain, node));
	set_idle_timer(set);
}

void
plain_look_again(struct plain *p)
{
	list_append(&p->set->again, &p->turn);
	loop_defer(p->set->loop, &p->set->look_again);
}

/* ---- what comes ---- */

void
plain_close_soon(struct plain *p)
{
	struct loop *loop = p->set->loop;

	if (!heap_has(&p->timer.node))
		loop_timer_set(loop, &p->timer, loop_now_ms(loop) + PEER_CLOSED_MS);
}

static void
look_whether_gone(struct plain *p)
{
	if (p->closed && !outlet_waits(&p->outlet))
		plain_close_soon(p);
	else if (p->closed || peer_has_gone(p->fd))
		outlet_hang_up(&p->outlet);
}

static void
on_ready(void *arg, short events)
{
	struct plain *p = arg;

	if (events & LOOP_CLOSED)
		p->closed = true;
	if (events & (LOOP_READ | LOOP_CLOSED))
		p->more = true;
	if (p->state == PLAIN_IDLE && p->more && !list_is_linked(&p->turn))
		plain_look(p);
	else if (p->state == PLAIN_RUNNING)
		look_whether_gone(p);
	else if (p->state == PLAIN_SENDING && (events & LOOP_WRITE))
		mark_dirty(p);
}

/* ---- the turn's end, and the next ---- */

static void
finish(struct plain *p)
{
	switch (p->state) {
	case PLAIN_ANSWERED:
		plain_send(p);
		break;
	case PLAIN_SENDING:
		plain_send_rest(p);
		break;
	case PLAIN_GONE:
		outlet_gone(&p->outlet);
		plain_bury(p);
		break;
	default:
		break;
	}
}

static void
finish_turn(void *arg)
{
	struct plains *set = arg;
	struct list_node *n;

	while ((n = list_take_first(&set->dirty)))
		finish(list_entry(n, struct plain, turn));
}

/* One request of each in a turn, so that who pipelines many does not keep others
 * waiting. */
static void
look_again(void *arg)
{
	struct plains *set = arg;
	struct list_node *n;

	while ((n = list_take_first(&set->again)))
		plain_look(list_entry(n, struct plain, turn));
}

/* ---- life ---- */

void
plain_open(struct plains *set, int fd)
{
	struct plain *p = calloc(1, sizeof(*p));

	if (!p) {
		close(fd);
		return;
	}
	p->set = set;
	p->fd = fd;
	set->count++;
	loop_watch_init(&p->watch, set->loop, on_ready, p);
	loop_timer_init(&p->timer, on_closed_for_long, p);
	plain_rest(p, PLAIN_IDLE);
	if (loop_watch_set(&p->watch, fd, LOOP_READ | LOOP_CLOSED | LOOP_EDGE))
		plain_bury(p);
	else
		plain_look(p);
}

int
plains_init(struct plains *set, struct loop *loop, const struct log *log,
	    struct broker *b, const struct plain_config *cfg)
{
	*set = (struct plains){ .loop = loop, .log = log, .broker = b, .config = *cfg };
	list_init(&set->idle);
	list_init(&set->busy);
	list_init(&set->dirty);
	list_init(&set->again);
	loop_timer_init(&set->timer, on_idle_for_long, set);
	loop_task_init(&set->finish, finish_turn, set);
	loop_task_init(&set->look_again, look_again, set);
	set->input = malloc(PLAIN_INPUT_BYTES);
	return set->input ? 0 : -ENOMEM;
}

static void
drain(struct plains *set)
{
	struct list_node *n, *next;

	for (n = list_first(&set->busy); n; n = next) {
		struct plain *p = list_entry(n, struct plain, node);

		next = list_next(&set->busy, n);
		if (p->state == PLAIN_RUNNING)
			outlet_drain(&p->outlet);
		if (p->state == PLAIN_RUNNING)
			outlet_hang_up(&p->outlet);
	}
}

void
plains_clear(struct plains *set)
{
	struct list_node *n;

	if (!set->input)
		return;
	set->stopping = true;
	drain(set);
	finish_turn(set);
	while ((n = list_first(&set->idle)) || (n = list_first(&set->busy)))
		plain_bury(list_entry(n, struct plain, node));
	loop_timer_clear(set->loop, &set->timer);
	loop_task_clear(&set->finish);
	loop_task_clear(&set->look_again);
	buf_clear(&set->head);
	free(set->input);
	set->input = NULL;
}
