/* The scanner's inner loop. */
#ifndef BAYEUX_SCAN_STRING_H
#define BAYEUX_SCAN_STRING_H

#include <stdbool.h>
#include <stddef.h>

#include "util/str.h"

/* `p` is at a quote. Where the string ends, behind its closing quote, or NULL
 * when it is not valid: its end, an escape, a control character, UTF-8. */
const char *scan_string_end(const char *p, const char *end, bool *escaped);

/* Whether all of it is well-formed UTF-8. */
bool scan_is_utf8(struct str s);

#endif
