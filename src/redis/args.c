#include "redis/args.h"

void
args_clear(struct args *a)
{
	buf_clear(&a->text);
	buf_clear(&a->ends);
}

void
args_add(struct args *a, struct str s)
{
	size_t end = a->text.n + s.n;

	buf_add_str(&a->text, s);
	buf_add(&a->ends, &end, sizeof(end));
}

void
args_add_uint(struct args *a, uint64_t v)
{
	size_t end;

	buf_add_uint(&a->text, v);
	end = a->text.n;
	buf_add(&a->ends, &end, sizeof(end));
}

void
args_put_key(char *p, uint64_t key)
{
	size_t i;

	for (i = ARGS_KEY_BYTES; i-- > 0; key >>= 4)
		p[i] = "0123456789abcdef"[key & 15];
}

void
args_add_key(struct args *a, uint64_t key)
{
	char hex[ARGS_KEY_BYTES];

	args_put_key(hex, key);
	args_add(a, (struct str){ hex, key ? sizeof(hex) : 0 });
}

static size_t
end_of(const struct args *a, size_t i)
{
	size_t end;

	memcpy(&end, a->ends.p + i * sizeof(end), sizeof(end));
	return end;
}

struct str
args_get(const struct args *a, size_t i)
{
	size_t begin = i ? end_of(a, i - 1) : 0, n = end_of(a, i) - begin;

	return n ? (struct str){ a->text.p + begin, n } : STR("");
}

uint64_t
args_read_key(struct str s)
{
	uint64_t key = 0;
	size_t i;

	if (s.n != ARGS_KEY_BYTES)
		return 0;
	for (i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c >= '0' && c <= '9')
			key = key << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			key = key << 4 | (uint64_t)(c - 'a' + 10);
		else
			return 0;
	}
	return key;
}
