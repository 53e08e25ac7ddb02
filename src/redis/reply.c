#include "redis/reply.h"

#include "redis/text.h"

static const struct redisReply *
element(const struct redisReply *r, size_t i, int type)
{
	const struct redisReply *e =
		r->type == REDIS_REPLY_ARRAY && i < r->elements ? r->element[i] : NULL;

	return e && e->type == type ? e : NULL;
}

struct str
redis_reply_text(const struct redisReply *r, size_t i)
{
	const struct redisReply *e = element(r, i, REDIS_REPLY_STRING);

	return e ? (struct str){ e->str, e->len } : (struct str){ 0 };
}

bool
redis_reply_number(const struct redisReply *r, size_t i, uint64_t *v)
{
	struct str s = redis_reply_text(r, i);

	if (text_cut_number(&s, v) && s.n == 0)
		return true;
	*v = 0;
	return false;
}

const struct redisReply *
redis_reply_array(const struct redisReply *r, size_t i)
{
	return element(r, i, REDIS_REPLY_ARRAY);
}
