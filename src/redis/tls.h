/* TLS under a hiredis context. The server must have a certificate for the host's
 * name (hiredis itself does not look at that), signed by one of the system's
 * authorities or of the file that SSL_CERT_FILE names. */
#ifndef REDIS_TLS_H
#define REDIS_TLS_H

#include <hiredis/hiredis.h>
#include <stdbool.h>

#include "redis/wire.h"

struct tls;

/* Begins with the context's fresh connection to `host`. 0, or -EPROTO with `why`
 * filled. To be freed after the context. */
int tls_new(struct tls **out, redisContext *context, const char *host,
	    char why[WIRE_WHY_BYTES]);
void tls_free(struct tls *tls);

/* The handshake is over. */
bool tls_is_agreed(const struct tls *tls);

/* Why the connection broke, if TLS knows more than `otherwise`. */
const char *tls_why(const struct tls *tls, const char *otherwise);

#endif
