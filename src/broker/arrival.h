/* A session on its way here: its connects wait until the engine has moved it. What
 * is told of it meanwhile may be newer than what the engine hands over, and is
 * kept until then. */
#ifndef BROKER_ARRIVAL_H
#define BROKER_ARRIVAL_H

#include "broker/member.h"

/* The connect waits for that client's session, which is sent for. It is answered
 * or hung up on in any case. */
void arrival_add(struct waiting *w, struct str client_id);

struct outlet;

/* An event stream opens and has no connect: it is bound when the session is here, or
 * closed. */
void arrival_add_stream(struct outlet *o, struct str client_id);

/* Keeps an event if its session is on its way here; `word` is + - t(aken) g(one). */
void arrival_note(struct broker *b, struct str client_id, char word, uint64_t seq,
		  uint64_t turn, uint64_t connect, const struct str *patterns, size_t n);

void arrivals_clear(struct broker *b);

#endif
