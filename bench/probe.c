#include "probe.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static double
read_clock(clockid_t clock)
{
	struct timespec t;

	if (clock_gettime(clock, &t) < 0)
		return 0;
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The process's CPU clock counts nanoseconds; /proc/PID/stat only ticks, which
 * are too coarse for a run of a few seconds at a low rate. */
double
probe_cpu_seconds(const int *pids, unsigned n)
{
	double total = 0;
	clockid_t clock;

	for (unsigned i = 0; i < n; i++)
		if (clock_getcpuclockid(pids[i], &clock) == 0)
			total += read_clock(clock);
	return total;
}

double
probe_own_cpu_seconds(void)
{
	return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t
probe_rss_bytes(const int *pids, unsigned n)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < n; i++) {
		char path[64];
		unsigned long pages;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/statm", pids[i]);
		f = fopen(path, "r");
		if (!f)
			continue;
		if (fscanf(f, "%*u %lu", &pages) == 1)
			total += (uint64_t)pages *
				 (uint64_t)sysconf(_SC_PAGESIZE);
		fclose(f);
	}
	return total;
}

static double
info_field(const char *text, const char *name)
{
	const char *p = strstr(text, name);

	return p ? strtod(p + strlen(name), NULL) : 0;
}

/* INFO's text in `text`, terminated; false: no answer. */
static bool
ask_redis(const struct addrinfo *to, char *text, size_t room)
{
	static const char ask[] = "INFO all\r\nQUIT\r\n";
	int fd = socket(to->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	size_t n = 0;
	ssize_t got;

	if (fd < 0)
		return false;
	if (connect(fd, to->ai_addr, to->ai_addrlen) == 0 &&
	    send(fd, ask, sizeof(ask) - 1, MSG_NOSIGNAL) > 0)
		while (n < room - 1 &&
		       (got = recv(fd, text + n, room - 1 - n, 0)) > 0)
			n += (size_t)got;
	close(fd);
	text[n] = '\0';
	return n > 0;
}

/* Lines "cmdstat_NAME:calls=N,...". */
static void
read_calls(struct redis_stats *stats, const char *text)
{
	static const char mark[] = "\ncmdstat_";

	while (stats->names < REDIS_NAMES && (text = strstr(text, mark))) {
		struct redis_calls *c = &stats->by_name[stats->names];
		size_t n;

		text += sizeof(mark) - 1;
		n = strcspn(text, ":\r\n");
		if (n >= sizeof(c->name) || strncmp(text + n, ":calls=", 7))
			continue;
		memcpy(c->name, text, n);
		c->name[n] = '\0';
		c->calls = strtoull(text + n + 7, NULL, 10);
		stats->names++;
	}
}

void
redis_stats_since(struct redis_stats *stats, const struct redis_stats *before)
{
	stats->commands -= before->commands;
	stats->cpu_s -= before->cpu_s;
	for (unsigned i = 0; i < stats->names; i++)
		for (unsigned k = 0; k < before->names; k++)
			if (strcmp(stats->by_name[i].name,
				   before->by_name[k].name) == 0)
				stats->by_name[i].calls -=
					before->by_name[k].calls;
}

bool
probe_redis(const char *host_port, struct redis_stats *stats)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *found;
	char host[128], text[65536], *colon;
	bool answered;

	snprintf(host, sizeof(host), "%s", host_port);
	colon = strrchr(host, ':');
	if (colon)
		*colon = '\0';
	if (getaddrinfo(host, colon ? colon + 1 : "6379", &hints, &found) != 0)
		return false;
	answered = ask_redis(found, text, sizeof(text));
	freeaddrinfo(found);
	*stats = (struct redis_stats){
		.commands = (uint64_t)info_field(
			text, "total_commands_processed:"),
		.cpu_s = info_field(text, "used_cpu_sys:") +
			 info_field(text, "used_cpu_user:"),
	};
	read_calls(stats, text);
	return answered;
}
