/* What nodes tell each other: what is cut off was there, what reads as a message is
 * one that can be delivered, and arguments come out as they went in. */
#include <stdbool.h>
#include <string.h>

#include "bayeux/channel.h"
#include "fuzz/fuzz.h"
#include "redis/args.h"
#include "redis/text.h"

/* `part` lies in `whole`, or is nothing. */
static void
check_within(struct str part, struct str whole)
{
	MUST(part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n));
}

static void
check_number(struct str text)
{
	struct str rest = text;
	uint64_t v;

	if (!text_cut_number(&rest, &v)) {
		MUST(rest.p == text.p && rest.n == text.n);
		return;
	}
	MUST(v < UINT64_C(1000000000000000000));
	MUST(rest.n < text.n);
	check_within(rest, text);
	MUST(rest.n == 0 || rest.p + rest.n == text.p + text.n);
}

static void
check_words(struct str text)
{
	struct str rest = text;
	size_t n = 0;

	while (rest.n) {
		struct str word = text_cut_word(&rest);

		check_within(word, text);
		MUST(!word.n || !memchr(word.p, ' ', word.n));
		MUST(++n <= text.n);
	}
}

static void
check_note(struct str text)
{
	struct note_text note = text_read_note(text);

	check_within(note.client_id, text);
	check_within(note.patterns, text);
	MUST(note.word >= NOTE_NONE && note.word <= NOTE_BEAT);
	MUST(note.word == NOTE_MORE || note.word == NOTE_LESS || note.patterns.n == 0);
}

static bool
ends_with(struct str whole, struct str end)
{
	return end.n <= whole.n && memcmp(whole.p + whole.n - end.n, end.p, end.n) == 0;
}

static void
check_message(struct str text)
{
	struct frozen *f = text_read_message(text);
	struct str patterns[CHANNEL_MAX_PATTERNS];
	char scratch[CHANNEL_SCRATCH];

	if (!f)
		return;
	MUST(channel_is_name(frozen_channel(f)) && !channel_is_too_long(frozen_channel(f)));
	MUST(channel_expand(frozen_channel(f), patterns, scratch) >= 3);
	MUST(frozen_json(f).n >= 2 && ends_with(text, frozen_json(f)));
	MUST(frozen_text(f).p[0] == '[' && frozen_text(f).p[frozen_text(f).n - 1] == ']');
	frozen_unref(f);
}

/* Lines become arguments. */
static void
check_args(struct str text)
{
	struct args a = { 0 };
	struct str rest = text;
	size_t n = 0, i, bytes = 0;

	while (rest.n) {
		const char *end = memchr(rest.p, '\n', rest.n);
		size_t line = end ? (size_t)(end - rest.p) : rest.n;

		args_add(&a, (struct str){ rest.p, line });
		line += end != NULL;
		rest = (struct str){ rest.p + line, rest.n - line };
		n++;
	}
	MUST(!args_failed(&a) && args_count(&a) == n);
	for (i = 0; i < n; i++) {
		struct str s = args_get(&a, i);

		MUST(s.n == 0 || memcmp(s.p, text.p + bytes, s.n) == 0);
		bytes += s.n + 1;
		MUST(bytes == text.n + 1 || text.p[bytes - 1] == '\n');
	}
	args_clear(&a);
}

static void
check_key(struct str text)
{
	uint64_t key = args_read_key(text);
	char hex[ARGS_KEY_BYTES];

	args_put_key(hex, key);
	MUST(!key || (text.n == sizeof(hex) && memcmp(hex, text.p, text.n) == 0));
	MUST(args_read_key((struct str){ hex, sizeof(hex) }) == key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = { (const char *)data, n };

	check_number(text);
	check_words(text);
	check_note(text);
	check_message(text);
	check_args(text);
	check_key(text);
	return 0;
}
