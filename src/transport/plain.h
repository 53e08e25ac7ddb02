/* Connections whose requests are plain: a POST of JSON whose length is told, and which is
 * there as a whole when it is looked at. Nearly all publishes and polls are. libmicrohttpd
 * would answer them likewise, but spends half of such a request's time, and keeps 7 kB for
 * a poll that is held (docs/memory.md).
 *
 * Each request is peeked at first. With one that is not plain its connection goes
 * untouched to who knows all of HTTP, and stays there. */
#ifndef TRANSPORT_PLAIN_H
#define TRANSPORT_PLAIN_H

#include "broker/broker.h"
#include "host/log.h"
#include "transport/gate.h"
#include "transport/head.h"
#include "transport/plain_answer.h"
#include "transport/route.h"

struct plain_config {
	size_t head_bytes, body_bytes; /* at most */
	struct route route;            /* borrowed */
	struct gate *gate;             /* borrowed */
	/* A connection is not for us any more, and takes the descriptor. `head`: of a
	 * plain request whose body is still to come, or too large for us. NULL: it is to be
	 * looked at anew. */
	void (*on_other)(void *arg, int fd, const struct head *head);
	void *arg;
};

struct plains {
	struct loop *loop;
	const struct log *log;
	struct broker *broker;
	struct plain_config config;
	struct list idle;         /* between requests, or sending; the longest first */
	struct list busy;         /* a request is under way */
	struct list dirty, again; /* to be finished, or looked at in the next turn */
	struct loop_timer timer;  /* the first of the idle has been so for too long */
	struct loop_task finish, look_again;
	struct plain_date date;
	struct buf head;          /* of an answer */
	char *input;
	size_t count;
	unsigned running;         /* requests; between turns these are held */
	uint64_t requests;        /* since the start */
	bool stopping;
};

/* 0 or -ENOMEM. */
int plains_init(struct plains *set, struct loop *loop, const struct log *log,
		struct broker *b, const struct plain_config *cfg);
/* Answers what is held, and closes all. */
void plains_clear(struct plains *set);

/* Whether a request of that head is plain, if its body comes along. */
bool plain_is_asked(const struct plains *set, const struct head *head);

/* Takes the descriptor, from which nothing has been read. */
void plain_open(struct plains *set, int fd);

#endif
