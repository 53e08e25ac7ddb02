/* The scanner against jansson, against itself read the other way, and its
 * spans against what must hold of them. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "bayeux/scan.h"
#include "fuzz/fuzz.h"

static json_t *
load(struct str text, json_error_t *error)
{
	return json_loadb(text.p ? text.p : "", text.n,
			  JSON_DECODE_ANY | JSON_ALLOW_NUL, error);
}

/* What we take and jansson does not, on purpose: numbers beyond its types,
 * "\u0000" in a key, and lone surrogates, which become other escapes here. */
static void
check_known_difference(struct str text)
{
	char *tame = malloc(text.n);
	json_error_t error;
	json_t *value;

	MUST(tame);
	memcpy(tame, text.p, text.n);
	for (size_t i = 0; i + 2 < text.n; i++) {
		if (memcmp(tame + i, "\\u", 2) == 0 && (tame[i + 2] | 0x20) == 'd')
			tame[i + 2] = 'e';
	}
	value = load((struct str){ tame, text.n }, &error);
	MUST(value || json_error_code(&error) == json_error_numeric_overflow ||
	     json_error_code(&error) == json_error_null_byte_in_key);
	json_decref(value);
	free(tame);
}

static int
scan_whole(struct str text, struct span *value)
{
	struct scan sc;
	int rc;

	scan_init(&sc, text, SCAN_DEPTH_LIMIT);
	rc = scan_value(&sc, value);
	return rc ? rc : scan_finish(&sc);
}

/* Reads the value step by step, as its reader would. */
static int
walk(struct scan *sc)
{
	enum scan_type type = scan_peek(sc);
	struct span value, key;
	int rc;

	if (type != SCAN_ARRAY && type != SCAN_OBJECT)
		return scan_value(sc, &value);
	rc = scan_enter(sc);
	while (!rc) {
		rc = type == SCAN_ARRAY ? scan_item(sc) : scan_member(sc, &key);
		if (!rc)
			rc = walk(sc);
	}
	return rc == SCAN_END ? 0 : rc;
}

static void
check_walk(struct str text, int expected)
{
	struct scan sc;
	int rc;

	scan_init(&sc, text, SCAN_DEPTH_LIMIT);
	rc = walk(&sc);
	MUST((rc ? rc : scan_finish(&sc)) == expected);
}

static void
check_copy(const struct span *value, const json_t *expected)
{
	struct buf copy = BUF_INIT, again = BUF_INIT;
	struct span copied;
	json_error_t error;

	span_copy(value, &copy);
	MUST(scan_whole(buf_str(&copy), &copied) == 0);
	MUST(copied.type == value->type && !copied.spaced);
	MUST(span_is_true(&copied) == span_is_true(value));
	copied.spaced = true; /* the long way */
	span_copy(&copied, &again);
	MUST(str_equal(buf_str(&copy), buf_str(&again)));
	if (expected) {
		json_t *loaded = load(buf_str(&copy), &error);

		MUST(loaded && json_equal(loaded, expected));
		json_decref(loaded);
	}
	buf_clear(&copy);
	buf_clear(&again);
}

static void
check_text(const struct span *value)
{
	struct buf text = BUF_INIT, quoted = BUF_INIT, scratch = BUF_INIT;
	struct span string;

	span_text(value, &text);
	scan_quote(buf_str(&text), &quoted);
	MUST(scan_whole(buf_str(&quoted), &string) == 0); /* UTF-8 then */
	MUST(str_equal(span_string(&string, &scratch), buf_str(&text)));
	MUST(span_is(&string, buf_str(&text)));
	buf_clear(&text);
	buf_clear(&quoted);
	buf_clear(&scratch);
}

static void
check_string(const struct span *value, const json_t *expected)
{
	struct buf scratch = BUF_INIT;
	struct str content = span_string(value, &scratch);

	MUST(content.p && span_is(value, content));
	MUST(content.n == 0 ? !span_is_true(value) : span_is_true(value));
	if (expected)
		MUST(str_equal(content, (struct str){ json_string_value(expected),
						      json_string_length(expected) }));
	buf_clear(&scratch);
}

static void
check_number(const struct span *value)
{
	char *z = strndup(value->text.p, value->text.n);
	struct buf text = BUF_INIT;
	double v = span_number(value);

	MUST(z && v == strtod(z, NULL));
	span_text(value, &text);
	buf_add_char(&text, '\0');
	MUST(strtod(text.p, NULL) == v);
	buf_clear(&text);
	free(z);
}

static void
check_value(struct str text, const struct span *value, const json_t *expected)
{
	MUST(value->text.n > 0 && value->text.p >= text.p);
	MUST(value->text.p + value->text.n <= text.p + text.n);
	check_copy(value, expected);
	check_text(value);
	if (value->type == SCAN_STRING)
		check_string(value, expected);
	if (value->type == SCAN_NUMBER)
		check_number(value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = { (const char *)data, n };
	struct span value;
	json_error_t error;
	int rc = scan_whole(text, &value);
	json_t *expected = load(text, &error);

	/* Jansson takes a raw NUL between tokens for the end. */
	if (expected)
		MUST(rc == 0 || rc == SCAN_DEEP || memchr(data, 0, n));
	else if (rc == 0)
		check_known_difference(text);
	check_walk(text, rc);
	if (rc == 0)
		check_value(text, &value, expected);
	json_decref(expected);
	return 0;
}
