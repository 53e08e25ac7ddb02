/* What becomes of a reply, as it should be and as it should not. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "redis/job.h"
#include "unit/failing_alloc.h"
#include "unit/redis/said.h"

/* The job keeps nothing of the reply. */
static struct job *
job_that_hears(enum redis_script_id script, const char *words)
{
	struct job *j = job_new(NULL, script);
	struct redisReply *r = said(words);
	const char *why = NULL;

	assert_non_null(j);
	assert_int_equal(job_read_reply(j, r, &why), 0);
	unsay(r);
	return j;
}

static void
assert_result(enum redis_script_id script, const char *words, int result)
{
	struct job *j = job_that_hears(script, words);

	assert_int_equal(j->result, result);
	job_free(j);
}

/* The connection is to begin anew. */
static void
assert_begins_anew(enum redis_script_id script, const char *words)
{
	struct job *j = job_new(NULL, script);
	struct redisReply *r = said(words);
	const char *why = NULL;

	assert_non_null(j);
	assert_int_equal(job_read_reply(j, r, &why), 1);
	assert_non_null(why);
	assert_true(*why);
	unsay(r);
	job_free(j);
}

/* ---- as it should be ---- */

static void
each_word_has_its_result(void **state)
{
	(void)state;
	assert_result(REDIS_CREATE, "[TAKEN]", ENGINE_TAKEN);
	assert_result(REDIS_ATTACH, "[UNKNOWN]", ENGINE_UNKNOWN);
	assert_result(REDIS_ATTACH, "[LATER]", -EAGAIN);
	assert_result(REDIS_ATTACH, "[OLD]", ENGINE_OLD);
	assert_result(REDIS_ATTACH, "[UNSURE]", ENGINE_UNSURE);
	assert_result(REDIS_PUBLISH, "[DONE]", ENGINE_DONE);
	assert_result(REDIS_TOUCH, "[LOST]", ENGINE_LOST);
	assert_result(REDIS_TOUCH, "[OK]", 0);
	assert_result(REDIS_SENT, "[OK]", 0);
	assert_result(REDIS_DESTROY, "[OK]", 0);
	assert_result(REDIS_BEAT, "[OK]", 0);
}

static void
what_tells_of_the_connection_ends_it(void **state)
{
	(void)state;
	assert_begins_anew(REDIS_TOUCH, "[EMPTIED]");
	assert_begins_anew(REDIS_TOUCH, "[STALE]");
	assert_begins_anew(REDIS_PUBLISH, "[AGAIN 7]");
	assert_begins_anew(REDIS_TOUCH, "!NOSCRIPT");
}

static void
a_client_as_it_was_created(void **state)
{
	struct job *j = job_that_hears(REDIS_CREATE, "[OK 1 1700000000000001]");

	(void)state;
	assert_int_equal(j->result, 0);
	assert_int_equal(j->client.turn, 1);
	assert_int_equal(j->client.at, 1700000000000001);
	assert_int_equal(j->client.cursor, 1700000000000001);
	assert_int_equal(j->client.sub_count, 0);
	job_free(j);
}

#define A "000000000000000a"
#define B "00000000000000ff"

static void
a_client_as_others_left_it(void **state)
{
	struct job *j = job_that_hears(REDIS_ATTACH, "[OK 4 90 80 85 " B " 7 3 " A "," B
						     " 2 /a 70 /b/** 88]");
	const struct engine_client *c = &j->client;

	(void)state;
	assert_int_equal(j->result, 0);
	assert_int_equal(c->turn, 4);
	assert_int_equal(c->at, 90);
	assert_int_equal(c->cursor, 80);
	assert_int_equal(c->sent, 85);
	assert_int_equal(c->connect, 0xff);
	assert_int_equal(c->acked, 7);
	assert_int_equal(c->flags, 3);
	assert_int_equal(c->seen_count, 2);
	assert_int_equal(c->seen[0], 0xa);
	assert_int_equal(c->seen[1], 0xff);
	assert_int_equal(c->sub_count, 2);
	assert_true(str_equal(c->subs[0].pattern, STR("/a")));
	assert_int_equal(c->subs[0].since, 70);
	assert_true(str_equal(c->subs[1].pattern, STR("/b/**")));
	assert_int_equal(c->subs[1].since, 88);
	job_free(j);
}

static void
a_client_that_has_little(void **state)
{
	struct job *j = job_that_hears(REDIS_ATTACH, "[OK 1 9 8 0 '' 0 '' '' 0]");

	(void)state;
	assert_int_equal(j->result, 0);
	assert_int_equal(j->client.connect, 0);
	assert_int_equal(j->client.flags, 0);
	assert_int_equal(j->client.seen_count, 0);
	assert_int_equal(j->client.sub_count, 0);
	job_free(j);
}

static void
how_much_was_taken(void **state)
{
	struct job *j = job_that_hears(REDIS_CHANGE, "[OK 3]");

	(void)state;
	assert_int_equal(j->result, 0);
	assert_int_equal(j->taken, 3);
	job_free(j);
}

static void
assert_entry(const struct job *j, size_t i, uint64_t seq, uint32_t of, const char *json)
{
	const struct engine_entry *e = &j->read.entries[i];

	assert_true(e->message->seq == seq);
	assert_int_equal(e->of, of);
	assert_true(str_equal(frozen_json(e->message), str_from(json)));
}

static void
what_was_published_is_put_in_order(void **state)
{
	struct job *j = job_that_hears(REDIS_READ, "[OK 99 0 0 "
						   "[3 n_1_/a_{1} 7 n_3_/a_{3}] [] "
						   "[4 n_2_/b_{2} 7 n_3_/a_{3} 9 n_4_/b_{4}]]");

	(void)state;
	assert_int_equal(j->result, 0);
	assert_int_equal(j->seq, 99);
	assert_int_equal(j->read.count, 5);
	assert_entry(j, 0, 3, 0, "{1}");
	assert_entry(j, 1, 4, 2, "{2}");
	assert_true(j->read.entries[2].message->seq == 7);
	assert_true(j->read.entries[3].message->seq == 7);
	assert_int_equal(j->read.entries[2].of + j->read.entries[3].of, 2);
	assert_entry(j, 4, 9, 2, "{4}");
	job_free(j);
}

static void
nothing_was_published(void **state)
{
	struct job *j = job_that_hears(REDIS_READ, "[OK 99 1 0]");

	(void)state;
	assert_int_equal(j->result, 0);
	assert_int_equal(j->read.count, 0);
	job_free(j);
}

/* ---- as it should not be ---- */

static void
what_is_no_reply_of_ours(void **state)
{
	(void)state;
	for (int script = 0; script < REDIS_SCRIPT_COUNT; script++) {
		assert_begins_anew(script, "nil");
		assert_begins_anew(script, ":5");
		assert_begins_anew(script, "OK");
		assert_begins_anew(script, "[]");
		assert_begins_anew(script, "[nil]");
		assert_begins_anew(script, "[none OK]");
		assert_begins_anew(script, "[:1 OK]");
		assert_begins_anew(script, "[[OK]]");
		assert_begins_anew(script, "['']");
		assert_begins_anew(script, "[ok]");
		assert_begins_anew(script, "[OKAY]");
		assert_begins_anew(script, "!''");
	}
}

static void
a_new_client_that_lacks_something(void **state)
{
	(void)state;
	assert_result(REDIS_CREATE, "[OK]", -EPROTO);
	assert_result(REDIS_CREATE, "[OK 1]", -EPROTO);
	assert_result(REDIS_CREATE, "[OK 1 nil]", -EPROTO);
	assert_result(REDIS_CREATE, "[OK none 1]", -EPROTO);
	assert_result(REDIS_CREATE, "[OK 1 [1]]", -EPROTO);
	assert_result(REDIS_CREATE, "[OK 1 1e3]", -EPROTO);
	assert_result(REDIS_CREATE, "[OK 1 2_3]", -EPROTO);
	assert_result(REDIS_CREATE, "[OK 1 -3]", -EPROTO);
	assert_result(REDIS_CREATE, "[OK 1 99999999999999999999]", -EPROTO);
}

/* Every element in turn is another thing than it should be. */
static void
a_client_with_something_else_in_it(void **state)
{
	static const char *const whole[] = { "OK", "4", "90", "80", "85", B,  "7",
					     "3",  A,   "2",  "/a", "70", "/b", "88" };
	static const char *const other[] = { "nil", "none", ":7", "[]", "[[nil]_]", "x",
					     "99999999999999999999", "''" };
	enum { COUNT = sizeof(whole) / sizeof(whole[0]), OTHERS = sizeof(other) / sizeof(other[0]) };
	char words[512];

	(void)state;
	for (size_t at = 1; at < COUNT; at++) {
		for (size_t with = 0; with < OTHERS; with++) {
			bool is_text = at == 5 || at == 8; /* any text will do */
			bool is_pattern = at == 10 || at == 12;
			struct job *j;
			size_t n = 0;

			for (size_t i = 0; i < COUNT; i++)
				n += (size_t)snprintf(words + n, sizeof(words) - n, "%s%s",
						      i ? " " : "[",
						      i == at ? other[with] : whole[i]);
			snprintf(words + n, sizeof(words) - n, "]");
			j = job_that_hears(REDIS_ATTACH, words);
			if (is_text || at == 7 || (is_pattern && (with == 5 || with == 6)))
				assert_int_equal(j->result, 0);
			else
				assert_int_equal(j->result, -EPROTO);
			job_free(j);
		}
	}
}

static void
a_client_of_another_size(void **state)
{
	(void)state;
	assert_result(REDIS_ATTACH, "[OK]", -EPROTO);
	assert_result(REDIS_ATTACH, "[OK 4 90 80 85 '' 7 3 '']", -EPROTO);
	assert_result(REDIS_ATTACH, "[OK 4 90 80 85 '' 7 3 '' 1]", -EPROTO);
	assert_result(REDIS_ATTACH, "[OK 4 90 80 85 '' 7 3 '' 1 /a]", -EPROTO);
	assert_result(REDIS_ATTACH, "[OK 4 90 80 85 '' 7 3 '' 1 /a 1 /b]", -EPROTO);
	assert_result(REDIS_ATTACH, "[OK 4 90 80 85 '' 7 3 '' 1 /a 1 /b 2]", -EPROTO);
	assert_result(REDIS_ATTACH, "[OK 4 90 80 85 '' 7 3 '' 0 /a 1]", -EPROTO);
	assert_result(REDIS_ATTACH, "[OK 4 90 80 85 '' 7 3 '' 999999999999999999 /a 1]", -EPROTO);
	assert_result(REDIS_ATTACH, "[OK 4 90 80 85 '' 7 3 '' 576460752303423488 /a 1]", -EPROTO);
}

static void
connects_that_were_none(void **state)
{
	struct job *j = job_that_hears(
		REDIS_ATTACH, "[OK 1 9 8 0 x 0 '' " A ",," A "," A "," A "," A "," A "," A "," A
			      "," B " 0]");

	(void)state;
	assert_int_equal(j->result, 0);
	assert_int_equal(j->client.connect, 0);
	assert_int_equal(j->client.seen_count, ENGINE_SEEN);
	assert_int_equal(j->client.seen[1], 0);
	job_free(j);
}

static void
what_is_no_publication_is_left_out(void **state)
{
	struct job *j = job_that_hears(
		REDIS_READ, "[OK 99 0 0 [nil n_1_/a_{1} 2 nil x n_1_/a_{1} 3 none none none :4 :5 "
			    "[5] [n_1_/a_{1}] 6 n_1_/a 7 n_1_/a/**_{1} 8 n_1_/a_{1} 9]]");

	(void)state;
	assert_int_equal(j->result, 0);
	assert_int_equal(j->read.count, 1);
	assert_entry(j, 0, 8, 0, "{1}");
	job_free(j);
}

static void
a_read_that_is_none(void **state)
{
	(void)state;
	assert_result(REDIS_READ, "[OK]", -EPROTO);
	assert_result(REDIS_READ, "[OK 99]", -EPROTO);
	assert_result(REDIS_READ, "[OK 99 0]", -EPROTO);
	assert_result(REDIS_READ, "[OK nil 0 0]", -EPROTO);
	assert_result(REDIS_READ, "[OK none 0 0 []]", -EPROTO);
	assert_result(REDIS_READ, "[OK 99 0 0 nil]", -EPROTO);
	assert_result(REDIS_READ, "[OK 99 0 0 none]", -EPROTO);
	assert_result(REDIS_READ, "[OK 99 0 0 [3 n_1_/a_{1}] text]", -EPROTO);
	assert_result(REDIS_READ, "[OK 99 0 0 :7]", -EPROTO);
}

static void
others_that_lack_something(void **state)
{
	(void)state;
	assert_result(REDIS_CHANGE, "[OK]", -EPROTO);
	assert_result(REDIS_CHANGE, "[OK :3]", -EPROTO);
	assert_result(REDIS_PUBLISH, "[OK]", -EPROTO);
	assert_result(REDIS_PUBLISH, "[OK nil]", -EPROTO);
}

/* ---- memory ---- */

static int
read_again(void *arg)
{
	struct job *j = job_new(NULL, REDIS_ATTACH), *k;
	const struct redisReply *const *replies = arg;
	const char *why = NULL;
	int rc;

	if (!j)
		return -ENOMEM;
	assert_int_equal(job_read_reply(j, replies[0], &why), 0);
	rc = j->result;
	job_free(j);
	k = rc ? NULL : job_new(NULL, REDIS_READ);
	if (!k)
		return -ENOMEM;
	assert_int_equal(job_read_reply(k, replies[1], &why), 0);
	rc = k->result;
	if (!rc && k->read.count < 2)
		rc = -ENOMEM; /* one was left out for want of memory */
	job_free(k);
	return rc;
}

static void
memory_that_runs_out_is_told(void **state)
{
	struct redisReply *replies[] = { said("[OK 1 9 8 0 '' 0 0 '' 2 /a 1 /b 2]"),
					 said("[OK 9 0 0 [3 n_1_/a_{1} 4 n_2_/a_{2}]]") };

	(void)state;
	failing_alloc_play(read_again, replies);
	unsay(replies[0]);
	unsay(replies[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_word_has_its_result),
		cmocka_unit_test(what_tells_of_the_connection_ends_it),
		cmocka_unit_test(a_client_as_it_was_created),
		cmocka_unit_test(a_client_as_others_left_it),
		cmocka_unit_test(a_client_that_has_little),
		cmocka_unit_test(how_much_was_taken),
		cmocka_unit_test(what_was_published_is_put_in_order),
		cmocka_unit_test(nothing_was_published),
		cmocka_unit_test(what_is_no_reply_of_ours),
		cmocka_unit_test(a_new_client_that_lacks_something),
		cmocka_unit_test(a_client_with_something_else_in_it),
		cmocka_unit_test(a_client_of_another_size),
		cmocka_unit_test(connects_that_were_none),
		cmocka_unit_test(what_is_no_publication_is_left_out),
		cmocka_unit_test(a_read_that_is_none),
		cmocka_unit_test(others_that_lack_something),
		cmocka_unit_test(memory_that_runs_out_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
