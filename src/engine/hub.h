/* Where the workers of one process meet. Each has a seat: a mailbox for whatever the
 * others want of it, and an inbox for publications, since of these there are many.
 * Beside the seats stand who has which session (the directory) and who wants which
 * pattern (the interests).
 *
 * Whoever publishes looks at the interests and puts the message into the inboxes in
 * one step, under a lock of its own seat alone; who changes the interests takes the
 * locks of all seats. So publishers do not wait for each other, and a change is seen by
 * every publish that begins after it.
 *
 * What a client does one after the other is told everywhere in that order, whichever
 * workers hear of it: a publish is in all inboxes before it is answered, and a
 * worker's own publish waits for what is in its inbox. */
#ifndef ENGINE_HUB_H
#define ENGINE_HUB_H

#include "bayeux/frozen.h"
#include "engine/directory.h"
#include "host/mailbox.h"

enum { HUB_MAX_WORKERS = 64 };

struct hub {
	unsigned workers;
	struct hub_seat *seats; /* owned array */
	struct map interests;
	struct directory directory;
	atomic_size_t sessions; /* of all workers */
};

/* NULL: out of memory. Its workers are 0 to `workers` - 1. */
struct hub *hub_new(unsigned workers, const uint64_t seed[2]);
/* All have left. */
void hub_free(struct hub *h); /* NULL is welcome */

/* The worker's seat is taken. Before the threads start. 0 or negative errno. */
int hub_join(struct hub *h, unsigned worker, struct loop *loop);
/* `on_message` gets what others publish and the worker wants, on its loop's thread,
 * borrowed. Likewise. */
void hub_listen(struct hub *h, unsigned worker,
		void (*on_message)(void *arg, struct frozen *f), void *arg);
/* Its loop has stopped: what is published from now on is not for it, and nobody waits for
 * it. On any thread. */
void hub_close(struct hub *h, unsigned worker);
/* All loops have. Mails that were not run are forgotten. */
void hub_leave(struct hub *h, unsigned worker);

/* One session more, unless there are `most`; or one less. */
bool hub_add_session(struct hub *h, size_t most);
static inline void
hub_remove_session(struct hub *h)
{
	atomic_fetch_sub_explicit(&h->sessions, 1, memory_order_relaxed);
}

/* `m` is run on that worker's thread, after those that were posted to it before. */
void hub_post(struct hub *h, unsigned worker, struct mail *m);
/* Its loop has stopped: runs what is there, on this thread. False: there was nothing. */
bool hub_run_mails(struct hub *h, unsigned worker);

/* The worker wants `pattern`, counted: as many times off as on. 0 or -ENOMEM. */
int hub_want(struct hub *h, unsigned worker, struct str pattern);
void hub_unwant(struct hub *h, unsigned worker, struct str pattern);

/* How many patterns somebody wants. */
size_t hub_patterns(struct hub *h, unsigned worker);

/* The message goes to all others that want it, who hear of it after hub_flush at the latest; *own: whether the worker itself does.
 * What others had published before has been handed to on_message then. Waits while a
 * receiver has too much before it. 0 or -ENOMEM: not all got it. */
int hub_publish(struct hub *h, unsigned worker, struct frozen *f, bool *own);

/* Wakes those who have got something; what a batch publishes is so heard together, as
 * far as may be. Before the loop sleeps. */
void hub_flush(struct hub *h, unsigned worker);

/* What others have published is handed to on_message, now. */
void hub_hear(struct hub *h, unsigned worker);

#endif
