/* A socket on which messages leave for long: what a WebSocket and a stream of
 * events have in common. What a turn brings for it is written once, at the
 * turn's end; what it cannot take waits in its outbox, within limits. A kind
 * embeds it and says by its ops what is its own. */
#ifndef TRANSPORT_STREAM_H
#define TRANSPORT_STREAM_H

#include "broker/broker.h"
#include "transport/outbox.h"

enum { STREAM_PROOF_MS = 1000 }; /* between looks whether what was sent has arrived */

struct stream;

/* Who else must hear that the descriptor is not needed any more: libmicrohttpd,
 * for one of its connections. The stream then does not close it. */
struct stream_lender {
	void (*on_done)(struct stream_lender *lender);
};

struct stream_kind {
	const char *name; /* in the log, which also says: */
	const char *slow_peers, *unproved_messages;
	enum outbox_form form;
	void (*on_readable)(struct stream *s);
	/* The time that `deadline` said has come. */
	void (*on_due)(struct stream *s);
	/* When something must be done about it, INT64_MAX: never. Stalls are
	 * looked after already. */
	int64_t (*deadline)(struct stream *s);
	/* The turn ends: what else should leave with the rest? */
	void (*prepare)(struct stream *s);
	/* A stream that closes, or should, has nothing more to send. */
	void (*on_all_sent)(struct stream *s);
	/* More is kept without proof than may: what has arrived by now? NULL: that
	 * cannot be learned at once. */
	void (*prove)(struct stream *s);
	/* More waits for the peer than may: it is to be closed. */
	void (*on_overflow)(struct stream *s);
	/* The turn ends, and its session is with another worker; see outlet_ops.move. */
	void (*depart)(struct stream *s);
	void (*free)(struct stream *s);
};

struct stream_config {
	size_t unsent_bytes;        /* waiting for one socket */
	uint32_t unproved_messages; /* kept until they are proved, at most */
	int64_t stall_ms;           /* a socket may take nothing for so long */
	int64_t ping_ms;            /* between signs of life; 0: none */
	bool redelivery;            /* what is not proved goes to the next outlet */
};

/* All streams of one kind and worker. */
struct streams {
	struct loop *loop;
	const struct log *log;
	struct broker *broker;
	const struct stream_kind *kind;
	struct stream_config config;
	struct list all;         /* alive */
	struct list dirty;       /* to be written at the turn's end */
	struct list dead;        /* to be freed at the turn's end */
	struct loop_task finish; /* the turn's end */
	size_t count, lent;      /* alive; of them on lent descriptors */
	uint64_t opened, stalled, overflowed; /* since the start */
	uint64_t unproved; /* messages that were let go without proof */
	struct log_limit closed_lines, unproved_lines;
};

/* What each message looks at comes first, together: with thousands of them the memory that
 * is fetched for one costs more than what is done with it. */
struct stream {
	struct outlet outlet;
	struct streams *set;
	struct list_node dirty; /* in set->dirty */
	struct outbox out;
	int fd;
	bool dead;            /* freed at the turn's end */
	bool closing;         /* takes nothing more; set by the kind */
	bool close_wanted;    /* the session has ended */
	int64_t proof_ms;     /* when proof was asked for last */
	int64_t keepalive_ms; /* when the next sign of life is due */
	int64_t blocked_ms;   /* since when it takes nothing; 0: it does */
	struct loop_timer timer;
	struct loop_watch watch;
	struct list_node node;  /* in set->all or set->dead */
	struct stream_lender *lender;
};

void streams_init(struct streams *set, const struct stream_kind *kind, struct loop *loop,
		  const struct log *log, struct broker *b,
		  const struct stream_config *cfg);
/* Kills them all and frees them. */
void streams_clear(struct streams *set);

/* Those that nobody else counts. */
static inline size_t
streams_own_count(const struct streams *set)
{
	return set->count - set->lent;
}

/* A socket that does not block; `lender` is NULL for a descriptor of ours. On
 * failure nothing has been taken. 0 or -ENOMEM. */
int stream_open(struct stream *s, struct streams *set, const struct outlet_ops *ops, int fd,
		struct stream_lender *lender);

/* It leaves its worker, alive, and is in nobody's hands. */
void stream_leave(struct stream *s);
/* The reverse, elsewhere; its batches are gone on with. It may be dead then. */
void stream_arrive(struct stream *s, struct streams *set);

/* Freed at the turn's end; idempotent. */
void stream_kill(struct stream *s);
/* The same, for a peer that was too slow: counted and logged. */
void stream_kill_slow(struct stream *s, const char *reason);
/* Something is to be written at the turn's end. */
void stream_mark_dirty(struct stream *s);
/* The timer follows what is due next. */
void stream_set_timer(struct stream *s);

/* Takes the frame; NULL (out of memory) ends the stream. */
void stream_give(struct stream *s, struct frozen *f);

/* The sooner of the next sign of life and the next look for proof. */
int64_t stream_next_ping_ms(const struct stream *s, int64_t proof_due_ms);

/* ---- for a kind's outlet_ops ---- */

void stream_send(struct outlet *o, struct frozen *f);
bool stream_has_room(struct outlet *o);
void stream_give_back(struct outlet *o);
void stream_close(struct outlet *o);
void stream_hang_up(struct outlet *o);
uint64_t stream_least_unproved(struct outlet *o);

#endif
