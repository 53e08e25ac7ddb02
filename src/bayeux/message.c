#include "bayeux/message.h"

#include <string.h>

enum { STRIP = 1 };

/* What a subscriber must not get from a publisher: its bearer secret, and what
 * clients obey whatever the channel (Faye: client reads `advice` of any message). */
static const struct {
	struct str name;
	size_t offset; /* of its span in struct message; 0: none kept */
	bool strip;
} fields[] = {
#define FIELD(name, member, strip) \
	{ { name, sizeof(name) - 1 }, offsetof(struct message, member), strip }
	FIELD("channel", channel, false),
	FIELD("data", data, false),
	FIELD("clientId", client_id, STRIP),
	FIELD("id", id, false),
	FIELD("connectionType", connection_type, false),
	FIELD("subscription", subscription, STRIP),
	FIELD("advice", advice, STRIP),
	FIELD("ext", ext, false),
	FIELD("error", error, STRIP),
	FIELD("version", version, false),
	FIELD("supportedConnectionTypes", supported_types, false),
	FIELD("minimumVersion", minimum_version, false),
#undef FIELD
	{ { "successful", 10 }, SIZE_MAX, STRIP },
};

enum { FIELD_COUNT = sizeof(fields) / sizeof(fields[0]) };

static unsigned
find_field(const struct span *key)
{
	struct str raw = { key->text.p + 1, key->text.n - 2 };
	unsigned i;

	for (i = 0; i < FIELD_COUNT; i++)
		if (key->escaped ? span_is(key, fields[i].name)
				 : str_equal(raw, fields[i].name))
			break;
	return i;
}

/* Adds the member from `begin` to `end` to what is kept; `joined`: it follows
 * the last kept one in the text. */
static int
keep_member(struct message *m, const char *begin, const char *end, bool joined)
{
	struct str *last = m->kept_count ? &m->kept[m->kept_count - 1] : NULL;

	if (last && joined) {
		if (begin != last->p + last->n + 1)
			m->spaced = true;
		last->n = (size_t)(end - last->p);
		return 0;
	}
	if (m->kept_count == MESSAGE_MAX_KEPT)
		return SCAN_INVALID;
	m->kept[m->kept_count++] = (struct str){ begin, (size_t)(end - begin) };
	return 0;
}

static int
read_member(struct message *m, struct scan *sc, const struct span *key, bool *joined)
{
	struct span value;
	unsigned field = find_field(key);
	const char *end;
	int rc = scan_value(sc, &value);

	if (rc)
		return rc;
	if (field < FIELD_COUNT && fields[field].offset != SIZE_MAX)
		memcpy((char *)m + fields[field].offset, &value, sizeof(value));
	if (field < FIELD_COUNT && fields[field].strip) {
		*joined = false;
		return 0;
	}
	end = value.text.p + value.text.n;
	if (value.spaced || value.text.p != key->text.p + key->text.n + 1)
		m->spaced = true;
	rc = keep_member(m, key->text.p, end, *joined);
	*joined = true;
	return rc;
}

int
message_read(struct message *m, struct scan *sc)
{
	struct span other, key;
	bool joined = false;
	int rc;

	memset(m, 0, sizeof(*m));
	if (scan_peek(sc) != SCAN_OBJECT)
		return scan_value(sc, &other);
	m->text.p = sc->at;
	rc = scan_enter(sc);
	if (rc)
		return rc;
	while ((rc = scan_member(sc, &key)) == 0) {
		rc = read_member(m, sc, &key, &joined);
		if (rc)
			return rc;
	}
	m->text.n = (size_t)(sc->at - m->text.p);
	return rc == SCAN_END ? 0 : rc;
}

static size_t
kept_bytes(const struct message *m)
{
	size_t n = 2; /* braces */
	unsigned i;

	for (i = 0; i < m->kept_count; i++)
		n += m->kept[i].n + (i > 0);
	return n;
}

static char *
put_kept(const struct message *m, char *p)
{
	unsigned i;

	*p++ = '{';
	for (i = 0; i < m->kept_count; i++) {
		if (i)
			*p++ = ',';
		memcpy(p, m->kept[i].p, m->kept[i].n);
		p += m->kept[i].n;
	}
	*p++ = '}';
	return p;
}

/* The rare message with white space between its tokens: without it, so that no
 * line break is left for transports that send lines. */
static struct frozen *
freeze_spaced(const struct message *m, struct str channel)
{
	struct buf wide = BUF_INIT, tight = BUF_INIT;
	struct span whole = { .type = SCAN_OBJECT, .spaced = true };
	struct frozen *f = NULL;
	char *room = buf_reserve(&wide, kept_bytes(m));

	if (room) {
		wide.n = (size_t)(put_kept(m, room) - room);
		whole.text = buf_str(&wide);
		span_copy(&whole, &tight);
		if (!tight.failed)
			f = frozen_new_message(channel, tight.n);
	}
	if (f)
		memcpy(f->bytes + f->head_n + 1, tight.p, tight.n);
	buf_clear(&wide);
	buf_clear(&tight);
	return f;
}

struct frozen *
message_freeze(const struct message *m, struct str channel)
{
	struct frozen *f;

	if (m->spaced)
		return freeze_spaced(m, channel);
	f = frozen_new_message(channel, kept_bytes(m));
	if (f)
		put_kept(m, f->bytes + f->head_n + 1);
	return f;
}
