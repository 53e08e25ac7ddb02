/* Where to listen, read from text and nothing else: no name is looked up, no
 * socket is opened. Pure. */
#ifndef SERVER_ADDRESS_H
#define SERVER_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* The longest text is "[" + an IPv6 address of 45 + "]:65535" + NUL. */
#define ADDRESS_TEXT_BYTES 56

struct address {
	struct sockaddr_storage sockaddr; /* zero behind `length` */
	socklen_t length;                 /* for bind() */
	/* "*:PORT" or ":PORT", both families: sockaddr is [::] then and wants
	 * IPV6_V6ONLY off (0.0.0.0 must do where the kernel has no IPv6). A
	 * written [::] wants it on, for 0.0.0.0 may stand beside it. */
	bool all;
	char text[ADDRESS_TEXT_BYTES]; /* as it was given */
};

enum address_result { ADDRESS_BAD = 1 };

/* "127.0.0.1:8000", "[::1]:8000", "*:8000", ":8000"; port 0 lets the kernel
 * choose. 0, or ADDRESS_BAD with `a` untouched. */
int address_parse(struct address *a, const char *text);

/* Both name the same place. Two free ports (0) never do. */
bool address_clash(const struct address *a, const struct address *b);

#endif
