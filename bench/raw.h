/* Clients that speak no Bayeux, for servers that are bare transports. */
#ifndef BENCH_RAW_H
#define BENCH_RAW_H

#include "client.h"

/* A client id as long as fayed's: requests are as large as Bayeux ones. */
#define RAW_CLIENT_ID "rawclientrawclientrawclientrawc"

/* What is added to the URL's path: the channel, or nothing. */
const char *raw_suffix(const struct client *c);

/* A publisher's POST was answered, which is all that can be told. */
void raw_take_acknowledgement(struct client *c);
/* A poll was answered, which counts as the message that comes next. */
void raw_take_poll(struct client *c);

#endif
