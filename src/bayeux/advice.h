/* What a client's `advice` asks for (Bayeux 6.2; Faye: server/connect). */
#ifndef BAYEUX_ADVICE_H
#define BAYEUX_ADVICE_H

#include "bayeux/scan.h"

/* `advice.timeout` in milliseconds: how long the client will wait for the answer
 * to its connect. What is no positive number is 0, as a JavaScript timer has
 * it. -1: it does not say. */
double advice_timeout_ms(const struct span *advice);

#endif
