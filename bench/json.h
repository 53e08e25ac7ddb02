/* A forward-only JSON scanner: enough to read Bayeux messages whatever the
 * order of their members. It borrows; nothing is allocated. */
#ifndef BENCH_JSON_H
#define BENCH_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span {
	const char *p;
	size_t n;
};

enum json_step { JSON_END, JSON_ITEM, JSON_BROKEN };

/* Step through an array's elements or an object's members. `*p` points at the
 * opening bracket for the first call and is moved on by each; after JSON_END
 * it is behind the closing one. Strings lose their quotes, keep their escapes. */
enum json_step json_next_element(const char **p, const char *end,
				 struct span *value);
enum json_step json_next_member(const char **p, const char *end,
				struct span *key, struct span *value);

bool span_is(struct span s, const char *text);
uint64_t span_number(struct span s); /* leading digits */

#endif
