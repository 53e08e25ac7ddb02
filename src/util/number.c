/* Reading boils any decimal down to its significant digits and one exponent,
 * which fit a small buffer for strtod. Writing tries ever more digits until
 * strtod gives the value back (ECMAScript 6.1.6.1.20 Number::toString); that is not
 * the quickest way, but only error texts and odd members need it. */
#include "util/number.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	/* No halfway point between two doubles has more digits than 767. One
	 * more stands for all that follow. */
	DIGITS_MAX = 768,
	EXPONENT_MAX = 99999, /* beyond any double, digits included */
	SHORTEST_MAX = 17,    /* digits that always read back */
	FORMAT_ROOM = NUMBER_MAX_BYTES - 1, /* behind the sign */
};

/* ---- reading ---- */

struct decimal {
	char digits[DIGITS_MAX + sizeof("1e-99999")]; /* no leading zeros */
	size_t n;
	bool some;        /* there was a digit, maybe 0 */
	int64_t exponent; /* of the last digit kept */
};

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static void
add_digit(struct decimal *d, char c, bool behind_point)
{
	d->some = true;
	d->exponent -= behind_point;
	if (d->n == 0 && c == '0')
		return;
	if (d->n < DIGITS_MAX) {
		d->digits[d->n++] = c;
		return;
	}
	d->exponent++; /* this one is not kept */
	if (c != '0' && d->digits[DIGITS_MAX - 1] == '0')
		d->digits[DIGITS_MAX - 1] = '1';
}

/* Takes `e`, a sign and digits. False: there is an `e` without digits. */
static bool
take_exponent(struct decimal *d, struct str *s)
{
	bool negative = false;
	int64_t e = 0;

	if (s->n == 0 || (*s->p | 0x20) != 'e')
		return true;
	s->p++, s->n--;
	if (s->n > 0 && (*s->p == '+' || *s->p == '-')) {
		negative = *s->p == '-';
		s->p++, s->n--;
	}
	if (s->n == 0)
		return false;
	for (; s->n > 0 && is_digit(*s->p); s->p++, s->n--) {
		if (e < INT64_MAX / 100)
			e = e * 10 + (*s->p - '0');
	}
	d->exponent += negative ? -e : e;
	return true;
}

static double
decimal_value(struct decimal *d)
{
	int64_t e = d->exponent;

	if (d->n == 0)
		return 0;
	if (e > EXPONENT_MAX)
		e = EXPONENT_MAX;
	if (e < -EXPONENT_MAX)
		e = -EXPONENT_MAX;
	snprintf(d->digits + d->n, sizeof(d->digits) - d->n, "e%d", (int)e);
	return strtod(d->digits, NULL);
}

static double
parse_decimal(struct str s)
{
	struct decimal d;
	bool point = false;

	d.n = 0;
	d.some = false;
	d.exponent = 0;
	for (; s.n > 0; s.p++, s.n--) {
		if (*s.p == '.' && !point)
			point = true;
		else if (is_digit(*s.p))
			add_digit(&d, *s.p, point);
		else
			break;
	}
	if (!d.some || !take_exponent(&d, &s) || s.n > 0)
		return NAN;
	return decimal_value(&d);
}

/* The digits behind 0x, 0o or 0b. Beyond 2^53 the last bit may be off. */
static double
parse_radix(struct str s, int radix)
{
	double v = 0;

	if (s.n == 0)
		return NAN;
	for (; s.n > 0; s.p++, s.n--) {
		int digit = 99;

		if (is_digit(*s.p))
			digit = *s.p - '0';
		else if ((*s.p | 0x20) >= 'a' && (*s.p | 0x20) <= 'f')
			digit = (*s.p | 0x20) - 'a' + 10;
		if (digit >= radix)
			return NAN;
		v = v * radix + digit;
	}
	return v;
}

/* JavaScript's white space and line ends, in UTF-8. */
static const struct str spaces[] = {
	{ "\t", 1 },	       { "\n", 1 },	      { "\v", 1 },
	{ "\f", 1 },	       { "\r", 1 },	      { " ", 1 },
	{ "\xc2\xa0", 2 },     { "\xe1\x9a\x80", 3 }, { "\xe2\x80\x80", 3 },
	{ "\xe2\x80\x81", 3 }, { "\xe2\x80\x82", 3 }, { "\xe2\x80\x83", 3 },
	{ "\xe2\x80\x84", 3 }, { "\xe2\x80\x85", 3 }, { "\xe2\x80\x86", 3 },
	{ "\xe2\x80\x87", 3 }, { "\xe2\x80\x88", 3 }, { "\xe2\x80\x89", 3 },
	{ "\xe2\x80\x8a", 3 }, { "\xe2\x80\xa8", 3 }, { "\xe2\x80\xa9", 3 },
	{ "\xe2\x80\xaf", 3 }, { "\xe2\x81\x9f", 3 }, { "\xe3\x80\x80", 3 },
	{ "\xef\xbb\xbf", 3 },
};

static bool
trim_one(struct str *s)
{
	for (size_t i = 0; i < sizeof(spaces) / sizeof(spaces[0]); i++) {
		if (str_starts(*s, spaces[i])) {
			s->p += spaces[i].n;
			s->n -= spaces[i].n;
			return true;
		}
		if (str_ends(*s, spaces[i])) {
			s->n -= spaces[i].n;
			return true;
		}
	}
	return false;
}

double
number_parse(struct str s)
{
	double sign = 1;

	while (trim_one(&s))
		;
	if (s.n == 0)
		return 0;
	if (s.n > 1 && s.p[0] == '0') {
		struct str digits = { s.p + 2, s.n - 2 };

		switch (s.p[1] | 0x20) {
		case 'x':
			return parse_radix(digits, 16);
		case 'o':
			return parse_radix(digits, 8);
		case 'b':
			return parse_radix(digits, 2);
		}
	}
	if (*s.p == '-' || *s.p == '+') {
		sign = *s.p == '-' ? -1 : 1;
		s.p++, s.n--;
	}
	if (str_equal(s, STR("Infinity")))
		return sign * INFINITY;
	return sign * parse_decimal(s);
}

/* ---- writing ---- */

/* `v` as `digits` times a power of ten: 0.DIGITS * 10^point. */
struct shortest {
	char digits[SHORTEST_MAX];
	int n, point;
};

static double
shortest_value(const struct shortest *s)
{
	char text[SHORTEST_MAX + 16];

	snprintf(text, sizeof(text), "0.%.*se%d", s->n, s->digits, s->point);
	return strtod(text, NULL);
}

static void
round_to(struct shortest *s, double v, int digits)
{
	char text[SHORTEST_MAX + 16]; /* d.ddde-ddd */

	snprintf(text, sizeof(text), "%.*e", digits - 1, v);
	s->n = digits;
	s->digits[0] = text[0];
	memcpy(s->digits + 1, text + 2, (size_t)digits - 1);
	s->point = atoi(strchr(text, 'e') + 1) + 1;
}

/* One more in the last place. */
static void
step_up(struct shortest *s)
{
	int i = s->n - 1;

	while (i >= 0 && s->digits[i] == '9')
		s->digits[i--] = '0';
	if (i >= 0) {
		s->digits[i]++;
	} else {
		s->digits[0] = '1';
		s->point++;
	}
}

static void
find_shortest(struct shortest *s, double v)
{
	int digits = 1;

	for (;;) {
		round_to(s, v, digits);
		if (digits == SHORTEST_MAX || shortest_value(s) == v)
			break;
		/* Above a power of two doubles lie twice as far apart as
		 * below it: the nearest text may miss where the next hits. */
		step_up(s);
		if (shortest_value(s) == v)
			break;
		digits++;
	}
	while (s->n > 1 && s->digits[s->n - 1] == '0')
		s->n--;
}

static size_t
format_exponent(const struct shortest *s, char *out)
{
	return (size_t)snprintf(out, FORMAT_ROOM, "%c%s%.*se%+d",
				s->digits[0], s->n > 1 ? "." : "", s->n - 1,
				s->digits + 1, s->point - 1);
}

static size_t
format_positive(double v, char *out)
{
	static const char zeros[] = "000000000000000000000";
	struct shortest s;

	find_shortest(&s, v);
	if (s.point > 21 || s.point < -5)
		return format_exponent(&s, out);
	if (s.point <= 0)
		return (size_t)snprintf(out, FORMAT_ROOM, "0.%.*s%.*s",
					-s.point, zeros, s.n, s.digits);
	if (s.point >= s.n)
		return (size_t)snprintf(out, FORMAT_ROOM, "%.*s%.*s", s.n,
					s.digits, s.point - s.n, zeros);
	return (size_t)snprintf(out, FORMAT_ROOM, "%.*s.%.*s", s.point,
				s.digits, s.n - s.point, s.digits + s.point);
}

static size_t
put_word(char *out, const char *word)
{
	size_t n = strlen(word);

	memcpy(out, word, n);
	return n;
}

size_t
number_format(double v, char out[NUMBER_MAX_BYTES])
{
	if (isnan(v))
		return put_word(out, "NaN");
	if (v == 0)
		return put_word(out, "0");
	if (v < 0) {
		*out = '-';
		return 1 + (isinf(v) ? put_word(out + 1, "Infinity")
				     : format_positive(-v, out + 1));
	}
	return isinf(v) ? put_word(out, "Infinity") : format_positive(v, out);
}
