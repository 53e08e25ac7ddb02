#include "server/exposition.h"

#include "util/number.h"

static const char *const types[] = { "counter", "gauge" };

void
exposition_begin(struct buf *out, const char *name, enum exposition_type type,
		 const char *help)
{
	buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, types[type]);
}

static void
add_value(struct buf *out, double v)
{
	char text[NUMBER_MAX_BYTES];

	buf_add_char(out, ' ');
	buf_add(out, text, number_format(v, text));
	buf_add_char(out, '\n');
}

void
exposition_labeled(struct buf *out, const char *name, const char *label,
		   const char *text, double v)
{
	buf_addf(out, "%s{%s=\"%s\"}", name, label, text);
	add_value(out, v);
}

static void
add_single(struct buf *out, const char *name, enum exposition_type type, const char *help,
	   double v)
{
	exposition_begin(out, name, type, help);
	buf_add_str(out, str_from(name));
	add_value(out, v);
}

void
exposition_counter(struct buf *out, const char *name, const char *help, double v)
{
	add_single(out, name, EXPOSITION_COUNTER, help, v);
}

void
exposition_gauge(struct buf *out, const char *name, const char *help, double v)
{
	add_single(out, name, EXPOSITION_GAUGE, help, v);
}
