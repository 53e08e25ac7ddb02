/* The other nodes, played by the test: an engine that writes down what it is asked,
 * and answers when and what the test says.
 *
 * What was asked reads as, with the connect ids that came as `by`:
 *
 *     attach by=1
 *     touch turn=2 by=1 cursor=7 acked=3       (cursor and acked if given)
 *     record turn=2 cursor=7 sent=9 by=1       (by=- for none)
 *     read /a>7 /b>9
 *     destroy turn=2
 *     restore turn=2 cursor=7 sent=0 by=- /a
 *     restored
 *     beat cursor=5 turn=1                     (a turn for each that enters) */
#ifndef UNIT_BROKER_OTHERS_H
#define UNIT_BROKER_OTHERS_H

#include "unit/broker/peers.h"

enum { OTHERS_ASKED = 32 };

struct asked {
	struct engine_job job; /* its call, until that is forgotten */
	char words[200];
	size_t entered; /* by a beat */
};

struct others {
	struct engine engine;
	const struct engine_events *events;
	void *arg;
	struct asked asked[OTHERS_ASKED]; /* and not answered, oldest first */
	size_t count;
	struct buf wanted; /* "+/a -/a " */
	/* These are answered at once, with success. */
	struct list easy;
	struct loop_task answer_easy;
	struct loop *loop;
	uint64_t seq; /* the last number given */
	size_t published;
};

/* ME, until a handshake: a client that others know. */
#define OTHERS_CLIENT "0123456789abcdefghijklmnopqrstu"

/* A world whose broker has joined others, and has `cfg` but for its engine. */
void others_start(struct others *o, struct world *w, const struct broker_config *cfg);
void others_end(struct others *o, struct world *w);

/* What is asked and not answered is exactly that: lines as above. */
void others_assert_asked(const struct others *o, const char *lines);
/* What patterns were wanted and unwanted since the last time. */
void others_assert_wanted(struct others *o, const char *expected);

/* The oldest that was asked gets that result, and things settle. */
void others_answer(struct others *o, struct world *w, int result);
/* The n-th oldest does. */
void others_answer_nth(struct others *o, struct world *w, size_t n, int result);
/* The oldest, an attach. */
void others_attach(struct others *o, struct world *w, const struct engine_client *c);
/* The oldest, a read: messages on /a, NULL-terminated as "SEQ" or "SEQ /channel". */
void others_read(struct others *o, struct world *w, const char *const *found);

/* What was asked is of no interest: nobody answers it. Its calls stay. */
void others_forget(struct others *o);

/* Events; a message is MESSAGE(seq) unless it is on another channel. */
void others_say(struct others *o, struct world *w, uint64_t seq, const char *channel);
void others_want(struct others *o, struct world *w, const char *pattern);
void others_change(struct others *o, struct world *w, uint64_t seq, char sign,
		   const char *pattern);
void others_take(struct others *o, struct world *w, uint64_t seq, uint64_t turn,
		 const char *by);
void others_beat(struct others *o, struct world *w, uint64_t cursor);

/* The number that stands for a connect with that id; NULL: 0. */
uint64_t others_key(const char *id);

#define READ(o, w, ...) \
	others_read(o, w, (const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL })

#endif
