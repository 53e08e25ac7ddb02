/* As many open files as the system lets a program have, for the floors. */
#ifndef BENCH_DESCRIPTORS_H
#define BENCH_DESCRIPTORS_H

#include <sys/resource.h>

enum { DESCRIPTORS_MAX = 1 << 20 };

/* How many that are. */
static inline rlim_t
descriptors_raise(void)
{
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_max > DESCRIPTORS_MAX)
		files.rlim_max = DESCRIPTORS_MAX;
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	return files.rlim_cur;
}

#endif
