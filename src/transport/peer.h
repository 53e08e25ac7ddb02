/* Names of peers for log lines. */
#ifndef TRANSPORT_PEER_H
#define TRANSPORT_PEER_H

enum { PEER_BYTES = 64 };

/* ADDRESS:PORT of the socket's peer, written to `out`, which is returned. */
const char *peer_name(int fd, char out[PEER_BYTES]);

#endif
