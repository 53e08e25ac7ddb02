/* Chance from the kernel. */
#ifndef HOST_RANDOM_H
#define HOST_RANDOM_H

#include <stddef.h>

/* 0 or negative errno. */
int random_bytes(void *p, size_t n);

/* `n` characters of 0-9 a-z, each as likely, and a NUL. 0 or negative errno. */
int random_base36(char *out, size_t n);

#endif
