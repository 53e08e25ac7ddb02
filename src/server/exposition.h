/* Prometheus's text exposition format, 0.0.4: families of samples, each with what it is
 * and what it means. Pure. Without memory the buffer fails.
 *
 * A name is letters, digits and underscores; a help text is one line without
 * backslashes, a label's text likewise and without quotes. */
#ifndef SERVER_EXPOSITION_H
#define SERVER_EXPOSITION_H

#include "util/buf.h"

enum exposition_type {
	EXPOSITION_COUNTER, /* never falls while the process lives; its name ends in _total */
	EXPOSITION_GAUGE,
};

/* A family of samples that have labels; they follow. */
void exposition_begin(struct buf *out, const char *name, enum exposition_type type,
		      const char *help);
void exposition_labeled(struct buf *out, const char *name, const char *label,
			const char *text, double v);

/* A family of one sample. */
void exposition_counter(struct buf *out, const char *name, const char *help, double v);
void exposition_gauge(struct buf *out, const char *name, const char *help, double v);

#endif
