/* What is said is told apart by its members: an answer has the id of what was
 * asked, a push has none, and a ping is an object without any. */
#include "centrifuge.h"
#include "reply.h"
#include "request.h"

#include <stdio.h>
#include <string.h>

enum { ID, CONNECT, SUBSCRIBE, PUSH, ERROR, MEMBERS };
static const char *const members[MEMBERS] = {
	[ID] = "id",	 [CONNECT] = "connect", [SUBSCRIBE] = "subscribe",
	[PUSH] = "push", [ERROR] = "error",
};
#define PING "{}"
#define CONNECT_ID "1"
#define SUBSCRIBE_ID "2"

void
centrifuge_join(struct client *c)
{
	char text[256];
	int n = snprintf(text, sizeof(text),
			 "{\"id\":" CONNECT_ID ",\"connect\":{}}\n"
			 "{\"id\":" SUBSCRIBE_ID ",\"subscribe\":"
			 "{\"channel\":\"%s\"}}",
			 c->subscription);

	c->phase = PHASE_HANDSHAKE;
	conn_send_text(client_conn(c, LANE_META), text, (size_t)n);
}

/* The values of those members, absent ones empty; false: it is no object. */
static bool
read_members(struct span object, const char *const *names, struct span *values,
	     unsigned count)
{
	const char *p = object.p, *end = object.p + object.n;
	struct span key, value;
	enum json_step step;

	memset(values, 0, count * sizeof(*values));
	while ((step = json_next_member(&p, end, &key, &value)) == JSON_ITEM)
		for (unsigned i = 0; i < count; i++)
			if (span_is(key, names[i]))
				values[i] = value;
	return step == JSON_END && p == end;
}

static void
take_push(struct client *c, struct span push, uint64_t now)
{
	static const char *const of_push[] = { "channel", "pub" };
	static const char *const of_pub[] = { "data" };
	struct span said[2], data;

	if (!read_members(push, of_push, said, 2))
		c->load->tally.damaged++;
	else if (said[1].n == 0)
		c->load->tally.unexpected++; /* it says goodbye, for one */
	else if (!read_members(said[1], of_pub, &data, 1))
		c->load->tally.damaged++;
	else
		reply_take_delivery(c, said[0], data, now);
}

static int
take_answer(struct client *c, const struct span *said, struct span *error)
{
	if (c->phase == PHASE_HANDSHAKE && span_is(said[ID], CONNECT_ID) &&
	    said[CONNECT].n) {
		c->phase = PHASE_SUBSCRIBE;
		return 0;
	}
	if (c->phase == PHASE_SUBSCRIBE && span_is(said[ID], SUBSCRIBE_ID) &&
	    said[SUBSCRIBE].n)
		return CENTRIFUGE_JOINED;
	if (c->phase == PHASE_READY || !said[ERROR].n) {
		c->load->tally.unexpected++;
		return 0;
	}
	*error = said[ERROR];
	return CENTRIFUGE_REFUSED;
}

static int
take_object(struct client *c, struct span object, uint64_t now,
	    struct span *error)
{
	struct span said[MEMBERS];

	if (span_is(object, PING)) {
		c->load->net.pings++;
		conn_send_text(client_conn(c, LANE_META), PING, strlen(PING));
	} else if (!read_members(object, members, said, MEMBERS)) {
		c->load->tally.damaged++;
	} else if (said[PUSH].n) {
		take_push(c, said[PUSH], now);
	} else {
		return take_answer(c, said, error);
	}
	return 0;
}

int
centrifuge_take(struct client *c, const char *text, size_t n,
		struct span *error)
{
	const char *end = text + n;
	uint64_t now = clock_ns();
	int told = 0;

	while (text < end && told != CENTRIFUGE_REFUSED) {
		const char *eol = memchr(text, '\n', (size_t)(end - text));
		size_t line = (size_t)((eol ? eol : end) - text);
		int rc = take_object(c, (struct span){ text, line }, now, error);

		told = rc ? rc : told;
		text += line + 1;
	}
	return told;
}
