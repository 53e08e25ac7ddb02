#include "redis/uplink.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include "host/random.h"
#include "redis/uplink_private.h"

enum {
	LINK_TIMEOUT_MS = 5000,
	FIRST_PAUSE_MS = 50, /* before the next attempt; doubles, with jitter, up to */
	LAST_PAUSE_MS = 2000,
	FATAL_PAUSE_MS = 5000, /* when only the operator can mend it */
	LAST_MOMENT_MS = 1000, /* to finish what is under way */
};

/* ---- to Redis ---- */

void
decimal_set(struct decimal *d, uint64_t v)
{
	d->n = (size_t)snprintf(d->text, sizeof(d->text), "%llu", (unsigned long long)v);
}

enum { HEAD = 4 }; /* EVALSHA, the script, one key, the prefix */

/* What does not fit into `few` arguments goes by the heap. */
int
uplink_call(struct uplink *up, enum redis_script_id script, const struct str *head,
	    size_t head_count, const struct args *rest, size_t from, wire_reply_fn on_reply,
	    void *arg)
{
	size_t rest_count = rest ? args_count(rest) - from : 0, i;
	size_t n = HEAD + head_count + rest_count;
	const char *few[32], **argv = few;
	size_t few_bytes[32], *bytes = few_bytes;
	int rc;

	if (n > 32) {
		argv = calloc(n, sizeof(*argv));
		bytes = calloc(n, sizeof(*bytes));
	}
	if (!argv || !bytes) {
		free(n > 32 ? argv : NULL);
		free(n > 32 ? bytes : NULL);
		return -ENOMEM;
	}
	argv[0] = "EVALSHA", bytes[0] = 7;
	argv[1] = up->sha[script], bytes[1] = UPLINK_SHA_BYTES;
	argv[2] = "1", bytes[2] = 1;
	argv[3] = up->options.prefix, bytes[3] = strlen(up->options.prefix);
	for (i = 0; i < head_count; i++) {
		argv[HEAD + i] = head[i].n ? head[i].p : "";
		bytes[HEAD + i] = head[i].n;
	}
	for (i = 0; i < rest_count; i++) {
		struct str s = args_get(rest, from + i);

		argv[HEAD + head_count + i] = s.p;
		bytes[HEAD + head_count + i] = s.n;
	}
	rc = link_send(up->commands, (int)n, argv, bytes, on_reply, arg);
	if (n > 32) {
		free(argv);
		free(bytes);
	}
	return rc;
}

void
uplink_refuse(struct uplink *up, enum redis_script_id script,
	      const struct redisReply *reply)
{
	char why[64];

	snprintf(why, sizeof(why), "%s: not understood", redis_scripts[script].name);
	uplink_cut(up, reply->type == REDIS_REPLY_ERROR ? reply->str : why);
}

/* ---- down ---- */

static int64_t
pause_ms(const struct uplink *up, bool fatal)
{
	int64_t most = FIRST_PAUSE_MS << (up->failures < 6 ? up->failures : 6);
	uint64_t dice = 0;

	if (fatal)
		return FATAL_PAUSE_MS;
	most = most < LAST_PAUSE_MS ? most : LAST_PAUSE_MS;
	random_bytes(&dice, sizeof(dice));
	return most / 2 + (int64_t)(dice % (uint64_t)most) / 2;
}

static void
go_down(struct uplink *up, bool fatal, const char *why)
{
	int64_t now = loop_now_ms(up->loop);
	struct link *commands = up->commands, *subscriber = up->subscriber;
	bool was_joined = up->state >= UPLINK_SYNCING;

	if (up->state == UPLINK_UP) {
		uplink_tell(up, NEWS_DOWN, 0);
		loop_timer_set(up->loop, &up->late, now + UPLINK_GRACE_MS);
	}
	if (was_joined) {
		up->joined_ms = now;
		loop_timer_set(up->loop, &up->away, now + UPLINK_GRACE_MS);
		log_warn(up->options.log, "redis: lost, trying again: %s", why);
	} else if (up->failures == 0 || fatal) {
		log_error(up->options.log, "redis: cannot be used%s: %s",
			  fatal ? ", this must be mended" : ", trying again", why);
	}
	up->state = UPLINK_DOWN;
	up->commands = up->subscriber = NULL;
	up->subscriber_ready = false;
	up->paused = false;
	loop_timer_clear(up->loop, &up->relief);
	/* Replies that were awaited are NULL now: the jobs wait again. */
	intake_down(&up->intake);
	link_free(commands);
	link_free(subscriber);
	uplink_take_back(up);
	uplink_forget_heard(up);
	interests_off(&up->interests);
	loop_timer_clear(up->loop, &up->beat);
	loop_timer_clear(up->loop, &up->keep);
	loop_timer_set(up->loop, &up->reconnect,
		       now + (was_joined ? FIRST_PAUSE_MS : pause_ms(up, fatal)));
	up->failures = was_joined ? 0 : up->failures + 1;
	uplink_look(up);
}

void
uplink_cut(struct uplink *up, const char *why)
{
	if (up->state != UPLINK_DOWN || up->commands)
		go_down(up, false, why);
}

static void
on_closed(void *arg, enum link_end end, const char *why)
{
	go_down(arg, end == LINK_FATAL, why);
}

static void
on_away(void *arg)
{
	struct uplink *up = arg;

	up->is_away = true;
	if (up->joined_ms)
		log_error(up->options.log, "redis: away; clients of this node are served, up to %zu "
			  "publications are kept", up->options.kept_messages);
	uplink_go_island(up);
}

static void
on_late(void *arg)
{
	struct uplink *up = arg;

	up->is_late = true;
	uplink_give_up_late(up);
}

/* ---- connecting ---- */

static void
on_subscriber_ready(void *arg)
{
	struct uplink *up = arg;

	up->subscriber_ready = true;
	if (up->state == UPLINK_SYNCING)
		uplink_sync(up);
}

static const struct link_events command_events = {
	.on_ready = uplink_on_commands_ready,
	.on_closed = on_closed,
};

static const struct link_events subscriber_events = {
	.on_ready = on_subscriber_ready,
	.on_closed = on_closed,
	.on_subscribed = uplink_on_subscribed,
	.on_message = uplink_on_message,
};

struct link *
uplink_open_link(struct uplink *up, enum link_kind kind, const char *what,
		 const struct link_events *events, void *arg)
{
	char name[LINK_NAME_BYTES];
	struct link_options options = {
		.url = up->options.url,
		.kind = kind,
		.name = name,
		.timeout_ms = LINK_TIMEOUT_MS,
	};

	snprintf(name, sizeof(name), "fayed-%s-%s", up->node, what);
	return link_new(up->loop, &options, events, arg);
}

static void
connect_both(void *arg)
{
	struct uplink *up = arg;

	up->commands = uplink_open_link(up, LINK_COMMANDS, "commands", &command_events, up);
	up->subscriber = uplink_open_link(up, LINK_SUBSCRIBER, "subscriber",
					  &subscriber_events, up);
	if (!up->commands || !up->subscriber)
		go_down(up, false, "out of memory");
}

/* ---- time ---- */

/* What was told two beats ago has been handled by the worker, and written. */
static void
on_beat(void *arg)
{
	struct uplink *up = arg;
	int64_t now = loop_now_ms(up->loop);

	if (now - up->beat_heard_ms > UPLINK_BEATS_MISSED * UPLINK_BEAT_MS) {
		uplink_cut(up, "the subscriber connection is silent");
		return;
	}
	loop_timer_set(up->loop, &up->beat, now + UPLINK_BEAT_MS);
	uplink_tell(up, NEWS_BEAT, up->history[1]);
	intake_beat(&up->intake);
	up->history[1] = up->history[0];
	up->history[0] = up->pos;
}

static void
on_keep(void *arg)
{
	struct uplink *up = arg;

	uplink_keep(up);
	loop_timer_set(up->loop, &up->keep, loop_now_ms(up->loop) + (int64_t)up->T_s * 1000);
}

static void
on_linger(void *arg)
{
	uplink_end_lingering(arg);
}

/* ---- life ---- */

static void
end(void *arg)
{
	struct uplink *up = arg;

	loop_stop(up->loop);
}

static void
on_stop(struct mail *m)
{
	struct uplink *up = list_entry(m, struct uplink, stop);

	up->stopping = true;
	intake_stop(&up->intake);
	if (up->state < UPLINK_SYNCING || uplink_is_idle(up))
		end(up);
	else
		loop_timer_set(up->loop, &up->last_moment,
			       loop_now_ms(up->loop) + LAST_MOMENT_MS);
}

static void *
run(void *arg)
{
	struct uplink *up = arg;
	int rc;

	connect_both(up);
	rc = loop_run(up->loop);
	if (rc)
		log_error(up->options.log, "redis: event loop: %s", strerror(-rc));
	return NULL;
}

/* Signals are the main thread's. */
static int
start_thread(struct uplink *up)
{
	sigset_t all, former;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &former);
	rc = pthread_create(&up->thread, NULL, run, up);
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	return -rc;
}

static void
init_timers(struct uplink *up)
{
	loop_timer_init(&up->reconnect, connect_both, up);
	loop_timer_init(&up->away, on_away, up);
	loop_timer_init(&up->late, on_late, up);
	loop_timer_init(&up->beat, on_beat, up);
	loop_timer_init(&up->keep, on_keep, up);
	loop_timer_init(&up->linger, on_linger, up);
	loop_timer_init(&up->relief, uplink_on_relief, up);
	loop_timer_init(&up->last_moment, end, up);
}

static int
init(struct uplink *up)
{
	int rc;

	if (random_bytes(up->seed, sizeof(up->seed)) ||
	    random_base36(up->node, sizeof(up->node) - 1))
		return -EIO;
	up->loop = loop_new();
	if (!up->loop)
		return -ENOMEM;
	rc = mailbox_init(&up->box, up->loop);
	if (rc)
		return rc;
	up->stop.run = on_stop;
	interests_init(&up->interests, up->port_count, up->seed);
	list_init(&up->heard);
	list_init(&up->unmarked);
	list_init(&up->waiting);
	list_init(&up->sent);
	list_init(&up->unheard);
	list_init(&up->returning);
	init_timers(up);
	intake_init(&up->intake, up);
	loop_timer_set(up->loop, &up->away, loop_now_ms(up->loop) + UPLINK_GRACE_MS);
	uplink_watch_init(up);
	return 0;
}

/* A session lives for two timeouts (broker.c), and what it needs in Redis a little
 * longer: there it has two T. */
static unsigned
life_s(int64_t timeout_ms)
{
	return (unsigned)((timeout_ms + timeout_ms / 4) / 1000 + 2);
}

static void
free_uplink(struct uplink *up)
{
	if (up->loop)
		loop_free(up->loop);
	free(up->ports);
	free(up);
}

struct uplink *
uplink_new(const struct redis_options *options, unsigned workers)
{
	struct uplink *up = calloc(1, sizeof(*up));

	if (!up)
		return NULL;
	up->options = *options;
	up->port_count = workers;
	up->ports = calloc(workers, sizeof(*up->ports));
	up->T_s = life_s(options->timeout_ms);
	decimal_set(&up->T_text, up->T_s);
	decimal_set(&up->log_text, options->log_messages);
	if (!up->ports || init(up)) {
		free_uplink(up);
		return NULL;
	}
	return up;
}

int
uplink_add_worker(struct uplink *up, unsigned worker, struct redis_engine *engine,
		  struct mailbox *box)
{
	int rc;

	up->ports[worker] = (struct uplink_port){ .engine = engine, .box = box };
	if (++up->added < up->port_count)
		return 0;
	rc = start_thread(up);
	up->started = rc == 0;
	return rc;
}

/* Jobs are the engines'. */
static void
drop_mail(struct mail *m)
{
	if (!uplink_drop_wish(m) && !uplink_drop_beat(m))
		uplink_drop_restored(m);
}

void
uplink_stop(struct uplink *up)
{
	if (up->stopped)
		return;
	up->stopped = true;
	if (up->started) {
		mailbox_post(&up->box, &up->stop);
		pthread_join(up->thread, NULL);
	}
	link_free(up->commands);
	link_free(up->subscriber);
	uplink_drop_kept(up);
	intake_clear(&up->intake);
	uplink_forget_heard(up);
	interests_clear(&up->interests);
	mailbox_clear(&up->box, drop_mail);
}

void
uplink_free(struct uplink *up)
{
	uplink_stop(up);
	free_uplink(up);
}

const struct redis_stats *
uplink_stats(const struct uplink *up)
{
	return &up->stats;
}
