/* What Redis does for us, each in one step: lua/NAME.lua with lua/common.lua in front of it,
 * put in here when fayed is built. Each file tells its arguments and replies. */
#ifndef REDIS_SCRIPTS_H
#define REDIS_SCRIPTS_H

#include <stddef.h>

enum redis_script_id {
	REDIS_JOIN,
	REDIS_PUBLISH,
	REDIS_CREATE,
	REDIS_ATTACH,
	REDIS_CHANGE,
	REDIS_DESTROY,
	REDIS_TOUCH,
	REDIS_SENT,
	REDIS_READ,
	REDIS_KEEP,
	REDIS_BEAT,
	REDIS_RESTORE,
	REDIS_LEASE,
	REDIS_SCRIPT_COUNT
};

struct redis_script {
	const char *name;
	const char *text; /* as for SCRIPT LOAD; ends in '\0', too */
	size_t n;
};

/* By enum redis_script_id. */
extern const struct redis_script redis_scripts[REDIS_SCRIPT_COUNT];

#endif
