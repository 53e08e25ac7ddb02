#include "transport/script.h"

#include <errno.h>
#include <nettle/sha1.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <zlib.h>

#include "transport/negotiate.h"

enum {
	GZIP_WINDOW = 15 + 16, /* zlib's way to ask for gzip's frame */
	GZIP_MEMORY = 9,       /* the most: it is done once */
};

/* ---- life ---- */

static void
put_tags(struct script *s)
{
	const struct script_form *plain = &s->forms[SCRIPT_PLAIN];
	char hex[2 * SHA1_DIGEST_SIZE + 1];
	uint8_t digest[SHA1_DIGEST_SIZE];
	struct sha1_ctx sha;
	size_t i;

	sha1_init(&sha);
	sha1_update(&sha, plain->n, (const uint8_t *)plain->body);
	sha1_digest(&sha, sizeof(digest), digest);
	for (i = 0; i < sizeof(digest); i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	snprintf(s->forms[SCRIPT_PLAIN].tag, SCRIPT_TAG_BYTES, "\"%s\"", hex);
	snprintf(s->forms[SCRIPT_GZIP].tag, SCRIPT_TAG_BYTES, "\"%s-gzip\"", hex);
}

/* A Last-Modified must not lie ahead (RFC 9110 8.8.2.1), whatever the file's. */
static void
put_date(struct script *s, int64_t modified_s)
{
	time_t now = time(NULL), t = (time_t)modified_s;
	struct tm tm;

	if (t > now)
		t = now;
	if (t < 0)
		t = 0;
	s->modified_s = t;
	gmtime_r(&t, &tm);
	strftime(s->modified, sizeof(s->modified), "%a, %d %b %Y %H:%M:%S GMT", &tm);
}

static int
compress_into(struct script_form *out, const struct script_form *plain)
{
	z_stream z = { 0 };
	size_t bound;
	char *body;

	if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP_WINDOW, GZIP_MEMORY,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	bound = deflateBound(&z, plain->n);
	body = malloc(bound);
	if (!body) {
		deflateEnd(&z);
		return -ENOMEM;
	}
	z.next_in = (Bytef *)plain->body;
	z.avail_in = (uInt)plain->n;
	z.next_out = (Bytef *)body;
	z.avail_out = (uInt)bound;
	if (deflate(&z, Z_FINISH) == Z_STREAM_END && z.total_out < plain->n) {
		out->body = body;
		out->n = z.total_out;
	} else {
		free(body);
	}
	deflateEnd(&z);
	return 0;
}

static int
take_body(struct script *s, const char *name, struct buf *body)
{
	struct script_form *plain = &s->forms[SCRIPT_PLAIN];

	*s = (struct script){ .modified_s = -1 };
	plain->n = body->n;
	plain->body = buf_take(body);
	buf_clear(body);
	s->name = strdup(name);
	return plain->body && s->name ? 0 : -ENOMEM;
}

int
script_init(struct script *s, const char *name, struct buf *body, int64_t modified_s)
{
	int rc = take_body(s, name, body);

	if (rc)
		return rc;
	put_tags(s);
	put_date(s, modified_s);
	return compress_into(&s->forms[SCRIPT_GZIP], &s->forms[SCRIPT_PLAIN]);
}

int
script_init_stand_in(struct script *s, const char *name, struct str body)
{
	struct buf copy = BUF_INIT;

	buf_add_str(&copy, body);
	return take_body(s, name, &copy);
}

void
script_clear(struct script *s)
{
	free(s->name);
	free(s->forms[SCRIPT_PLAIN].body);
	free(s->forms[SCRIPT_GZIP].body);
	*s = (struct script){ 0 };
}

bool
script_is_stand_in(const struct script *s)
{
	return s->modified_s < 0;
}

/* ---- what a request gets ---- */

static bool
has_form(const struct script *s, uint8_t encoding, const struct head *head)
{
	const struct script_form *form = &s->forms[encoding];
	struct str tag = { form->tag + 1, strlen(form->tag) - 2 };

	return form->body && negotiate_has_tag(head, tag);
}

/* Whichever form its sender has, both are the same script: the answer names that
 * form, so that a cache finds its copy. */
static void
compare_copy(struct script_choice *choice, const struct head *head)
{
	const struct script *s = choice->script;
	uint8_t other = choice->encoding == SCRIPT_GZIP ? SCRIPT_PLAIN : SCRIPT_GZIP;

	if (!head_find(head, STR("If-None-Match"))) {
		choice->is_fresh = negotiate_since(head) >= s->modified_s;
	} else if (has_form(s, choice->encoding, head)) {
		choice->is_fresh = true;
	} else if (has_form(s, other, head)) {
		choice->is_fresh = true;
		choice->encoding = other;
	}
}

struct script_choice
script_choose(const struct script *s, const struct head *head)
{
	struct script_choice choice = { .script = s, .encoding = SCRIPT_PLAIN };

	if (!s || script_is_stand_in(s))
		return choice;
	if (s->forms[SCRIPT_GZIP].body && negotiate_gzip(head))
		choice.encoding = SCRIPT_GZIP;
	compare_copy(&choice, head);
	return choice;
}
