/* What there is to know of a socket's peer. */
#ifndef TRANSPORT_PEER_H
#define TRANSPORT_PEER_H

#include <stdbool.h>

enum {
	PEER_BYTES = 64,
	PEER_CLOSED_MS = 1000, /* for answers to one that shut its side */
};

/* ADDRESS:PORT, for log lines, written to `out`, which is returned. */
const char *peer_name(int fd, char out[PEER_BYTES]);

/* A half-close counts as gone: who waits for messages reads on for long and has no
 * reason to shut its side. Bytes that come are a pipelined request, which waits its
 * turn. */
bool peer_has_gone(int fd);

#endif
