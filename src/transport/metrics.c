#include "transport/metrics.h"

bool
metrics_is_asked(struct str method, struct str path)
{
	return str_equal(path, STR("/metrics")) &&
	       (str_equal(method, STR("GET")) || str_equal(method, STR("HEAD")));
}

void
metrics_begin(struct metrics_query *q, struct metrics_survey *s)
{
	q->survey = s;
	s->query = q;
}

void
metrics_answer(struct metrics_survey *s, struct buf *text)
{
	struct metrics_query *q = s->query;

	if (!q)
		return;
	s->query = NULL;
	q->survey = NULL;
	q->done(q, text);
}

void
metrics_fail(struct metrics_query *q)
{
	struct buf none = { .failed = true };

	q->done(q, &none);
}

void
metrics_forget(struct metrics_query *q)
{
	if (q->survey)
		q->survey->query = NULL;
	q->survey = NULL;
}
