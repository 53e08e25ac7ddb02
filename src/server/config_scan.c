#include "server/config_scan.h"

#include <stdint.h>
#include <stdlib.h>

/* Of libconfig's names and numbers. */
static const char word_chars[] = "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.*+-@";

/* How far a string or comment at `p` goes; 0: there is none; 1: there is a
 * comment that does not end. */
static size_t
skip(const char *p)
{
	const char *end;
	size_t n;

	if (*p == '#' || strncmp(p, "//", 2) == 0)
		return strcspn(p, "\n");
	if (strncmp(p, "/*", 2) == 0) {
		end = strstr(p + 2, "*/");
		return end ? (size_t)(end - p) + 2 : 1;
	}
	if (*p != '"')
		return 0;
	for (n = 1; p[n] && p[n] != '"'; n++)
		n += p[n] == '\\' && p[n + 1];
	return p[n] ? n + 1 : n;
}

/* Whether the word is an integer beyond 32 bits. Fractions and exponents are
 * doubles, which do not wrap. */
static bool
is_large(const char *p, size_t n)
{
	const char *end = p + n;
	int base = 10;
	char *rest;

	p += *p == '+' || *p == '-';
	if (p[0] == '0' && (p[1] | 0x20) == 'x')
		base = 16;
	else if (*p < '0' || *p > '9')
		return false;
	if (strtoull(p, &rest, base) <= INT32_MAX)
		return false;
	return rest == end || (*rest | 0x20) == 'l';
}

static unsigned
count_lines(const char *p, size_t n)
{
	unsigned lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += p[i] == '\n';
	return lines;
}

int
config_scan(const char *text, struct str *word, unsigned *line)
{
	size_t n;

	*line = 1;
	for (const char *p = text; *p; p += n) {
		n = skip(p);
		if (n == 1 && *p == '/')
			return CONFIG_SCAN_COMMENT;
		if (!n) {
			n = strspn(p, word_chars);
			*word = (struct str){ p, n };
			if (str_equal(*word, STR("@include")))
				return CONFIG_SCAN_INCLUDE;
			if (n && is_large(p, n))
				return CONFIG_SCAN_LARGE;
		}
		n += !n;
		*line += count_lines(p, n);
	}
	return 0;
}
