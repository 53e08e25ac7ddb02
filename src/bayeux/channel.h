/* Channel names and patterns (Faye: protocol/grammar.js).
 *
 * A name is one or more segments: `/` and one or more of
 * A-Z a-z 0-9 - _ ! ~ ( ) $ @. A pattern is zero or more segments and then
 * `/` `*` or `/` `**` at the very end. */
#ifndef BAYEUX_CHANNEL_H
#define BAYEUX_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>

#include "util/str.h"

/* Limits of ours; Faye has none. */
enum { CHANNEL_MAX_BYTES = 256, CHANNEL_MAX_SEGMENTS = 16 };

/* How many patterns a channel can match: itself, its parent's `*`, and one
 * `**` for each level. */
enum { CHANNEL_MAX_PATTERNS = CHANNEL_MAX_SEGMENTS + 2 };

enum channel_kind {
	CHANNEL_PLAIN,
	CHANNEL_SERVICE, /* /service and below, its patterns too */
	CHANNEL_META,    /* /meta and below, its patterns too */
};

bool channel_is_name(struct str s);
bool channel_is_pattern(struct str s);    /* has a wildcard; a name is none */
bool channel_is_too_long(struct str s);   /* beyond our limits */
enum channel_kind channel_kind(struct str s); /* of a valid name or pattern */

/* The patterns that `name` matches, itself among them, most specific first:
 * /a/b/c gives /a/b/c, /a/b/{*}, /a/b/{**}, /a/{**}, /{**}. Their bytes are
 * written into `scratch` and borrowed from there. `name` is valid and within
 * the limits. Returns their number. */
enum { CHANNEL_SCRATCH = CHANNEL_MAX_PATTERNS * (CHANNEL_MAX_BYTES + 3) };
size_t channel_expand(struct str name, struct str out[CHANNEL_MAX_PATTERNS],
		      char scratch[CHANNEL_SCRATCH]);

#endif
