/* Parsing starts from the first byte each time more has come: answers are
 * small, and a parser without state has no states to get wrong. */
#include "http.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

enum { MAX_HEAD = 65536 };
#define MAX_BODY (256u << 20)

ssize_t
http_head_size(const char *p, size_t n)
{
	const char *end = memmem(p, n, "\r\n\r\n", 4);

	if (end)
		return end - p + 4;
	return n > MAX_HEAD ? -1 : 0;
}

const char *
http_header(const char *head, size_t head_n, const char *name)
{
	const char *end = head + head_n, *line = head;
	size_t len = strlen(name);

	while ((line = memchr(line, '\n', (size_t)(end - line)))) {
		line++;
		if ((size_t)(end - line) <= len)
			return NULL;
		if (strncasecmp(line, name, len) != 0 || line[len] != ':')
			continue;
		line += len + 1;
		while (*line == ' ' || *line == '\t')
			line++; /* stops at the line's end at the latest */
		return line;
	}
	return NULL;
}

/* The number at `p`, which ends before `end`; -1: none, or absurd. */
static ssize_t
read_size(const char *p, const char *end, unsigned base)
{
	const char *start = p;
	size_t v = 0;

	for (; p < end; p++) {
		unsigned digit = *p >= '0' && *p <= '9'	  ? (unsigned)(*p - '0')
				 : (*p | 32) >= 'a' && (*p | 32) <= 'f'
					 ? (unsigned)((*p | 32) - 'a' + 10)
					 : 99;

		if (digit >= base)
			break;
		v = v * base + digit;
		if (v > MAX_BODY)
			return -1;
	}
	return p > start ? (ssize_t)v : -1;
}

/* Bytes used by the chunked body at `p`, trailer included; as http_parse(). */
static ssize_t
parse_chunks(const char *p, size_t n, struct bytes *chunks)
{
	size_t at = 0;
	ssize_t size;

	chunks->n = 0;
	do {
		const char *eol = memmem(p + at, n - at, "\r\n", 2);

		if (!eol)
			return 0;
		size = read_size(p + at, eol, 16);
		if (size < 0)
			return -1;
		at = (size_t)(eol - p) + 2;
		if (size == 0)
			break;
		if (n - at < (size_t)size + 2)
			return 0;
		if (memcmp(p + at + size, "\r\n", 2) != 0)
			return -1;
		bytes_add(chunks, p + at, (size_t)size);
		at += (size_t)size + 2;
	} while (true);
	for (;;) { /* trailers, up to a blank line */
		const char *eol = memmem(p + at, n - at, "\r\n", 2);

		if (!eol)
			return 0;
		if (eol == p + at)
			return (ssize_t)at + 2;
		at = (size_t)(eol - p) + 2;
	}
}

ssize_t
http_parse(const char *p, size_t n, struct bytes *chunks,
	   struct http_response *r)
{
	ssize_t head = http_head_size(p, n), size;
	const char *value;
	size_t left;

	if (head <= 0)
		return head;
	if (head < 16 || memcmp(p, "HTTP/1.", 7) != 0)
		return -1;
	r->status = (int)read_size(p + 9, p + 12, 10);
	if (r->status < 100)
		return -1;
	left = n - (size_t)head;
	value = http_header(p, (size_t)head, "Connection");
	r->close = value && strncasecmp(value, "close", 5) == 0;
	r->body = p + head;
	r->body_n = 0;
	if (r->status < 200 || r->status == 204 || r->status == 304)
		return head;
	value = http_header(p, (size_t)head, "Transfer-Encoding");
	if (value && strncasecmp(value, "chunked", 7) == 0) {
		size = parse_chunks(r->body, left, chunks);
		if (size <= 0)
			return size;
		r->body = (const char *)chunks->p;
		r->body_n = chunks->n;
		return head + size;
	}
	value = http_header(p, (size_t)head, "Content-Length");
	size = value ? read_size(value, p + head, 10) : 0;
	if (size < 0)
		return -1;
	if (left < (size_t)size)
		return 0;
	r->body_n = (size_t)size;
	return head + size;
}
