/* The client's half of RFC 6455, from memory. No extensions are offered. */
#ifndef BENCH_WS_H
#define BENCH_WS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The nonce of RFC 6455 section 1.3: its answer is known without SHA-1. */
#define WS_KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define WS_ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

enum ws_opcode {
	WS_CONTINUATION = 0,
	WS_TEXT = 1,
	WS_BINARY = 2,
	WS_CLOSE = 8,
	WS_PING = 9,
	WS_PONG = 10,
};

enum { WS_HEAD_MAX = 14 };

struct ws_frame {
	unsigned opcode;
	bool final;
	const uint8_t *payload; /* borrowed from the input */
	size_t n;
};

/* Bytes used, 0: not complete yet, -1: the server breaks the protocol. */
ssize_t ws_parse_upgrade(const char *p, size_t n);
ssize_t ws_parse_frame(const uint8_t *p, size_t n, struct ws_frame *f);

/* The head of a final, masked frame; its size. */
size_t ws_make_head(uint8_t head[WS_HEAD_MAX], enum ws_opcode opcode, size_t n,
		    uint32_t key);
void ws_mask(uint8_t *p, size_t n, uint32_t key);

#endif
