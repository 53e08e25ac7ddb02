#include "server/survey.h"

#include <stdlib.h>

#include "server/metrics_text.h"

struct survey {
	struct metrics_survey asked;
	struct mail mail;
	struct worker *home; /* where it was asked */
	unsigned at;         /* where it is */
	struct figures sum;
};

static void
answer(struct survey *s)
{
	struct buf text = BUF_INIT;

	metrics_write(&s->sum, s->home->crew, loop_now_ms(s->home->loop), &text);
	metrics_answer(&s->asked, &text);
	buf_clear(&text);
	free(s);
}

/* Round about, and back where it began. */
static void
visit(struct mail *m)
{
	struct survey *s = list_entry(m, struct survey, mail);
	struct crew *crew = s->home->crew;

	if (s->at == s->home->number && s->sum.workers == crew->count) {
		answer(s);
		return;
	}
	figures_add(&s->sum, &crew->workers[s->at]);
	s->at = (s->at + 1) % crew->count;
	hub_post(crew->hub, s->at, &s->mail);
}

void
survey_begin(void *worker, struct metrics_query *q)
{
	struct worker *w = worker;
	struct survey *s = calloc(1, sizeof(*s));

	if (!s) {
		metrics_fail(q);
		return;
	}
	s->home = w;
	s->at = w->number;
	s->mail.run = visit;
	metrics_begin(q, &s->asked);
	if (w->crew->hub) {
		visit(&s->mail);
	} else {
		figures_add(&s->sum, w);
		answer(s);
	}
}
