/* Whatever comes from Redis: each script's job survives it, keeps nothing of it, and
 * hands on only what is whole. The first byte is the script. */
#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "redis/job.h"

static void
check_client(const struct engine_client *c)
{
	MUST(c->seen_count <= ENGINE_SEEN);
	for (size_t i = 0; i < c->sub_count; i++) {
		struct str pattern = c->subs[i].pattern;

		MUST(pattern.n > 0);
		MUST(strnlen(pattern.p, pattern.n) <= pattern.n); /* it can be read */
	}
}

static void
check_read(const struct engine_read *r)
{
	for (size_t i = 0; i < r->count; i++) {
		MUST(r->entries[i].message);
		MUST(i == 0 || r->entries[i].message->seq >= r->entries[i - 1].message->seq);
	}
}

static void
check(enum redis_script_id script, struct redisReply *reply)
{
	struct job *j = job_new(NULL, script);
	const char *why = NULL;
	int rc;

	MUST(j);
	rc = job_read_reply(j, reply, &why);
	freeReplyObject(reply);
	MUST(rc == 0 || (rc == 1 && why));
	if (rc == 0 && j->result == 0) {
		check_client(&j->client);
		check_read(&j->read);
	}
	job_free(j);
}

/* hiredis takes memory for what is announced, and that is not what is tried here. */
static bool
announces_much(const uint8_t *data, size_t n)
{
	enum { MOST_DIGITS = 4 };
	size_t digits = 0;

	for (size_t i = 0; i < n && digits <= MOST_DIGITS; i++)
		digits = data[i] >= '0' && data[i] <= '9' && i &&
					 (digits || data[i - 1] == '*' || data[i - 1] == '$')
				 ? digits + 1
				 : 0;
	return digits > MOST_DIGITS;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	redisReader *reader = redisReaderCreate();
	void *reply;

	MUST(reader);
	if (n && !announces_much(data, n) &&
	    redisReaderFeed(reader, (const char *)data + 1, n - 1) == REDIS_OK)
		while (redisReaderGetReply(reader, &reply) == REDIS_OK && reply)
			check(data[0] % REDIS_SCRIPT_COUNT, reply);
	redisReaderFree(reader);
	return 0;
}
