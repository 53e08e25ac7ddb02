/* Form fields: application/x-www-form-urlencoded bodies, and queries. Pure. */
#ifndef TRANSPORT_FORM_H
#define TRANSPORT_FORM_H

#include "util/buf.h"
#include "util/str.h"

enum { FORM_ABSENT = 1 };

/* The first field of that name, decoded and appended to `out`: a plus is a
 * space, a broken percent escape stays as it is. 0, FORM_ABSENT or -ENOMEM. */
int form_find(struct str text, struct str name, struct buf *out);

/* The same for one field that somebody else has parted. FORM_ABSENT: it has
 * another name. */
int form_take(struct str key, struct str value, struct str name, struct buf *out);

#endif
