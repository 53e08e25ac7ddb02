/* Where a scan's time goes is the inside of strings. It is skipped 16 bytes at
 * a time (8 without SSE2) until a byte comes that needs a look: a quote, a
 * backslash, a control character, or the first byte of a longer character. */
#include "bayeux/scan_string.h"

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__) && !defined(SCAN_PORTABLE)
#include <emmintrin.h>
#define SCAN_SSE2 1
#else
#define SCAN_SSE2 0
#endif

static inline bool
is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') ||
	       (c >= 'A' && c <= 'F');
}

/* Printable ASCII that stands for itself. */
static inline bool
is_plain(char c)
{
	return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' &&
	       c != '\\';
}

#if SCAN_SSE2
static inline const char *
skip_plain(const char *p, const char *end)
{
	const __m128i quote = _mm_set1_epi8('"');
	const __m128i backslash = _mm_set1_epi8('\\');
	const __m128i space = _mm_set1_epi8(' ');

	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		/* Compared as signed, so bytes from 0x80 count as below. */
		__m128i odd = _mm_cmplt_epi8(v, space);
		int mask;

		odd = _mm_or_si128(odd, _mm_cmpeq_epi8(v, quote));
		odd = _mm_or_si128(odd, _mm_cmpeq_epi8(v, backslash));
		mask = _mm_movemask_epi8(odd);
		if (mask)
			return p + __builtin_ctz((unsigned)mask);
	}
	while (p < end && is_plain(*p))
		p++;
	return p;
}
#else
/* Whether one of the eight bytes is not plain. Each term has the top bit of
 * some byte set when its condition holds for any byte. */
static inline bool
has_odd(uint64_t v)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t quote = v ^ ones * '"';
	uint64_t backslash = v ^ ones * '\\';
	uint64_t odd = v;

	odd |= (v - ones * ' ') & ~v;
	odd |= (quote - ones) & ~quote;
	odd |= (backslash - ones) & ~backslash;
	return odd & ones * 0x80;
}

static inline const char *
skip_plain(const char *p, const char *end)
{
	for (; end - p >= 8; p += 8) {
		uint64_t v;

		memcpy(&v, p, sizeof(v));
		if (has_odd(v))
			break;
	}
	while (p < end && is_plain(*p))
		p++;
	return p;
}
#endif

static inline bool
is_between(const char *p, unsigned low, unsigned high)
{
	return (unsigned char)*p >= low && (unsigned char)*p <= high;
}

/* The bytes of the well-formed character of two or more bytes that begins at
 * `p`, or 0 (Unicode, table 3-7). */
static size_t
long_char(const char *p, const char *end)
{
	unsigned char lead = (unsigned char)*p;
	unsigned low = 0x80, high = 0xbf; /* of the second byte */
	size_t n;

	if (lead >= 0xc2 && lead <= 0xdf)
		n = 2;
	else if (lead >= 0xe0 && lead <= 0xef)
		n = 3;
	else if (lead >= 0xf0 && lead <= 0xf4)
		n = 4;
	else
		return 0;
	if ((size_t)(end - p) < n)
		return 0;
	if (lead == 0xe0)
		low = 0xa0; /* overlong */
	else if (lead == 0xed)
		high = 0x9f; /* surrogates */
	else if (lead == 0xf0)
		low = 0x90; /* overlong */
	else if (lead == 0xf4)
		high = 0x8f; /* beyond U+10FFFF */
	if (!is_between(p + 1, low, high))
		return 0;
	for (size_t i = 2; i < n; i++) {
		if (!is_between(p + i, 0x80, 0xbf))
			return 0;
	}
	return n;
}

/* The bytes of the escape at `p`, a backslash, or 0. */
static size_t
escape(const char *p, const char *end)
{
	if (end - p < 2)
		return 0;
	switch (p[1]) {
	case '"':
	case '\\':
	case '/':
	case 'b':
	case 'f':
	case 'n':
	case 'r':
	case 't':
		return 2;
	case 'u':
		if (end - p < 6 || !is_hex(p[2]) || !is_hex(p[3]) ||
		    !is_hex(p[4]) || !is_hex(p[5]))
			return 0;
		return 6;
	default:
		return 0;
	}
}

const char *
scan_string_end(const char *p, const char *end, bool *escaped)
{
	size_t n;

	*escaped = false;
	for (p++;; p += n) {
		p = skip_plain(p, end);
		if (p == end)
			return NULL;
		if (*p == '"')
			return p + 1;
		if (*p == '\\') {
			*escaped = true;
			n = escape(p, end);
		} else {
			n = long_char(p, end); /* 0 of a control */
		}
		if (n == 0)
			return NULL;
	}
}

/* The first byte from 0x80 on. */
static const char *
skip_ascii(const char *p, const char *end)
{
	for (; end - p >= 8; p += 8) {
		uint64_t v;

		memcpy(&v, p, sizeof(v));
		if (v & UINT64_C(0x8080808080808080))
			break;
	}
	while (p < end && (unsigned char)*p < 0x80)
		p++;
	return p;
}

bool
scan_is_utf8(struct str s)
{
	const char *p = s.p, *end;

	if (s.n == 0)
		return true; /* there may be no place to point at */
	end = p + s.n;
	while ((p = skip_ascii(p, end)) < end) {
		size_t n = long_char(p, end);

		if (n == 0)
			return false;
		p += n;
	}
	return true;
}
