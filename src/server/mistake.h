/* The one line that tells an operator what is wrong, and where. */
#ifndef SERVER_MISTAKE_H
#define SERVER_MISTAKE_H

/* Where a word was found. `path` NULL: on the command line, which has no
 * lines; `line` 0: the file as a whole. */
struct mistake_place {
	const char *path;
	unsigned line;
};

/* Fills `error` (CONFIG_ERROR_BYTES) with "fayed: PATH:LINE: " and the rest,
 * cut to fit, control bytes shown as '?': it stays one line whatever was typed.
 * Always CONFIG_WRONG, so that a caller can return it. */
__attribute__((format(printf, 3, 4))) int
mistake(char *error, const struct mistake_place *place, const char *format, ...);

#endif
