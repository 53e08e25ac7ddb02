/* The client's half of HTTP/1.1, from memory: answers with Content-Length or
 * chunked, and the one request we make. */
#ifndef BENCH_HTTP_H
#define BENCH_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "bytes.h"

struct http_response {
	int status;
	bool close; /* the server ends the connection after it */
	const char *body; /* borrowed from the input or from `chunks` */
	size_t body_n;
};

/* Bytes used by the answer at `p`; 0: not complete yet, call again with more
 * of the same; -1: this is not HTTP. An interim answer (1xx) counts as one.
 * The body of a chunked answer is put together in `chunks`. */
ssize_t http_parse(const char *p, size_t n, struct bytes *chunks,
		   struct http_response *r);

/* Bytes of the head, blank line included; 0: not complete; -1: too long. */
ssize_t http_head_size(const char *p, size_t n);
/* The value of a header, not terminated, up to its line's end; NULL: none.
 * `head_n` is what http_head_size() said. */
const char *http_header(const char *head, size_t head_n, const char *name);

#endif
