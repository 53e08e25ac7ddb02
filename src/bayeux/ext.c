/* Read by our scanner, not as a tree: `ext` may hold anything (tokens,
 * signatures), also what parsers refuse, and is never more than looked
 * through. */
#include "bayeux/ext.h"

#include <math.h>

#include "util/number.h"

/* Beyond it numbers are no milliseconds of any clock, and not exact. */
#define MOST_MS 9007199254740992.0 /* 2^53 */

/* The last one counts, as in JavaScript. */
static struct span
find(const struct span *object, struct str name)
{
	struct span key, value, found = { 0 };
	struct scan sc;

	if (object->type != SCAN_OBJECT)
		return found;
	scan_init(&sc, object->text, SCAN_DEPTH_LIMIT);
	if (scan_enter(&sc))
		return found;
	while (scan_member(&sc, &key) == 0 && scan_value(&sc, &value) == 0)
		if (span_is(&key, name))
			found = value;
	return found;
}

bool
ext_wants_acks(const struct span *ext)
{
	struct span ack = find(ext, STR("ack"));

	if (ack.type == SCAN_OBJECT)
		ack = find(&ack, STR("enabled"));
	return ack.type == SCAN_TRUE;
}

bool
ext_read_ack(const struct span *ext, uint32_t *number)
{
	struct span ack = find(ext, STR("ack"));
	double v = ack.type == SCAN_NUMBER ? span_number(&ack) : -1;

	if (!(v >= 0 && v <= UINT32_MAX) || v != (double)(uint32_t)v)
		return false;
	*number = (uint32_t)v;
	return true;
}

static bool
read_ms(const struct span *object, struct str name, double *out)
{
	struct span ms = find(object, name);

	*out = ms.type == SCAN_NUMBER ? span_number(&ms) : NAN;
	return fabs(*out) <= MOST_MS;
}

bool
ext_read_timesync(const struct span *ext, struct ext_timesync *out)
{
	struct span timesync = find(ext, STR("timesync"));

	return read_ms(&timesync, STR("tc"), &out->client_ms) &&
	       read_ms(&timesync, STR("l"), &out->lag_ms) &&
	       read_ms(&timesync, STR("o"), &out->offset_ms);
}

/* ---- replies ---- */

static void
add_number(struct buf *out, double v)
{
	char text[NUMBER_MAX_BYTES];

	buf_add(out, text, number_format(v, text));
}

static void
add_timesync(struct buf *out, const struct ext_reply *reply)
{
	const struct ext_timesync *asked = reply->timesync;

	buf_add_str(out, STR("\"timesync\":{\"tc\":"));
	add_number(out, asked->client_ms);
	buf_add_str(out, STR(",\"ts\":"));
	buf_add_int(out, reply->came_ms);
	buf_add_str(out, STR(",\"p\":"));
	buf_add_int(out, reply->took_ms);
	buf_add_str(out, STR(",\"a\":"));
	add_number(out, asked->client_ms + asked->offset_ms + asked->lag_ms -
				(double)reply->came_ms);
	buf_add_char(out, '}');
}

void
ext_add(struct buf *out, const struct ext_reply *reply)
{
	bool has_ack = reply->acks || reply->is_numbered;

	if (!has_ack && !reply->timesync)
		return;
	buf_add_str(out, STR(",\"ext\":{"));
	if (reply->acks)
		buf_add_str(out, STR("\"ack\":true"));
	else if (reply->is_numbered)
		buf_addf(out, "\"ack\":%u", (unsigned)reply->number);
	if (has_ack && reply->timesync)
		buf_add_char(out, ',');
	if (reply->timesync)
		add_timesync(out, reply);
	buf_add_char(out, '}');
}
