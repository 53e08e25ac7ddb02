/* What an uplink says of itself as time passes. It speaks to nobody here: its fields are
 * set as its other files would, and the past is moved instead of waiting. */
#include "redis/uplink_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	struct uplink up;
	struct log log;
	int paper[2]; /* keeps each line apart */
};

static int
set_up(void **state)
{
	static struct fixture fixture;
	struct fixture *f = &fixture;

	*f = (struct fixture){ 0 };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, f->paper))
		return -1;
	f->log = (struct log){ .level = LOG_LEVEL_INFO, .fd = f->paper[0] };
	f->up.options.log = &f->log;
	f->up.loop = loop_new();
	if (!f->up.loop)
		return -1;
	list_init(&f->up.waiting);
	list_init(&f->up.sent);
	uplink_watch_init(&f->up);
	*state = f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	loop_free(f->up.loop);
	close(f->paper[0]);
	close(f->paper[1]);
	return 0;
}

/* So much time passes, and it looks again. */
static void
pass(struct fixture *f, int64_t ms)
{
	struct uplink_watch *w = &f->up.watch;
	size_t i;

	w->changed_ms -= ms;
	w->away_ms -= ms;
	w->next_line_ms -= ms;
	for (i = 0; i < UPLINK_BEATS_NOTED; i++)
		w->beats_us[i] -= ms * 1000;
	uplink_look(&f->up);
}

static void
go(struct fixture *f, enum uplink_state state)
{
	f->up.state = state;
	uplink_look(&f->up);
}

static uint64_t
told(const struct fixture *f, enum redis_stat which)
{
	return redis_stat(&f->up.stats, which);
}

/* The next line in the log; empty: there is none. */
static const char *
line(struct fixture *f)
{
	static char text[256];
	ssize_t n = recv(f->paper[1], text, sizeof(text) - 1, MSG_DONTWAIT);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void
states_are_told_when_they_change(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(told(f, STAT_UP), 0);
	assert_string_equal(redis_stat_states[told(f, STAT_STATE)], "down");
	go(f, UPLINK_JOINING);
	assert_string_equal(redis_stat_states[told(f, STAT_STATE)], "joining");
	go(f, UPLINK_UP);
	assert_int_equal(told(f, STAT_UP), 1);
	assert_string_equal(redis_stat_states[told(f, STAT_STATE)], "up");
	assert_int_equal(told(f, STAT_JOINS), 1);
	assert_int_equal(told(f, STAT_LOSSES), 0);
	go(f, UPLINK_DOWN);
	go(f, UPLINK_SYNCING);
	go(f, UPLINK_DOWN); /* it had not been joined */
	assert_int_equal(told(f, STAT_UP), 0);
	assert_int_equal(told(f, STAT_JOINS), 1);
	assert_int_equal(told(f, STAT_LOSSES), 1);
}

static void
since_when_is_told(void **state)
{
	struct fixture *f = *state;
	uint64_t before = told(f, STAT_CHANGED_MS);

	pass(f, 5000);
	assert_int_equal(told(f, STAT_CHANGED_MS), before - 5000);
	go(f, UPLINK_SYNCING);
	assert_int_equal(told(f, STAT_CHANGED_MS), before - 5000);
	go(f, UPLINK_UP);
	assert_int_equal(told(f, STAT_CHANGED_MS), (uint64_t)loop_now_ms(f->up.loop));
}

static void
jobs_are_counted_where_they_are(void **state)
{
	struct fixture *f = *state;
	struct job jobs[] = {
		{ .script = REDIS_PUBLISH },
		{ .script = REDIS_PUBLISH, .is_kept = true },
		{ .script = REDIS_CREATE },
		{ .script = REDIS_PUBLISH },
		{ .script = REDIS_TOUCH },
	};
	size_t i;

	for (i = 0; i < 4; i++)
		list_append(&f->up.waiting, &jobs[i].node);
	list_append(&f->up.sent, &jobs[4].node);
	f->up.kept_count = 1;
	f->up.kept_bytes = 70;
	f->up.refused = 2;
	f->up.gaps = 3;
	f->up.pos = 1763900000123456;
	uplink_look(&f->up);
	assert_int_equal(told(f, STAT_WAITING), 2);
	assert_int_equal(told(f, STAT_COMMANDS), 1);
	assert_int_equal(told(f, STAT_KEPT), 1);
	assert_int_equal(told(f, STAT_KEPT_BYTES), 70);
	assert_int_equal(told(f, STAT_REFUSED), 2);
	assert_int_equal(told(f, STAT_GAPS), 3);
	assert_int_equal(told(f, STAT_POS), 1763900000123456);
}

static void
what_was_published_for_others_is_told(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(told(f, STAT_INTAKE), 0);
	f->up.intake.token = 12345;
	f->up.intake.counts = (struct intake_counts){
		.published = 1, .elsewhere = 2, .refused = 3, .dropped = 4
	};
	uplink_look(&f->up);
	assert_int_equal(told(f, STAT_INTAKE), 1);
	assert_int_equal(told(f, STAT_INTAKE_PUBLISHED), 1);
	assert_int_equal(told(f, STAT_INTAKE_REFUSED), 3);
	assert_int_equal(told(f, STAT_INTAKE_DROPPED), 4);
}

/* ---- lag ---- */

static void
a_lag_is_what_the_last_beat_took(void **state)
{
	struct fixture *f = *state;

	go(f, UPLINK_UP);
	assert_true(told(f, STAT_LAG_US) == STAT_NONE);
	uplink_beat_sent(&f->up);
	pass(f, 2000);
	assert_true(told(f, STAT_LAG_US) == STAT_NONE);
	uplink_beat_sent(&f->up);
	pass(f, 1000);
	uplink_beat_heard(&f->up); /* after 3 s */
	uplink_beat_heard(&f->up); /* after 1 s */
	uplink_look(&f->up);
	assert_in_range(told(f, STAT_LAG_US), 1000000, 2000000 - 1);
	uplink_beat_heard(&f->up); /* nobody sent that */
	uplink_look(&f->up);
	assert_in_range(told(f, STAT_LAG_US), 1000000, 2000000 - 1);
}

static void
a_beat_that_does_not_come_is_a_lag_that_grows(void **state)
{
	struct fixture *f = *state;

	go(f, UPLINK_UP);
	uplink_beat_sent(&f->up);
	uplink_beat_heard(&f->up);
	uplink_beat_sent(&f->up);
	pass(f, 60000);
	assert_in_range(told(f, STAT_LAG_US), 60000000, 120000000);
	pass(f, 60000);
	assert_in_range(told(f, STAT_LAG_US), 120000000, 180000000);
}

static void
beats_of_a_connection_that_ended_do_not_count(void **state)
{
	struct fixture *f = *state;

	go(f, UPLINK_UP);
	uplink_beat_sent(&f->up);
	uplink_beat_heard(&f->up);
	uplink_beat_sent(&f->up);
	go(f, UPLINK_DOWN);
	assert_true(told(f, STAT_LAG_US) == STAT_NONE);
	pass(f, 60000);
	go(f, UPLINK_SYNCING);
	uplink_beat_sent(&f->up);
	go(f, UPLINK_UP);
	pass(f, 1000);
	uplink_beat_heard(&f->up);
	uplink_look(&f->up);
	assert_in_range(told(f, STAT_LAG_US), 1000000, 60000000);
}

/* ---- lines ---- */

static void
a_calm_uplink_says_nothing(void **state)
{
	struct fixture *f = *state;

	go(f, UPLINK_UP);
	pass(f, 3600000);
	pass(f, 3600000);
	assert_string_equal(line(f), "");
}

static void
a_line_a_minute_while_it_is_away(void **state)
{
	struct fixture *f = *state;

	go(f, UPLINK_UP);
	pass(f, 3600000);
	go(f, UPLINK_DOWN);
	pass(f, 59000);
	assert_string_equal(line(f), "");
	f->up.kept_count = 12;
	f->up.kept_bytes = 3456;
	pass(f, 2000);
	assert_memory_equal(line(f), "fayed: info: redis: away for 61.", 32);
	pass(f, 2000);
	assert_string_equal(line(f), "");
	go(f, UPLINK_JOINING);
	pass(f, 60000);
	assert_non_null(strstr(line(f), " s state=joining kept=12 bytes=3456\n"));
	assert_string_equal(line(f), "");
}

static void
back_is_said_once_and_when_all_has_gone(void **state)
{
	struct fixture *f = *state;

	f->up.forwarded = 7; /* another time */
	go(f, UPLINK_UP);
	assert_non_null(strstr(line(f), "7 publications forwarded"));
	go(f, UPLINK_DOWN);
	f->up.kept_count = 3;
	pass(f, 12000);
	go(f, UPLINK_UP);
	pass(f, 1000);
	assert_string_equal(line(f), "");
	f->up.kept_count = 0;
	f->up.forwarded += 3;
	pass(f, 1000);
	assert_memory_equal(line(f), "fayed: info: redis: back after 12.", 34);
	pass(f, 1000);
	assert_string_equal(line(f), "");
	go(f, UPLINK_DOWN);
	go(f, UPLINK_UP);
	assert_non_null(strstr(line(f), " s, 0 publications forwarded\n"));
}

static void
one_that_is_lost_again_before_is_back_later(void **state)
{
	struct fixture *f = *state;

	go(f, UPLINK_UP);
	go(f, UPLINK_DOWN);
	f->up.kept_count = 3;
	pass(f, 10000);
	go(f, UPLINK_UP);
	f->up.forwarded = 1;
	pass(f, 1000);
	go(f, UPLINK_DOWN);
	pass(f, 10000);
	go(f, UPLINK_UP);
	f->up.forwarded = 3;
	f->up.kept_count = 0;
	pass(f, 1000);
	assert_memory_equal(line(f), "fayed: info: redis: back after 21.", 34);
	assert_string_equal(line(f), "");
	assert_int_equal(told(f, STAT_LOSSES), 2);
}

static void
what_takes_long_to_forward_is_told_of(void **state)
{
	struct fixture *f = *state;

	go(f, UPLINK_UP);
	go(f, UPLINK_DOWN);
	f->up.kept_count = 3;
	go(f, UPLINK_UP);
	pass(f, 61000);
	assert_memory_equal(line(f), "fayed: info: redis: forwarding for 61.", 38);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(states_are_told_when_they_change, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(since_when_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(jobs_are_counted_where_they_are, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_was_published_for_others_is_told, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_lag_is_what_the_last_beat_took, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			a_beat_that_does_not_come_is_a_lag_that_grows, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			beats_of_a_connection_that_ended_do_not_count, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_calm_uplink_says_nothing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_line_a_minute_while_it_is_away, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(back_is_said_once_and_when_all_has_gone,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_that_is_lost_again_before_is_back_later,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_takes_long_to_forward_is_told_of, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
