/* Replies made by hand. Words with blanks between: `[` and `]` around an array, `nil`,
 * `none` (a hole, which hiredis leaves when memory runs out), `:5` an integer, `!words`
 * an error of one word, `''` an empty text, and any other a text, whose `_` are blanks. */
#ifndef UNIT_REDIS_SAID_H
#define UNIT_REDIS_SAID_H

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

static inline void
unsay(struct redisReply *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->elements; i++)
		unsay(r->element[i]);
	free(r->element);
	free(r->str);
	free(r);
}

static inline struct redisReply *said_next(const char **words);

static inline void
add_elements(struct redisReply *r, const char **words)
{
	for (;;) {
		struct redisReply *e;

		*words += strspn(*words, " ");
		if (**words == ']') {
			(*words)++;
			return;
		}
		e = said_next(words);
		r->element = realloc(r->element, (r->elements + 1) * sizeof(*r->element));
		assert_non_null(r->element);
		r->element[r->elements++] = e;
	}
}

static inline void
set_text(struct redisReply *r, int type, const char *word, size_t n)
{
	r->type = type;
	r->str = calloc(1, n + 1); /* as hiredis: there is an end, too */
	assert_non_null(r->str);
	memcpy(r->str, word, n);
	r->len = n;
	for (size_t i = 0; i < n; i++)
		if (r->str[i] == '_')
			r->str[i] = ' ';
}

static inline struct redisReply *
said_next(const char **words)
{
	struct redisReply *r = calloc(1, sizeof(*r));
	const char *word;
	size_t n;

	assert_non_null(r);
	*words += strspn(*words, " ");
	assert_true(**words); /* the test forgot a bracket */
	word = *words;
	if (*word == '[') {
		r->type = REDIS_REPLY_ARRAY;
		(*words)++;
		add_elements(r, words);
		return r;
	}
	n = strcspn(word, " ]");
	*words += n;
	if (n == 4 && strncmp(word, "none", n) == 0) {
		free(r);
		return NULL;
	}
	if (n == 3 && strncmp(word, "nil", n) == 0) {
		r->type = REDIS_REPLY_NIL;
	} else if (*word == ':') {
		r->type = REDIS_REPLY_INTEGER;
		r->integer = atoll(word + 1);
	} else if (*word == '!') {
		set_text(r, REDIS_REPLY_ERROR, word + 1, n - 1);
	} else if (n == 2 && strncmp(word, "''", n) == 0) {
		set_text(r, REDIS_REPLY_STRING, word, 0);
	} else {
		set_text(r, REDIS_REPLY_STRING, word, n);
	}
	return r;
}

static inline struct redisReply *
said(const char *words)
{
	return said_next(&words);
}

#endif
