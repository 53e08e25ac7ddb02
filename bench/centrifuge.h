/* Clients as Centrifugo's are: JSON objects, several in a frame with newlines
 * between them. Publishers POST the bare data, see raw.h. */
#ifndef BENCH_CENTRIFUGE_H
#define BENCH_CENTRIFUGE_H

#include <stddef.h>

#include "client.h"
#include "json.h"

/* Asks to connect and to subscribe, both in one frame as its own clients do. */
void centrifuge_join(struct client *c);

enum { CENTRIFUGE_JOINED = 1, CENTRIFUGE_REFUSED };

/* Takes in a frame: deliveries are accounted for and pings answered. 0, or what
 * it said to centrifuge_join(); then `error` borrows from the frame. */
int centrifuge_take(struct client *c, const char *text, size_t n,
		    struct span *error);

#endif
