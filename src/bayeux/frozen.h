/* Bytes frozen for sharing. A frozen message is encoded once, never changed
 * again and counted, so that a thousand outlets on any thread send the same
 * bytes. They lie as they leave on a WebSocket (RFC 6455 5.2, unmasked):
 *
 *     frame head | [ | message as JSON | ] | channel
 *                \_________ text ________/
 *
 * Other transports take the part they need. Replies and control frames on
 * their way to one socket are frozen too, without a channel.
 *
 * Sockets that agreed on deflating share a second frame, which hangs on the
 * first. Once settled that is never changed either, so what a message takes on
 * a wire stays the same. */
#ifndef BAYEUX_FROZEN_H
#define BAYEUX_FROZEN_H

#include <stdatomic.h>
#include <stdint.h>

#include "util/str.h"

struct frozen {
	/* NULL: not settled; itself: deflating is not worth it. */
	_Atomic(struct frozen *) deflated;
	/* Among all publications of joined nodes; 0: none. Given before it is shared. */
	uint64_t seq;
	atomic_uint refs;
	uint32_t text_n;    /* bytes of the frame's payload */
	uint16_t channel_n; /* 0: no message but a reply or control frame */
	uint8_t head_n;     /* bytes of the frame's head: 2, 4 or 10 */
	char bytes[];
};

/* RFC 6455 11.8 */
enum frozen_opcode {
	FROZEN_TEXT = 0x1,
	FROZEN_CLOSE = 0x8,
	FROZEN_PING = 0x9,
	FROZEN_PONG = 0xA,
	FROZEN_DEFLATED = 0x41, /* a text with RSV1 (RFC 7692 6) */
};

/* A message on `channel` with room for `json_n` bytes, which the caller writes
 * to frozen_json(...).p before anybody else sees it. NULL: out of memory. */
struct frozen *frozen_new_message(struct str channel, size_t json_n);

/* A frame with a copy of `payload`. NULL: out of memory. */
struct frozen *frozen_new_frame(enum frozen_opcode opcode, struct str payload);

/* The same of bytes that are whole frames already. */
struct frozen *frozen_new_raw(struct str frames);

/* The same message with bytes and count of its own, not settled. NULL: out of memory. */
struct frozen *frozen_copy(const struct frozen *f);

struct frozen *frozen_ref(struct frozen *f);
void frozen_unref(struct frozen *f); /* NULL is welcome */

/* The frame for sockets that agreed on deflating: borrowed, maybe `f` itself. NULL:
 * it is not settled. */
static inline struct frozen *
frozen_deflated(const struct frozen *f)
{
	return atomic_load_explicit(&f->deflated, memory_order_acquire);
}

/* Settles it: `deflated`, whose reference is taken, or with NULL `f` itself. Where
 * another thread has done so before, that stays. */
void frozen_settle(struct frozen *f, struct frozen *deflated);

static inline bool
frozen_is_message(const struct frozen *f)
{
	return f->channel_n != 0;
}

/* The whole frame. */
static inline struct str
frozen_wire(const struct frozen *f)
{
	return (struct str){ f->bytes, (size_t)f->head_n + f->text_n };
}

/* The frame's payload: for a message, the array of it alone. */
static inline struct str
frozen_text(const struct frozen *f)
{
	return (struct str){ f->bytes + f->head_n, f->text_n };
}

/* The message's JSON object, without the array around it. */
static inline struct str
frozen_json(const struct frozen *f)
{
	return (struct str){ f->bytes + f->head_n + 1, f->text_n - 2 };
}

static inline struct str
frozen_channel(const struct frozen *f)
{
	return (struct str){ f->bytes + f->head_n + f->text_n, f->channel_n };
}

#endif
