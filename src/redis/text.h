/* What nodes tell each other, as texts: publications "NODE K CHANNEL JSON", notes
 * "WORD …"; heard live with their number in front. They come from other processes:
 * what does not read is left out. */
#ifndef REDIS_TEXT_H
#define REDIS_TEXT_H

#include "bayeux/frozen.h"

/* Cuts a decimal number and the blank behind it off `s`. False: there is none. */
bool text_cut_number(struct str *s, uint64_t *v);
/* Cuts a word and the blank behind it, if there is one. */
struct str text_cut_word(struct str *s);

/* Frozen anew, without a number. NULL: not of that form, or out of memory. */
struct frozen *text_read_message(struct str text);

enum note_word { NOTE_NONE, NOTE_TAKEN, NOTE_GONE, NOTE_MORE, NOTE_LESS, NOTE_MARK, NOTE_BEAT };

struct note_text {
	enum note_word word;
	struct str client_id;
	uint64_t turn, connect;
	struct str patterns; /* with blanks between */
};

struct note_text text_read_note(struct str text);

#endif
