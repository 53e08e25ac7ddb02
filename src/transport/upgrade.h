/* The opening handshake of a WebSocket (RFC 6455 4.2). Pure. */
#ifndef TRANSPORT_UPGRADE_H
#define TRANSPORT_UPGRADE_H

#include "transport/head.h"

enum { UPGRADE_ACCEPT_BYTES = 29 }; /* base64 of 20 bytes, and NUL */

/* What a refusal names in Sec-WebSocket-Version (RFC 6455 4.4). */
#define UPGRADE_VERSION "13"

/* Whether the request asks for a WebSocket at all. */
bool upgrade_is_asked(const struct head *h);

/* 0 and the value of Sec-WebSocket-Accept; or the status to refuse it with, and why,
 * a text for the body, in `why`. */
enum { UPGRADE_WHY_BYTES = 96 };
int upgrade_check(const struct head *h, char accept[UPGRADE_ACCEPT_BYTES],
		  char why[UPGRADE_WHY_BYTES]);

#endif
