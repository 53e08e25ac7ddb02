#include "broker/late.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

struct late {
	struct list_node node;
	unsigned number;
	struct buf array;
};

/* Behind those that come earlier in the batch. */
int
late_keep(struct exchange *x, unsigned number, struct buf *array)
{
	struct late *l = calloc(1, sizeof(*l));
	struct list_node *n, *last = &x->late.head;

	if (!l)
		return -ENOMEM;
	l->number = number;
	l->array = *array;
	*array = BUF_INIT;
	for (n = list_first(&x->late); n; n = list_next(&x->late, n))
		if (list_entry(n, struct late, node)->number < l->number)
			last = n;
	list_insert_behind(last, &l->node);
	return 0;
}

static struct late *
take(struct exchange *x, unsigned before)
{
	struct list_node *n = list_first(&x->late);

	if (!n || list_entry(n, struct late, node)->number >= before)
		return NULL;
	list_unlink(n);
	return list_entry(n, struct late, node);
}

static void
free_late(struct late *l)
{
	buf_clear(&l->array);
	free(l);
}

void
late_write(struct exchange *x, unsigned before)
{
	struct late *l;

	while ((l = take(x, before))) {
		exchange_add_replies(x, (struct str){ l->array.p + 1, l->array.n - 2 });
		free_late(l);
	}
}

void
late_drop(struct exchange *x)
{
	struct late *l;

	while ((l = take(x, UINT_MAX)))
		free_late(l);
}
