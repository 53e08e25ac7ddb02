/* Where other threads leave work for a loop: a queue, and one wake-up for all that
 * comes while it sleeps. Mails of one sender are run in the order in which they were
 * posted. */
#ifndef HOST_MAILBOX_H
#define HOST_MAILBOX_H

#include <pthread.h>

#include "host/loop.h"

struct mail {
	struct list_node node;
	void (*run)(struct mail *m); /* on the receiver's thread; it may free or post it */
};

struct mailbox {
	pthread_mutex_t lock;
	struct list mails;
	struct loop_watch watch;
	int fd; /* an eventfd */
};

/* On the loop's thread, before others know of it. 0 or negative errno. */
int mailbox_init(struct mailbox *box, struct loop *loop);
/* On the loop's thread, when nobody posts any more. Those that were not run are
 * handed to `drop`. */
void mailbox_clear(struct mailbox *box, void (*drop)(struct mail *m));

/* Runs what is there now. False: there was nothing. The loop does so by itself. */
bool mailbox_run(struct mailbox *box);

/* From any thread. */
void mailbox_post(struct mailbox *box, struct mail *m);

#endif
