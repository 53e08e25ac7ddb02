/* What clients offer in Sec-WebSocket-Extensions, as far as we can keep it:
 * permessage-deflate (RFC 7692 7.1). Pure. */
#ifndef TRANSPORT_DEFLATE_OFFER_H
#define TRANSPORT_DEFLATE_OFFER_H

#include "transport/head.h"

/* The same field's value for the answer, which accepts the first offer that can be
 * kept; NULL: there is none. Nobody takes a context over: so a message is
 * deflated once for all, and a socket costs no memory for it. */
const char *deflate_offer_accept(const struct head *h);

#endif
