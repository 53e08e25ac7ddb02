#include "redis/greeting.h"

#include <stdio.h>
#include <stdlib.h>

/* Of Redis; Valkey, made from 7.2, says that in the same line. */
enum { LEAST_MAJOR = 6, LEAST_MINOR = 2 };

/* ---- INFO ---- */

/* The value of a line "KEY:VALUE"; p is NULL when there is none. `key` has its
 * colon. */
static struct str
info_value(struct str info, struct str key)
{
	while (info.n) {
		const char *end = memchr(info.p, '\n', info.n);
		struct str line = { info.p, end ? (size_t)(end - info.p) : info.n };

		info.p += line.n + !!end;
		info.n -= line.n + !!end;
		if (line.n && line.p[line.n - 1] == '\r')
			line.n--;
		if (str_starts(line, key))
			return (struct str){ line.p + key.n, line.n - key.n };
	}
	return (struct str){ 0 };
}

static bool
is_recent(const char *version)
{
	char *end;
	unsigned long major = strtoul(version, &end, 10), minor = 0;

	if (*end == '.')
		minor = strtoul(end + 1, NULL, 10);
	return major > LEAST_MAJOR || (major == LEAST_MAJOR && minor >= LEAST_MINOR);
}

enum greeting_verdict
greeting_judge(struct str info, char why[WIRE_WHY_BYTES])
{
	struct str told = info_value(info, STR("redis_version:"));
	char version[32];

	if (!told.n || told.n >= sizeof(version)) {
		snprintf(why, WIRE_WHY_BYTES, "does not say which version of Redis it is");
		return GREETING_NEVER;
	}
	memcpy(version, told.p, told.n);
	version[told.n] = '\0';
	if (!is_recent(version)) {
		snprintf(why, WIRE_WHY_BYTES, "Redis %s is too old: %d.%d or later is needed",
			 version, LEAST_MAJOR, LEAST_MINOR);
		return GREETING_NEVER;
	}
	if (str_equal(info_value(info, STR("loading:")), STR("1"))) {
		snprintf(why, WIRE_WHY_BYTES, "is still loading its data");
		return GREETING_LATER;
	}
	if (!str_equal(info_value(info, STR("role:")), STR("master"))) {
		snprintf(why, WIRE_WHY_BYTES, "is a replica");
		return GREETING_LATER;
	}
	return GREETING_WELCOME;
}

/* ---- replies ---- */

/* Errors that go by themselves. All others, such as WRONGPASS, NOPERM or a
 * database that is not there, stay. */
static enum greeting_verdict
judge_error(const char *error)
{
	static const char *const passing[] = { "LOADING ", "BUSY ", "MASTERDOWN ",
					       "ERR max number of clients" };

	for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
		if (strncmp(error, passing[i], strlen(passing[i])) == 0)
			return GREETING_LATER;
	return GREETING_NEVER;
}

/* To AUTH and SELECT. */
static void
on_accepted(void *arg, const struct redisReply *reply)
{
	struct greeting *g = arg;

	if (reply && reply->type == REDIS_REPLY_ERROR)
		g->on_done(g->arg, judge_error(reply->str), reply->str);
}

static void
on_info(void *arg, const struct redisReply *reply)
{
	struct greeting *g = arg;
	enum greeting_verdict verdict;
	char why[WIRE_WHY_BYTES];

	if (!reply)
		return;
	if (reply->type == REDIS_REPLY_ERROR) {
		g->on_done(g->arg, judge_error(reply->str), reply->str);
		return;
	}
	/* RESP has it as a string; anything else says nothing. */
	verdict = greeting_judge((struct str){ reply->str, reply->len }, why);
	if (verdict != GREETING_WELCOME)
		g->on_done(g->arg, verdict, why);
}

/* The last one. Who may not have a name goes without. */
static void
on_named(void *arg, const struct redisReply *reply)
{
	struct greeting *g = arg;

	if (reply)
		g->on_done(g->arg, GREETING_WELCOME, NULL);
}

/* ---- commands ---- */

static int
send_auth(struct greeting *g, const struct redis_url *url)
{
	const char *argv[3] = { "AUTH" };
	int argc = 1;

	if (!*url->password)
		return 0;
	if (*url->user)
		argv[argc++] = url->user;
	argv[argc++] = url->password;
	return wire_send(g->wire, argc, argv, NULL, 1, on_accepted, g);
}

static int
send_select(struct greeting *g, const struct redis_url *url)
{
	char db[16];
	const char *argv[] = { "SELECT", db };

	if (!url->db)
		return 0;
	snprintf(db, sizeof(db), "%u", url->db);
	return wire_send(g->wire, 2, argv, NULL, 1, on_accepted, g);
}

int
greeting_send(struct greeting *g, struct wire *wire, const struct redis_url *url,
	      const char *name)
{
	static const char *const info[] = { "INFO" };
	const char *naming[] = { "CLIENT", "SETNAME", name };
	int rc;

	g->wire = wire;
	rc = send_auth(g, url);
	if (!rc)
		rc = send_select(g, url);
	if (!rc)
		rc = wire_send(wire, 1, info, NULL, 1, on_info, g);
	if (!rc)
		rc = wire_send(wire, 3, naming, NULL, 1, on_named, g);
	return rc;
}
