#include "redis/text.h"

#include "bayeux/channel.h"
#include "redis/args.h"

bool
text_cut_number(struct str *s, uint64_t *v)
{
	enum { MOST_DIGITS = 18 }; /* what fits for sure */
	size_t i = 0;

	*v = 0;
	while (i < s->n && i < MOST_DIGITS && s->p[i] >= '0' && s->p[i] <= '9')
		*v = *v * 10 + (uint64_t)(s->p[i++] - '0');
	if (i == 0 || (i < s->n && s->p[i] != ' '))
		return false;
	i += i < s->n;
	*s = (struct str){ s->p + i, s->n - i };
	return true;
}

struct str
text_cut_word(struct str *s)
{
	const char *blank = s->n ? memchr(s->p, ' ', s->n) : NULL;
	struct str word = { s->p, blank ? (size_t)(blank - s->p) : s->n };
	size_t cut = word.n + (blank != NULL);

	if (cut)
		*s = (struct str){ s->p + cut, s->n - cut };
	return word;
}

struct frozen *
text_read_message(struct str text)
{
	struct str channel;
	struct frozen *f;

	text_cut_word(&text); /* which node, and its how many-th */
	text_cut_word(&text);
	channel = text_cut_word(&text);
	/* Whoever may write to Redis may write what no node of ours would accept. */
	if (channel_is_too_long(channel) || !channel_is_name(channel) || text.n < 2)
		return NULL;
	f = frozen_new_message(channel, text.n);
	if (f)
		memcpy(f->bytes + f->head_n + 1, text.p, text.n);
	return f;
}

static enum note_word
word_of(struct str s)
{
	static const struct {
		struct str name;
		enum note_word word;
	} words[] = {
		{ { "taken", 5 }, NOTE_TAKEN }, { { "gone", 4 }, NOTE_GONE },
		{ { "+", 1 }, NOTE_MORE },      { { "-", 1 }, NOTE_LESS },
		{ { "mark", 4 }, NOTE_MARK },   { { "beat", 4 }, NOTE_BEAT },
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_equal(s, words[i].name))
			return words[i].word;
	return NOTE_NONE;
}

struct note_text
text_read_note(struct str text)
{
	struct note_text note = { .word = word_of(text_cut_word(&text)) };

	if (note.word == NOTE_MARK || note.word == NOTE_BEAT || note.word == NOTE_NONE)
		return note;
	note.client_id = text_cut_word(&text);
	if (note.word == NOTE_MORE || note.word == NOTE_LESS) {
		note.patterns = text;
		return note;
	}
	if (!text_cut_number(&text, &note.turn))
		note.word = NOTE_NONE;
	if (note.word == NOTE_TAKEN)
		note.connect = args_read_key(text);
	return note;
}
