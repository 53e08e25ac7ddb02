/* Request heads: what was read must lie in the text and read the same when it
 * is written anew; where it goes and whether it upgrades must not depend on
 * what plays no part. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "transport/deflate_offer.h"
#include "transport/head.h"
#include "transport/origins.h"
#include "transport/route.h"
#include "transport/upgrade.h"
#include "util/buf.h"

static bool
is_within(struct str s, struct str text)
{
	return s.p >= text.p && s.p + s.n <= text.p + text.n;
}

static bool
has_control(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (((unsigned char)s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] == 0x7f)
			return true;
	return false;
}

static void
write_head(const struct head *h, struct buf *out)
{
	buf_add_str(out, h->method);
	buf_add_char(out, ' ');
	buf_add_str(out, h->target);
	buf_addf(out, " HTTP/1.%u\r\n", h->minor);
	for (unsigned i = 0; i < h->count; i++) {
		buf_add_str(out, h->fields[i].name);
		buf_add_str(out, STR(": "));
		buf_add_str(out, h->fields[i].value);
		buf_add_str(out, STR("\r\n"));
	}
	buf_add_str(out, STR("\r\n"));
	MUST(!out->failed);
}

static void
check_again(const struct head *h)
{
	struct buf text = BUF_INIT;
	struct head again;

	write_head(h, &text);
	MUST(head_parse(&again, buf_str(&text)) == 0);
	MUST(again.n == text.n && again.count == h->count && again.minor == h->minor);
	MUST(str_equal(again.method, h->method) && str_equal(again.target, h->target));
	for (unsigned i = 0; i < h->count; i++) {
		MUST(str_equal(again.fields[i].name, h->fields[i].name));
		MUST(str_equal(again.fields[i].value, h->fields[i].value));
	}
	MUST(head_check(&again) == head_check(h));
	for (size_t n = 0; n < text.n; n += 1 + n / 16)
		MUST(head_parse(&again, (struct str){ text.p, n }) == HEAD_PARTIAL);
	buf_clear(&text);
}

static void
check_fields(const struct head *h, struct str text)
{
	MUST(h->count <= HEAD_MAX_FIELDS);
	for (unsigned i = 0; i < h->count; i++) {
		const struct head_field *f = &h->fields[i];

		MUST(is_within(f->name, text) && is_within(f->value, text));
		MUST(f->name.n && !memchr(f->name.p, ' ', f->name.n));
		MUST(!has_control(f->name) && !has_control(f->value));
		MUST(head_find(h, f->name));
	}
}

static void
check_route(struct str target)
{
	static const struct str mounts[] = { STR("/bayeux"), STR("/a/b"), STR("") };
	static const struct route some = { mounts, 2 }, all = { mounts + 2, 1 };
	bool ours = route_is_ours(&some, target);
	struct buf longer = BUF_INIT;

	buf_add_str(&longer, target);
	buf_add_str(&longer, STR("?/../x#/bayeux"));
	MUST(!longer.failed);
	/* Even behind a query or a fragment. */
	MUST(route_is_ours(&some, buf_str(&longer)) == ours);
	if (target.p[0] == '/' && target.n < 8000)
		MUST(route_is_ours(&all, target));
	if (ours)
		MUST(route_is_ours(&all, target));
	buf_clear(&longer);
}

static void
check_upgrade(const struct head *h)
{
	char accept[UPGRADE_ACCEPT_BYTES], why[UPGRADE_WHY_BYTES];
	int rc = upgrade_check(h, accept, why);

	MUST(rc == 0 || rc == 400);
	MUST(rc ? why[0] != '\0' : strlen(accept) == UPGRADE_ACCEPT_BYTES - 1);
	if (rc)
		MUST(memchr(why, '\0', sizeof(why)));
}

/* The answer to one field, which lies where a look beyond its end is seen. */
static const char *
answer_to(struct head_field field)
{
	static struct head one = { .count = 1 };
	char *copy = malloc(field.value.n + 1);
	const char *answer;

	MUST(copy);
	memcpy(copy + 1, field.value.p, field.value.n);
	one.fields[0] = (struct head_field){ field.name, { copy + 1, field.value.n } };
	answer = deflate_offer_accept(&one);
	MUST(!answer || memmem(copy + 1, field.value.n, "permessage-deflate", 18));
	MUST(!answer || !strstr(answer, "bits") || memmem(copy + 1, field.value.n, "bits", 4));
	free(copy);
	return answer;
}

/* The first field with an offer that can be kept decides. */
static void
check_offer(const struct head *h)
{
	const char *expected = NULL;

	for (unsigned i = 0; i < h->count && !expected; i++)
		expected = answer_to(h->fields[i]);
	MUST(deflate_offer_accept(h) == expected);
}

/* What a star lets in ends in the name, but for the port, and begins otherwise. */
static void
check_origin(struct str value)
{
	struct origin name, below;
	struct origins names = { &name, 1 }, all_below = { &below, 1 };

	MUST(origin_parse(&name, STR("https://a.b")) == 0);
	MUST(origin_parse(&below, STR("https://*.a.b:443")) == 0);
	if (origins_allow(&names, value)) {
		MUST(value.n >= 11 && head_same((struct str){ value.p, 11 }, STR("https://a.b")));
		MUST(value.n == 11 || value.p[11] == ':');
		MUST(!origins_allow(&all_below, value) && origins_allow_page(&names, value));
	}
	if (origins_allow(&all_below, value)) {
		const char *colon = memrchr(value.p, ':', value.n);
		size_t end = colon - value.p == 5 ? value.n : (size_t)(colon - value.p);

		MUST(head_same((struct str){ value.p + end - 4, 4 }, STR(".a.b")));
		MUST(!memchr(value.p + 8, '/', value.n - 8) && !memchr(value.p, '@', value.n));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = { (const char *)data, n };
	struct head h;
	int rc = head_parse(&h, text);

	MUST(rc >= 0 && rc <= HEAD_TOO_MANY);
	if (rc)
		return 0;
	MUST(h.n <= n && memcmp(text.p + h.n - 4, "\r\n\r\n", 4) == 0);
	MUST(is_within(h.method, text) && is_within(h.target, text));
	rc = head_check(&h);
	MUST(rc == 0 || rc == 400 || rc == 501);
	check_fields(&h, text);
	check_again(&h);
	check_route(h.target);
	check_upgrade(&h);
	check_offer(&h);
	for (unsigned i = 0; i < h.count; i++)
		check_origin(h.fields[i].value);
	return 0;
}
