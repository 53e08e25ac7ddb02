/* A broker with its real loop and engine, and peers who write down what they
 * get. Batches are JSON with ' for " and ME for the session's id. */
#ifndef UNIT_BROKER_PEERS_H
#define UNIT_BROKER_PEERS_H

#include "broker/broker.h"
#include "session/queue.h"

struct world {
	struct loop *loop;
	struct log log;
	struct broker *b;
	struct loop_task turn;
	int turns;                      /* left until the loop stops */
	char me[SESSION_ID_BYTES + 1];  /* of the latest handshake */
};

/* What is said, and what is answered. */
#define MESSAGE(n) "{'channel':'/a','data':" n "}"
#define PUBLISHED "{'channel':'/a','successful':true}"
#define SUBSCRIBE(channel) "{'channel':'/meta/subscribe','clientId':'ME'," \
			   "'subscription':'" channel "'}"
#define SUBSCRIBED(channel) "{'clientId':'ME','channel':'/meta/subscribe'," \
			    "'successful':true,'subscription':'" channel "'}"
#define CONNECT(id) "{'channel':'/meta/connect','clientId':'ME','id':'" id "'," \
		    "'connectionType':'websocket'}"
#define CONNECT_NOW(id) "{'channel':'/meta/connect','clientId':'ME','id':'" id "'," \
			"'connectionType':'websocket','advice':{'timeout':0}}"
#define CONNECTED(id) "{'id':'" id "','clientId':'ME','channel':'/meta/connect'," \
		      "'successful':true,'advice':{'reconnect':'retry','interval':0," \
		      "'timeout':45000}}"

/* Some limits small enough to be hit; the rest is roomy. */
extern const struct broker_config peers_config;

void peers_start(struct world *w, const struct broker_config *cfg);
void peers_end(struct world *w);

/* Turns the loop until all that can happen at once has happened. */
void peers_settle(struct world *w);
/* Turns it until somebody stops it. */
void peers_wait(struct world *w);
/* Lets a few milliseconds go by. */
void peers_pause(struct world *w);

struct peer {
	struct outlet outlet;
	struct world *w;
	struct buf got;      /* replies as they came; messages of a stream as JSON */
	struct queue kept;   /* a stream's messages, until proved */
	bool full;           /* a stream that takes no more of a backlog */
	bool stops;          /* the loop, when it is replied to */
	unsigned replies, hung_up, closed;
	int64_t replied_ms;
};

void peer_poll(struct peer *p, struct world *w);
void peer_stream(struct peer *p, struct world *w);
void peer_end(struct peer *p); /* has not gone before */

/* broker_take's result. */
int peer_say(struct peer *p, const char *batch);
/* Says it, settles, and expects exactly that to have come since the last time. */
void peer_asks(struct peer *p, const char *batch, const char *expected);
/* The same of what came by itself. */
void peer_assert_got(struct peer *p, const char *expected);
/* All that was sent to the stream has arrived. */
void peer_prove(struct peer *p);

/* A handshake with these fields too (each behind a comma), the reply is in
 * p->got, and w->me is its session. */
void peer_handshakes(struct peer *p, const char *fields);
/* The same, by a poll of somebody's own. */
void peers_handshake(struct world *w);
/* The same, and it wants /a. */
void peers_subscribed(struct world *w, const struct broker_config *cfg);
/* Somebody says it by a poll of his own, and what he is answered. */
void peers_ask(struct world *w, const char *batch, const char *expected);
/* Whatever the answer is. */
void peers_say(struct world *w, const char *batch);

#endif
