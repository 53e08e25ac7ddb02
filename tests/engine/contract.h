/* What every engine must do, whatever stands behind it: engine.h read aloud. */
#ifndef ENGINE_CONTRACT_H
#define ENGINE_CONTRACT_H

#include "engine/engine.h"

/* The engine under test. */
struct contract {
	/* A fresh one, which nobody has used. NULL: it could not be had. */
	struct engine *(*make)(struct loop *loop, const struct engine_events *events,
			       void *arg);
	/* Another that has joined the one made last. NULL: engines that join nobody. */
	struct engine *(*join)(struct loop *loop, const struct engine_events *events,
			       void *arg);
};

/* Plays all that concerns it, as cmocka groups; what main is to return. */
int contract_run(const struct contract *contract);
/* Its second half, for engines that join nodes. */
int contract_run_joined(const struct contract *contract);

#endif
