/* A worker that uses an engine, and the calls it makes. */
#ifndef ENGINE_WORKER_H
#define ENGINE_WORKER_H

#include "engine/contract.h"
#include "util/buf.h"

enum {
	PATIENCE_S = 60, /* of a test: only a hang gets there */
	MANY_SUBSCRIPTIONS = 1000,
	WORKER_HEARS = 1024,
	WORKER_WANTS = 8,
};

/* What happened, in order: a letter for each message or completion. */
struct worker {
	struct loop *loop;
	bool shares_loop; /* it is another worker's */
	struct engine *e;
	char told[2048];
	size_t n;
	unsigned pending; /* completions to come */
	bool calling;     /* inside an operation: nothing may be completed */

	/* Of engines that join nodes. Notes have a line each: "+ me /a /b",
	 * "taken me 2 by=77", "gone me 2". */
	bool up;
	unsigned ups, downs, restores;
	struct buf notes;
	uint64_t note_seq; /* the latest's */
	uint64_t seqs[WORKER_HEARS]; /* of the messages told */
	size_t heard;
	uint64_t beat; /* the cursor of the latest */
	bool answers_restore; /* unless the test does */
	char subscriber[32];  /* a session that wants what the worker wants */
	struct {
		char pattern[32];
		unsigned users;
		bool on;
	} wants[WORKER_WANTS];
};

struct call {
	struct engine_call engine;
	struct worker *w;
	char letter;
	int result;
	void (*then)(struct call *call);
};

/* ---- life ---- */

void start(struct worker *w, const struct contract *contract);
/* Another of the same nodes, on the same loop. */
void start_beside(struct worker *w, struct worker *first, const struct contract *contract);
/* Is not waited for: it may not be up. */
void start_alone(struct worker *w, const struct contract *contract);
void end(struct worker *w);

/* ---- events ---- */

/* Turns the loop once: something has happened. */
void turn(struct worker *w);
/* Until all its calls are done. */
void run(struct worker *w);
void run_both(struct worker *w, struct worker *other);
/* Until it was told `n` messages since the start, `n` lines of notes, … */
void run_to_messages(struct worker *w, size_t n);
void run_to_notes(struct worker *w, size_t n);
void run_until_up(struct worker *w, unsigned ups);
void run_until_down(struct worker *w, unsigned downs);

void tell(struct worker *w, char letter);
void assert_told(struct worker *w, const char *expected);
/* The same for who may be told of messages of which the publisher is told later: letters
 * in their order, and each before the digit behind it. */
void assert_told_in_order(struct worker *w, const char *expected);
/* Since the last time. */
void assert_noted(struct worker *w, const char *lines);

/* Somebody has subscribed to it. Returns when the engine hears it. */
void want(struct worker *w, struct str pattern);
void unwant(struct worker *w, struct str pattern);

/* ---- calls ---- */

void begin(struct worker *w, struct call *c, char letter);
void create(struct worker *w, struct call *c, char letter, struct str id);
void destroy(struct worker *w, struct call *c, char letter, struct str id);
void subscribe(struct worker *w, struct call *c, char letter, struct str id,
	       struct str pattern);
void unsubscribe(struct worker *w, struct call *c, char letter, struct str id,
		 struct str pattern);
void publish(struct worker *w, struct call *c, char letter, char text, struct str channel);

/* A message is told by the first byte of its JSON. */
struct frozen *message_new(char text, struct str channel);

/* Wait for the result. */
int result_of_create(struct worker *w, struct str id);
int result_of_destroy(struct worker *w, struct str id);
int result_of_subscribe(struct worker *w, struct str id, struct str pattern);
int result_of_publish(struct worker *w, char text, struct str channel);

/* What is heard of one publication, before its completion `.`. */
void assert_heard(struct worker *w, struct str channel, const char *expected);

#endif
