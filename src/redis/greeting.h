/* What a fresh connection says first, in one go: who we are, which database, and
 * is this a server that we can use? */
#ifndef REDIS_GREETING_H
#define REDIS_GREETING_H

#include "redis/wire.h"

enum greeting_verdict {
	GREETING_WELCOME,
	GREETING_LATER, /* may be otherwise soon: a replica, still loading */
	GREETING_NEVER, /* until somebody changes the server or the settings */
};

struct greeting {
	struct wire *wire;
	void (*on_done)(void *arg, enum greeting_verdict verdict, const char *why);
	void *arg;
};

/* On an open wire. `name` is what CLIENT LIST will have. One on_done follows,
 * unless the wire ends before. 0, or what wire_send() said. */
int greeting_send(struct greeting *g, struct wire *wire, const struct redis_url *url,
		  const char *name);

/* What the reply to INFO says of its server. `why` is filled unless it is welcome. */
enum greeting_verdict greeting_judge(struct str info, char why[WIRE_WHY_BYTES]);

#endif
