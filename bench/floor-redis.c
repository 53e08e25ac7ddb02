/* What Redis takes when nothing else is in the way: publishes by fayed's own
 * script, or by bare PUBLISH, from one connection with so many under way, and
 * heard on another as a node would hear them. The least that a server which
 * publishes through Redis can cost, for comparison. */
#include <errno.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] =
	"usage: floor-redis --port PORT [--common FILE --publish FILE] [options]\n"
	"  --common, --publish  the files of the script; without them: bare "
	"PUBLISH\n"
	"  --window N           commands under way (256)\n"
	"  --seconds S          (2)\n"
	"  --payload BYTES      size of the data object, as bayeux-load's (100)\n";

enum { PATTERNS = 5, NAME_BYTES = 64 };

/* As bayeux-load's: a channel of three parts, and who may want it. */
static const char channel[] = "/bench/r0123abcd-4567/c0";
static const char *const patterns[PATTERNS] = {
	channel, "/bench/r0123abcd-4567/*", "/bench/r0123abcd-4567/**",
	"/bench/**", "/**",
};

struct floor {
	const char *common, *publish;
	int port, window, payload;
	double seconds;
	redisContext *commands, *ear;
	char sha[41];
	char live[NAME_BYTES]; /* where it is published */
	char *text;	       /* the message as the script gets it */
	char *line;	       /* and as it publishes it, more or less */
	unsigned long long sent, answered, heard;
};

static void
die(const char *what, const char *why)
{
	fprintf(stderr, "floor-redis: %s: %s\n", what, why);
	exit(1);
}

static double
now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- setting up ---- */

static redisContext *
join(int port)
{
	redisContext *c = redisConnect("127.0.0.1", port);

	if (!c || c->err)
		die("connect", c ? c->errstr : "out of memory");
	return c;
}

static redisReply *
expect(redisReply *r, int type, const char *what)
{
	if (!r || r->type != type)
		die(what, r && r->type == REDIS_REPLY_ERROR ? r->str
							    : "no answer");
	return r;
}

static char *
read_files(const char *one, const char *two)
{
	const char *const names[] = { one, two };
	size_t n = 0, room = 1 << 16;
	char *text = malloc(room);

	for (int i = 0; text && i < 2; i++) {
		FILE *f = fopen(names[i], "r");

		if (!f)
			die(names[i], strerror(errno));
		n += fread(text + n, 1, room - 1 - n, f);
		fclose(f);
	}
	if (!text || n == room - 1)
		die("the script", "too long");
	text[n] = '\0';
	return text;
}

/* What a node that has joined and wants the channel has there. */
static void
load_script(struct floor *f)
{
	char *text = read_files(f->common, f->publish);
	redisReply *r;

	r = expect(redisCommand(f->commands, "SCRIPT LOAD %s", text),
		   REDIS_REPLY_STRING, "SCRIPT LOAD");
	snprintf(f->sha, sizeof(f->sha), "%s", r->str);
	freeReplyObject(r);
	freeReplyObject(expect(redisCommand(f->commands, "HSET floor:node:floor k 0"),
			       REDIS_REPLY_INTEGER, "HSET"));
	freeReplyObject(expect(redisCommand(f->commands,
					    "XADD floor:log:%s MAXLEN = 0 1-0 m 1",
					    channel),
			       REDIS_REPLY_STRING, "XADD"));
	freeReplyObject(expect(redisCommand(f->commands, "SET floor:seq 1"),
			       REDIS_REPLY_STATUS, "SET"));
	free(text);
}

static void
listen_on(struct floor *f)
{
	freeReplyObject(expect(redisCommand(f->ear, "SUBSCRIBE %s", f->live),
			       REDIS_REPLY_ARRAY, "SUBSCRIBE"));
}

static void
make_text(struct floor *f)
{
	size_t room = (size_t)f->payload + 256;

	f->text = malloc(room);
	f->line = malloc(room);
	if (!f->text || !f->line)
		die("the message", strerror(ENOMEM));
	snprintf(f->live, sizeof(f->live), "floor:live:%s", channel);
	snprintf(f->text, room,
		 "%s {\"channel\":\"%s\",\"data\":{\"s\":0,\"n\":100000,"
		 "\"t\":1000000000,\"x\":\"%0*d\"},\"id\":\"p0n100000\"}",
		 channel, channel, f->payload - 40, 0);
	snprintf(f->line, room, "%llu floor %d %s", 1000000000000000ull, 100000,
		 f->text);
}

static double
cpu_field(const char *info, const char *name)
{
	const char *p = strstr(info, name);

	return p ? strtod(p + strlen(name), NULL) : 0;
}

static double
redis_cpu_s(struct floor *f)
{
	redisReply *r = expect(redisCommand(f->commands, "INFO cpu"),
			       REDIS_REPLY_STRING, "INFO");
	double cpu_s = cpu_field(r->str, "used_cpu_sys:") +
		       cpu_field(r->str, "used_cpu_user:");

	freeReplyObject(r);
	return cpu_s;
}

/* ---- publishing ---- */

enum { ARGS_MAX = 16 };

static void
append(struct floor *f, int argc, const char **argv)
{
	size_t bytes[ARGS_MAX];

	for (int i = 0; i < argc; i++)
		bytes[i] = strlen(argv[i]);
	if (redisAppendCommandArgv(f->commands, argc, argv, bytes) != REDIS_OK)
		die("command", f->commands->errstr);
	f->sent++;
}

/* lua/publish.lua tells the arguments. */
static void
append_script(struct floor *f)
{
	char k[24];
	const char *argv[ARGS_MAX] = { "EVALSHA", f->sha, "1", "floor:", "floor",
				       "60", k, "", "0", "1000", f->text };
	int argc = 11;

	snprintf(k, sizeof(k), "%llu", f->sent + 1);
	for (int i = 0; i < PATTERNS; i++)
		argv[argc++] = patterns[i];
	append(f, argc, argv);
}

/* The text as the script puts it together. */
static void
append_publish(struct floor *f)
{
	const char *argv[] = { "PUBLISH", f->live, f->line };

	append(f, 3, argv);
}

static void
take_answer(struct floor *f, const redisReply *r)
{
	const redisReply *status = r->elements ? r->element[0] : r;

	if (r->type == REDIS_REPLY_ERROR ||
	    (f->common && (!status->str || strcmp(status->str, "OK") != 0)))
		die("answer", status->str ? status->str : "not understood");
	f->answered++;
}

static void
read_in(struct floor *f, redisContext *c)
{
	void *r;

	if (redisBufferRead(c) != REDIS_OK)
		die("read", c->errstr);
	while (redisGetReplyFromReader(c, &r) == REDIS_OK && r) {
		if (c == f->ear)
			f->heard++;
		else
			take_answer(f, r);
		freeReplyObject(r);
	}
	if (c->err)
		die("read", c->errstr);
}

/* Sends up to the window, as long as `more`. */
static void
write_out(struct floor *f, bool more)
{
	int done = 0;

	while (more && f->sent - f->answered < (unsigned)f->window) {
		if (f->common)
			append_script(f);
		else
			append_publish(f);
	}
	while (!done)
		if (redisBufferWrite(f->commands, &done) != REDIS_OK)
			die("write", f->commands->errstr);
}

static void
turn(struct floor *f)
{
	struct pollfd fds[] = { { .fd = f->commands->fd, .events = POLLIN },
				{ .fd = f->ear->fd, .events = POLLIN } };

	if (poll(fds, 2, 10000) <= 0)
		die("Redis", "no answer for 10 s");
	if (fds[0].revents)
		read_in(f, f->commands);
	if (fds[1].revents)
		read_in(f, f->ear);
}

static void
run(struct floor *f)
{
	double cpu_s = redis_cpu_s(f);
	double begin = now_s(), end = begin + f->seconds, took;

	do {
		write_out(f, now_s() < end);
		turn(f);
	} while (f->answered < f->sent || f->heard < f->sent || now_s() < end);
	took = now_s() - begin;
	printf("{\"published\":%llu,\"heard\":%llu,\"elapsed_s\":%.4f,"
	       "\"acked_per_s\":%.4f,\"redis_cpu_s\":%.4f}\n",
	       f->answered, f->heard, took, (double)f->answered / took,
	       redis_cpu_s(f) - cpu_s);
}

/* ---- the command line ---- */

static void
set_option(struct floor *f, const char *name, const char *value)
{
	if (strcmp(name, "--port") == 0)
		f->port = atoi(value);
	else if (strcmp(name, "--common") == 0)
		f->common = value;
	else if (strcmp(name, "--publish") == 0)
		f->publish = value;
	else if (strcmp(name, "--window") == 0)
		f->window = atoi(value);
	else if (strcmp(name, "--seconds") == 0)
		f->seconds = atof(value);
	else if (strcmp(name, "--payload") == 0)
		f->payload = atoi(value);
	else
		die("no such option", name);
}

int
main(int argc, char **argv)
{
	struct floor f = { .window = 256, .payload = 100, .seconds = 2 };

	for (int i = 1; i + 1 < argc; i += 2)
		set_option(&f, argv[i], argv[i + 1]);
	if (argc % 2 == 0 || f.port <= 0 || f.window <= 0 || f.payload < 80 ||
	    f.seconds <= 0 || !f.common != !f.publish) {
		fputs(usage, stderr);
		return 2;
	}
	f.commands = join(f.port);
	f.ear = join(f.port);
	make_text(&f);
	if (f.common)
		load_script(&f);
	listen_on(&f);
	run(&f);
	redisFree(f.commands);
	redisFree(f.ear);
	free(f.text);
	free(f.line);
	return 0;
}
