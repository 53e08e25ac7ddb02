#include "bayeux/frozen.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/failing_alloc.h"

static void
assert_bytes(struct str found, struct str expected)
{
	assert_int_equal(found.n, expected.n);
	assert_memory_equal(found.p, expected.p, expected.n);
}

/* A message of `n` bytes `x`. */
static struct frozen *
message_of(struct str channel, size_t n)
{
	struct frozen *f = frozen_new_message(channel, n);

	assert_non_null(f);
	memset(f->bytes + f->head_n + 1, 'x', n);
	return f;
}

static void
a_message_lies_as_it_leaves_on_a_websocket(void **state)
{
	struct frozen *f = frozen_new_message(STR("/chat"), 2);

	(void)state;
	assert_non_null(f);
	memcpy(f->bytes + f->head_n + 1, "{}", 2);
	assert_bytes(frozen_wire(f), STR("\x81\x04[{}]"));
	assert_bytes(frozen_json(f), STR("{}"));
	assert_bytes(frozen_channel(f), STR("/chat"));
	assert_true(frozen_is_message(f));
	frozen_unref(f);
}

/* `head`: what RFC 6455 5.2 wants before a text of `text_n` bytes. */
static void
assert_head(size_t text_n, struct str head)
{
	struct frozen *f = message_of(STR("/a"), text_n - 2);
	struct str wire = frozen_wire(f);

	assert_int_equal(wire.n, head.n + text_n);
	assert_memory_equal(wire.p, head.p, head.n);
	assert_int_equal(wire.p[head.n], '[');
	assert_int_equal(wire.p[wire.n - 1], ']');
	assert_int_equal(frozen_json(f).n, text_n - 2);
	assert_ptr_equal(frozen_json(f).p, wire.p + head.n + 1);
	assert_bytes(frozen_channel(f), STR("/a"));
	frozen_unref(f);
}

static void
the_head_grows_with_the_text(void **state)
{
	(void)state;
	assert_head(2, STR("\x81\x02"));
	assert_head(125, STR("\x81\x7d"));
	assert_head(126, STR("\x81\x7e\x00\x7e"));
	assert_head(0x1234, STR("\x81\x7e\x12\x34"));
	assert_head(65535, STR("\x81\x7e\xff\xff"));
	assert_head(65536, STR("\x81\x7f\0\0\0\0\0\x01\0\0"));
	assert_head(0x123456, STR("\x81\x7f\0\0\0\0\0\x12\x34\x56"));
}

static void
assert_frame(enum frozen_opcode opcode, struct str payload, struct str wire)
{
	struct frozen *f = frozen_new_frame(opcode, payload);

	assert_non_null(f);
	assert_bytes(frozen_wire(f), wire);
	assert_false(frozen_is_message(f));
	frozen_unref(f);
}

static void
other_frames_carry_their_payload_and_no_channel(void **state)
{
	(void)state;
	assert_frame(FROZEN_TEXT, STR("[]"), STR("\x81\x02[]"));
	assert_frame(FROZEN_PING, STR("7"), STR("\x89\x01" "7"));
	assert_frame(FROZEN_PONG, STR("7"), STR("\x8a\x01" "7"));
	assert_frame(FROZEN_CLOSE, STR("\x03\xe8"), STR("\x88\x02\x03\xe8"));
	assert_frame(FROZEN_PONG, (struct str){ NULL, 0 }, STR("\x8a\x00"));
}

static void
raw_frames_get_no_head(void **state)
{
	struct frozen *f = frozen_new_raw(STR("\x8a\x00\x88\x00"));

	(void)state;
	assert_non_null(f);
	assert_bytes(frozen_wire(f), STR("\x8a\x00\x88\x00"));
	assert_false(frozen_is_message(f));
	frozen_unref(f);
}

static void
what_the_lengths_cannot_hold_is_refused(void **state)
{
	struct str channel = { "/", UINT16_MAX + 1 };

	(void)state;
	assert_null(frozen_new_message(channel, 2)); /* looks at no byte of it */
	assert_null(frozen_new_message(STR("/a"), UINT32_MAX));
}

static void
it_is_settled_once_how_it_leaves_deflated(void **state)
{
	struct frozen *f = message_of(STR("/a"), 2), *plain = message_of(STR("/a"), 2);
	struct frozen *first = frozen_new_frame(FROZEN_DEFLATED, STR("\x02\x00"));

	(void)state;
	assert_non_null(first);
	assert_bytes(frozen_wire(first), STR("\xc1\x02\x02\x00"));
	assert_null(frozen_deflated(f));
	frozen_settle(f, first);
	assert_ptr_equal(frozen_deflated(f), first);
	frozen_settle(f, frozen_new_frame(FROZEN_DEFLATED, STR("\x00")));
	frozen_settle(f, NULL);
	assert_ptr_equal(frozen_deflated(f), first);
	frozen_settle(plain, NULL);
	frozen_settle(plain, frozen_new_frame(FROZEN_DEFLATED, STR("\x00")));
	assert_ptr_equal(frozen_deflated(plain), plain);
	frozen_unref(plain);
	frozen_unref(f);
}

enum { THREADS = 4, ROUNDS = 20000 };

static void *
share(void *arg)
{
	struct frozen *f = arg;

	for (int i = 0; i < ROUNDS; i++)
		frozen_unref(frozen_ref(f));
	frozen_unref(f);
	return NULL;
}

static void
threads_share_it_and_the_last_frees_it(void **state)
{
	struct frozen *f = message_of(STR("/a"), 2);
	pthread_t threads[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, share,
						frozen_ref(f)), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&f->refs), 1);
	frozen_unref(f);
	frozen_unref(NULL);
}

static int
freeze_each_kind(void *arg)
{
	struct frozen *message = frozen_new_message(STR("/a"), 2);
	struct frozen *frame = frozen_new_frame(FROZEN_PING, STR("1"));
	struct frozen *raw = frozen_new_raw(STR("\x8a\x00"));
	int rc = message && frame && raw ? 0 : -ENOMEM;

	(void)arg;
	frozen_unref(message);
	frozen_unref(frame);
	frozen_unref(raw);
	return rc;
}

static void
memory_that_runs_out_is_told(void **state)
{
	(void)state;
	failing_alloc_play(freeze_each_kind, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_lies_as_it_leaves_on_a_websocket),
		cmocka_unit_test(the_head_grows_with_the_text),
		cmocka_unit_test(other_frames_carry_their_payload_and_no_channel),
		cmocka_unit_test(raw_frames_get_no_head),
		cmocka_unit_test(what_the_lengths_cannot_hold_is_refused),
		cmocka_unit_test(it_is_settled_once_how_it_leaves_deflated),
		cmocka_unit_test(threads_share_it_and_the_last_frees_it),
		cmocka_unit_test(memory_that_runs_out_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
