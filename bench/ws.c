#include "ws.h"
#include "http.h"

#include <string.h>

#define MAX_PAYLOAD (64u << 20)

ssize_t
ws_parse_upgrade(const char *p, size_t n)
{
	ssize_t head = http_head_size(p, n);
	const char *accept;

	if (head <= 0)
		return head;
	accept = http_header(p, (size_t)head, "Sec-WebSocket-Accept");
	if (head < 16 || memcmp(p, "HTTP/1.1 101", 12) != 0 || !accept ||
	    strncmp(accept, WS_ACCEPT "\r\n", sizeof(WS_ACCEPT) + 1) != 0)
		return -1;
	return head;
}

ssize_t
ws_parse_frame(const uint8_t *p, size_t n, struct ws_frame *f)
{
	size_t h = 2, extra;
	uint64_t size;

	if (n < 2)
		return 0;
	if ((p[1] & 0x80) || (p[0] & 0x70))
		return -1; /* masked, or an extension that was not offered */
	size = p[1] & 0x7f;
	extra = size == 126 ? 2 : size == 127 ? 8 : 0;
	if (n < h + extra)
		return 0;
	if (extra) {
		size = 0;
		for (size_t i = 0; i < extra; i++)
			size = size << 8 | p[h + i];
		h += extra;
	}
	f->opcode = p[0] & 0x0f;
	f->final = p[0] & 0x80;
	if (size > MAX_PAYLOAD || (f->opcode >= 8 && (size > 125 || !f->final)))
		return -1;
	if (n - h < size)
		return 0;
	f->payload = p + h;
	f->n = (size_t)size;
	return (ssize_t)(h + size);
}

size_t
ws_make_head(uint8_t head[WS_HEAD_MAX], enum ws_opcode opcode, size_t n,
	     uint32_t key)
{
	size_t extra = n < 126 ? 0 : n < 65536 ? 2 : 8;

	head[0] = (uint8_t)(0x80 | opcode);
	head[1] = (uint8_t)(0x80 | (extra == 0 ? n : extra == 2 ? 126 : 127));
	for (size_t i = 0; i < extra; i++)
		head[2 + i] = (uint8_t)((uint64_t)n >> (8 * (extra - 1 - i)));
	memcpy(head + 2 + extra, &key, 4);
	return 2 + extra + 4;
}

void
ws_mask(uint8_t *p, size_t n, uint32_t key)
{
	uint64_t wide = (uint64_t)key << 32 | key, word;
	uint8_t bytes[4];
	size_t i = 0;

	memcpy(bytes, &key, 4);
	for (; i + 8 <= n; i += 8) {
		memcpy(&word, p + i, 8);
		word ^= wide;
		memcpy(p + i, &word, 8);
	}
	for (; i < n; i++)
		p[i] ^= bytes[i & 3];
}
