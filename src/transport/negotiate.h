/* What a head says about the answer's form: which encodings its sender takes,
 * and which copy it has already (RFC 9110 12.5.3, 13.1). Pure. */
#ifndef TRANSPORT_NEGOTIATE_H
#define TRANSPORT_NEGOTIATE_H

#include <stdint.h>

#include "transport/head.h"

/* Whether gzip is taken, and not less gladly than the plain bytes. */
bool negotiate_gzip(const struct head *h);

/* Whether If-None-Match has the tag, which is given without its quotes; or "*".
 * Weak tags match too, and a bare word: Faye sends its tags without quotes. */
bool negotiate_has_tag(const struct head *h, struct str tag);

/* If-Modified-Since in seconds since 1970. Negative: none, or it is no date of
 * one of HTTP's three forms (RFC 9110 5.6.7). */
int64_t negotiate_since(const struct head *h);

#endif
