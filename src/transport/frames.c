/* wslay does not tell whether it stands between messages, and of a close's reason
 * that comes in pieces it checks the wrong bytes. So it is fed frame by frame: we
 * read the heads too, and a close is held until it is whole. A context that was
 * part of an error or a close is not used again.
 *
 * Of deflated messages wslay lets RSV1 pass, on a message's first frame alone, and
 * leaves it to us to look at their text. */
#include "transport/frames.h"

#include <errno.h>
#include <stdlib.h>
#include <wslay/wslay.h>

#include "bayeux/scan_string.h"

enum {
	FRAMES_MAX_IDLE = 64,
	/* wslay keeps some hundred bytes for each, whatever it carries. */
	FRAMES_MAX_FRAGMENTS = 1024,
	MAX_CONTROL_BYTES = 125, /* RFC 6455 5.5 */
};

struct frames_reader {
	wslay_event_context_ptr ctx;
	struct frames *frames;
	struct frames_reader *next; /* in the pool */
	/* While it is borrowed: */
	void *arg;
	struct str in; /* not yet taken by wslay */
	struct buf *out;
	uint8_t held[6 + MAX_CONTROL_BYTES]; /* a frame's beginning: its head or more */
	size_t held_n;
	uint64_t left; /* bytes of the frame behind those */
	bool in_message; /* a fragmented message is open */
	unsigned fragments; /* of it */
	bool failed; /* no memory */
};

/* RFC 6455 5.2, as far as the head is there: how long it is, and the payload. */
static size_t
measure(const uint8_t *head, size_t n, uint64_t *payload)
{
	size_t i, extended = 0;

	*payload = 0;
	if (n < 2)
		return 2;
	*payload = head[1] & 0x7f;
	if (*payload > MAX_CONTROL_BYTES) {
		extended = *payload == 126 ? 2 : 8;
		for (i = *payload = 0; i < extended && 2 + i < n; i++)
			*payload = *payload << 8 | head[2 + i];
	}
	return 2 + extended + (head[1] & 0x80 ? 4 : 0);
}

static void
hold(struct frames_reader *r, size_t n)
{
	if (n > r->in.n)
		n = r->in.n;
	memcpy(r->held + r->held_n, r->in.p, n);
	r->held_n += n;
	r->in.p += n;
	r->in.n -= n;
}

static bool
is_close(const struct frames_reader *r)
{
	return r->held_n >= 2 && (r->held[0] & 0x0f) == WSLAY_CONNECTION_CLOSE &&
	       (r->held[1] & 0x7f) <= MAX_CONTROL_BYTES;
}

/* Gathers what wslay is to get of a frame at once: the head, or a whole close. 0,
 * WSLAY_ERR_WOULDBLOCK until that is there, or WSLAY_ERR_PROTO. */
static int
begin_frame(struct frames_reader *r)
{
	uint64_t payload;
	size_t head, n;

	for (;;) {
		head = measure(r->held, r->held_n, &payload);
		n = head + (is_close(r) ? payload : 0);
		if (r->held_n >= n)
			break;
		if (r->in.n == 0)
			return WSLAY_ERR_WOULDBLOCK;
		hold(r, n - r->held_n);
	}
	if (is_close(r) && payload == 1)
		return WSLAY_ERR_PROTO; /* RFC 6455 5.5.1: half a code */
	r->left = head + payload - n;
	return 0;
}

/* The beginning of a frame, or more of its payload; never more than one frame.
 * wslay has room for all that is held, since it has used up the frame before. */
static size_t
take(struct frames_reader *r, uint8_t *to, size_t room)
{
	size_t n = r->held_n;

	if (n) {
		memcpy(to, r->held, n);
		r->held_n = 0;
		return n;
	}
	n = r->in.n < room ? r->in.n : room;
	if (n > r->left)
		n = (size_t)r->left;
	memcpy(to, r->in.p, n);
	r->in.p += n;
	r->in.n -= n;
	r->left -= n;
	return n;
}

static ssize_t
on_recv(wslay_event_context_ptr ctx, uint8_t *to, size_t room, int flags, void *user)
{
	struct frames_reader *r = user;
	int rc = 0;

	(void)flags;
	if (r->fragments > FRAMES_MAX_FRAGMENTS) {
		rc = WSLAY_ERR_PROTO;
	} else if (r->left == 0) {
		/* What was queued goes before a close can overtake it. */
		rc = wslay_event_send(ctx);
		if (!rc)
			rc = begin_frame(r);
	} else if (r->in.n == 0) {
		rc = WSLAY_ERR_WOULDBLOCK;
	}
	if (rc) {
		wslay_event_set_error(ctx, rc);
		return -1;
	}
	return (ssize_t)take(r, to, room);
}

static ssize_t
on_send(wslay_event_context_ptr ctx, const uint8_t *from, size_t n, int flags, void *user)
{
	struct frames_reader *r = user;

	(void)flags;
	buf_add(r->out, from, n);
	if (r->out->failed) {
		wslay_event_set_error(ctx, WSLAY_ERR_CALLBACK_FAILURE);
		return -1;
	}
	return (ssize_t)n;
}

static void
on_frame_start(wslay_event_context_ptr ctx,
	       const struct wslay_event_on_frame_recv_start_arg *frame, void *user)
{
	struct frames_reader *r = user;

	(void)ctx;
	if (wslay_is_ctrl_frame(frame->opcode))
		return;
	r->in_message = !frame->fin;
	r->fragments = r->in_message ? r->fragments + 1 : 0;
}

/* Nothing more is read, as when wslay itself finds something wrong. */
static void
fail(struct frames_reader *r, uint16_t code)
{
	wslay_event_shutdown_read(r->ctx);
	if (wslay_event_queue_close(r->ctx, code, NULL, 0))
		r->failed = true;
}

static void
give_inflated(struct frames_reader *r, struct str payload, bool is_text)
{
	struct frames *fr = r->frames;
	struct buf text = BUF_INIT;
	int rc = inflater_run(&fr->inflater, payload, fr->max_message_bytes, &text);

	if (rc < 0) {
		r->failed = true;
		wslay_event_shutdown_read(r->ctx);
	} else if (rc == INFLATE_TOO_BIG) {
		fail(r, WSLAY_CODE_MESSAGE_TOO_BIG);
	} else if (rc || (is_text && !scan_is_utf8(buf_str(&text)))) {
		fail(r, WSLAY_CODE_INVALID_FRAME_PAYLOAD_DATA);
	} else {
		fr->events->on_message(r->arg, buf_str(&text));
	}
	buf_clear(&text);
}

static void
on_message(wslay_event_context_ptr ctx, const struct wslay_event_on_msg_recv_arg *msg,
	   void *user)
{
	struct frames_reader *r = user;
	struct str payload = { (const char *)msg->msg, msg->msg_length };

	(void)ctx;
	if (msg->opcode == WSLAY_PONG)
		r->frames->events->on_pong(r->arg, payload);
	else if (msg->opcode != WSLAY_TEXT_FRAME && msg->opcode != WSLAY_BINARY_FRAME)
		return;
	else if (wslay_get_rsv1(msg->rsv))
		give_inflated(r, payload, msg->opcode == WSLAY_TEXT_FRAME);
	else
		r->frames->events->on_message(r->arg, payload);
}

void
frames_init(struct frames *fr, const struct frames_events *events, size_t max_message_bytes)
{
	*fr = (struct frames){ .events = events, .max_message_bytes = max_message_bytes };
}

static void
free_reader(struct frames_reader *r)
{
	wslay_event_context_free(r->ctx);
	free(r);
}

void
frames_clear(struct frames *fr)
{
	struct frames_reader *r;

	while ((r = fr->idle)) {
		fr->idle = r->next;
		free_reader(r);
	}
	fr->idle_count = 0;
	inflater_clear(&fr->inflater);
}

static struct frames_reader *
new_reader(struct frames *fr)
{
	static const struct wslay_event_callbacks callbacks = {
		.recv_callback = on_recv,
		.send_callback = on_send,
		.on_frame_recv_start_callback = on_frame_start,
		.on_msg_recv_callback = on_message,
	};
	struct frames_reader *r = calloc(1, sizeof(*r));

	if (!r)
		return NULL;
	if (wslay_event_context_server_init(&r->ctx, &callbacks, r)) {
		free(r);
		return NULL;
	}
	wslay_event_config_set_max_recv_msg_length(r->ctx, fr->max_message_bytes);
	if (fr->inflates)
		wslay_event_config_set_allowed_rsv_bits(r->ctx, WSLAY_RSV1_BIT);
	r->frames = fr;
	return r;
}

static struct frames_reader *
borrow(struct frames *fr)
{
	struct frames_reader *r = fr->idle;

	if (!r)
		return new_reader(fr);
	fr->idle = r->next;
	fr->idle_count--;
	r->fragments = 0;
	return r;
}

static void
give_back(struct frames *fr, struct frames_reader *r)
{
	if (fr->idle_count >= FRAMES_MAX_IDLE) {
		free_reader(r);
		return;
	}
	r->next = fr->idle;
	fr->idle = r;
	fr->idle_count++;
}

void
frames_adopt(struct frames *fr, struct frames_reader *reader)
{
	if (reader)
		reader->frames = fr;
}

void
frames_release(struct frames *fr, struct frames_reader **reader)
{
	(void)fr;
	if (*reader)
		free_reader(*reader);
	*reader = NULL;
}

/* RFC 6455 7.4.1: protocol error, too big. */
static const struct str close_1002 = { "\x88\x02\x03\xea", 4 };
static const struct str close_1009 = { "\x88\x02\x03\xf1", 4 };

static bool
is_closing(const struct frames_reader *r)
{
	return wslay_event_get_close_received(r->ctx) ||
	       wslay_event_get_close_sent(r->ctx) ||
	       !wslay_event_get_read_enabled(r->ctx);
}

/* 0, FRAMES_CLOSED or -ENOMEM. */
static int
receive(struct frames_reader *r)
{
	int rc = wslay_event_recv(r->ctx);

	/* A head that cannot be looks to wslay as if our callback had failed, and
	 * it says nothing more. */
	if (rc == WSLAY_ERR_CALLBACK_FAILURE) {
		buf_add_str(r->out, r->fragments > FRAMES_MAX_FRAGMENTS ? close_1009
								       : close_1002);
		return r->out->failed ? -ENOMEM : FRAMES_CLOSED;
	}
	if (rc == 0)
		rc = wslay_event_send(r->ctx);
	if (rc || r->failed)
		return -ENOMEM; /* nothing else can fail: no descriptor is involved */
	return is_closing(r) ? FRAMES_CLOSED : 0;
}

int
frames_feed(struct frames *fr, struct frames_reader **reader, void *arg, struct str bytes,
	    struct buf *out)
{
	struct frames_reader *r = *reader ? *reader : borrow(fr);
	int rc;

	if (!r)
		return -ENOMEM;
	*reader = r;
	r->arg = arg;
	r->in = bytes;
	r->out = out;
	rc = receive(r);
	if (rc) {
		frames_release(fr, reader);
		return rc;
	}
	if (r->held_n == 0 && r->left == 0 && !r->in_message) {
		give_back(fr, r);
		*reader = NULL;
	}
	return 0;
}
