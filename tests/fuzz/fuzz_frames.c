/* WebSocket frames, at once and in pieces: what a socket hears and answers must
 * not depend on how its bytes were cut. The first byte says how, and whether
 * messages may be deflated. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "transport/frames.h"

enum { MOST = 300 };

struct ear {
	struct frames_reader *reader;
	struct buf heard, answers;
	int rc;
};

static void
hear(struct ear *ear, char kind, struct str payload)
{
	MUST(payload.n <= MOST);
	buf_addf(&ear->heard, "%c%zu:", kind, payload.n);
	buf_add_str(&ear->heard, payload);
}

static void
on_message(void *arg, struct str payload)
{
	hear(arg, 'm', payload);
}

static void
on_pong(void *arg, struct str payload)
{
	MUST(payload.n <= 125);
	hear(arg, 'p', payload);
}

static const struct frames_events events = {
	.on_message = on_message,
	.on_pong = on_pong,
};

/* `step` 0: all at once. */
static void
listen(struct frames *fr, struct ear *ear, struct str bytes, size_t step)
{
	*ear = (struct ear){ .reader = NULL };
	while (bytes.n && !ear->rc) {
		size_t n = step && step < bytes.n ? step : bytes.n;

		ear->rc = frames_feed(fr, &ear->reader, ear, (struct str){ bytes.p, n },
				      &ear->answers);
		bytes.p += n;
		bytes.n -= n;
	}
	if (ear->rc == FRAMES_CLOSED)
		MUST(!ear->reader && ear->answers.n >= 2);
	MUST(!ear->heard.failed && !ear->answers.failed);
}

static void
forget(struct frames *fr, struct ear *ear)
{
	frames_release(fr, &ear->reader);
	buf_clear(&ear->heard);
	buf_clear(&ear->answers);
}

static void
check_same(const struct ear *a, const struct ear *b)
{
	MUST(a->rc == b->rc && !a->reader == !b->reader);
	MUST(str_equal(buf_str(&a->heard), buf_str(&b->heard)));
	MUST(str_equal(buf_str(&a->answers), buf_str(&b->answers)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str bytes = { (const char *)data + 1, n - 1 };
	struct ear whole, pieces, again;
	struct frames fr;

	if (n == 0)
		return 0;
	frames_init(&fr, &events, MOST);
	fr.inflates = data[0] & 0x80;
	listen(&fr, &whole, bytes, 0);
	listen(&fr, &pieces, bytes, 1u + data[0] % 64);
	listen(&fr, &again, bytes, 0); /* with whatever the pool has now */
	check_same(&whole, &again);
	check_same(&whole, &pieces);
	forget(&fr, &whole);
	forget(&fr, &pieces);
	forget(&fr, &again);
	frames_clear(&fr);
	return 0;
}
