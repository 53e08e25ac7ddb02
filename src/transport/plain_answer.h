/* The heads of answers to plain requests (plain.h): what libmicrohttpd would say of them. */
#ifndef TRANSPORT_PLAIN_ANSWER_H
#define TRANSPORT_PLAIN_ANSWER_H

#include "transport/origins.h"
#include "util/buf.h"

enum { PLAIN_DATE_BYTES = 32 };

/* For people and caches; one is good for a second. */
struct plain_date {
	int64_t at_s; /* since 1970 */
	char text[PLAIN_DATE_BYTES];
};

void plain_date_set(struct plain_date *d, int64_t at_s);

struct plain_answer {
	const struct plain_date *date;
	struct str origin; /* the request's; empty: none */
	bool closing;      /* the connection ends with it */
};

/* In front of a JSON array of `n` bytes. */
void plain_answer_array(const struct plain_answer *a, size_t n, struct buf *out);

/* The whole answer, with a word on what is wrong, for `readers` to read: 400, 403 or
 * 500. */
void plain_answer_status(const struct plain_answer *a, unsigned status,
			 const struct origins *readers, struct buf *out);

#endif
