/* Frozen messages for the tests of this folder. */
#ifndef UNIT_SESSION_MESSAGES_H
#define UNIT_SESSION_MESSAGES_H

#include "bayeux/frozen.h"

/* A message `[N]` on /a of 4 bytes and its frame's head; NULL: out of memory. */
static inline struct frozen *
message_new(int number)
{
	struct frozen *f = frozen_new_message(STR("/a"), 2);

	if (f) {
		f->bytes[f->head_n + 1] = (char)('0' + number / 10 % 10);
		f->bytes[f->head_n + 2] = (char)('0' + number % 10);
	}
	return f;
}

enum { MESSAGE_BYTES = 6 }; /* of its frame */

static inline int
message_number(const struct frozen *f)
{
	struct str json = frozen_json(f);

	return (json.p[0] - '0') * 10 + json.p[1] - '0';
}

#endif
