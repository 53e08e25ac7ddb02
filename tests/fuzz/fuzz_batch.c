/* Batches read by batch_read and, slowly, once more here; what subscribers get
 * of each message against a plain walk through its members; and replies to it
 * must be JSON. */
#include <stdbool.h>
#include <string.h>

#include "bayeux/batch.h"
#include "bayeux/reply.h"
#include "fuzz/fuzz.h"

static const struct batch_limits limits = { .messages = 20, .nesting = 12 };

static bool
is_stripped(const struct span *key)
{
	return span_is(key, STR("clientId")) || span_is(key, STR("advice")) ||
	       span_is(key, STR("successful")) || span_is(key, STR("subscription")) ||
	       span_is(key, STR("error"));
}

static bool
is_same(const struct span *a, const struct span *b)
{
	return a->type == b->type && a->text.p == b->text.p && a->text.n == b->text.n;
}

/* What a member that is named so must have left behind, if it was the last. */
static const struct span *
field_of(const struct message *m, const struct span *key)
{
	return span_is(key, STR("id"))		 ? &m->id
	       : span_is(key, STR("channel"))	 ? &m->channel
	       : span_is(key, STR("data"))	 ? &m->data
	       : span_is(key, STR("clientId"))	 ? &m->client_id
	       : span_is(key, STR("error"))	 ? &m->error
	       : span_is(key, STR("advice"))	 ? &m->advice
	       : span_is(key, STR("ext"))	 ? &m->ext
	       : span_is(key, STR("subscription")) ? &m->subscription
						   : NULL;
}

/* The publication by the book, to `tight`. */
static void
walk_members(const struct message *m, const struct span *object, struct buf *tight)
{
	struct span key, value, last_id = { 0 }, last_data = { 0 };
	struct scan sc;

	buf_add_char(tight, '{');
	scan_init(&sc, object->text, SCAN_DEPTH_LIMIT);
	MUST(scan_enter(&sc) == 0);
	while (scan_member(&sc, &key) == 0) {
		MUST(scan_value(&sc, &value) == 0);
		if (field_of(m, &key))
			MUST(field_of(m, &key)->type != SCAN_ABSENT);
		if (span_is(&key, STR("id")))
			last_id = value;
		if (span_is(&key, STR("data")))
			last_data = value;
		if (is_stripped(&key))
			continue;
		if (tight->n > 1)
			buf_add_char(tight, ',');
		buf_add_str(tight, key.text);
		buf_add_char(tight, ':');
		span_copy(&value, tight);
	}
	buf_add_char(tight, '}');
	MUST(is_same(&m->id, &last_id));
	MUST(is_same(&m->data, &last_data));
}

static void
check_publication(const struct message *m, const struct span *object)
{
	struct frozen *f = message_freeze(m, STR("/a"));
	struct buf tight = BUF_INIT;

	MUST(f);
	if (object->type == SCAN_OBJECT)
		walk_members(m, object, &tight);
	else
		buf_add_str(&tight, STR("{}"));
	MUST(!tight.failed && str_equal(frozen_json(f), buf_str(&tight)));
	buf_clear(&tight);
	frozen_unref(f);
}

static void
check_reply(const struct message *m)
{
	struct reply_error e = { .code = REPLY_CHANNEL_INVALID, .param = m->channel };
	struct buf out = BUF_INIT;
	struct span reply;
	struct scan sc;

	buf_add_char(&out, '[');
	reply_begin(&out, m, REPLY_ALL, NULL);
	reply_add_subscription(&out, &m->subscription);
	reply_end(&out);
	buf_add_char(&out, ',');
	reply_begin(&out, m, REPLY_WITHOUT_CLIENT_ID, &e);
	reply_end(&out);
	buf_add_char(&out, ']');
	MUST(!out.failed);
	scan_init(&sc, buf_str(&out), SCAN_DEPTH_LIMIT);
	MUST(scan_value(&sc, &reply) == 0 && scan_finish(&sc) == 0);
	MUST(!reply.spaced);
	buf_clear(&out);
}

/* The entries that count, one after the other, and no more of them. */
static void
check_messages(const struct batch *b, struct str text)
{
	struct span entry;
	struct scan sc;
	unsigned n = 0;
	bool many;

	scan_init(&sc, text, SCAN_DEPTH_LIMIT);
	many = scan_peek(&sc) == SCAN_ARRAY;
	if (many)
		MUST(scan_enter(&sc) == 0);
	while (!many || scan_item(&sc) == 0) {
		MUST(scan_value(&sc, &entry) == 0);
		if (span_is_true(&entry)) {
			MUST(n < b->count);
			check_publication(&b->messages[n], &entry);
			check_reply(&b->messages[n++]);
		}
		if (!many)
			break;
	}
	MUST(n == b->count && n <= limits.messages);
	MUST(scan_finish(&sc) == 0);
}

static void
check_refusal(int rc, struct str text)
{
	struct span whole;
	struct scan sc;

	MUST(rc == BATCH_INVALID || rc == BATCH_TOO_MANY || rc == BATCH_TOO_DEEP);
	scan_init(&sc, text, limits.nesting);
	rc = rc == BATCH_TOO_DEEP ? scan_value(&sc, &whole) : 1;
	MUST(rc != 0); /* what is deep for a batch is deep for the scanner */
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = { (const char *)data, n };
	struct batch b;
	int rc = batch_read(&b, text, &limits);

	if (rc)
		check_refusal(rc, text);
	else
		check_messages(&b, text);
	batch_clear(&b);
	return 0;
}
