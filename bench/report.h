/* The figures as text for people or as one line of JSON. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "run.h"

void report_text(const struct load *load, const struct figures *f);
void report_json(const struct load *load, const struct figures *f);

#endif
