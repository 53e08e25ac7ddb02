/* The command line of bayeux-load, checked. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "net.h"

enum scenario {
	SCENARIO_FANOUT,
	SCENARIO_PAIRS,
	SCENARIO_WILDCARD,
	SCENARIO_CONNECT_STORM,
	SCENARIO_IDLE,
	SCENARIO_HTTP_PUBLISH,
	SCENARIO_SLOW_CONSUMER,
	SCENARIOS,
};
extern const char *const scenario_names[SCENARIOS];

enum transport { TRANSPORT_WS, TRANSPORT_LONG_POLLING, TRANSPORT_MIXED };
extern const char *const transport_names[3];

/* The raw ones have nothing around the messages, and the channel is added to the
 * URL's path; with Centrifugo's that is so for those who publish. */
enum protocol {
	PROTOCOL_BAYEUX,
	PROTOCOL_RAW_WS,
	PROTOCOL_RAW_POLLING,
	PROTOCOL_CENTRIFUGE,
	PROTOCOLS,
};
extern const char *const protocol_names[PROTOCOLS];

enum { OPTIONS_HELP = 1, OPTIONS_WRONG };
enum { MAX_PIDS = 32, MAX_URLS = 128 };

struct options {
	enum scenario scenario;
	enum transport transport;
	enum protocol protocol;
	const char *url_list, *pub_url_list, *pid_list;
	const char *transport_text, *protocol_text;
	const char *redis, *name;
	bool non_sticky, alternate, json, allow_loss, on_cue, announce;
	uint32_t clients; /* subscribers */
	uint32_t idle_ws, idle_polling; /* others, to whom nothing comes */
	uint32_t publishers, channels, slow, slow_rcvbuf, window, payload;
	uint32_t count; /* publishes in all; 0: as many as fit in duration */
	uint32_t concurrency, sources;
	double duration, warmup, settle, drain, setup_timeout; /* seconds */
	double rate;		   /* publishes per second; 0: closed loop */
	double reconnect_delay_ms; /* below 0: never */
	uint32_t kill_pid;	   /* 0: nobody is killed */
	uint32_t kill_after;	   /* publishes */
	struct url urls[MAX_URLS], pub_urls[MAX_URLS];
	uint32_t url_count, pub_url_count;
	int pids[MAX_PIDS];
	uint32_t pid_count;
};

extern const char options_usage[];

/* 0, OPTIONS_HELP, or OPTIONS_WRONG after telling what on stderr. The texts
 * stay argv's. */
int options_parse(struct options *o, int argc, char **argv);

#endif
