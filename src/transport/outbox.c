#include "transport/outbox.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { OUTBOX_MAX_IOV = 64 };

void
outbox_clear(struct outbox *ob)
{
	queue_clear(&ob->queue);
	*ob = (struct outbox){ .ping_number = ob->ping_number };
}

int
outbox_give(struct outbox *ob, struct frozen *f)
{
	size_t n = frozen_wire(f).n;
	int rc = queue_give(&ob->queue, f);

	if (!rc)
		ob->unsent += n;
	return rc;
}

/* Lets the first `n` go, all of them sent. */
static void
drop(struct outbox *ob, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (frozen_is_message(queue_peek(&ob->queue, i)))
			ob->unproved--;
	queue_drop(&ob->queue, n);
	ob->sent -= n;
	ob->proves -= ob->proves < n ? ob->proves : n;
}

/* What is sent and needs no proof goes when nothing before it waits for one. */
static void
drop_settled(struct outbox *ob)
{
	uint32_t n = 0;

	if (ob->unproved == 0)
		n = ob->sent;
	else
		while (n < ob->sent && !frozen_is_message(queue_peek(&ob->queue, n)))
			n++;
	/* A ping that is out keeps its place until its pong, where there is
	 * something to prove. */
	if (ob->unproved && ob->proves && n >= ob->proves)
		n = ob->proves - 1;
	if (n)
		drop(ob, n);
}

/* ---- proof ---- */

int
outbox_ping(struct outbox *ob)
{
	char number[16];
	int n = snprintf(number, sizeof(number), "%u", ob->ping_number + 1);
	struct frozen *f =
		frozen_new_frame(FROZEN_PING, (struct str){ number, (size_t)n });

	if (!f || outbox_give(ob, f))
		return -ENOMEM;
	ob->ping_number++;
	if (ob->proves == 0) {
		ob->proof = ob->ping_number;
		ob->proves = ob->queue.count;
	}
	return 0;
}

/* 0: none that we sent. */
static uint32_t
read_number(struct str s)
{
	uint32_t n = 0;
	size_t i;

	if (s.n > 9)
		return 0;
	for (i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return 0;
		n = n * 10 + (uint32_t)(s.p[i] - '0');
	}
	return n;
}

void
outbox_pong(struct outbox *ob, struct str payload)
{
	uint32_t proved = ob->proves, number = read_number(payload);

	if (!proved || number < ob->proof || number > ob->ping_number)
		return;
	/* A peer that guessed the number proves nothing that is still here. */
	if (proved > ob->sent)
		return;
	ob->proves = 0;
	drop(ob, proved);
	drop_settled(ob);
}

uint32_t
outbox_trim(struct outbox *ob, uint32_t messages, size_t bytes)
{
	uint32_t before = ob->unproved;

	while (ob->unproved &&
	       (ob->unproved > messages || ob->queue.bytes - ob->unsent > bytes))
		drop(ob, 1);
	drop_settled(ob);
	return before - ob->unproved;
}

/* ---- writing ---- */

static unsigned
gather(const struct outbox *ob, struct iovec *iov)
{
	uint32_t i = ob->sent, count = 0;

	for (; i < ob->queue.count && count < OUTBOX_MAX_IOV; i++, count++) {
		struct str wire = frozen_wire(queue_peek(&ob->queue, i));
		size_t skip = count ? 0 : ob->offset;

		/* iovec has no const; sendmsg does not write. */
		iov[count].iov_base = (void *)(uintptr_t)(wire.p + skip);
		iov[count].iov_len = wire.n - skip;
	}
	return count;
}

static void
advance(struct outbox *ob, size_t n)
{
	ob->unsent -= n;
	n += ob->offset;
	while (ob->sent < ob->queue.count) {
		const struct frozen *f = queue_peek(&ob->queue, ob->sent);
		size_t size = frozen_wire(f).n;

		if (n < size)
			break;
		n -= size;
		ob->sent++;
		if (frozen_is_message(f))
			ob->unproved++;
	}
	ob->offset = (uint32_t)n;
}

int
outbox_write(struct outbox *ob, int fd)
{
	struct iovec iov[OUTBOX_MAX_IOV];
	struct msghdr msg = { .msg_iov = iov };
	int rc = ob->broken ? -ENOMEM : 0;

	while (!rc && outbox_has_unsent(ob)) {
		ssize_t n;

		msg.msg_iovlen = gather(ob, iov);
		n = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			rc = errno == EAGAIN ? OUTBOX_BLOCKED : -errno;
			continue;
		}
		advance(ob, (size_t)n);
	}
	drop_settled(ob);
	return rc;
}

/* ---- giving back ---- */

/* What must still go out after the messages were given back. */
static void
keep_frame(struct outbox *rest, struct frozen *f, uint32_t offset)
{
	/* A message that is partly sent goes on as mere bytes: it has been given
	 * back and must not be a second time. */
	struct frozen *kept = frozen_is_message(f) ? frozen_new_raw(frozen_wire(f))
						   : frozen_ref(f);

	if (!kept || queue_give_front(&rest->queue, kept)) {
		rest->broken = true;
		return;
	}
	rest->unsent += frozen_wire(kept).n - offset;
	rest->offset = offset;
}

void
outbox_give_back(struct outbox *ob, void (*take)(void *arg, struct frozen *f), void *arg)
{
	struct outbox rest = { .ping_number = ob->ping_number, .broken = ob->broken };
	uint32_t i;

	for (i = ob->queue.count; i-- > 0;) {
		struct frozen *f = queue_peek(&ob->queue, i);
		uint32_t offset = i == ob->sent ? ob->offset : 0;

		if (i >= ob->sent && (offset || !frozen_is_message(f)))
			keep_frame(&rest, f, offset);
		if (frozen_is_message(f))
			take(arg, frozen_ref(f));
	}
	queue_clear(&ob->queue);
	*ob = rest;
}
