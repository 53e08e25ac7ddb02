#include "bytes.h"

#include <stdlib.h>
#include <string.h>

void
bytes_clear(struct bytes *b)
{
	free(b->p);
	*b = (struct bytes){ 0 };
}

void
bytes_add(struct bytes *b, const void *p, size_t n)
{
	size_t room = b->room ? b->room : 512;

	if (n == 0)
		return;
	while (room < b->n + n)
		room *= 2;
	if (room != b->room) {
		b->p = realloc(b->p, room);
		if (!b->p)
			abort();
		b->room = room;
	}
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

void
bytes_drop_front(struct bytes *b, size_t n)
{
	b->n -= n;
	if (b->n)
		memmove(b->p, b->p + n, b->n);
}
