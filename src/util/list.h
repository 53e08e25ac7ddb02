/* An intrusive doubly linked list. The list owns nothing: an element is a
 * struct that holds a `struct list_node` and unlinks itself before it goes. */
#ifndef UTIL_LIST_H
#define UTIL_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list_node {
	struct list_node *prev, *next; /* both NULL while not linked */
};

struct list {
	struct list_node head; /* circular; empty when it points at itself */
};

/* The struct of `type` that holds `node` as its `member`. */
#define list_entry(node, type, member) \
	((type *)(void *)((char *)(node) - offsetof(type, member)))

static inline void
list_init(struct list *l)
{
	l->head.prev = l->head.next = &l->head;
}

static inline bool
list_is_empty(const struct list *l)
{
	return l->head.next == &l->head;
}

static inline bool
list_is_linked(const struct list_node *n)
{
	return n->next != NULL;
}

static inline void
list_append(struct list *l, struct list_node *n)
{
	n->prev = l->head.prev;
	n->next = &l->head;
	n->prev->next = n;
	l->head.prev = n;
}

/* Behind `at`, which is an element or the list's head. */
static inline void
list_insert_behind(struct list_node *at, struct list_node *n)
{
	n->prev = at;
	n->next = at->next;
	n->next->prev = n;
	at->next = n;
}

/* Idempotent. */
static inline void
list_unlink(struct list_node *n)
{
	if (!n->next)
		return;
	n->prev->next = n->next;
	n->next->prev = n->prev;
	n->prev = n->next = NULL;
}

/* The first element, NULL when empty. */
static inline struct list_node *
list_first(const struct list *l)
{
	return list_is_empty(l) ? NULL : l->head.next;
}

/* The first element, unlinked; NULL when empty. */
static inline struct list_node *
list_take_first(struct list *l)
{
	struct list_node *n = list_first(l);

	if (n)
		list_unlink(n);
	return n;
}

/* The element behind `n`, NULL at the end. */
static inline struct list_node *
list_next(const struct list *l, const struct list_node *n)
{
	return n->next == &l->head ? NULL : n->next;
}

/* Moves all elements of `from` to the end of `to`; `from` is empty then. */
static inline void
list_move(struct list *to, struct list *from)
{
	if (list_is_empty(from))
		return;
	from->head.next->prev = to->head.prev;
	to->head.prev->next = from->head.next;
	from->head.prev->next = &to->head;
	to->head.prev = from->head.prev;
	list_init(from);
}

#endif
