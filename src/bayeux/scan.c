/* One grammar serves both ways of reading: scan_value walks whatever is nested
 * with the same steps that callers take from outside, and remembers the open
 * brackets in a small stack of its own instead of recursing. */
#include "bayeux/scan.h"

#include <assert.h>

#include "bayeux/scan_string.h"

/* ---- bytes ---- */

static inline bool
is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static inline bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline void
skip_space(struct scan *sc)
{
	if (sc->at == sc->end || !is_space(*sc->at))
		return;
	sc->spaced = true;
	do
		sc->at++;
	while (sc->at < sc->end && is_space(*sc->at));
}

/* The next byte is `c`, and taken; or is not. */
static inline bool
skip_byte(struct scan *sc, char c)
{
	if (sc->at == sc->end || *sc->at != c)
		return false;
	sc->at++;
	return true;
}

/* ---- scalars ---- */

/* From quote to quote. */
static int
skip_string(struct scan *sc, bool *escaped)
{
	const char *behind = scan_string_end(sc->at, sc->end, escaped);

	if (!behind)
		return SCAN_INVALID;
	sc->at = behind;
	return 0;
}

static int
skip_word(struct scan *sc, struct str word)
{
	if (!str_starts((struct str){ sc->at, (size_t)(sc->end - sc->at) }, word))
		return SCAN_INVALID;
	sc->at += word.n;
	return 0;
}

/* One or more. */
static bool
skip_digits(struct scan *sc)
{
	const char *from = sc->at;

	while (sc->at < sc->end && is_digit(*sc->at))
		sc->at++;
	return sc->at > from;
}

static int
skip_number(struct scan *sc)
{
	skip_byte(sc, '-');
	if (!skip_byte(sc, '0') && !skip_digits(sc))
		return SCAN_INVALID;
	if (skip_byte(sc, '.') && !skip_digits(sc))
		return SCAN_INVALID;
	if (skip_byte(sc, 'e') || skip_byte(sc, 'E')) {
		if (!skip_byte(sc, '+'))
			skip_byte(sc, '-');
		if (!skip_digits(sc))
			return SCAN_INVALID;
	}
	return 0;
}

static int
skip_scalar(struct scan *sc, enum scan_type type, bool *escaped)
{
	*escaped = false;
	switch (type) {
	case SCAN_STRING:
		return skip_string(sc, escaped);
	case SCAN_NUMBER:
		return skip_number(sc);
	case SCAN_NULL:
		return skip_word(sc, STR("null"));
	case SCAN_FALSE:
		return skip_word(sc, STR("false"));
	case SCAN_TRUE:
		return skip_word(sc, STR("true"));
	default:
		return SCAN_INVALID;
	}
}

/* ---- structure ---- */

void
scan_init(struct scan *sc, struct str text, unsigned max_depth)
{
	if (max_depth > SCAN_DEPTH_LIMIT)
		max_depth = SCAN_DEPTH_LIMIT;
	if (!text.p)
		text = STR(""); /* no arithmetic on NULL */
	*sc = (struct scan){
		.at = text.p,
		.end = text.p + text.n,
		.max_depth = max_depth,
	};
}

enum scan_type
scan_peek(struct scan *sc)
{
	skip_space(sc);
	if (sc->at == sc->end)
		return SCAN_ABSENT;
	switch (*sc->at) {
	case '"':
		return SCAN_STRING;
	case '{':
		return SCAN_OBJECT;
	case '[':
		return SCAN_ARRAY;
	case '-':
	case '0' ... '9':
		return SCAN_NUMBER;
	case 't':
		return SCAN_TRUE;
	case 'f':
		return SCAN_FALSE;
	case 'n':
		return SCAN_NULL;
	default:
		return SCAN_ABSENT;
	}
}

int
scan_enter(struct scan *sc)
{
	enum scan_type type = scan_peek(sc);

	if (type != SCAN_ARRAY && type != SCAN_OBJECT)
		return SCAN_INVALID;
	if (sc->depth >= sc->max_depth)
		return SCAN_DEEP;
	sc->at++;
	sc->depth++;
	sc->first = true;
	return 0;
}

/* Up to the next item or member, over its comma; or out of the bracket. */
static inline int
step(struct scan *sc, char closer)
{
	bool first = sc->first;

	assert(sc->depth > 0);
	skip_space(sc);
	sc->first = false;
	if (skip_byte(sc, closer)) {
		sc->depth--;
		return SCAN_END;
	}
	if (!first && !skip_byte(sc, ','))
		return SCAN_INVALID;
	skip_space(sc);
	return 0;
}

int
scan_item(struct scan *sc)
{
	int rc = step(sc, ']');

	if (rc)
		return rc;
	return scan_peek(sc) == SCAN_ABSENT ? SCAN_INVALID : 0;
}

int
scan_member(struct scan *sc, struct span *key)
{
	int rc = step(sc, '}');
	const char *from = sc->at;

	if (rc)
		return rc;
	if (sc->at == sc->end || *sc->at != '"')
		return SCAN_INVALID;
	rc = skip_string(sc, &key->escaped);
	if (rc)
		return rc;
	key->text = (struct str){ from, (size_t)(sc->at - from) };
	key->type = SCAN_STRING;
	key->spaced = false;
	skip_space(sc);
	if (!skip_byte(sc, ':') || scan_peek(sc) == SCAN_ABSENT)
		return SCAN_INVALID;
	return 0;
}

/* All of an array or object. */
static int
skip_nested(struct scan *sc)
{
	char open[SCAN_DEPTH_LIMIT]; /* the brackets entered here */
	const unsigned depth = sc->depth;
	struct span key;
	bool escaped;
	int rc;

	do {
		char c = *sc->at;

		if (c == '[' || c == '{') {
			rc = scan_enter(sc);
			if (!rc)
				open[sc->depth - depth - 1] = c;
		} else {
			rc = skip_scalar(sc, scan_peek(sc), &escaped);
		}
		while (!rc && sc->depth > depth) {
			if (open[sc->depth - depth - 1] == '[')
				rc = scan_item(sc);
			else
				rc = scan_member(sc, &key);
			if (rc != SCAN_END)
				break;
			rc = 0;
		}
	} while (!rc && sc->depth > depth);
	return rc;
}

int
scan_value(struct scan *sc, struct span *out)
{
	enum scan_type type = scan_peek(sc);
	const char *from = sc->at;
	bool escaped = false;
	int rc;

	sc->spaced = false;
	if (type == SCAN_ARRAY || type == SCAN_OBJECT)
		rc = skip_nested(sc);
	else
		rc = skip_scalar(sc, type, &escaped);
	if (rc)
		return rc;
	*out = (struct span){
		.text = { from, (size_t)(sc->at - from) },
		.type = (uint8_t)type,
		.spaced = sc->spaced,
		.escaped = escaped,
	};
	return 0;
}

int
scan_finish(struct scan *sc)
{
	skip_space(sc);
	return sc->at == sc->end && sc->depth == 0 ? 0 : SCAN_INVALID;
}
