#include "transport/negotiate.h"

#include <time.h>

enum { DATE_BYTES = 40, WEIGHT_ONE = 1000, NOT_NAMED = -1 };

/* Takes the next element off a list, without the blanks around it. Commas in
 * quotes are part of it. False: there is none left. */
static bool
take_element(struct str *list, struct str *element)
{
	bool quoted = false;
	size_t n;

	if (!list->n)
		return false;
	for (n = 0; n < list->n && (quoted || list->p[n] != ','); n++)
		quoted ^= list->p[n] == '"';
	*element = head_trim((struct str){ list->p, n });
	n += n < list->n;
	list->p += n;
	list->n -= n;
	return true;
}

/* "q=0.5" in thousandths; 0 when it is none, as for one that is refused. */
static int
read_weight(struct str s)
{
	int weight, place = 100;
	size_t i;

	if (s.n < 3 || s.n > 7 || !head_same((struct str){ s.p, 2 }, STR("q=")))
		return 0;
	if ((s.p[2] != '0' && s.p[2] != '1') || (s.n > 3 && s.p[3] != '.'))
		return 0;
	weight = (s.p[2] - '0') * WEIGHT_ONE;
	for (i = 4; i < s.n; i++, place /= 10) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return 0;
		weight += (s.p[i] - '0') * place;
	}
	return weight <= WEIGHT_ONE ? weight : 0;
}

/* What Accept-Encoding gives to one coding. */
struct weights {
	int gzip, identity, any;
};

static void
weigh(struct weights *w, struct str element)
{
	const char *semicolon = element.n ? memchr(element.p, ';', element.n) : NULL;
	struct str name = element, rest;
	int weight = WEIGHT_ONE;

	if (semicolon) {
		name.n = (size_t)(semicolon - element.p);
		rest = (struct str){ semicolon + 1, element.n - name.n - 1 };
		weight = read_weight(head_trim(rest));
		name = head_trim(name);
	}
	if (head_same(name, STR("gzip")) || head_same(name, STR("x-gzip")))
		w->gzip = weight;
	else if (head_same(name, STR("identity")))
		w->identity = weight;
	else if (str_equal(name, STR("*")))
		w->any = weight;
}

bool
negotiate_gzip(const struct head *h)
{
	struct weights w = { NOT_NAMED, NOT_NAMED, NOT_NAMED };
	struct str list, element;
	unsigned i;

	for (i = 0; i < h->count; i++) {
		if (!head_same(h->fields[i].name, STR("Accept-Encoding")))
			continue;
		list = h->fields[i].value;
		while (take_element(&list, &element))
			weigh(&w, element);
	}
	if (w.gzip == NOT_NAMED)
		w.gzip = w.any;
	if (w.identity == NOT_NAMED)
		w.identity = w.any;
	return w.gzip > 0 && w.gzip >= w.identity;
}

static bool
is_tag(struct str element, struct str tag)
{
	if (str_starts(element, STR("W/"))) {
		element.p += 2;
		element.n -= 2;
	}
	if (element.n >= 2 && element.p[0] == '"' && element.p[element.n - 1] == '"') {
		element.p++;
		element.n -= 2;
	}
	return str_equal(element, tag);
}

bool
negotiate_has_tag(const struct head *h, struct str tag)
{
	struct str list, element;
	unsigned i;

	for (i = 0; i < h->count; i++) {
		if (!head_same(h->fields[i].name, STR("If-None-Match")))
			continue;
		list = h->fields[i].value;
		if (str_equal(list, STR("*")))
			return true;
		while (take_element(&list, &element))
			if (is_tag(element, tag))
				return true;
	}
	return false;
}

/* A year of two digits counts from 1969 to 2068, which is POSIX's rule and not
 * quite HTTP's; nobody has written such dates for decades. */
static int64_t
read_date(const char *text)
{
	static const char *const forms[] = {
		"%a, %d %b %Y %H:%M:%S GMT",
		"%a, %d-%b-%y %H:%M:%S GMT",
		"%a %b %d %H:%M:%S %Y",
	};
	const char *end;
	size_t i;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm tm = { 0 };

		end = strptime(text, forms[i], &tm);
		if (end && !*end)
			return timegm(&tm);
	}
	return -1;
}

int64_t
negotiate_since(const struct head *h)
{
	const struct str *value = head_find(h, STR("If-Modified-Since"));
	char text[DATE_BYTES];

	if (!value || value->n >= sizeof(text))
		return -1;
	memcpy(text, value->p, value->n);
	text[value->n] = '\0';
	return read_date(text);
}
