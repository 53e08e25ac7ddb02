/* A kept-alive connection that becomes a WebSocket: libmicrohttpd has it
 * already and lends the descriptor. */
#ifndef TRANSPORT_LATE_UPGRADE_H
#define TRANSPORT_LATE_UPGRADE_H

#include "transport/http.h"
#include "transport/upgrade.h"

/* Answers the upgrade request whose head that is, on a path of ours. */
enum MHD_Result late_upgrade(struct http *h, struct MHD_Connection *c,
			     const struct head *head);

#endif
