/* How answers leave. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "transport/plain_private.h"

enum { LAST_READS = 16 }; /* of what comes behind a last request */

/* The head goes before what there is of the answer. */
static void
compose(struct plain *p)
{
	struct plains *set = p->set;
	struct plain_answer a = { &set->date, { 0 }, p->closing };

	if (p->origin)
		a.origin = str_from(p->origin);
	plain_date_set(&set->date, loop_wall_ms(set->loop, loop_now_ms(set->loop)) / 1000);
	buf_reset(&set->head);
	if (p->status == 200)
		plain_answer_array(&a, p->answer.n, &set->head);
	else
		plain_answer_status(&a, p->status, &set->config.gate->origins, &set->head);
}

/* What the socket did not take is put together for later. False: no memory. */
static bool
keep_rest(struct plain *p, size_t sent)
{
	struct buf all = BUF_INIT;

	buf_reserve(&all, p->set->head.n + p->answer.n);
	buf_add_str(&all, buf_str(&p->set->head));
	buf_add_str(&all, buf_str(&p->answer));
	buf_clear(&p->answer);
	p->answer = all;
	p->sent = sent;
	return !all.failed;
}

/* Who sent more than his last request would lose the answer by a reset. */
static void
say_goodbye(struct plain *p)
{
	unsigned i;

	for (i = 0; i < LAST_READS; i++)
		if (recv(p->fd, p->set->input, PLAIN_INPUT_BYTES, MSG_DONTWAIT) <= 0)
			break;
	shutdown(p->fd, SHUT_WR);
	plain_bury(p);
}

static void
on_all_sent(struct plain *p)
{
	struct plains *set = p->set;

	buf_clear(&p->answer);
	if (p->closing || set->stopping) {
		say_goodbye(p);
		return;
	}
	plain_rest(p, PLAIN_IDLE);
	if (p->more || p->closed)
		plain_look_again(p);
}

static void
wait_for_room(struct plain *p)
{
	plain_rest(p, PLAIN_SENDING);
	if (loop_watch_set(&p->watch, p->fd,
			   LOOP_READ | LOOP_WRITE | LOOP_CLOSED | LOOP_EDGE))
		plain_bury(p);
}

enum { SEND_FLAGS = MSG_NOSIGNAL | MSG_DONTWAIT };

void
plain_send(struct plain *p)
{
	struct iovec iov[2];
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	ssize_t n;

	outlet_gone(&p->outlet);
	compose(p);
	iov[0] = (struct iovec){ p->set->head.p, p->set->head.n };
	iov[1] = (struct iovec){ p->answer.p, p->answer.n };
	n = p->set->head.failed ? -1 : sendmsg(p->fd, &msg, SEND_FLAGS);
	if (n == (ssize_t)(p->set->head.n + p->answer.n))
		on_all_sent(p);
	else if ((n < 0 && (p->set->head.failed || errno != EAGAIN)) ||
		 !keep_rest(p, n < 0 ? 0 : (size_t)n))
		plain_bury(p);
	else
		wait_for_room(p);
}

void
plain_send_rest(struct plain *p)
{
	ssize_t n = send(p->fd, p->answer.p + p->sent, p->answer.n - p->sent, SEND_FLAGS);

	if (n < 0 && errno == EAGAIN)
		return;
	if (n < 0) {
		plain_bury(p);
		return;
	}
	p->sent += (size_t)n;
	if (p->sent == p->answer.n)
		on_all_sent(p);
	else
		plain_rest(p, PLAIN_SENDING);
}
