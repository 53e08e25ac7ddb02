#include "transport/deflate.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "transport/inflate.h"
#include "unit/failing_alloc.h"

enum { LARGE = 200000 };

/* `n` bytes that deflate well or, with `noise`, not at all. Free it. */
static char *
text_new(size_t n, bool noise)
{
	char *text = malloc(n);
	uint32_t x = 1;

	assert_non_null(text);
	for (size_t i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		text[i] = noise ? (char)(x >> 24) : (char)('a' + i % 26);
	}
	return text;
}

static struct frozen *
message_of(const char *text, size_t n)
{
	struct frozen *f = frozen_new_message(STR("/a"), n);

	assert_non_null(f);
	memcpy(f->bytes + f->head_n + 1, text, n);
	return f;
}

/* The frame has RSV1, is smaller, and comes to the same. */
static void
assert_deflated(const struct frozen *f, struct str text)
{
	struct inflater in = INFLATER_INIT;
	struct buf found = BUF_INIT;

	assert_int_equal((unsigned char)frozen_wire(f).p[0], 0xc1);
	assert_true(frozen_text(f).n < text.n);
	assert_int_equal(inflater_run(&in, frozen_text(f), text.n, &found), 0);
	assert_int_equal(found.n, text.n);
	assert_memory_equal(found.p, text.p, text.n);
	buf_clear(&found);
	inflater_clear(&in);
}

static void
texts_become_smaller_frames(void **state)
{
	static const size_t lengths[] = { 256, 257, 1000, 65535, 65536, LARGE, 300 };
	struct deflater d = DEFLATER_INIT;
	char *text = text_new(LARGE, false);

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct str s = { text, lengths[i] };
		struct frozen *f = deflater_new_frame(&d, s);

		assert_non_null(f);
		assert_false(frozen_is_message(f));
		assert_deflated(f, s);
		frozen_unref(f);
	}
	free(text);
	deflater_clear(&d);
}

static void
small_ones_are_not_looked_at(void **state)
{
	struct deflater d = DEFLATER_INIT;
	char *text = text_new(255, false);

	(void)state;
	assert_null(deflater_new_frame(&d, (struct str){ text, 255 }));
	assert_null(deflater_new_frame(&d, STR("")));
	assert_null(d.z);
	free(text);
	deflater_clear(&d);
}

static void
what_does_not_get_smaller_is_left(void **state)
{
	struct deflater d = DEFLATER_INIT;
	char *noise = text_new(LARGE, true), *text = text_new(1000, false);
	struct str s = { text, 1000 };
	struct frozen *f;

	(void)state;
	assert_null(deflater_new_frame(&d, (struct str){ noise, 300 }));
	assert_null(deflater_new_frame(&d, (struct str){ noise, LARGE }));
	f = deflater_new_frame(&d, s); /* it has forgotten what went before */
	assert_non_null(f);
	assert_deflated(f, s);
	frozen_unref(f);
	free(noise);
	free(text);
	deflater_clear(&d);
}

static void
a_message_is_deflated_once(void **state)
{
	struct deflater one = DEFLATER_INIT, other = DEFLATER_INIT;
	char *text = text_new(1000, false);
	struct frozen *f = message_of(text, 1000), *deflated;

	(void)state;
	assert_null(frozen_deflated(f));
	deflater_settle(&one, f);
	deflated = frozen_deflated(f);
	assert_ptr_not_equal(deflated, f);
	assert_deflated(deflated, frozen_text(f));
	deflater_settle(&one, f);
	deflater_settle(&other, f);
	assert_ptr_equal(frozen_deflated(f), deflated);
	assert_null(other.z);
	assert_int_equal(atomic_load(&deflated->refs), 1);
	frozen_unref(f);
	free(text);
	deflater_clear(&one);
	deflater_clear(&other);
}

static void
a_message_that_is_not_worth_it_goes_as_it_is(void **state)
{
	struct deflater d = DEFLATER_INIT;
	char *noise = text_new(1000, true), *text = text_new(253, false);
	struct frozen *f = message_of(noise, 1000), *small = message_of(text, 253);

	(void)state;
	deflater_settle(&d, f);
	assert_ptr_equal(frozen_deflated(f), f);
	deflater_settle(&d, small);
	assert_ptr_equal(frozen_deflated(small), small);
	frozen_unref(f);
	frozen_unref(small);
	free(noise);
	free(text);
	deflater_clear(&d);
}

enum { THREADS = 4, MESSAGES = 200 };

static struct frozen *shared[MESSAGES];
static pthread_barrier_t gate;

/* Each thread is a worker that holds all of them. */
static void *
settle_all(void *arg)
{
	struct deflater d = DEFLATER_INIT;

	(void)arg;
	pthread_barrier_wait(&gate);
	for (int i = 0; i < MESSAGES; i++) {
		const struct frozen *deflated;

		deflater_settle(&d, shared[i]);
		deflated = frozen_deflated(shared[i]);
		if (deflated == shared[i] || frozen_wire(deflated).n >= 1000)
			abort();
		frozen_unref(shared[i]);
	}
	deflater_clear(&d);
	return NULL;
}

static void
threads_settle_on_one(void **state)
{
	char *text = text_new(1000, false);
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < MESSAGES; i++) {
		shared[i] = message_of(text, 1000);
		for (int k = 1; k < THREADS; k++)
			frozen_ref(shared[i]);
	}
	assert_int_equal(pthread_barrier_init(&gate, NULL, THREADS), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, settle_all, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	pthread_barrier_destroy(&gate);
	free(text);
}

static int
deflate_one(void *arg)
{
	struct deflater d = DEFLATER_INIT;
	struct frozen *f = deflater_new_frame(&d, (struct str){ arg, 1000 });
	int rc = f ? 0 : -ENOMEM;

	frozen_unref(f);
	deflater_clear(&d);
	return rc;
}

static void
without_memory_it_is_left(void **state)
{
	char *text = text_new(1000, false);

	(void)state;
	failing_alloc_play(deflate_one, text);
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_become_smaller_frames),
		cmocka_unit_test(small_ones_are_not_looked_at),
		cmocka_unit_test(what_does_not_get_smaller_is_left),
		cmocka_unit_test(a_message_is_deflated_once),
		cmocka_unit_test(a_message_that_is_not_worth_it_goes_as_it_is),
		cmocka_unit_test(threads_settle_on_one),
		cmocka_unit_test(without_memory_it_is_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
