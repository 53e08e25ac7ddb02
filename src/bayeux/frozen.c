#include "bayeux/frozen.h"

#include <stdlib.h>

/* Writes the head of a final frame; returns its length (RFC 6455 5.2). */
static uint8_t
put_head(char *p, enum frozen_opcode opcode, size_t n)
{
	unsigned i;

	p[0] = (char)(0x80 | opcode);
	if (n < 126) {
		p[1] = (char)n;
		return 2;
	}
	if (n < 65536) {
		p[1] = 126;
		p[2] = (char)(n >> 8);
		p[3] = (char)n;
		return 4;
	}
	p[1] = 127;
	for (i = 0; i < 8; i++)
		p[2 + i] = (char)((uint64_t)n >> (56 - 8 * i));
	return 10;
}

static struct frozen *
new_frozen(enum frozen_opcode opcode, size_t text_n, size_t channel_n)
{
	struct frozen *f;

	if (text_n > UINT32_MAX - 16 || channel_n > UINT16_MAX)
		return NULL;
	f = malloc(sizeof(*f) + 10 + text_n + channel_n);
	if (!f)
		return NULL;
	atomic_init(&f->deflated, NULL);
	f->seq = 0;
	atomic_init(&f->refs, 1);
	f->text_n = (uint32_t)text_n;
	f->channel_n = (uint16_t)channel_n;
	f->head_n = put_head(f->bytes, opcode, text_n);
	return f;
}

struct frozen *
frozen_new_message(struct str channel, size_t json_n)
{
	struct frozen *f = new_frozen(FROZEN_TEXT, json_n + 2, channel.n);

	if (!f)
		return NULL;
	f->bytes[f->head_n] = '[';
	f->bytes[f->head_n + json_n + 1] = ']';
	memcpy(f->bytes + f->head_n + f->text_n, channel.p, channel.n);
	return f;
}

struct frozen *
frozen_new_frame(enum frozen_opcode opcode, struct str payload)
{
	struct frozen *f = new_frozen(opcode, payload.n, 0);

	if (f && payload.n)
		memcpy(f->bytes + f->head_n, payload.p, payload.n);
	return f;
}

struct frozen *
frozen_new_raw(struct str frames)
{
	struct frozen *f = new_frozen(FROZEN_TEXT, frames.n, 0);

	if (!f)
		return NULL;
	f->head_n = 0;
	memcpy(f->bytes, frames.p, frames.n);
	return f;
}

struct frozen *
frozen_copy(const struct frozen *f)
{
	size_t n = (size_t)f->head_n + f->text_n + f->channel_n;
	struct frozen *copy = new_frozen(FROZEN_TEXT, f->text_n, f->channel_n);

	if (!copy)
		return NULL;
	copy->seq = f->seq;
	copy->head_n = f->head_n;
	memcpy(copy->bytes, f->bytes, n); /* the head among them */
	return copy;
}

struct frozen *
frozen_ref(struct frozen *f)
{
	atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
	return f;
}

static void
free_frozen(struct frozen *f)
{
	struct frozen *deflated = frozen_deflated(f);

	if (deflated != f)
		frozen_unref(deflated);
	free(f);
}

void
frozen_unref(struct frozen *f)
{
	/* Acquire on the last one: the others' reads come before the free. */
	if (f && atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) == 1)
		free_frozen(f);
}

void
frozen_settle(struct frozen *f, struct frozen *deflated)
{
	struct frozen *unsettled = NULL;

	if (!atomic_compare_exchange_strong_explicit(&f->deflated, &unsettled,
						     deflated ? deflated : f,
						     memory_order_release,
						     memory_order_relaxed))
		frozen_unref(deflated);
}
