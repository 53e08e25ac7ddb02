/* Numbers to text and back as JavaScript does it. Nothing is allocated; the
 * decimal point is a dot as long as nobody calls setlocale(LC_NUMERIC). */
#ifndef UTIL_NUMBER_H
#define UTIL_NUMBER_H

#include <stddef.h>

#include "util/str.h"

enum { NUMBER_MAX_BYTES = 32 };

/* Number(text): JavaScript's white space around it is ignored, nothing at all
 * is 0, a sign, `Infinity`, `.5`, `5.` and 0x, 0o, 0b are understood. Correctly
 * rounded decimals of any length. NAN when it is no number. */
double number_parse(struct str text);

/* String(v): the shortest text that reads back as `v`; an exponent from 1e21
 * and below 1e-6; -0 is "0". Returns the bytes written; no terminator. */
size_t number_format(double v, char out[NUMBER_MAX_BYTES]);

#endif
