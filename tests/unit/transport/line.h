/* An outbox on a socket with a small buffer, and the peer at its other end. */
#ifndef UNIT_TRANSPORT_LINE_H
#define UNIT_TRANSPORT_LINE_H

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/outbox.h"
#include "util/buf.h"

enum { BIG = 1 << 20 }; /* more than a small socket's buffer takes */

/* An outbox, the two ends of its socket, and all bytes it was given. */
struct line {
	struct outbox ob;
	int ours, theirs;
	struct buf given, arrived;
};

static inline void
start(struct line *l)
{
	int fds[2], small = 4096;

	*l = (struct line){ .given = BUF_INIT };
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	l->ours = fds[0];
	l->theirs = fds[1];
	assert_int_equal(setsockopt(l->ours, SOL_SOCKET, SO_SNDBUF, &small,
				    sizeof(small)), 0);
}

static inline void
end(struct line *l)
{
	outbox_clear(&l->ob);
	buf_clear(&l->given);
	buf_clear(&l->arrived);
	close(l->ours);
	close(l->theirs);
}

static inline void
give(struct line *l, struct frozen *f)
{
	assert_non_null(f);
	buf_add_str(&l->given, frozen_wire(f));
	assert_int_equal(outbox_give(&l->ob, f), 0);
}

/* A message whose JSON is `n` times that letter. */
static inline struct frozen *
message_new(char letter, size_t n)
{
	struct frozen *f = frozen_new_message(STR("/a"), n);

	if (f)
		memset(f->bytes + f->head_n + 1, letter, n);
	return f;
}

static inline void
give_message(struct line *l, char letter, size_t n)
{
	give(l, message_new(letter, n));
}

static inline void
give_frame(struct line *l, const char *text)
{
	give(l, frozen_new_frame(FROZEN_TEXT, str_from(text)));
}

static inline void
give_ping(struct line *l, const char *number)
{
	struct frozen *same = frozen_new_frame(FROZEN_PING, str_from(number));

	assert_non_null(same);
	buf_add_str(&l->given, frozen_wire(same));
	frozen_unref(same);
	assert_int_equal(outbox_ping(&l->ob), 0);
}

/* The peer reads what there is. */
static inline void
read_some(struct line *l)
{
	char bytes[8192];
	ssize_t n;

	while ((n = recv(l->theirs, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
		buf_add(&l->arrived, bytes, (size_t)n);
	assert_true(n == 0 || errno == EAGAIN);
}

static inline int
write_some(struct line *l)
{
	return outbox_write(&l->ob, l->ours);
}

/* Both take turns until all is out. */
static inline void
write_all(struct line *l)
{
	int rc;

	while ((rc = write_some(l)) == OUTBOX_BLOCKED)
		read_some(l);
	assert_int_equal(rc, 0);
	read_some(l);
	assert_false(outbox_has_unsent(&l->ob));
	assert_int_equal(l->ob.unsent, 0);
}

static inline void
assert_all_arrived(const struct line *l)
{
	assert_false(l->given.failed || l->arrived.failed);
	assert_int_equal(l->arrived.n, l->given.n);
	assert_memory_equal(l->arrived.p, l->given.p, l->given.n);
}

static inline void
pong(struct line *l, const char *number)
{
	outbox_pong(&l->ob, str_from(number));
}

/* The letters of what is given back, in the order in which it comes. */
struct returned {
	char letters[32];
	size_t n;
};

static inline void
take_back(void *arg, struct frozen *f)
{
	struct returned *r = arg;

	assert_true(frozen_is_message(f));
	assert_true(r->n + 1 < sizeof(r->letters));
	r->letters[r->n++] = frozen_json(f).p[0];
	frozen_unref(f);
}

static inline void
assert_gives_back(struct line *l, const char *letters)
{
	struct returned r = { .n = 0 };

	outbox_give_back(&l->ob, take_back, &r);
	assert_string_equal(r.letters, letters);
}

#endif
