/* What every engine must do, whatever stands behind it: engine.h read aloud. */
#ifndef ENGINE_CONTRACT_H
#define ENGINE_CONTRACT_H

#include "engine/engine.h"

/* The engine under test. */
struct contract {
	/* A fresh one, which nobody has used. NULL: it could not be had. */
	struct engine *(*make)(struct loop *loop, const struct engine_events *events,
			       void *arg);
};

/* Plays all of it as a cmocka group; what main is to return. */
int contract_run(const struct contract *contract);

#endif
