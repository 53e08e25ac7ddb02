/* What is read of an `ext`: no number beyond its bounds comes out of it, and the
 * reply made of it is JSON. */
#include "bayeux/ext.h"
#include "fuzz/fuzz.h"

#define BOUND_MS 9007199254740992.0

static bool
is_bounded(double ms)
{
	return ms >= -BOUND_MS && ms <= BOUND_MS;
}

static void
check_reply(const struct ext_reply *reply)
{
	struct buf out = BUF_INIT;
	struct span whole;
	struct scan sc;

	buf_add_str(&out, STR("{\"successful\":true"));
	ext_add(&out, reply);
	buf_add_char(&out, '}');
	MUST(!out.failed);
	scan_init(&sc, buf_str(&out), SCAN_DEPTH_LIMIT);
	MUST(scan_value(&sc, &whole) == 0 && scan_finish(&sc) == 0);
	buf_clear(&out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct ext_reply reply = { .came_ms = 1700000000000 };
	struct ext_timesync timesync;
	struct span ext = { 0 };
	struct scan sc;

	scan_init(&sc, (struct str){ (const char *)data, n }, SCAN_DEPTH_LIMIT);
	if (scan_value(&sc, &ext))
		ext = (struct span){ 0 };
	reply.acks = ext_wants_acks(&ext);
	reply.is_numbered = ext_read_ack(&ext, &reply.number);
	MUST(!(reply.acks && reply.is_numbered));
	if (ext_read_timesync(&ext, &timesync)) {
		MUST(is_bounded(timesync.client_ms) && is_bounded(timesync.lag_ms) &&
		     is_bounded(timesync.offset_ms));
		reply.timesync = &timesync;
	}
	MUST(ext.type == SCAN_OBJECT ||
	     (!reply.acks && !reply.is_numbered && !reply.timesync));
	check_reply(&reply);
	return 0;
}
