/* What the uplink's files share. Everything here is its thread's. */
#ifndef REDIS_UPLINK_PRIVATE_H
#define REDIS_UPLINK_PRIVATE_H

#include <hiredis/hiredis.h>

#include "redis/intake.h"
#include "redis/interest.h"
#include "redis/job.h"
#include "redis/link.h"
#include "redis/news.h"
#include "redis/stats.h"
#include "redis/uplink.h"

enum uplink_state {
	UPLINK_DOWN,    /* no connections, or not both ready */
	UPLINK_JOINING, /* scripts are loaded, then the node says who it is */
	UPLINK_RESTORING, /* what Redis may have forgotten is written back */
	UPLINK_SYNCING, /* commands may be sent; what was missed is being read */
	UPLINK_UP,      /* all that is published to our interests is heard */
};

enum {
	UPLINK_GRACE_MS = 1000,   /* so long may Redis be away before anybody is told */
	UPLINK_BEAT_MS = 1000,
	UPLINK_BEATS_MISSED = 3,  /* then the subscriber connection is given up */
	UPLINK_BEATS_NOTED = 8,   /* when they were sent: more are not under way */
	UPLINK_SHA_BYTES = 40,
	UPLINK_YOUNG_MS = 10000, /* so long after it was emptied other nodes may not
				  * have written back all: see lua/common.lua */
};

/* A number as scripts are told of it. */
struct decimal {
	char text[24];
	size_t n;
};

void decimal_set(struct decimal *d, uint64_t v);
static inline struct str
decimal_str(const struct decimal *d)
{
	return (struct str){ d->text, d->n };
}

/* What was heard while it was not to be handled yet, or was read. */
struct heard {
	struct list_node node;
	uint64_t seq;
	bool is_note;
	size_t n;
	char text[];
};

/* What it looks at once a second: see uplink_stats.c. */
struct uplink_watch {
	struct loop_timer look;
	bool is_up;
	bool is_told;       /* that it is back */
	int64_t changed_ms; /* when it was joined or lost; at first, when we started */
	int64_t away_ms;    /* since when it was not there, until that is told */
	int64_t next_line_ms;
	uint64_t forwarded_before; /* as of then */
	uint64_t joins, losses;
	int64_t beats_us[UPLINK_BEATS_NOTED]; /* when they were sent, by number */
	unsigned beats_sent, beats_heard;     /* numbers; they wrap */
	uint64_t lag_us;                      /* of the last one heard; or STAT_NONE */
};

/* A worker. */
struct uplink_port {
	struct redis_engine *engine;
	struct mailbox *box;
	unsigned beats;   /* that it has answered */
	uint64_t cursor;  /* the latest's */
	uint64_t restored; /* in which of our gens it has written all back */
};

struct uplink {
	struct redis_options options;
	struct uplink_port *ports; /* owned array, one for each worker */
	unsigned port_count, added;
	bool started, stopped;
	unsigned beats;         /* that all have answered */
	atomic_size_t backlog;  /* the cost of the news that workers have before them */
	struct loop_timer relief; /* while it is too much, and nothing is read */
	bool paused;
	pthread_t thread;
	struct loop *loop;
	struct mailbox box;
	struct mail stop;
	unsigned T_s;
	struct decimal T_text, log_text; /* that, and options.log_messages */
	uint64_t seed[2];
	char node[REDIS_NODE_BYTES];

	/* Connections. */
	enum uplink_state state;
	struct link *commands, *subscriber;
	bool subscriber_ready;
	char sha[REDIS_SCRIPT_COUNT][UPLINK_SHA_BYTES + 1];
	unsigned loaded;
	unsigned failures; /* in a row */
	struct loop_timer reconnect, away, late, beat, keep, linger;
	bool is_away;      /* for longer than the grace */
	bool is_late;      /* it has not been up for as long, whether commands can be sent
			    * or not */
	bool stopping;
	struct loop_timer last_moment;

	/* Standing in Redis. */
	char epoch[64];
	uint64_t gen;
	struct decimal gen_text;
	uint64_t stored_k, stored_seq; /* as Redis had them when we joined */
	uint64_t k;   /* of the latest publish that got one */
	uint64_t pos; /* all up to there was handed to the worker */
	uint64_t history[2]; /* pos, one and two beats ago */
	int64_t beat_heard_ms;

	/* Interest. */
	struct interests interests;
	size_t unconfirmed;      /* channels that syncing waits for */

	/* Syncing: reads under way, and what was heard and read meanwhile. */
	unsigned reads;
	uint64_t sync_mark;
	struct list heard;       /* struct heard */

	/* Marks: reads whose reply has come, by number. */
	uint64_t mark;           /* the latest heard */
	struct list unmarked;    /* struct job */

	/* Jobs. */
	struct list waiting;     /* until they may be sent, oldest first */
	struct list sent;        /* without a reply, oldest first */
	struct list unheard;     /* publishes done, whose message is not heard yet */

	/* Away: see uplink_island.c. */
	struct list returning;   /* kept jobs that are done and not heard */
	size_t kept_count, kept_bytes;
	uint64_t kept_k;         /* the latest of them */
	bool restore_due, missed; /* until it is done */
	int64_t young_ms;        /* until then all is published to everywhere */
	int64_t joined_ms;       /* when it was joined last, or lost */
	char peer[256];          /* who it was then */
	struct log_limit error_lines, refused_lines, gap_lines;
	uint64_t gaps; /* logs that lacked what somebody had not got */
	struct intake intake;
	uint64_t forwarded, refused; /* of what was to be kept */
	struct uplink_watch watch;
	struct redis_stats stats; /* whoever may read them */
};

/* The first arguments of all scripts that have the gate (lua/common.lua). */
#define UPLINK_GATE(up) \
	str_from((up)->node), decimal_str(&(up)->gen_text), decimal_str(&(up)->T_text)

/* uplink.c */
void uplink_cut(struct uplink *up, const char *why); /* and begin anew; from a callback */
struct link *uplink_open_link(struct uplink *up, enum link_kind kind, const char *what,
			     const struct link_events *events, void *arg);
/* A script with these arguments, `head` and those of `rest` from `from` on. 0 or as
 * link_send(). */
int uplink_call(struct uplink *up, enum redis_script_id script, const struct str *head,
		size_t head_count, const struct args *rest, size_t from,
		wire_reply_fn on_reply, void *arg);
/* A reply that is an error, or not what `script` replies: the connection begins anew. */
void uplink_refuse(struct uplink *up, enum redis_script_id script,
		   const struct redisReply *reply);

/* uplink_news.c */
void uplink_post(struct uplink *up, unsigned worker, struct news *news); /* NULL: no memory */
void uplink_tell(struct uplink *up, enum news_kind kind, uint64_t seq); /* all workers */
void uplink_out_of_memory(struct uplink *up); /* something was to be told */
void uplink_on_relief(void *up); /* the timer's: may more be heard now? */

/* uplink_jobs.c */
void uplink_send_waiting(struct uplink *up);
void uplink_give_up_late(struct uplink *up); /* what would wait until it is up */
void uplink_take_back(struct uplink *up);  /* what was sent on a connection that is gone */
void uplink_marked(struct uplink *up, uint64_t mark);
void uplink_heard(struct uplink *up); /* pos has moved */
void uplink_submit(struct uplink *up, struct job *j); /* one of our own */
void uplink_done(struct uplink *up, struct job *j); /* back to whose it is */
bool uplink_is_idle(const struct uplink *up);
uint64_t uplink_last_done(const struct uplink *up); /* of our publishes, as far as we know */
void uplink_joined(struct uplink *up, uint64_t k, uint64_t seq);

/* uplink_island.c */
void uplink_go_island(struct uplink *up);
bool uplink_keep_publish(struct uplink *up, struct job *j); /* false: no room */
/* One of them is heard, with its place in the order. False: it is none. */
bool uplink_tell_kept(struct uplink *up, uint64_t k, uint64_t seq);
void uplink_kept_done(struct uplink *up, struct job *j);
void uplink_purge_returning(struct uplink *up);
void uplink_drop_kept(struct uplink *up); /* at the end */

/* uplink_stats.c */
void uplink_watch_init(struct uplink *up);
void uplink_look(struct uplink *up); /* it has come up or gone down, or a second is over */
void uplink_beat_sent(struct uplink *up);
void uplink_beat_heard(struct uplink *up);

/* uplink_beat.c */
bool uplink_drop_beat(struct mail *m); /* false: it is another mail */

/* uplink_join.c */
void uplink_on_commands_ready(void *arg);
bool uplink_drop_restored(struct mail *m); /* false: it is another mail */

/* uplink_interest.c */
struct str uplink_live_channel(const struct uplink *up, struct str name, struct buf *out);
void uplink_tell_wanted(struct uplink *up, struct interest *in); /* if it is on */
void uplink_tell_all_wanted(struct uplink *up);

/* uplink_sync.c */
void uplink_sync(struct uplink *up);
void uplink_on_subscribed(void *arg, struct str channel);
void uplink_on_message(void *arg, struct str channel, struct str text);
void uplink_count_gaps(struct uplink *up, uint64_t made, uint64_t trimmed);
void uplink_forget_heard(struct uplink *up);
void uplink_ask(struct uplink *up, const struct interest *in); /* SUBSCRIBE */
void uplink_end_lingering(struct uplink *up);
void uplink_keep(struct uplink *up);
bool uplink_drop_wish(struct mail *m); /* false: it is another mail */

#endif
