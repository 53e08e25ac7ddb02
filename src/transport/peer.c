#include "transport/peer.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

const char *
peer_name(int fd, char out[PEER_BYTES])
{
	struct sockaddr_storage addr;
	socklen_t n = sizeof(addr);
	char host[48], port[8];

	memcpy(out, "?", 2);
	if (getpeername(fd, (struct sockaddr *)&addr, &n))
		return out;
	if (getnameinfo((struct sockaddr *)&addr, n, host, sizeof(host), port,
			sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV))
		return out;
	snprintf(out, PEER_BYTES, addr.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
		 port);
	return out;
}

bool
peer_has_gone(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);

	return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}
