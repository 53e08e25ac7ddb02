/* Growing bytes with one owner. This is a measuring tool: without memory it
 * aborts. */
#ifndef BENCH_BYTES_H
#define BENCH_BYTES_H

#include <stddef.h>
#include <stdint.h>

struct bytes {
	uint8_t *p;
	size_t n, room;
};

void bytes_clear(struct bytes *b); /* frees; empty again */
void bytes_add(struct bytes *b, const void *p, size_t n);
void bytes_drop_front(struct bytes *b, size_t n);

#endif
