/* A file that pages load: whole in memory, as it is and gzipped, each form with
 * its entity tag. It does not change once it is made, so workers share it. */
#ifndef TRANSPORT_SCRIPT_H
#define TRANSPORT_SCRIPT_H

#include <stdint.h>

#include "transport/head.h"
#include "util/buf.h"

enum script_encoding { SCRIPT_PLAIN, SCRIPT_GZIP, SCRIPT_ENCODINGS };

enum {
	SCRIPT_TAG_BYTES = 48,  /* a SHA-1 in hex, "-gzip", quotes */
	SCRIPT_DATE_BYTES = 32, /* Sun, 06 Nov 1994 08:49:37 GMT */
};

struct script_form {
	char *body; /* NULL: there is no such form */
	size_t n;
	char tag[SCRIPT_TAG_BYTES]; /* with quotes; "": none */
};

struct script {
	char *name;
	struct script_form forms[SCRIPT_ENCODINGS]; /* gzipped only if that is smaller */
	int64_t modified_s;                         /* since 1970; negative: unknown */
	char modified[SCRIPT_DATE_BYTES];           /* as in a header */
};

/* What one request gets of it. */
struct script_choice {
	const struct script *script; /* NULL: nothing has that name */
	uint8_t encoding;            /* enum script_encoding */
	bool is_fresh;               /* the copy it has already is the same */
};

/* A file of that content; `body` is emptied whatever comes back. 0 or -ENOMEM;
 * clear it in any case. */
int script_init(struct script *s, const char *name, struct buf *body, int64_t modified_s);
/* One in the place of a file that is to come. Browsers must not keep it, so it
 * has no tag and no date. */
int script_init_stand_in(struct script *s, const char *name, struct str body);
void script_clear(struct script *s);

bool script_is_stand_in(const struct script *s);

/* `s` may be NULL. */
struct script_choice script_choose(const struct script *s, const struct head *head);

#endif
