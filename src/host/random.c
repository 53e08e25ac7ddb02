#include "host/random.h"

#include <errno.h>
#include <sys/random.h>

int
random_bytes(void *p, size_t n)
{
	char *at = p;

	while (n) {
		ssize_t got = getrandom(at, n, 0);

		if (got < 0 && errno != EINTR)
			return -errno;
		if (got > 0) {
			at += got;
			n -= (size_t)got;
		}
	}
	return 0;
}

int
random_base36(char *out, size_t n)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	unsigned char bytes[64];
	size_t at = 0, i;

	while (at < n) {
		int rc = random_bytes(bytes, sizeof(bytes));

		if (rc)
			return rc;
		for (i = 0; i < sizeof(bytes) && at < n; i++)
			if (bytes[i] < 252) /* 7 * 36: else some were likelier */
				out[at++] = digits[bytes[i] % 36];
	}
	out[n] = '\0';
	return 0;
}
