#include "json.h"

#include <string.h>

static const char *
skip_space(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	return p;
}

/* `p` is at the opening quote. NULL: there is no closing one. */
static const char *
closing_quote(const char *p, const char *end)
{
	const char *q = p + 1;

	while ((q = memchr(q, '"', (size_t)(end - q)))) {
		const char *b = q;

		while (b - 1 > p && b[-1] == '\\')
			b--;
		if (((q - b) & 1) == 0)
			return q;
		q++;
	}
	return NULL;
}

/* What follows the nested value at `p`; NULL when it is cut off. */
static const char *
skip_nested(const char *p, const char *end)
{
	int depth = 0;

	for (; p < end; p++) {
		if (*p == '"') {
			p = closing_quote(p, end);
			if (!p)
				return NULL;
		} else if (*p == '{' || *p == '[') {
			depth++;
		} else if ((*p == '}' || *p == ']') && --depth == 0) {
			return p + 1;
		}
	}
	return NULL;
}

/* Reads the value at `p`; what follows it, or NULL when it is cut off. */
static const char *
read_value(const char *p, const char *end, struct span *value)
{
	const char *q;

	p = skip_space(p, end);
	if (p >= end)
		return NULL;
	if (*p == '"') {
		q = closing_quote(p, end);
		if (!q)
			return NULL;
		*value = (struct span){ p + 1, (size_t)(q - p - 1) };
		return q + 1;
	}
	if (*p == '{' || *p == '[') {
		q = skip_nested(p, end);
	} else {
		q = p;
		while (q < end && !memchr(",]} \n\r\t", *q, 7))
			q++;
		if (q == end || q == p)
			q = NULL;
	}
	if (q)
		*value = (struct span){ p, (size_t)(q - p) };
	return q;
}

/* Steps over the opening bracket or a comma, or past the closing bracket. */
static enum json_step
next_item(const char **p, const char *end, char open, char close)
{
	const char *q = skip_space(*p, end);
	bool first = q < end && *q == open;

	if (q < end && *q == close) {
		*p = q + 1;
		return JSON_END;
	}
	if (q >= end || (!first && *q != ','))
		return JSON_BROKEN;
	q = skip_space(q + 1, end);
	if (q < end && *q == close) {
		*p = q + 1;
		return first ? JSON_END : JSON_BROKEN;
	}
	*p = q;
	return q < end ? JSON_ITEM : JSON_BROKEN;
}

enum json_step
json_next_element(const char **p, const char *end, struct span *value)
{
	enum json_step step = next_item(p, end, '[', ']');
	const char *q;

	if (step != JSON_ITEM)
		return step;
	q = read_value(*p, end, value);
	if (!q)
		return JSON_BROKEN;
	*p = q;
	return JSON_ITEM;
}

enum json_step
json_next_member(const char **p, const char *end, struct span *key,
		 struct span *value)
{
	enum json_step step = next_item(p, end, '{', '}');
	const char *q;

	if (step != JSON_ITEM)
		return step;
	if (**p != '"' || !(q = read_value(*p, end, key)))
		return JSON_BROKEN;
	q = skip_space(q, end);
	if (q >= end || *q != ':' || !(q = read_value(q + 1, end, value)))
		return JSON_BROKEN;
	*p = q;
	return JSON_ITEM;
}

bool
span_is(struct span s, const char *text)
{
	size_t n = strlen(text);

	return s.n == n && memcmp(s.p, text, n) == 0;
}

uint64_t
span_number(struct span s)
{
	uint64_t v = 0;

	for (size_t i = 0; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	return v;
}
