#include "bayeux/batch.h"

#include <errno.h>
#include <stdlib.h>

static int
from_scan(int rc)
{
	return rc == SCAN_DEEP ? BATCH_TOO_DEEP : rc ? BATCH_INVALID : 0;
}

static struct message *
add_message(struct batch *b)
{
	unsigned room = b->room ? b->room * 2 : 1;
	struct message *more;

	if (b->count == b->room) {
		more = realloc(b->messages, room * sizeof(*more));
		if (!more)
			return NULL;
		b->messages = more;
		b->room = room;
	}
	return &b->messages[b->count++];
}

static int
read_message(struct batch *b, struct scan *sc, const struct batch_limits *limits)
{
	enum scan_type type = scan_peek(sc);
	struct span entry;
	struct message *m;
	int rc;

	if (type != SCAN_OBJECT && type != SCAN_ARRAY) {
		rc = scan_value(sc, &entry);
		if (rc)
			return from_scan(rc);
		if (!span_is_true(&entry))
			return 0;
	}
	if (b->count == limits->messages)
		return BATCH_TOO_MANY;
	m = add_message(b);
	if (!m)
		return -ENOMEM;
	if (type == SCAN_OBJECT || type == SCAN_ARRAY)
		return from_scan(message_read(m, sc));
	*m = (struct message){ 0 };
	return 0;
}

static int
read_array(struct batch *b, struct scan *sc, const struct batch_limits *limits)
{
	int rc = scan_enter(sc);

	if (rc)
		return from_scan(rc);
	while ((rc = scan_item(sc)) == 0) {
		rc = read_message(b, sc, limits);
		if (rc)
			return rc;
	}
	return rc == SCAN_END ? 0 : from_scan(rc);
}

int
batch_read(struct batch *b, struct str text, const struct batch_limits *limits)
{
	struct span null;
	struct scan sc;
	int rc;

	*b = (struct batch){ 0 };
	scan_init(&sc, text, limits->nesting);
	switch (scan_peek(&sc)) {
	case SCAN_ARRAY:
		rc = read_array(b, &sc, limits);
		break;
	case SCAN_OBJECT:
		rc = read_message(b, &sc, limits);
		break;
	case SCAN_NULL:
		rc = from_scan(scan_value(&sc, &null));
		break;
	default:
		rc = BATCH_INVALID;
	}
	return rc ? rc : from_scan(scan_finish(&sc));
}

void
batch_clear(struct batch *b)
{
	free(b->messages);
	*b = (struct batch){ 0 };
}
