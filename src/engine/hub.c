#include "engine/hub.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "bayeux/channel.h"

enum {
	MANY_MESSAGES = 4096, /* in an inbox: then publishers wait, */
	MANY_BYTES = 16 << 20,
	WAIT_MS = 1, /* and look whether something came for themselves */
};

struct interest {
	struct map_node by_pattern;
	uint64_t workers; /* a bit each */
	uint32_t counts[]; /* each worker's, and then the pattern */
};

struct inbox {
	struct frozen **messages;
	size_t count, room;
	size_t bytes;
};

struct hub_seat {
	/* Held while this worker publishes, and with all others to change interests. */
	_Alignas(64) pthread_mutex_t publishing;
	_Alignas(64) pthread_mutex_t lock; /* of what others put here: */
	pthread_cond_t has_room;
	struct inbox in;
	bool woken;
	bool closed; /* nobody will take anything out any more */
	struct mail wake; /* is posted while `woken` */
	/* The worker's own: */
	uint64_t to_wake; /* to whom it gave something, and they do not know yet */
	struct inbox taken;
	bool telling; /* what was taken */
	struct mailbox box;
	bool joined;
	void (*on_message)(void *arg, struct frozen *f);
	void *arg;
};

/* ---- inboxes ---- */

static int
put(struct inbox *in, struct frozen *f)
{
	size_t room = in->room ? in->room * 2 : 64;
	struct frozen **more;

	if (in->count == in->room) {
		more = realloc(in->messages, room * sizeof(struct frozen *));
		if (!more)
			return -ENOMEM;
		in->messages = more;
		in->room = room;
	}
	in->messages[in->count++] = frozen_ref(f);
	in->bytes += frozen_wire(f).n;
	return 0;
}

static void
clear_inbox(struct inbox *in)
{
	size_t i;

	for (i = 0; i < in->count; i++)
		frozen_unref(in->messages[i]);
	free(in->messages);
	*in = (struct inbox){ 0 };
}

/* *wakes: the receiver sleeps, as far as we know, and is to be woken by us. */
static int
give(struct hub_seat *s, struct frozen *f, bool *wakes)
{
	int rc;

	pthread_mutex_lock(&s->lock);
	rc = s->closed ? 0 : put(&s->in, f);
	*wakes = !rc && !s->closed && !s->woken;
	s->woken |= *wakes;
	pthread_mutex_unlock(&s->lock);
	return rc;
}

static bool
is_crowded(const struct hub_seat *s)
{
	return !s->closed && (s->in.count > MANY_MESSAGES || s->in.bytes > MANY_BYTES);
}

/* What came goes to the worker. True: something did. */
static bool
tell(struct hub_seat *s)
{
	struct inbox in;
	size_t i;

	/* Not while it is told of the ones before: then it is on its way. */
	if (s->telling)
		return false;
	pthread_mutex_lock(&s->lock);
	in = s->in;
	s->in = s->taken;
	pthread_cond_broadcast(&s->has_room);
	pthread_mutex_unlock(&s->lock);
	s->telling = true;
	for (i = 0; i < in.count; i++) {
		s->on_message(s->arg, in.messages[i]);
		frozen_unref(in.messages[i]);
	}
	s->telling = false;
	s->taken = (struct inbox){ .messages = in.messages, .room = in.room };
	return in.count > 0;
}

static void
on_wake(struct mail *m)
{
	struct hub_seat *s = list_entry(m, struct hub_seat, wake);

	pthread_mutex_lock(&s->lock);
	s->woken = false;
	pthread_mutex_unlock(&s->lock);
	tell(s);
}

static unsigned
take_lowest(uint64_t *workers)
{
	unsigned i = (unsigned)__builtin_ctzll(*workers);

	*workers &= *workers - 1;
	return i;
}

static void
wake_all(struct hub *h, struct hub_seat *own)
{
	while (own->to_wake) {
		struct hub_seat *s = &h->seats[take_lowest(&own->to_wake)];

		mailbox_post(&s->box, &s->wake);
	}
}

/* Until the receiver has less before it. It may wait for us likewise, so we go on
 * with what comes for us meanwhile. */
static void
wait_for_room(struct hub *h, struct hub_seat *s, struct hub_seat *own)
{
	struct timespec until;

	pthread_mutex_lock(&s->lock);
	while (is_crowded(s)) {
		pthread_mutex_unlock(&s->lock);
		wake_all(h, own);
		if (!tell(own)) {
			clock_gettime(CLOCK_REALTIME, &until);
			until.tv_nsec += WAIT_MS * 1000000;
			if (until.tv_nsec >= 1000000000) {
				until.tv_nsec -= 1000000000;
				until.tv_sec++;
			}
			pthread_mutex_lock(&s->lock);
			if (is_crowded(s))
				pthread_cond_timedwait(&s->has_room, &s->lock, &until);
		} else {
			pthread_mutex_lock(&s->lock);
		}
	}
	pthread_mutex_unlock(&s->lock);
}

/* ---- interests ---- */

static void
lock_all(struct hub *h)
{
	unsigned i;

	for (i = 0; i < h->workers; i++)
		pthread_mutex_lock(&h->seats[i].publishing);
}

static void
unlock_all(struct hub *h)
{
	unsigned i;

	for (i = 0; i < h->workers; i++)
		pthread_mutex_unlock(&h->seats[i].publishing);
}

static struct interest *
find_interest(const struct hub *h, struct str pattern)
{
	struct map_node *n = map_find(&h->interests, pattern);

	return n ? map_entry(n, struct interest, by_pattern) : NULL;
}

static struct interest *
add_interest(struct hub *h, struct str pattern)
{
	size_t counts = h->workers * sizeof(uint32_t);
	struct interest *in = calloc(1, sizeof(*in) + counts + pattern.n);
	char *text;

	if (!in)
		return NULL;
	text = (char *)in->counts + counts;
	memcpy(text, pattern.p, pattern.n);
	if (map_add(&h->interests, &in->by_pattern, (struct str){ text, pattern.n })) {
		free(in);
		return NULL;
	}
	return in;
}

int
hub_want(struct hub *h, unsigned worker, struct str pattern)
{
	struct interest *in;

	lock_all(h);
	in = find_interest(h, pattern);
	if (!in)
		in = add_interest(h, pattern);
	if (in && in->counts[worker]++ == 0)
		in->workers |= UINT64_C(1) << worker;
	unlock_all(h);
	return in ? 0 : -ENOMEM;
}

void
hub_unwant(struct hub *h, unsigned worker, struct str pattern)
{
	struct interest *in;

	lock_all(h);
	in = find_interest(h, pattern);
	if (in && in->counts[worker] && --in->counts[worker] == 0) {
		in->workers &= ~(UINT64_C(1) << worker);
		if (!in->workers) {
			map_remove(&h->interests, &in->by_pattern);
			free(in);
		}
	}
	unlock_all(h);
}

size_t
hub_patterns(struct hub *h, unsigned worker)
{
	size_t n;

	pthread_mutex_lock(&h->seats[worker].publishing);
	n = h->interests.count;
	pthread_mutex_unlock(&h->seats[worker].publishing);
	return n;
}

static uint64_t
who_wants(const struct hub *h, struct str channel)
{
	struct str patterns[CHANNEL_MAX_PATTERNS];
	char scratch[CHANNEL_SCRATCH];
	const struct interest *in;
	uint64_t workers = 0;
	size_t i, n;

	if (h->interests.count == 0)
		return 0;
	n = channel_expand(channel, patterns, scratch);
	for (i = 0; i < n; i++) {
		in = find_interest(h, patterns[i]);
		if (in)
			workers |= in->workers;
	}
	return workers;
}

/* ---- publishing ---- */

int
hub_publish(struct hub *h, unsigned worker, struct frozen *f, bool *own)
{
	struct hub_seat *s = &h->seats[worker];
	uint64_t workers, others;
	bool wakes;
	int rc = 0;

	pthread_mutex_lock(&s->publishing);
	workers = who_wants(h, frozen_channel(f));
	*own = (workers >> worker) & 1;
	workers &= ~(UINT64_C(1) << worker);
	for (others = workers; others;) {
		unsigned other = take_lowest(&others);

		if (give(&h->seats[other], f, &wakes))
			rc = -ENOMEM;
		s->to_wake |= (uint64_t)wakes << other;
	}
	pthread_mutex_unlock(&s->publishing);
	while (workers)
		wait_for_room(h, &h->seats[take_lowest(&workers)], s);
	if (*own)
		tell(s);
	return rc;
}

void
hub_flush(struct hub *h, unsigned worker)
{
	wake_all(h, &h->seats[worker]);
}

void
hub_hear(struct hub *h, unsigned worker)
{
	tell(&h->seats[worker]);
}

bool
hub_add_session(struct hub *h, size_t most)
{
	if (atomic_fetch_add_explicit(&h->sessions, 1, memory_order_relaxed) < most)
		return true;
	hub_remove_session(h);
	return false;
}

/* ---- mails ---- */

void
hub_post(struct hub *h, unsigned worker, struct mail *m)
{
	mailbox_post(&h->seats[worker].box, m);
}

bool
hub_run_mails(struct hub *h, unsigned worker)
{
	return h->seats[worker].joined && mailbox_run(&h->seats[worker].box);
}

/* ---- life ---- */

int
hub_join(struct hub *h, unsigned worker, struct loop *loop)
{
	int rc = mailbox_init(&h->seats[worker].box, loop);

	h->seats[worker].joined = rc == 0;
	return rc;
}

void
hub_listen(struct hub *h, unsigned worker, void (*on_message)(void *arg, struct frozen *f),
	   void *arg)
{
	h->seats[worker].on_message = on_message;
	h->seats[worker].arg = arg;
}

void
hub_close(struct hub *h, unsigned worker)
{
	struct hub_seat *s = &h->seats[worker];

	pthread_mutex_lock(&s->lock);
	s->closed = true;
	pthread_cond_broadcast(&s->has_room);
	pthread_mutex_unlock(&s->lock);
}

static void
forget(struct mail *m)
{
	(void)m; /* it is part of something that its owner frees */
}

void
hub_leave(struct hub *h, unsigned worker)
{
	struct hub_seat *s = &h->seats[worker];

	if (!s->joined)
		return;
	s->joined = false;
	clear_inbox(&s->in);
	clear_inbox(&s->taken);
	mailbox_clear(&s->box, forget);
}

struct hub *
hub_new(unsigned workers, const uint64_t seed[2])
{
	struct hub *h = calloc(1, sizeof(*h));
	unsigned i;

	if (!h)
		return NULL;
	if (posix_memalign((void **)&h->seats, 64, workers * sizeof(*h->seats))) {
		free(h);
		return NULL;
	}
	memset(h->seats, 0, workers * sizeof(*h->seats));
	h->workers = workers;
	map_init(&h->interests, seed);
	directory_init(&h->directory, seed);
	for (i = 0; i < workers; i++) {
		struct hub_seat *s = &h->seats[i];

		pthread_mutex_init(&s->publishing, NULL);
		pthread_mutex_init(&s->lock, NULL);
		pthread_cond_init(&s->has_room, NULL);
		s->wake.run = on_wake;
	}
	return h;
}

void
hub_free(struct hub *h)
{
	struct map_node *n;
	unsigned i;

	if (!h)
		return;
	for (i = 0; i < h->workers; i++) {
		pthread_mutex_destroy(&h->seats[i].publishing);
		pthread_mutex_destroy(&h->seats[i].lock);
		pthread_cond_destroy(&h->seats[i].has_room);
	}
	while ((n = map_take_any(&h->interests)))
		free(map_entry(n, struct interest, by_pattern));
	map_clear(&h->interests);
	directory_clear(&h->directory);
	free(h->seats);
	free(h);
}
