/* WebSocket frames as a client sends them. */
#ifndef UNIT_TRANSPORT_CLIENT_FRAMES_H
#define UNIT_TRANSPORT_CLIENT_FRAMES_H

#include "util/buf.h"

enum { FIN = 0x80, CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };

/* RFC 6455 5.2, with a mask. `first`: FIN or not, and the opcode. */
static inline void
client_frame_add(struct buf *out, int first, struct str payload)
{
	static const char mask[4] = { 0x12, (char)0xf3, 0x45, 0x00 };

	buf_add_char(out, (char)first);
	if (payload.n < 126) {
		buf_add_char(out, (char)(0x80 | payload.n));
	} else if (payload.n < 65536) {
		buf_add_char(out, (char)(0x80 | 126));
		buf_add_char(out, (char)(payload.n >> 8));
		buf_add_char(out, (char)payload.n);
	} else {
		buf_add_char(out, (char)(0x80 | 127));
		for (int shift = 56; shift >= 0; shift -= 8)
			buf_add_char(out, (char)((uint64_t)payload.n >> shift));
	}
	buf_add(out, mask, sizeof(mask));
	for (size_t i = 0; i < payload.n; i++)
		buf_add_char(out, (char)(payload.p[i] ^ mask[i % 4]));
}

#endif
