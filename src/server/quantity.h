/* Numbers as people type them. Each read is false when the text is no such
 * number; one too large for the type stays at INT64_MAX, which is beyond every
 * range. No signs, exponents, blanks, locale. Pure. */
#ifndef SERVER_QUANTITY_H
#define SERVER_QUANTITY_H

#include <stdbool.h>
#include <stdint.h>

#define QUANTITY_TEXT_BYTES 32

bool quantity_read_count(const char *text, int64_t *out);

/* "1048576", "64k", "1M", "1G", either case. */
bool quantity_read_bytes(const char *text, int64_t *out);

/* "60", "0.5", into milliseconds. A part of a millisecond counts as a whole
 * one, so that little never becomes nothing. */
bool quantity_read_seconds(const char *text, int64_t *out_ms);

/* The shortest text that reads as `ms`, which is not negative. */
void quantity_print_seconds(char text[QUANTITY_TEXT_BYTES], int64_t ms);

#endif
