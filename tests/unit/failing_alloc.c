#include "unit/failing_alloc.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);
char *__wrap_strdup(const char *z);
char *__wrap_strndup(const char *z, size_t n);

enum { LIVE_MAX = 65536 };

/* There is one allocator to a program, so this is one of a kind. */
static struct {
	bool playing;
	long until_failure; /* allocations left to grant */
	bool failed;        /* one was refused */
	/* What the scenario holds. Pointers that are not here come from
	 * elsewhere (a library) and are not our business. */
	void *live[LIVE_MAX];
	size_t live_n;
} alloc;

static bool
refuse(void)
{
	if (!alloc.playing || alloc.until_failure-- > 0)
		return false;
	/* Only one: the next may well be granted, as in life. */
	alloc.until_failure = INT32_MAX;
	alloc.failed = true;
	return true;
}

static void *
granted(void *p)
{
	if (alloc.playing && p) {
		assert_true(alloc.live_n < LIVE_MAX);
		alloc.live[alloc.live_n++] = p;
	}
	return p;
}

static void
forget(void *p)
{
	for (size_t i = alloc.live_n; alloc.playing && i-- > 0;) {
		if (alloc.live[i] == p) {
			alloc.live[i] = alloc.live[--alloc.live_n];
			return;
		}
	}
}

void *
__wrap_malloc(size_t n)
{
	return refuse() ? NULL : granted(__real_malloc(n));
}

void *
__wrap_calloc(size_t count, size_t n)
{
	return refuse() ? NULL : granted(__real_calloc(count, n));
}

void *
__wrap_realloc(void *p, size_t n)
{
	if (refuse())
		return NULL;
	forget(p);
	return granted(__real_realloc(p, n));
}

void
__wrap_free(void *p)
{
	forget(p);
	__real_free(p);
}

char *
__wrap_strndup(const char *z, size_t n)
{
	size_t length = strnlen(z, n);
	char *copy = __wrap_malloc(length + 1);

	if (copy) {
		memcpy(copy, z, length);
		copy[length] = '\0';
	}
	return copy;
}

char *
__wrap_strdup(const char *z)
{
	return __wrap_strndup(z, strlen(z));
}

/* True: the play met a failure, so there is another one to come. */
static bool
play(failing_alloc_fn scenario, void *arg, long granted_first, bool tolerant)
{
	int rc;

	alloc.playing = true;
	alloc.until_failure = granted_first;
	alloc.failed = false;
	alloc.live_n = 0;
	rc = scenario(arg);
	alloc.playing = false;

	if (alloc.live_n > 0)
		fail_msg("%zu allocations leak when number %ld fails",
			 alloc.live_n, granted_first + 1);
	if (!alloc.failed)
		assert_int_equal(rc, 0);
	else if (rc != -ENOMEM && !(tolerant && rc == 0))
		fail_msg("%d came back when allocation number %ld failed", rc,
			 granted_first + 1);
	return alloc.failed;
}

static void
play_all(failing_alloc_fn scenario, void *arg, bool tolerant)
{
	long granted_first = 0;

	while (play(scenario, arg, granted_first, tolerant))
		granted_first++;
	/* A scenario that allocates nothing is a mistake in the test. */
	assert_true(granted_first > 0);
}

void
failing_alloc_play(failing_alloc_fn scenario, void *arg)
{
	play_all(scenario, arg, false);
}

void
failing_alloc_play_tolerant(failing_alloc_fn scenario, void *arg)
{
	play_all(scenario, arg, true);
}
