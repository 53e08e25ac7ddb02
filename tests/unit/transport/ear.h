/* A socket that writes down what it hears: "text|" for a message, "(7)" for a
 * pong. */
#ifndef UNIT_TRANSPORT_EAR_H
#define UNIT_TRANSPORT_EAR_H

#include "transport/frames.h"
#include "unit/transport/client_frames.h"

enum { MOST = 70000 }; /* bytes of a message that are taken */

struct ear {
	struct frames_reader *reader;
	struct buf heard, answers;
	int rc;
};

static inline void
on_message(void *arg, struct str payload)
{
	struct ear *ear = arg;

	buf_add_str(&ear->heard, payload);
	buf_add_char(&ear->heard, '|');
}

static inline void
on_pong(void *arg, struct str payload)
{
	struct ear *ear = arg;

	buf_add_char(&ear->heard, '(');
	buf_add_str(&ear->heard, payload);
	buf_add_char(&ear->heard, ')');
}

static const struct frames_events events = {
	.on_message = on_message,
	.on_pong = on_pong,
};

static inline void
start(struct frames *fr, struct ear *ear)
{
	frames_init(fr, &events, MOST);
	*ear = (struct ear){ .reader = NULL };
}

static inline void
end(struct frames *fr, struct ear *ear)
{
	frames_release(fr, &ear->reader);
	buf_clear(&ear->heard);
	buf_clear(&ear->answers);
	frames_clear(fr);
}

/* Bytes are copied to where a sanitizer sees a look beyond their end. */
static inline void
feed(struct frames *fr, struct ear *ear, struct str bytes)
{
	char *copy = malloc(bytes.n ? bytes.n : 1);

	assert_non_null(copy);
	if (bytes.n)
		memcpy(copy, bytes.p, bytes.n);
	ear->rc = frames_feed(fr, &ear->reader, ear, (struct str){ copy, bytes.n },
			      &ear->answers);
	free(copy);
}

static inline void
feed_frame(struct frames *fr, struct ear *ear, int first, struct str payload)
{
	struct buf frame = BUF_INIT;

	client_frame_add(&frame, first, payload);
	assert_false(frame.failed);
	feed(fr, ear, buf_str(&frame));
	buf_clear(&frame);
}

static inline void
assert_same(struct buf *found, struct str expected)
{
	assert_false(found->failed);
	assert_int_equal(found->n, expected.n);
	if (expected.n)
		assert_memory_equal(found->p, expected.p, expected.n);
	buf_reset(found);
}

/* What was heard and answered since the last time. */
static inline void
assert_heard(struct ear *ear, struct str heard, struct str answers)
{
	assert_same(&ear->heard, heard);
	assert_same(&ear->answers, answers);
}

static inline bool
is_idle(const struct ear *ear)
{
	return !ear->reader;
}

#endif
