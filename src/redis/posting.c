/* An entry is put together as the object that its sender could have written, and then
 * read as any message from outside. */
#include "redis/posting.h"

#include <errno.h>

#include "bayeux/channel.h"

/* ---- messages ---- */

static const char *
fault_of_channel(struct str channel)
{
	if (!channel_is_name(channel))
		return "no name of a channel";
	if (channel_is_too_long(channel))
		return "the channel's name is too long";
	return channel_kind(channel) == CHANNEL_PLAIN ?
		       NULL :
		       "a channel that nobody can subscribe to";
}

static const char *
fault_of(const struct message *m, struct str channel)
{
	const char *fault;

	if (m->channel.type != SCAN_STRING)
		return "no channel";
	fault = fault_of_channel(channel);
	if (!fault && m->data.type == SCAN_ABSENT)
		fault = "no data";
	return fault;
}

static int
freeze(struct frozen **f, const struct message *m, const char **why)
{
	struct buf scratch = BUF_INIT;
	struct str channel = { 0 };
	int rc = -ENOMEM;

	if (m->channel.type == SCAN_STRING) {
		channel = span_string(&m->channel, &scratch);
		if (!channel.p)
			goto out;
	}
	*why = fault_of(m, channel);
	if (*why) {
		rc = POSTING_REFUSED;
		goto out;
	}
	*f = message_freeze(m, channel);
	rc = *f ? 0 : -ENOMEM;
out:
	buf_clear(&scratch);
	return rc;
}

/* ---- entries ---- */

static int
refuse(const char **why, const char *reason)
{
	*why = reason;
	return POSTING_REFUSED;
}

static bool
is_text(struct str name)
{
	return str_equal(name, STR("channel")) || str_equal(name, STR("id"));
}

/* One value and no more: it must not end the object that it becomes a part of. */
static int
check_value(struct str name, struct str value, unsigned nesting, const char **why)
{
	struct span span;
	struct scan sc;
	int rc;

	scan_init(&sc, value, nesting);
	rc = scan_value(&sc, &span);
	if (!rc)
		rc = scan_finish(&sc);
	if (rc == SCAN_DEEP)
		return refuse(why, "too deeply nested");
	if (rc)
		return refuse(why, str_equal(name, STR("data")) ?
					   "data that is no JSON" :
					   "a field that is no JSON");
	return 0;
}

static int
compose(struct buf *out, const struct str *words, size_t n, unsigned nesting,
	const char **why)
{
	size_t i;
	int rc;

	buf_add_char(out, '{');
	for (i = 0; i + 1 < n; i += 2) {
		struct str name = words[i], value = words[i + 1];

		if (i)
			buf_add_char(out, ',');
		scan_quote(name, out);
		buf_add_char(out, ':');
		if (is_text(name)) {
			scan_quote(value, out);
			continue;
		}
		rc = check_value(name, value, nesting, why);
		if (rc)
			return rc;
		buf_add_str(out, value);
	}
	buf_add_char(out, '}');
	return out->failed ? -ENOMEM : 0;
}

/* What is wrong by now is a text that is no UTF-8, or a mad repetition. */
static int
read_composed(struct frozen **f, struct str text, unsigned nesting, const char **why)
{
	struct message m;
	struct scan sc;
	int rc;

	scan_init(&sc, text, nesting);
	rc = message_read(&m, &sc);
	if (rc)
		return refuse(why, rc == SCAN_DEEP ? "too deeply nested" :
						     "no JSON can be made of it");
	return freeze(f, &m, why);
}

static bool
is_too_long(const struct str *words, size_t n, size_t bytes)
{
	size_t i, sum = 0;

	for (i = 0; i < n && sum <= bytes; i++)
		sum += words[i].n + 1;
	return sum > bytes;
}

int
posting_read_entry(struct frozen **f, const struct str *words, size_t n,
		   const struct posting_limits *limits, const char **why)
{
	struct buf text = BUF_INIT;
	int rc;

	if (is_too_long(words, n, limits->bytes))
		return refuse(why, "too long");
	rc = compose(&text, words, n, limits->batch.nesting, why);
	if (!rc)
		rc = read_composed(f, buf_str(&text), limits->batch.nesting, why);
	buf_clear(&text);
	return rc;
}

/* ---- texts ---- */

static const char *
fault_of_batch(int rc, const struct batch *b)
{
	if (rc == BATCH_TOO_MANY)
		return "too many messages";
	if (rc == BATCH_TOO_DEEP)
		return "too deeply nested";
	if (rc)
		return "no JSON";
	return b->count ? NULL : "no message";
}

static int
take_all(const struct batch *b, posting_fn take, void *arg)
{
	unsigned i;

	for (i = 0; i < b->count; i++) {
		struct frozen *f = NULL;
		const char *why = NULL;

		if (freeze(&f, &b->messages[i], &why) == -ENOMEM)
			return -ENOMEM;
		take(arg, f, why);
	}
	return 0;
}

int
posting_read_text(struct str text, const struct posting_limits *limits, posting_fn take,
		  void *arg)
{
	const char *why;
	struct batch b;
	int rc;

	if (text.n > limits->bytes) {
		take(arg, NULL, "too long");
		return 0;
	}
	rc = batch_read(&b, text, &limits->batch);
	if (rc != -ENOMEM) {
		why = fault_of_batch(rc, &b);
		rc = 0;
		if (why)
			take(arg, NULL, why);
		else
			rc = take_all(&b, take, arg);
	}
	batch_clear(&b);
	return rc;
}
