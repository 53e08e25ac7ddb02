#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const scenario_names[SCENARIOS] = {
	[SCENARIO_FANOUT] = "fanout",
	[SCENARIO_PAIRS] = "pairs",
	[SCENARIO_WILDCARD] = "wildcard",
	[SCENARIO_CONNECT_STORM] = "connect-storm",
	[SCENARIO_IDLE] = "idle",
	[SCENARIO_HTTP_PUBLISH] = "http-publish",
	[SCENARIO_SLOW_CONSUMER] = "slow-consumer",
};

const char *const transport_names[3] = {
	[TRANSPORT_WS] = "ws",
	[TRANSPORT_LONG_POLLING] = "long-polling",
	[TRANSPORT_MIXED] = "mixed",
};

const char *const protocol_names[PROTOCOLS] = {
	[PROTOCOL_BAYEUX] = "bayeux",
	[PROTOCOL_RAW_WS] = "raw-ws",
	[PROTOCOL_RAW_POLLING] = "raw-polling",
	[PROTOCOL_CENTRIFUGE] = "centrifuge",
};

const char options_usage[] =
	"usage: bayeux-load SCENARIO --url URL[,URL...] [options]\n"
	"scenarios: fanout pairs wildcard connect-storm idle http-publish "
	"slow-consumer\n"
	"  --clients N             subscribers (100)\n"
	"  --publishers P          publishing clients (1; wildcard 2)\n"
	"  --connections C         the same, for http-publish (8)\n"
	"  --channels K            channels, for pairs (1); with more of them "
	"than clients\n"
	"                          each client subscribes to its share\n"
	"  --idle-ws N             so many more clients, to whom nothing comes "
	"(0)\n"
	"  --idle-polling N        the same by long-polling (0)\n"
	"  --transport T           ws, long-polling or mixed (ws)\n"
	"  --rate R                publishes per second in all, open loop; "
	"without it the loop is closed\n"
	"  --window W              closed loop: publishes in flight per stream "
	"(4)\n"
	"  --count N               publish N messages in all, then stop\n"
	"  --payload BYTES         size of the data object, 80 at least (100)\n"
	"  --duration S            seconds of measuring (5; with --count 60 at "
	"most)\n"
	"  --warmup S              publishing before that (1; with --count 0)\n"
	"  --settle S              rest after the setup (0.5)\n"
	"  --on-cue                says \"ready\" on stderr then, and waits for the "
	"end of stdin\n"
	"  --drain S               stop waiting after so long without news (3)\n"
	"  --setup-timeout S       (30)\n"
	"  --concurrency C         clients being set up at a time (256)\n"
	"  --sources N             connect from 127.0.0.1, .2, … in turn: each has "
	"some 28,000 ports\n"
	"  --slow N                slow-consumer: so many stop reading (5)\n"
	"  --slow-rcvbuf BYTES     their receive buffer (4096)\n"
	"  --non-sticky            each long-polling request goes to a random "
	"URL\n"
	"  --alternate             each goes to the URL after the last one's\n"
	"  --reconnect-delay MS    come back after a lost connection (100; -1: "
	"never)\n"
	"  --server-pid PID[,PID]  measure CPU and RSS of these processes\n"
	"  --kill PID              SIGKILL to this process, and the time until "
	"all are served again\n"
	"  --kill-after N          once N messages are published (100)\n"
	"  --redis HOST:PORT       count the commands Redis serves meanwhile\n"
	"  --protocol P            bayeux, or nothing around the messages and "
	"the channel added to\n"
	"                          the URL: raw-ws; raw-polling, where any "
	"answer is the message; or\n"
	"                          centrifuge, whose publishers need --pub-url "
	"http:// (bayeux)\n"
	"  --pub-url URL[,URL...]  where publishers connect, if elsewhere; those "
	"of other protocols\n"
	"                          POST to http://, the channel added to it\n"
	"  --name TEXT             label for the output\n"
	"  --announce              say on stderr when measuring begins\n"
	"  --json                  one line of JSON instead of text\n"
	"  --allow-loss            exit 0 although messages were lost or "
	"duplicated\n";

enum kind { COUNT, REAL, TEXT, FLAG };

static const struct field {
	const char *name;
	enum kind kind;
	size_t at;
} fields[] = {
#define AT(member) offsetof(struct options, member)
	{ "url", TEXT, AT(url_list) },
	{ "pub-url", TEXT, AT(pub_url_list) },
	{ "clients", COUNT, AT(clients) },
	{ "idle-ws", COUNT, AT(idle_ws) },
	{ "idle-polling", COUNT, AT(idle_polling) },
	{ "publishers", COUNT, AT(publishers) },
	{ "connections", COUNT, AT(publishers) },
	{ "channels", COUNT, AT(channels) },
	{ "transport", TEXT, AT(transport_text) },
	{ "rate", REAL, AT(rate) },
	{ "window", COUNT, AT(window) },
	{ "count", COUNT, AT(count) },
	{ "payload", COUNT, AT(payload) },
	{ "duration", REAL, AT(duration) },
	{ "warmup", REAL, AT(warmup) },
	{ "settle", REAL, AT(settle) },
	{ "on-cue", FLAG, AT(on_cue) },
	{ "drain", REAL, AT(drain) },
	{ "setup-timeout", REAL, AT(setup_timeout) },
	{ "concurrency", COUNT, AT(concurrency) },
	{ "sources", COUNT, AT(sources) },
	{ "slow", COUNT, AT(slow) },
	{ "slow-rcvbuf", COUNT, AT(slow_rcvbuf) },
	{ "non-sticky", FLAG, AT(non_sticky) },
	{ "alternate", FLAG, AT(alternate) },
	{ "reconnect-delay", REAL, AT(reconnect_delay_ms) },
	{ "kill", COUNT, AT(kill_pid) },
	{ "kill-after", COUNT, AT(kill_after) },
	{ "server-pid", TEXT, AT(pid_list) },
	{ "redis", TEXT, AT(redis) },
	{ "protocol", TEXT, AT(protocol_text) },
	{ "name", TEXT, AT(name) },
	{ "announce", FLAG, AT(announce) },
	{ "json", FLAG, AT(json) },
	{ "allow-loss", FLAG, AT(allow_loss) },
#undef AT
};
enum { FIELDS = sizeof(fields) / sizeof(fields[0]) };

static int
wrong(const char *what, const char *value)
{
	fprintf(stderr, "bayeux-load: %s%s%s\n", what, value ? ": " : "",
		value ? value : "");
	return OPTIONS_WRONG;
}

static int
set_field(struct options *o, const struct field *f, const char *text)
{
	char *at = (char *)o + f->at, *end = NULL;
	unsigned long count;
	double real;
	bool flag = true;

	switch (f->kind) {
	case TEXT:
		memcpy(at, &text, sizeof(text));
		return 0;
	case FLAG:
		memcpy(at, &flag, sizeof(flag));
		return 0;
	case COUNT:
		errno = 0;
		count = strtoul(text, &end, 10);
		if (*text < '0' || *text > '9' || *end || errno ||
		    count > 100000000)
			return wrong("not a number", text);
		memcpy(at, &(uint32_t){ (uint32_t)count }, sizeof(uint32_t));
		return 0;
	case REAL:
		real = strtod(text, &end);
		if (end == text || *end || !(real > -1e9 && real < 1e9))
			return wrong("not a number", text);
		memcpy(at, &real, sizeof(real));
		return 0;
	}
	return OPTIONS_WRONG;
}

static int
parse_urls(const char *list, struct url *urls, uint32_t *count)
{
	char text[4096], *save = NULL;

	snprintf(text, sizeof(text), "%s", list);
	for (char *one = strtok_r(text, ",", &save); one;
	     one = strtok_r(NULL, ",", &save))
		if (*count == MAX_URLS || url_parse(one, &urls[(*count)++]))
			return wrong("cannot use the URL", one);
	return 0;
}

static int
parse_pids(struct options *o, const char *list)
{
	char *end;

	do {
		o->pids[o->pid_count++] = (int)strtol(list, &end, 10);
		if (end == list || (*end && *end != ','))
			return wrong("not a list of process ids", list);
		list = end + 1;
	} while (*end && o->pid_count < MAX_PIDS);
	return 0;
}

static int
parse_texts(struct options *o)
{
	int rc = 0;

	if (!o->url_list)
		return wrong("--url is needed", NULL);
	rc = parse_urls(o->url_list, o->urls, &o->url_count);
	if (!rc && o->pub_url_list)
		rc = parse_urls(o->pub_url_list, o->pub_urls,
				&o->pub_url_count);
	if (!rc && o->pid_list)
		rc = parse_pids(o, o->pid_list);
	if (rc)
		return rc;
	if (o->url_count == 0)
		return wrong("--url is needed", NULL);
	while (strcmp(o->transport_text, transport_names[o->transport]) != 0)
		if (o->transport++ == TRANSPORT_MIXED)
			return wrong("no such transport", o->transport_text);
	while (strcmp(o->protocol_text, protocol_names[o->protocol]) != 0)
		if (++o->protocol == PROTOCOLS)
			return wrong("no such protocol", o->protocol_text);
	if (strpbrk(o->name, "\"\\"))
		return wrong("no quotes or backslashes in --name", o->name);
	return 0;
}

/* What there is none of without Bayeux. */
static int
check_protocol(const struct options *o)
{
	bool http = o->pub_url_count > 0 && o->pub_urls[0].is_http;

	if (o->protocol == PROTOCOL_BAYEUX)
		return 0;
	if (o->scenario == SCENARIO_WILDCARD ||
	    o->scenario == SCENARIO_HTTP_PUBLISH)
		return wrong("no such scenario without Bayeux", NULL);
	if (o->publishers && o->publishers < o->channels)
		return wrong("each channel needs a publisher of its own", NULL);
	if (o->channels > 1 && o->channels > o->clients)
		return wrong("without Bayeux each client has one channel",
			     NULL);
	if (o->protocol == PROTOCOL_CENTRIFUGE && o->publishers && !http)
		return wrong("centrifuge needs --pub-url http://", NULL);
	if (o->protocol != PROTOCOL_RAW_POLLING)
		return o->transport == TRANSPORT_WS && o->idle_polling == 0
			       ? 0
			       : wrong("no transport but WebSockets",
				       o->protocol_text);
	if (o->idle_ws || o->channels > 1 || o->publishers > 1 ||
	    (o->publishers && (o->window > 1 || o->rate > 0 || !http)))
		return wrong("raw-polling has one channel, one publisher by "
			     "HTTP and --window 1, without --rate",
			     NULL);
	return 0;
}

/* Defaults that depend on others, and what does not go together. */
static int
settle_scenario(struct options *o)
{
	bool idle = o->scenario == SCENARIO_IDLE ||
		    o->scenario == SCENARIO_CONNECT_STORM;

	if (idle)
		o->publishers = 0;
	else if (o->publishers == 0)
		o->publishers = o->scenario == SCENARIO_HTTP_PUBLISH ? 8
				: o->scenario == SCENARIO_WILDCARD   ? 2
								     : 1;
	if (o->duration < 0)
		o->duration = o->count ? 60 : 5;
	if (o->warmup < 0)
		o->warmup = o->count ? 0 : 1;
	if (idle)
		o->warmup = 0;
	if (o->scenario == SCENARIO_CONNECT_STORM)
		o->duration = o->settle = 0;
	if (o->scenario != SCENARIO_PAIRS)
		o->channels = 1;
	if (o->scenario != SCENARIO_SLOW_CONSUMER)
		o->slow = 0;
	else if (o->slow == 0)
		o->slow = 5;
	if (o->channels == 0 || o->window == 0 || o->concurrency == 0)
		return wrong("--channels, --window and --concurrency must be "
			     "positive",
			     NULL);
	if (o->slow > o->clients)
		return wrong("--slow must be at most --clients", NULL);
	if (o->payload < 80)
		return wrong("--payload must be at least 80", NULL);
	return check_protocol(o);
}

static int
parse_fields(struct options *o, int argc, char **argv)
{
	struct option known[FIELDS + 2] = { 0 };
	int chosen, rc = 0;

	for (int i = 0; i < FIELDS; i++)
		known[i] = (struct option){ fields[i].name,
					    fields[i].kind != FLAG, NULL,
					    i + 256 };
	known[FIELDS] = (struct option){ "help", 0, NULL, 'h' };
	optind = 1;
	while (!rc &&
	       (chosen = getopt_long(argc, argv, "h", known, NULL)) != -1) {
		if (chosen == 'h')
			rc = OPTIONS_HELP;
		else if (chosen < 256)
			rc = OPTIONS_WRONG;
		else
			rc = set_field(o, &fields[chosen - 256], optarg);
	}
	if (!rc && optind + 1 != argc)
		rc = wrong("one scenario is needed, see --help", NULL);
	return rc;
}

int
options_parse(struct options *o, int argc, char **argv)
{
	int rc;

	*o = (struct options){
		.clients = 100,
		.channels = 1,
		.window = 4,
		.payload = 100,
		.slow_rcvbuf = 4096,
		.concurrency = 256,
		.duration = -1,
		.warmup = -1,
		.settle = 0.5,
		.drain = 3,
		.setup_timeout = 30,
		.reconnect_delay_ms = 100,
		.kill_after = 100,
		.transport_text = "ws",
		.protocol_text = "bayeux",
		.name = "",
	};
	rc = parse_fields(o, argc, argv);
	if (rc)
		return rc;
	while (strcmp(argv[optind], scenario_names[o->scenario]) != 0)
		if (++o->scenario == SCENARIOS)
			return wrong("no such scenario", argv[optind]);
	rc = parse_texts(o);
	return rc ? rc : settle_scenario(o);
}
