/* What Redis replied, element by element. It comes from our own scripts, but tells
 * what they found in keys that anybody may have written to: nothing is taken for what
 * it should be. */
#ifndef REDIS_REPLY_H
#define REDIS_REPLY_H

#include <hiredis/hiredis.h>
#include <stdint.h>

#include "util/str.h"

/* The i-th element of an array, borrowed; empty: there is no such text. */
struct str redis_reply_text(const struct redisReply *r, size_t i);
/* The same as a decimal number, and nothing else. False, and 0: it is none. */
bool redis_reply_number(const struct redisReply *r, size_t i, uint64_t *v);
/* The same, an array. NULL: it is none. */
const struct redisReply *redis_reply_array(const struct redisReply *r, size_t i);

#endif
