/* What a connection's bytes mean: answers, frames, pings. */
#ifndef BENCH_INPUT_H
#define BENCH_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "net.h"
#include "ws.h"

/* Bytes that have just come in. NULL, or why the connection must be given up:
 * a constant text. */
const char *input_take(struct conn *c, const uint8_t *p, size_t n);

/* In net.c: a frame of any kind. */
void conn_send_frame(struct conn *c, enum ws_opcode opcode, const void *payload,
		     size_t n);

#endif
