/* A one-pass validating JSON scanner (RFC 8259, strict) that hands out spans
 * of the text instead of building a tree, so that what passes through fayed
 * passes byte for byte. Nothing is allocated.
 *
 * A span is only ever handed out after all of it has been checked: grammar,
 * UTF-8 (no overlong forms, no surrogates, at most U+10FFFF), nesting. After
 * an error the scanner must not be used again. Spans borrow the text. */
#ifndef BAYEUX_SCAN_H
#define BAYEUX_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"
#include "util/str.h"

enum scan_type {
	SCAN_ABSENT, /* of a zeroed span: no value at all */
	SCAN_NULL,
	SCAN_FALSE,
	SCAN_TRUE,
	SCAN_NUMBER,
	SCAN_STRING,
	SCAN_ARRAY,
	SCAN_OBJECT,
};

struct span {
	struct str text; /* from the value's first byte to its last */
	uint8_t type;    /* enum scan_type */
	bool spaced;     /* has white space between its tokens */
	bool escaped;    /* is a string with a backslash in it */
};

/* Results; 0 is success. */
enum {
	SCAN_END = 1, /* no further item: the bracket was closed */
	SCAN_INVALID, /* no JSON */
	SCAN_DEEP,    /* valid so far, but nested beyond the limit */
};

/* A larger `max_depth` counts as this. */
enum { SCAN_DEPTH_LIMIT = 1024 };

struct scan {
	const char *at, *end;
	unsigned depth;     /* open brackets around `at` */
	unsigned max_depth; /* how many may be open */
	bool first;         /* just behind an opening bracket */
	bool spaced;        /* there was white space; scan_value clears it */
};

void scan_init(struct scan *sc, struct str text, unsigned max_depth);

/* What the next value is, by its first byte, which is not consumed (white
 * space before it is). SCAN_ABSENT: nothing that begins a value, or the end. */
enum scan_type scan_peek(struct scan *sc);

/* The whole next value. 0, SCAN_INVALID, SCAN_DEEP. */
int scan_value(struct scan *sc, struct span *out);

/* Steps inside the array or object that scan_peek saw. 0, SCAN_INVALID, SCAN_DEEP. */
int scan_enter(struct scan *sc);

/* Inside an array: 0 and the scanner stands before an item, which is then
 * taken by scan_value or entered; SCAN_END and the array is left; or an error. */
int scan_item(struct scan *sc);

/* Inside an object: 0 and the member's key (a string span) is in `key`, the
 * scanner stands before its value; SCAN_END and the object is left; or an error. */
int scan_member(struct scan *sc, struct span *key);

/* Behind the last value: 0 when only white space is left, else SCAN_INVALID. */
int scan_finish(struct scan *sc);

/* ---- reading spans ---- */

/* As JavaScript's Boolean(): absent, null, false, "", 0, -0, 0.0 and 0e9 are
 * false, as is a number that underflows to 0 (1e-400). */
bool span_is_true(const struct span *s);

/* Whether it is a string with that content; escapes are understood. */
bool span_is(const struct span *s, struct str content);

/* The content of a string span, without quotes. Where there are escapes it is
 * decoded into `scratch` (appended; good until that changes); otherwise
 * borrowed from the text. A lone surrogate becomes U+FFFD. p is NULL: out of
 * memory. */
struct str span_string(const struct span *s, struct buf *scratch);

/* Appends the value as JSON without white space between tokens. */
void span_copy(const struct span *s, struct buf *out);

/* Appends String(value) as JavaScript has it: Faye puts that into its error
 * texts. Objects are [object Object], arrays are joined by commas with null as
 * nothing, numbers are as Number.prototype.toString, absent is nothing. The
 * result is UTF-8 text, not JSON. */
void span_text(const struct span *s, struct buf *out);

/* Appends `text` as a JSON string with its quotes. Must be valid UTF-8. */
void scan_quote(struct str text, struct buf *out);

/* Number(value) of a number or of a string that holds one; NAN otherwise. As
 * in JavaScript a string of nothing or of white space holds 0. */
double span_number(const struct span *s);

#endif
