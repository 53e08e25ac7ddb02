/* callback-polling: answers as JavaScript that calls a function. Pure. */
#ifndef TRANSPORT_JSONP_H
#define TRANSPORT_JSONP_H

#include "util/buf.h"
#include "util/str.h"

/* Dotted identifiers of ASCII letters, digits, _ and $; nothing that could be
 * anything else than a name (Faye: node_adapter). */
bool jsonp_is_callback(struct str name);

/* Appends the call. Line separators that JavaScript's strings once could not
 * hold are written as escapes; the comment before the name is against browsers
 * that take the answer for another type of file. */
void jsonp_wrap(struct str callback, struct str array, struct buf *out);

#endif
