/* What programs put into Redis, as a text and as an entry whose words have a NUL between:
 * what gets through is one message with data, on a channel that can be subscribed to;
 * its members are the entry's, so that none of the values said more than itself; and
 * read once more it stays as it is. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bayeux/channel.h"
#include "fuzz/fuzz.h"
#include "redis/posting.h"

static const struct posting_limits limits = {
	.bytes = 2048,
	.batch = { .messages = 20, .nesting = 12 },
};

enum { MOST_WORDS = 64 };

static void
check_again(void *arg, struct frozen *f, const char *why)
{
	const struct frozen *once = arg;

	(void)why;
	MUST(f);
	MUST(str_equal(frozen_channel(f), frozen_channel(once)));
	MUST(str_equal(frozen_json(f), frozen_json(once)));
	frozen_unref(f);
}

static void
check_message(const struct frozen *f, const struct posting_limits *roomy)
{
	struct str channel = frozen_channel(f);

	MUST(channel_is_name(channel) && !channel_is_too_long(channel));
	MUST(channel_kind(channel) == CHANNEL_PLAIN);
	MUST(!memchr(frozen_json(f).p, '\n', frozen_json(f).n));
	MUST(posting_read_text(frozen_json(f), roomy, check_again, (void *)(uintptr_t)f) == 0);
}

static void
on_posting(void *arg, struct frozen *f, const char *why)
{
	unsigned *count = arg;

	++*count;
	MUST(!f == !!why);
	if (f)
		check_message(f, &limits);
	frozen_unref(f);
}

/* Members of the object, without those that stay here, which nobody counts. */
static unsigned
members(struct str json)
{
	struct span key, value;
	unsigned n = 0;
	struct scan sc;

	scan_init(&sc, json, limits.batch.nesting);
	MUST(scan_enter(&sc) == 0);
	while (scan_member(&sc, &key) == 0) {
		MUST(scan_value(&sc, &value) == 0);
		n++;
	}
	MUST(scan_finish(&sc) == 0);
	return n;
}

static void
check_entry(const struct str *words, size_t n)
{
	/* Quoted, a text may take six times its bytes. */
	struct posting_limits roomy = { 8 * limits.bytes + 64, limits.batch };
	const char *why = NULL;
	struct frozen *f = NULL;
	int rc = posting_read_entry(&f, words, n, &limits, &why);

	MUST(rc == 0 || rc == POSTING_REFUSED);
	MUST(!rc == !!f && !rc == !why);
	if (f) {
		MUST(members(frozen_json(f)) <= n / 2);
		check_message(f, &roomy);
	}
	frozen_unref(f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str rest = { (const char *)data, size }, words[MOST_WORDS];
	unsigned count = 0;
	size_t n = 0;

	MUST(posting_read_text(rest, &limits, on_posting, &count) == 0);
	MUST(count > 0 && count <= limits.batch.messages);
	while (n < MOST_WORDS && rest.n) {
		const char *end = memchr(rest.p, '\0', rest.n);
		size_t len = end ? (size_t)(end - rest.p) : rest.n;

		words[n++] = (struct str){ rest.p, len };
		len += end != NULL;
		rest = (struct str){ rest.p + len, rest.n - len };
	}
	check_entry(words, n & ~(size_t)1);
	return 0;
}
