/* What comes: whether it is plain, and then how it goes to the broker and its answer
 * comes back. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "transport/asked.h"
#include "transport/plain_private.h"
#include "transport/upgrade.h"

static void
on_reply(struct outlet *o, struct buf *array)
{
	struct plain *p = list_entry(o, struct plain, outlet);

	if (p->state != PLAIN_RUNNING)
		return;
	p->answer = *array;
	*array = BUF_INIT;
	plain_end(p, p->answer.failed ? PLAIN_GONE : PLAIN_ANSWERED);
}

static void
on_hang_up(struct outlet *o)
{
	struct plain *p = list_entry(o, struct plain, outlet);

	if (p->state == PLAIN_RUNNING)
		plain_end(p, PLAIN_GONE);
}

static const struct outlet_ops ops = {
	.reply = on_reply,
	.hang_up = on_hang_up,
};

/* A body's, 0: none is told, or a senseless one. */
static size_t
length_of(const struct head *head)
{
	enum { MOST_DIGITS = 9 };
	const struct str *length = head_find(head, STR("Content-Length"));

	if (!length || length->n > MOST_DIGITS)
		return 0;
	return strtoul(length->p, NULL, 10); /* head_check knows it for a number */
}

bool
plain_is_asked(const struct plains *set, const struct head *head)
{
	const struct plain_config *cfg = &set->config;
	size_t n;

	if (!str_equal(head->method, STR("POST")) || head->minor != 1 ||
	    head->n > cfg->head_bytes || head_check(head))
		return false;
	n = length_of(head);
	return n && n <= cfg->body_bytes && asked_by(head) == ASKED_JSON &&
	       !memchr(head->target.p, '?', head->target.n) &&
	       route_is_ours(&cfg->route, head->target) &&
	       !route_script(&cfg->route, head->target).n &&
	       !head_find(head, STR("Transfer-Encoding")) &&
	       !head_find(head, STR("Expect")) && !upgrade_is_asked(head);
}

static void
answer_status(struct plain *p, unsigned status)
{
	p->status = (uint16_t)status;
	plain_end(p, PLAIN_ANSWERED);
}

/* For the answer: until that is made the head will be written over. */
static bool
keep_origin(struct plain *p, const struct head *head)
{
	const struct str *origin = head_find(head, STR("Origin"));

	free(p->origin);
	p->origin = NULL;
	if (!origin || !origin->n)
		return true;
	p->origin = strndup(origin->p, origin->n);
	return p->origin != NULL;
}

static void
begin(struct plain *p)
{
	struct plains *set = p->set;

	p->state = PLAIN_RUNNING;
	p->status = 200;
	list_unlink(&p->node);
	list_append(&set->busy, &p->node);
	set->running++;
	set->requests++;
	outlet_init(&p->outlet, &ops, set->broker);
}

static void
run(struct plain *p, struct str body)
{
	struct plains *set = p->set;
	char *text = malloc(body.n + 1);
	int rc = -ENOMEM;

	if (text) {
		memcpy(text, body.p, body.n);
		text[body.n] = '\0';
		rc = broker_take(set->broker, &p->outlet, text, body.n);
	}
	if (rc)
		answer_status(p, rc < 0 ? 500 : 400);
	else if (p->state == PLAIN_RUNNING && p->closed)
		plain_close_soon(p); /* all but a held connect is answered by then */
}

/* The request is there: of the `there` bytes that were peeked at its own are read, which
 * leaves them where they are. */
static void
take(struct plain *p, const struct head *head, size_t there)
{
	struct plains *set = p->set;
	struct str body = { set->input + head->n, length_of(head) };
	size_t n = head->n + body.n;

	if (!keep_origin(p, head) ||
	    recv(p->fd, set->input, n, MSG_TRUNC | MSG_DONTWAIT) != (ssize_t)n) {
		plain_bury(p);
		return;
	}
	p->more = there > n;
	p->closing = head_has_token(head, STR("Connection"), STR("close"));
	begin(p);
	if (gate_admits(set->config.gate, head))
		run(p, body);
	else
		answer_status(p, 403);
}

/* Takes off what some send behind a body (RFC 9112 2.2). Of the `n` bytes that were
 * peeked at, how many are left. */
static size_t
skip_empty_lines(struct plain *p, size_t n)
{
	enum { MOST_BYTES = 8 };
	char *input = p->set->input;
	size_t k = 0;

	while (k < MOST_BYTES && n - k >= 2 && input[k] == '\r' && input[k + 1] == '\n')
		k += 2;
	if (k == 0 || recv(p->fd, input, k, MSG_TRUNC | MSG_DONTWAIT) != (ssize_t)k)
		return n;
	memmove(input, input + k, n - k);
	return n - k;
}

static bool
may_become_empty_line(struct str bytes)
{
	return bytes.n == 0 || str_equal(bytes, STR("\r"));
}

/* `bytes` were peeked at, in set->input. */
static void
decide(struct plain *p, struct str bytes)
{
	struct head head;

	if (may_become_empty_line(bytes) && !p->closed)
		return;
	if (head_parse(&head, bytes) || !plain_is_asked(p->set, &head))
		plain_pass_on(p, NULL);
	else if (head.n + length_of(&head) > bytes.n)
		plain_pass_on(p, &head);
	else
		take(p, &head, bytes.n);
}

void
plain_look(struct plain *p)
{
	struct plains *set = p->set;
	ssize_t n = recv(p->fd, set->input, PLAIN_INPUT_BYTES, MSG_PEEK | MSG_DONTWAIT);

	p->more = false;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || set->stopping) {
		plain_bury(p);
		return;
	}
	decide(p, (struct str){ set->input, skip_empty_lines(p, (size_t)n) });
}
