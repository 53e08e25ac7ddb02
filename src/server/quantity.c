#include "server/quantity.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define MS_PER_SECOND 1000

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static int64_t
times(int64_t v, int64_t factor)
{
	return __builtin_mul_overflow(v, factor, &v) ? INT64_MAX : v;
}

static int64_t
plus(int64_t v, int64_t more)
{
	return __builtin_add_overflow(v, more, &v) ? INT64_MAX : v;
}

/* Moves *p behind the digits; false when there are none. */
static bool
read_digits(const char **p, int64_t *out)
{
	if (!is_digit(**p))
		return false;
	for (*out = 0; is_digit(**p); ++*p)
		*out = plus(times(*out, 10), **p - '0');
	return true;
}

/* Thousandths from behind the decimal point, rounded up. */
static bool
read_fraction(const char **p, int64_t *out_ms)
{
	int64_t unit = MS_PER_SECOND, ms = 0;
	bool more = false;

	if (!is_digit(**p))
		return false;
	for (; is_digit(**p); ++*p) {
		unit /= 10;
		ms += unit * (**p - '0');
		more = more || (unit == 0 && **p != '0');
	}
	*out_ms = ms + more;
	return true;
}

bool
quantity_read_count(const char *text, int64_t *out)
{
	return read_digits(&text, out) && !*text;
}

bool
quantity_read_bytes(const char *text, int64_t *out)
{
	static const char units[] = "kmg";
	const char *unit;

	if (!read_digits(&text, out))
		return false;
	if (!*text)
		return true;
	unit = strchr(units, *text | 0x20);
	if (!unit || text[1])
		return false;
	for (ptrdiff_t i = unit - units; i >= 0; i--)
		*out = times(*out, 1024);
	return true;
}

bool
quantity_read_seconds(const char *text, int64_t *out_ms)
{
	int64_t seconds, ms = 0;

	if (!read_digits(&text, &seconds))
		return false;
	if (*text == '.') {
		text++;
		if (!read_fraction(&text, &ms))
			return false;
	}
	*out_ms = plus(times(seconds, MS_PER_SECOND), ms);
	return !*text;
}

void
quantity_print_seconds(char text[QUANTITY_TEXT_BYTES], int64_t ms)
{
	size_t n;

	snprintf(text, QUANTITY_TEXT_BYTES, "%" PRId64 ".%03d",
		 ms / MS_PER_SECOND, (int)(ms % MS_PER_SECOND));
	n = strlen(text);
	while (text[n - 1] == '0')
		n--;
	if (text[n - 1] == '.')
		n--;
	text[n] = '\0';
}
