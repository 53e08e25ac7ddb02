#include "server/mistake.h"

#include <stdarg.h>
#include <stdio.h>

#include "server/config.h"

static size_t
put_place(char *error, const struct mistake_place *place)
{
	int n;

	if (!place->path)
		n = snprintf(error, CONFIG_ERROR_BYTES, "fayed: ");
	else if (!place->line)
		n = snprintf(error, CONFIG_ERROR_BYTES, "fayed: %s: ",
			     place->path);
	else
		n = snprintf(error, CONFIG_ERROR_BYTES, "fayed: %s:%u: ",
			     place->path, place->line);
	if (n < 0)
		return 0;
	return n < CONFIG_ERROR_BYTES ? (size_t)n : CONFIG_ERROR_BYTES - 1;
}

int
mistake(char *error, const struct mistake_place *place, const char *format, ...)
{
	size_t n = put_place(error, place);
	va_list ap;

	va_start(ap, format);
	vsnprintf(error + n, CONFIG_ERROR_BYTES - n, format, ap);
	va_end(ap);
	for (char *p = error; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	}
	return CONFIG_WRONG;
}
