/* Each second Redis is told up to where everything has arrived at the sessions of this
 * node that stream: one number for all of them. It may be told when every worker has said
 * which of its sessions that is not true of. */
#include <errno.h>
#include <stdlib.h>

#include "redis/uplink_private.h"

struct answer {
	struct mail mail;
	struct uplink *up;
	unsigned worker;
	uint64_t cursor;
};

static void
on_told(struct job *j)
{
	job_free(j);
}

static void
tell(struct uplink *up, uint64_t cursor)
{
	struct job *j = job_new(NULL, REDIS_BEAT);

	if (j) {
		j->own = on_told;
		args_add_uint(&j->args, cursor);
		args_add(&j->args, STR("0")); /* who leaves has said so by a record */
	}
	if (!j || args_failed(&j->args)) {
		job_free(j);
		uplink_out_of_memory(up);
		return;
	}
	if (up->state >= UPLINK_SYNCING)
		uplink_submit(up, j);
	else
		job_free(j);
}

/* They answer in the order in which they were asked, so what is true of the one that is
 * least far is true of all. */
static void
tell_if_all_have(struct uplink *up)
{
	uint64_t cursor = UINT64_MAX;
	unsigned i;

	for (i = 0; i < up->port_count; i++) {
		const struct uplink_port *port = &up->ports[i];

		if (port->beats == up->beats)
			return;
		if (port->cursor < cursor)
			cursor = port->cursor;
	}
	up->beats++;
	tell(up, cursor);
}

static void
on_answer(struct mail *m)
{
	struct answer *a = list_entry(m, struct answer, mail);
	struct uplink_port *port = &a->up->ports[a->worker];

	port->beats++;
	port->cursor = a->cursor;
	tell_if_all_have(a->up);
	free(a);
}

void
uplink_beat(struct uplink *up, unsigned worker, uint64_t cursor)
{
	struct answer *a = calloc(1, sizeof(*a));

	if (!a) {
		log_error(up->options.log, "redis: out of memory, a beat is lost");
		return;
	}
	*a = (struct answer){ .mail.run = on_answer, .up = up, .worker = worker,
			      .cursor = cursor };
	mailbox_post(&up->box, &a->mail);
}

bool
uplink_drop_beat(struct mail *m)
{
	bool is_one = m->run == on_answer;

	if (is_one)
		free(list_entry(m, struct answer, mail));
	return is_one;
}
