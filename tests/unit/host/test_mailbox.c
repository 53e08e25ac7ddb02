/* Work that other threads leave for a loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/mailbox.h"

enum { SENDERS = 4, MAILS = 5000, PATIENCE_S = 60 };

struct desk {
	struct loop *loop;
	struct mailbox box;
	int next[SENDERS]; /* the number of each sender's next mail */
	int left;          /* until the loop stops */
	int dropped;
};

struct letter {
	struct mail mail;
	struct desk *desk;
	int sender, number;
};

static struct desk *dropped_at; /* mailbox_clear's callback has no argument */

static void
on_mail(struct mail *m)
{
	struct letter *l = list_entry(m, struct letter, mail);
	struct desk *d = l->desk;

	assert_int_equal(l->number, d->next[l->sender]++);
	free(l);
	if (--d->left == 0)
		loop_stop(d->loop);
}

static void
on_drop(struct mail *m)
{
	dropped_at->dropped++;
	free(list_entry(m, struct letter, mail));
}

static void
open_desk(struct desk *d, int left)
{
	*d = (struct desk){ .loop = loop_new(), .left = left };
	assert_non_null(d->loop);
	assert_int_equal(mailbox_init(&d->box, d->loop), 0);
	dropped_at = d;
	alarm(PATIENCE_S);
}

static void
close_desk(struct desk *d)
{
	mailbox_clear(&d->box, on_drop);
	loop_free(d->loop);
	alarm(0);
}

static void
post(struct desk *d, int sender, int number)
{
	struct letter *l = calloc(1, sizeof(*l));

	assert_non_null(l);
	*l = (struct letter){ .mail.run = on_mail, .desk = d, .sender = sender,
			      .number = number };
	mailbox_post(&d->box, &l->mail);
}

struct sender {
	struct desk *desk;
	int number;
};

static void *
send_all(void *arg)
{
	const struct sender *s = arg;

	for (int i = 0; i < MAILS; i++)
		post(s->desk, s->number, i);
	return NULL;
}

static void
each_senders_mails_come_in_order(void **state)
{
	struct sender senders[SENDERS];
	pthread_t threads[SENDERS];
	struct desk d;

	(void)state;
	open_desk(&d, SENDERS * MAILS);
	for (int i = 0; i < SENDERS; i++) {
		senders[i] = (struct sender){ &d, i };
		assert_int_equal(pthread_create(&threads[i], NULL, send_all, &senders[i]), 0);
	}
	assert_int_equal(loop_run(d.loop), 0);
	for (int i = 0; i < SENDERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(d.next[i], MAILS);
	}
	close_desk(&d);
	assert_int_equal(d.dropped, 0);
}

static void
on_first(struct mail *m)
{
	struct letter *l = list_entry(m, struct letter, mail);

	l->mail.run = on_mail;
	mailbox_post(&l->desk->box, &l->mail);
}

static void
a_mail_may_be_posted_again_when_it_is_run(void **state)
{
	struct desk d;
	struct letter *l = calloc(1, sizeof(*l));

	(void)state;
	open_desk(&d, 1);
	assert_non_null(l);
	*l = (struct letter){ .mail.run = on_first, .desk = &d };
	mailbox_post(&d.box, &l->mail);
	assert_int_equal(loop_run(d.loop), 0);
	assert_int_equal(d.next[0], 1);
	close_desk(&d);
}

static void
what_was_not_run_is_handed_back(void **state)
{
	struct desk d;

	(void)state;
	open_desk(&d, 1);
	for (int i = 0; i < 3; i++)
		post(&d, 0, i);
	close_desk(&d);
	assert_int_equal(d.dropped, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_senders_mails_come_in_order),
		cmocka_unit_test(a_mail_may_be_posted_again_when_it_is_run),
		cmocka_unit_test(what_was_not_run_is_handed_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
