/* What a batch does. One broker a worker: it runs batches through the handlers,
 * keeps the worker's sessions, holds connects, and joins the engine. */
#ifndef BROKER_BROKER_H
#define BROKER_BROKER_H

#include "bayeux/batch.h"
#include "bayeux/reply.h"
#include "broker/member.h"
#include "broker/outlet.h"
#include "engine/engine.h"
#include "host/log.h"
#include "host/loop.h"
#include "session/registry.h"

struct broker_config {
	int64_t timeout_ms;  /* a connect is held so long */
	int64_t interval_ms; /* a client should pause so long between connects */
	struct batch_limits batch;
	struct registry_limits registry; /* life_ms is the broker's to set */
	/* Makes the engine; NULL: the embedded one. */
	struct engine *(*make_engine)(void *maker, struct loop *loop,
				      const struct engine_events *events, void *arg);
	void *maker;
	/* Where the process's workers meet, and which of them this is; NULL: it is alone. */
	struct hub *hub;
	unsigned worker;
	struct broker **workers; /* by number; filled before the first loop runs */
	/* The engine has joined the other nodes for the first time: clients may come. */
	void (*on_joined)(void *arg);
	void *arg;
};

/* Since the start; how often. */
struct broker_counts {
	uint64_t published, delivered; /* messages accepted; copies handed to sessions */
	uint64_t repeated;             /* requests that came again and were not done twice */
	uint64_t overflowed;           /* sessions ended for a full queue */
	uint64_t dropped;              /* messages dropped for a full queue */
	uint64_t expired;              /* sessions forgotten */
	uint64_t lost;                 /* messages lost for want of memory */
	uint64_t refused;              /* handshakes beyond the limit */
};

struct broker {
	struct loop *loop;
	const struct log *log;
	struct engine *engine;
	struct hub *hub; /* NULL: there are no other workers */
	unsigned worker;
	struct registry registry;
	struct batch_limits batch_limits;
	int64_t timeout_ms, interval_ms;
	struct loop_timer expiry; /* the registry's next deadline */
	struct loop_task finish;  /* answers what is ready, ends what is doomed */
	struct list ready;        /* struct waiting to be answered at the turn's end */
	struct list orphans;      /* exchanges at work whose peer has gone */
	struct list released;     /* such exchanges whose turn has come */
	struct loop_task go_on;   /* starts them */
	struct broker **workers;  /* all of this process; see relay.h for what follows */
	struct list guests;       /* struct relay that are here */
	struct list leaving;      /* such that are answered */
	struct loop_task leave;
	struct list partings;     /* engine calls for sessions that ended */
	struct cluster cluster;   /* of joined nodes, if the engine joins any */
	void (*on_joined)(void *arg); /* until it was called; or NULL */
	void *on_joined_arg;
	struct broker_counts counts;
	struct log_limit overflow_lines;
};

/* NULL: out of memory, or no randomness to be had. */
struct broker *broker_new(struct loop *loop, const struct log *log,
			  const struct broker_config *cfg);
/* What is under way without a peer is given up; before the last mails are run. */
void broker_abandon(struct broker *b);
/* All outlets have gone before it. */
void broker_free(struct broker *b);

/* A batch from `o`; takes `text` (malloc'ed), whatever comes back. 0: it will
 * be answered by o->ops->reply, perhaps before this returns. BATCH_… (refused,
 * nothing was done) or -ENOMEM. */
int broker_take(struct broker *b, struct outlet *o, char *text, size_t n);

/* Which other worker has that client's session; BROKER_HERE: none, perhaps this one. */
enum { BROKER_HERE = -1 };
int broker_home(const struct broker *b, struct str client_id);

/* Whether that client is in this process, or may be on a joined node. */
bool broker_knows(const struct broker *b, struct str client_id);

/* ---- for handlers and outlets ---- */

struct reply_advice broker_advice(const struct broker *b, const struct session *s,
				  bool event_source);

/* Among joined nodes: the client's session is to be here, and not with another worker; or
 * not any more. 0, -EAGAIN (another has it) or -ENOMEM. */
int broker_claim(struct broker *b, struct str client_id);
void broker_release(struct broker *b, struct str client_id);

/* Whether there are as many sessions as may be, in the whole process. */
bool broker_is_full(const struct broker *b);

/* Makes a session of an id that the engine knows, with an engine_client's flags;
 * results as registry_create's and broker_claim's. */
int broker_create_session(struct broker *b, const char *id, unsigned flags,
			  struct session **out);

/* The engine is to forget the client: its session has ended here, or could not be made. */
void broker_part(struct broker *b, struct str client_id, uint64_t turn);

/* A message for `s`, borrowed, in its turn: it goes to its stream or waits. */
void broker_hand_over(struct broker *b, struct session *s, struct frozen *f);

/* Ends it, as the client asked or because it was doomed: a held connect is
 * answered, a stream closed. */
void broker_end_session(struct broker *b, struct session *s);

/* A message for `s` was lost since there was no memory. */
void broker_count_lost(struct broker *b, const struct session *s);

#endif
