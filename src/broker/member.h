/* A session among joined nodes. Its home is the node where its client connected
 * last; what it needs to live on elsewhere is kept by the engine. With the
 * embedded engine sessions have no member.
 *
 * A member is LIVE when all that is published to its subscriptions is heard here. Before,
 * it HOLDs: what is heard is held back until what was published earlier has been
 * read, then both are handed over in their order. A session that has moved here
 * holds, and one that subscribes to what nobody here wanted yet.
 *
 * What an answer to a poll is to give is recorded first: its client may ask for
 * it again, or acknowledge it, on any node. */
#ifndef BROKER_MEMBER_H
#define BROKER_MEMBER_H

#include "engine/engine.h"
#include "session/registry.h"
#include "util/map.h"

struct broker;
struct errand;
struct waiting;

/* What a holding member must read: a subscription, and since when. */
struct need {
	char *pattern; /* owned */
	size_t n;
	uint64_t since;
};

struct member {
	struct list_node node; /* in the cluster's members */
	struct broker *broker;
	struct session *session;
	uint64_t turn;  /* how often it has moved; who has an older one lost it */
	uint64_t since; /* changes up to there it knows already */
	bool live;
	bool reading;
	bool fresh;    /* the connect at hand brought it here: no need to tell */
	bool dropped;  /* it is being let go: nothing is to be told */
	bool telling;  /* of a connect, */
	uint8_t seen_count;
	uint64_t seen[ENGINE_SEEN]; /* its connects, the oldest first */
	uint64_t pos;  /* while it holds: what came up to there was handed over */
	uint64_t skip_to; /* what came up to there has arrived, whatever a read brings */
	uint64_t again, again_to; /* another node recorded an answer to that connect, up
				   * to where: it acknowledges unless it comes again */
	struct errand *touching; /* by this */
	uint64_t asked; /* the latest connect that the others were told of, */
	uint64_t had; /* of this node's publications that came before their place in the
		       * order (cluster_on_island), those behind this one came here */
	uint64_t sure;  /* and that is known to have come to the session's home */
	uint32_t acked; /* if has_acked: the number that a connect brought meanwhile, for */
	bool has_acked; /* what is still to be read may be what another node gave */
	unsigned flow; /* when it entered; 0: it is out */
	unsigned round, reading_round; /* which needs were asked for */
	struct need *needs;
	size_t need_count;
	struct queue held; /* back */
	struct engine_call read;
};

/* The worker's part. */
struct cluster {
	uint64_t pos; /* all up to there has been handled */
	bool up;      /* the other nodes are in reach */
	uint64_t island;   /* the latest of our publications that came before its place */
	uint64_t mainland; /* the one of them that is being told again; or 0 */
	unsigned flows;
	struct loop_timer pulse; /* tells whether this process has stood still */
	int64_t pulse_ms;        /* when it was felt last */
	int64_t stalled_ms, stalled_until_ms; /* for how long it did lately */
	struct map arrivals; /* see arrival.h */
	struct list members;
	struct list errands; /* see errand.h */
};

void cluster_init(struct cluster *c, const uint64_t seed[2]);
/* For how long the process stood still just now, if it did (a paused machine, SIGSTOP): what
 * a request says that is read first thing afterwards may be long out of date. In ms. */
int64_t cluster_stalled_ms(const struct broker *b);
void cluster_clear(struct broker *b);

/* The engine's events; `arg` is the broker. */
void cluster_on_change(void *arg, uint64_t seq, struct str client_id, char sign,
		       const struct str *patterns, size_t n);
void cluster_on_taken(void *arg, uint64_t seq, struct str client_id, uint64_t turn,
		      uint64_t connect);
void cluster_on_gone(void *arg, uint64_t seq, struct str client_id, uint64_t turn);
void cluster_on_wanted(void *arg, struct str pattern);
void cluster_on_down(void *arg);
void cluster_on_up(void *arg);
void cluster_on_island(void *arg, struct frozen *f, uint64_t k);
void cluster_on_mainland(void *arg, struct frozen *f, uint64_t k);
void cluster_on_restore(void *arg, bool missed);
void cluster_on_beat(void *arg, uint64_t cursor);

/* A session was created here, or moved here; the latter holds. 0 or -ENOMEM, then
 * the session has been ended. */
int member_create(struct broker *b, struct session *s, const struct engine_client *c);
int member_attach(struct broker *b, struct session *s, const struct engine_client *c);
/* The session ends; without a member nothing happens, here and below. */
void member_end(struct session *s);
/* Lets go of the session, which connect `by` has taken elsewhere (0: it cannot be
 * told). A connect that may have been the same one is not answered but hung up on:
 * an id may be answered in one place only. */
void member_lose(struct session *s, uint64_t by);

uint64_t member_turn(const struct session *s); /* 0: none */
static inline struct member *
member_of(const struct session *s)
{
	return s->member;
}

/* Whether `f` is not to be handed over yet; then it has been kept. */
bool member_holds_back(struct session *s, struct frozen *f);

/* Everything up to there has surely reached the client. */
uint64_t member_proven(const struct session *s);

/* Everything up to there has been given when the first `n` of its queue are. */
uint64_t member_given(const struct session *s, uint32_t n);

/* A connect; not when it is old, which a later one has made void. */
bool member_is_old(const struct session *s, uint64_t connect);
void member_connect(struct session *s, const struct waiting *w);
/* The same of a client's acknowledgement, which may be of what is still to be read. */
void member_acknowledge(struct session *s, uint32_t number);
/* A stream was bound to the session, or is not any more. */
void member_bound_stream(struct session *s);
void member_left_stream(struct session *s);

/* Whether a connect may be answered now. If not it is made ready when it may. */
bool member_may_answer(struct waiting *w);
/* Whether it may be answered without messages: that acknowledges what Redis was told
 * of it, or is being told. */
bool member_may_end_empty(const struct waiting *w);
/* What was due before may be possible now. */
void member_look_again(struct session *s);

/* ---- among member's files ---- */

/* member_hold.c: more must be read; reads what may be read now. */
int member_need(struct member *m, struct str pattern, uint64_t since);
void member_hold(struct member *m, uint64_t pos);
void member_try_read(struct member *m);
void member_change(struct session *s, uint64_t seq, char sign, const struct str *patterns,
		   size_t n);
void member_clear_hold(struct member *m);

#endif
