/* Says what the scanner thinks of each text on stdin (4 bytes of length, little
 * endian, then the text), one JSON value a line on stdout: null for no JSON,
 * else an array of the copy without spaces as a string, String(), Boolean()
 * and String(Number()). compare_node.mjs asks. */
#include <endian.h>
#include <math.h>
#include <unistd.h>

#include "bayeux/scan.h"
#include "fuzz/fuzz.h"
#include "util/number.h"

static void
add_quoted(struct buf *out, struct buf *text)
{
	MUST(!text->failed);
	scan_quote(buf_str(text), out);
	buf_add_char(out, ',');
	buf_clear(text);
}

static void
add_verdict(struct buf *out, const struct span *value)
{
	char number[NUMBER_MAX_BYTES];
	struct buf text = BUF_INIT;

	buf_add_char(out, '[');
	span_copy(value, &text);
	add_quoted(out, &text);
	span_text(value, &text);
	add_quoted(out, &text);
	buf_add_str(out, span_is_true(value) ? STR("true,") : STR("false,"));
	buf_add_char(out, '"');
	buf_add(out, number, number_format(span_number(value), number));
	buf_add_str(out, STR("\"]\n"));
}

static void
judge(struct str text, struct buf *out)
{
	struct span value;
	struct scan sc;

	scan_init(&sc, text, SCAN_DEPTH_LIMIT);
	if (scan_value(&sc, &value) || scan_finish(&sc))
		buf_add_str(out, STR("null\n"));
	else
		add_verdict(out, &value);
}

int
main(void)
{
	struct buf out = BUF_INIT;
	uint32_t n;

	while (fread(&n, sizeof(n), 1, stdin) == 1) {
		char *text;

		n = le32toh(n);
		text = malloc(n ? n : 1);
		MUST(text && fread(text, 1, n, stdin) == n);
		judge((struct str){ text, n }, &out);
		free(text);
	}
	MUST(!out.failed && fwrite(out.p, 1, out.n, stdout) == out.n);
	buf_clear(&out);
	return 0;
}
