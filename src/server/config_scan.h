/* What libconfig takes badly, found before it sees the text: 1.5 wraps an int at
 * 32 bits (5000000000 reads as 705032704), @include ends the process when it is
 * told of a folder, a comment that does not end hides the rest. Pure. */
#ifndef SERVER_CONFIG_SCAN_H
#define SERVER_CONFIG_SCAN_H

#include "util/str.h"

enum config_scan_result {
	CONFIG_SCAN_LARGE = 1, /* an int beyond 32 bits */
	CONFIG_SCAN_INCLUDE,   /* @include */
	CONFIG_SCAN_COMMENT,   /* one that does not end */
};

/* 0, or what is first wrong: where it begins, `line` counting from 1. `word` is
 * the large number or @include then, borrowed from `text`. */
int config_scan(const char *text, struct str *word, unsigned *line);

#endif
