#include "host/mailbox.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void
take_all(struct mailbox *box, struct list *mails)
{
	list_init(mails);
	pthread_mutex_lock(&box->lock);
	list_move(mails, &box->mails);
	pthread_mutex_unlock(&box->lock);
}

bool
mailbox_run(struct mailbox *box)
{
	struct list mails;
	struct list_node *n;
	bool any;

	take_all(box, &mails);
	any = !list_is_empty(&mails);
	while ((n = list_take_first(&mails))) {
		struct mail *m = list_entry(n, struct mail, node);

		m->run(m);
	}
	return any;
}

static void
on_ready(void *arg, short events)
{
	struct mailbox *box = arg;
	uint64_t times;

	(void)events;
	if (read(box->fd, &times, sizeof(times)) < 0)
		return; /* another turn had it */
	mailbox_run(box);
}

int
mailbox_init(struct mailbox *box, struct loop *loop)
{
	int rc;

	list_init(&box->mails);
	box->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (box->fd < 0)
		return -errno;
	pthread_mutex_init(&box->lock, NULL);
	loop_watch_init(&box->watch, loop, on_ready, box);
	rc = loop_watch_set(&box->watch, box->fd, LOOP_READ);
	if (rc)
		mailbox_clear(box, NULL);
	return rc;
}

void
mailbox_clear(struct mailbox *box, void (*drop)(struct mail *m))
{
	struct list mails;
	struct list_node *n;

	loop_watch_clear(&box->watch);
	take_all(box, &mails);
	while ((n = list_take_first(&mails)))
		drop(list_entry(n, struct mail, node));
	close(box->fd);
	pthread_mutex_destroy(&box->lock);
}

void
mailbox_post(struct mailbox *box, struct mail *m)
{
	const uint64_t one = 1;
	bool was_empty;

	pthread_mutex_lock(&box->lock);
	was_empty = list_is_empty(&box->mails);
	list_append(&box->mails, &m->node);
	pthread_mutex_unlock(&box->lock);
	/* It cannot be full: only an empty box adds to it. */
	if (was_empty && write(box->fd, &one, sizeof(one)) < 0)
		return;
}
