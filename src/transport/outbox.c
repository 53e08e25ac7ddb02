#include "transport/outbox.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "util/buf.h"

enum { OUTBOX_MAX_IOV = 64, MAX_PIECES = 3 };

/* ---- form ---- */

/* Messages hold no line breaks (message_freeze), so one line is enough (Faye ends
 * lines with CR LF). */
static unsigned
make_pieces(const struct outbox *ob, const struct frozen *f, struct str pieces[MAX_PIECES])
{
	if (ob->form == OUTBOX_FRAMES || !frozen_is_message(f)) {
		pieces[0] = frozen_wire(f);
		return 1;
	}
	if (ob->form == OUTBOX_DEFLATED) {
		pieces[0] = frozen_wire(frozen_deflated(f));
		return 1;
	}
	pieces[0] = STR("data: ");
	pieces[1] = frozen_text(f);
	pieces[2] = STR("\r\n\r\n");
	return 3;
}

static size_t
size_of(const struct outbox *ob, const struct frozen *f)
{
	struct str pieces[MAX_PIECES];
	unsigned i, count;
	size_t n = 0;

	if (ob->form == OUTBOX_FRAMES)
		return frozen_wire(f).n;
	count = make_pieces(ob, f, pieces);
	for (i = 0; i < count; i++)
		n += pieces[i].n;
	return n;
}

/* Limits are for memory: there a deflated message lies as it was, too. */
static uint32_t
beside(const struct outbox *ob, const struct frozen *f)
{
	if (!frozen_is_message(f))
		return OUTBOX_FRAME_BYTES;
	if (ob->form != OUTBOX_DEFLATED)
		return 0;
	return (uint32_t)(frozen_wire(f).n - frozen_wire(frozen_deflated(f)).n);
}

static bool
wants_proof(const struct outbox *ob, const struct frozen *f)
{
	return !ob->forgets && frozen_is_message(f);
}

/* ---- life ---- */

void
outbox_clear(struct outbox *ob)
{
	queue_clear(&ob->queue);
	*ob = (struct outbox){ .ping_number = ob->ping_number, .form = ob->form,
			       .forgets = ob->forgets };
}

int
outbox_give(struct outbox *ob, struct frozen *f)
{
	uint32_t more = beside(ob, f);
	size_t n = size_of(ob, f);
	int rc = queue_give(&ob->queue, f);

	if (rc)
		return rc;
	ob->unsent += n;
	ob->beside += more;
	return 0;
}

/* Lets the first `n` go, all of them sent. */
static void
drop(struct outbox *ob, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		const struct frozen *f = queue_peek(&ob->queue, i);

		ob->kept -= size_of(ob, f) + beside(ob, f);
		if (wants_proof(ob, f))
			ob->unproved--;
	}
	queue_drop(&ob->queue, n);
	ob->sent -= n;
	ob->proves -= ob->proves < n ? ob->proves : n;
}

/* What is sent and needs no proof goes when nothing before it waits for one. */
static void
drop_settled(struct outbox *ob)
{
	uint32_t n = 0;

	if (ob->sent == 0 || (ob->unproved && wants_proof(ob, queue_peek(&ob->queue, 0))))
		return;
	if (ob->unproved == 0)
		n = ob->sent;
	else
		while (n < ob->sent && !wants_proof(ob, queue_peek(&ob->queue, n)))
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

void
outbox_prove_but(struct outbox *ob, size_t bytes)
{
	size_t left = bytes > ob->offset ? bytes - ob->offset : 0;
	uint32_t n = ob->sent;

	while (n && left) {
		size_t size = size_of(ob, queue_peek(&ob->queue, --n));

		left -= size < left ? size : left;
	}
	drop(ob, n);
	drop_settled(ob);
}

uint32_t
outbox_trim(struct outbox *ob, uint32_t messages, size_t bytes)
{
	uint32_t before = ob->unproved;

	while (ob->unproved &&
	       (ob->unproved > messages || ob->kept > bytes))
		drop(ob, 1);
	drop_settled(ob);
	return before - ob->unproved;
}

/* ---- writing ---- */

/* Adds what is left of `pieces` after `*skip` bytes. */
static unsigned
add_pieces(struct iovec *iov, const struct str *pieces, unsigned count, size_t *skip)
{
	unsigned i, added = 0;

	for (i = 0; i < count; i++) {
		size_t gone = *skip < pieces[i].n ? *skip : pieces[i].n;

		*skip -= gone;
		if (gone == pieces[i].n)
			continue;
		/* iovec has no const; sendmsg does not write. */
		iov[added].iov_base = (void *)(uintptr_t)(pieces[i].p + gone);
		iov[added++].iov_len = pieces[i].n - gone;
	}
	return added;
}

static unsigned
gather(const struct outbox *ob, struct iovec *iov)
{
	struct str pieces[MAX_PIECES];
	size_t skip = ob->offset;
	uint32_t i = ob->sent;
	unsigned n = 0;

	for (; i < ob->queue.count && n + MAX_PIECES <= OUTBOX_MAX_IOV; i++) {
		unsigned count = make_pieces(ob, queue_peek(&ob->queue, i), pieces);

		n += add_pieces(iov + n, pieces, count, &skip);
	}
	return n;
}

static void
advance(struct outbox *ob, size_t n)
{
	ob->unsent -= n;
	n += ob->offset;
	while (ob->sent < ob->queue.count) {
		const struct frozen *f = queue_peek(&ob->queue, ob->sent);
		size_t size = size_of(ob, f);

		if (n < size)
			break;
		n -= size;
		ob->beside -= beside(ob, f);
		ob->kept += size + beside(ob, f);
		ob->sent++;
		if (wants_proof(ob, f))
			ob->unproved++;
	}
	ob->offset = (uint32_t)n;
}

enum { SEND_FLAGS = MSG_NOSIGNAL | MSG_DONTWAIT };

static ssize_t
send_many(const struct outbox *ob, int fd)
{
	struct iovec iov[OUTBOX_MAX_IOV];
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = gather(ob, iov) };

	return sendmsg(fd, &msg, SEND_FLAGS);
}

/* Most often it is one frame, and send() costs the kernel less. */
static ssize_t
send_some(const struct outbox *ob, int fd)
{
	struct str whole;

	if (ob->queue.count - ob->sent > 1 || ob->form != OUTBOX_FRAMES)
		return send_many(ob, fd);
	whole = frozen_wire(queue_peek(&ob->queue, ob->sent));
	return send(fd, whole.p + ob->offset, whole.n - ob->offset, SEND_FLAGS);
}

int
outbox_write(struct outbox *ob, int fd)
{
	int rc = ob->broken ? -ENOMEM : 0;

	while (!rc && outbox_has_unsent(ob)) {
		ssize_t n = send_some(ob, fd);

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

/* A message that is partly sent goes on as mere bytes: it has been given back and
 * must not be a second time. */
static struct frozen *
as_bytes(const struct outbox *ob, const struct frozen *f)
{
	struct str pieces[MAX_PIECES];
	unsigned i, count = make_pieces(ob, f, pieces);
	struct buf whole = BUF_INIT;
	struct frozen *kept = NULL;

	for (i = 0; i < count; i++)
		buf_add_str(&whole, pieces[i]);
	if (!whole.failed)
		kept = frozen_new_raw(buf_str(&whole));
	buf_clear(&whole);
	return kept;
}

/* What must still go out after the messages were given back. */
static void
keep_frame(struct outbox *rest, struct frozen *f, uint32_t offset)
{
	struct frozen *kept = frozen_is_message(f) ? as_bytes(rest, f) : frozen_ref(f);

	if (!kept || queue_give_front(&rest->queue, kept)) {
		rest->broken = true;
		return;
	}
	rest->unsent += frozen_wire(kept).n - offset;
	rest->beside += beside(rest, kept);
	rest->offset = offset;
}

void
outbox_give_back(struct outbox *ob, void (*take)(void *arg, struct frozen *f), void *arg)
{
	struct outbox rest = { .ping_number = ob->ping_number, .form = ob->form,
			       .forgets = ob->forgets, .broken = ob->broken };
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

uint64_t
outbox_least(const struct outbox *ob)
{
	return queue_least(&ob->queue, 0); /* other frames have none */
}
