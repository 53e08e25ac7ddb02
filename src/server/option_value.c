#include "server/option_value.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "redis/url.h"
#include "server/quantity.h"
#include "transport/head.h"
#include "transport/origins.h"

_Static_assert(sizeof(enum log_level) == sizeof(unsigned) &&
		       sizeof(enum config_overflow) == sizeof(unsigned),
	       "OPTION_CHOICE writes an unsigned");

/* Enough to set, and to complain about, one value. */
struct setting {
	struct config *cfg;
	const struct option_def *def;
	const char *text;
	const struct mistake_place *place;
	char *error;
};

static void *
field(struct config *cfg, const struct option_def *def)
{
	return (char *)cfg + def->field;
}

static const void *
field_peek(const struct config *cfg, const struct option_def *def)
{
	return (const char *)cfg + def->field;
}

/* Said as the place would have it: "--timeout" or "limits.stall". */
static int
wrong(const struct setting *s, const char *what)
{
	bool in_file = s->place->path;

	return mistake(s->error, s->place, "%s%s: '%.100s' %s",
		       in_file ? "" : "--",
		       in_file ? s->def->key : s->def->name, s->text, what);
}

/* As above, with the default for an example. */
static int
wrong_try(const struct setting *s, const char *what)
{
	const struct option_def *def = s->def;
	bool bare = def->type == OPTION_SECONDS || def->type == OPTION_COUNT;
	const char *quote = bare ? "" : "\"";
	char line[160];

	if (!s->place->path)
		snprintf(line, sizeof(line), "%s (try --%s %s)", what,
			 def->name, def->initial);
	else
		snprintf(line, sizeof(line), "%s (try %s = %s%s%s)", what,
			 option_bare_key(def), quote, def->initial, quote);
	return wrong(s, line);
}

static int
wrong_range(const struct setting *s)
{
	const struct option_def *def = s->def;
	const char *unit = def->type == OPTION_BYTES ? " bytes" : "";
	char line[120], min[QUANTITY_TEXT_BYTES], max[QUANTITY_TEXT_BYTES];

	if (def->type == OPTION_SECONDS) {
		unit = " seconds";
		quantity_print_seconds(min, def->min);
		quantity_print_seconds(max, def->max);
	} else {
		snprintf(min, sizeof(min), "%" PRId64, def->min);
		snprintf(max, sizeof(max), "%" PRId64, def->max);
	}
	snprintf(line, sizeof(line), "is out of range (%s to %s%s)", min, max,
		 unit);
	return wrong(s, line);
}

/* A minus sign makes a number that is out of range, not something else. */
static int
set_number(const struct setting *s, bool (*read)(const char *, int64_t *),
	   const char *kind)
{
	bool negative = s->text[0] == '-';
	int64_t v;

	if (!read(s->text + negative, &v))
		return wrong_try(s, kind);
	if (negative)
		v = -v;
	if (v < s->def->min || v > s->def->max)
		return wrong_range(s);
	if (s->def->type == OPTION_SECONDS)
		*(int64_t *)field(s->cfg, s->def) = v;
	else
		*(size_t *)field(s->cfg, s->def) = (size_t)v;
	return 0;
}

static int
set_choice(const struct setting *s)
{
	const char *const *choices = s->def->choices;
	char line[120];
	int n = 0;

	for (unsigned i = 0; choices[i]; i++) {
		if (strcmp(s->text, choices[i]) == 0) {
			*(unsigned *)field(s->cfg, s->def) = i;
			return 0;
		}
		n += snprintf(line + n, sizeof(line) - (size_t)n, "%s%s",
			      i ? ", " : "is none of ", choices[i]);
	}
	return wrong(s, line);
}

static int
add_listen(const struct setting *s)
{
	struct config *cfg = s->cfg;
	struct address *grown, a;

	if (address_parse(&a, s->text))
		return wrong_try(s, "is no numeric address and port");
	for (size_t i = 0; i < cfg->listen_count; i++) {
		if (address_clash(&cfg->listens[i], &a))
			return wrong(s, "is listed twice");
	}
	grown = realloc(cfg->listens, (cfg->listen_count + 1) * sizeof(a));
	if (!grown)
		return -ENOMEM;
	cfg->listens = grown;
	cfg->listens[cfg->listen_count++] = a;
	return 0;
}

/* RFC 3986's pchar and the slash. No quote or backslash among them, so that
 * option_print() need not escape. */
static bool
is_path(const char *p)
{
	static const char marks[] = "/-._~%!$&'()*+,;=:@";

	for (; *p; p++) {
		char lower = *p | 0x20;

		if (!(lower >= 'a' && lower <= 'z') &&
		    !(*p >= '0' && *p <= '9') && !strchr(marks, *p))
			return false;
	}
	return true;
}

/* Copies `n` bytes of `text` to the end of a list. */
static int
append(char ***list, size_t *count, const char *text, size_t n)
{
	char *copy, **grown = realloc(*list, (*count + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	*list = grown;
	copy = strndup(text, n);
	if (!copy)
		return -ENOMEM;
	grown[(*count)++] = copy;
	return 0;
}

static int
add_mount(const struct setting *s)
{
	struct config *cfg = s->cfg;
	size_t n = strlen(s->text);

	if (s->text[0] != '/')
		return wrong_try(s, "does not begin with /");
	if (!is_path(s->text))
		return wrong_try(s, "is no path of a URL");
	while (n && s->text[n - 1] == '/')
		n--;
	for (size_t i = 0; i < cfg->mount_count; i++) {
		if (strlen(cfg->mounts[i]) == n &&
		    memcmp(cfg->mounts[i], s->text, n) == 0)
			return wrong(s, "is listed twice");
	}
	return append(&cfg->mounts, &cfg->mount_count, s->text, n);
}

/* NULL: nothing is wrong with it. */
static const char *
origin_fault(const char *text, struct origin *o)
{
	switch (origin_parse(o, str_from(text))) {
	case 0:
		if (head_same(o->scheme, STR("ws")) || head_same(o->scheme, STR("wss")))
			return "is no page's origin: that has http or https, "
			       "also where it opens a WebSocket";
		return NULL;
	case ORIGIN_BAD_SCHEME:
		return "does not begin with a scheme (try https://example.com)";
	case ORIGIN_BAD_PORT:
		return "has no port from 1 to 65535 (try https://example.com:8443)";
	case ORIGIN_HAS_PATH:
		return "goes on behind host and port: an origin has no path, "
		       "nor a slash at its end (try https://example.com)";
	default:
		return "has no host that browsers would name "
		       "(try https://example.com or https://*.example.com)";
	}
}

static int
add_origin(const struct setting *s)
{
	struct config *cfg = s->cfg;
	bool any = strcmp(s->text, "*") == 0;
	const char *fault;
	struct origin o, other;

	fault = any ? NULL : origin_fault(s->text, &o);
	if (fault)
		return wrong(s, fault);
	if (cfg->origin_count && any)
		return wrong(s, "is any origin: leave out the others, or it");
	if (cfg->origin_count && strcmp(cfg->origins[0], "*") == 0)
		return wrong(s, "stands beside *, which is any origin: leave out one");
	for (size_t i = 0; i < cfg->origin_count; i++) {
		origin_parse(&other, str_from(cfg->origins[i]));
		if (origin_same(&other, &o))
			return wrong(s, "is listed twice");
	}
	return append(&cfg->origins, &cfg->origin_count, s->text, strlen(s->text));
}

static int
set_folder(const struct setting *s)
{
	char **folder = field(s->cfg, s->def);

	option_clear(s->cfg, s->def);
	if (!*s->text)
		return 0;
	*folder = strdup(s->text);
	return *folder ? 0 : -ENOMEM;
}

/* Says nothing of what was typed: it may have a password. */
static int
set_redis(const struct setting *s)
{
	struct redis_url **redis = &s->cfg->redis;
	bool in_file = s->place->path;
	const char *fault;

	option_clear(s->cfg, s->def);
	if (!*s->text)
		return 0;
	*redis = malloc(sizeof(**redis));
	if (!*redis)
		return -ENOMEM;
	fault = redis_url_parse(*redis, str_from(s->text));
	if (!fault)
		return 0;
	option_clear(s->cfg, s->def);
	return mistake(s->error, s->place, "%s%s: the URL %s", in_file ? "" : "--",
		       in_file ? s->def->key : s->def->name, fault);
}

static int
set_prefix(const struct setting *s)
{
	static const char others[] = "0123456789-_.:";
	char **prefix = field(s->cfg, s->def);
	size_t n = 0;

	for (const char *p = s->text; *p; p++, n++) {
		char lower = *p | 0x20;

		if (!(lower >= 'a' && lower <= 'z') && !strchr(others, *p))
			return wrong_try(s, "has more than letters, digits and - _ . :");
	}
	if (n < (size_t)s->def->min || n > (size_t)s->def->max)
		return wrong_try(s, "has not 1 to 64 characters");
	option_clear(s->cfg, s->def);
	*prefix = strdup(s->text);
	return *prefix ? 0 : -ENOMEM;
}

int
option_set(struct config *cfg, const struct option_def *def, const char *text,
	   const struct mistake_place *place, char *error)
{
	struct setting s = { cfg, def, text, place, error };

	switch (def->type) {
	case OPTION_LISTEN:
		return add_listen(&s);
	case OPTION_MOUNT:
		return add_mount(&s);
	case OPTION_ORIGIN:
		return add_origin(&s);
	case OPTION_SECONDS:
		return set_number(&s, quantity_read_seconds,
				  "is no number of seconds");
	case OPTION_BYTES:
		return set_number(&s, quantity_read_bytes,
				  "is no number of bytes");
	case OPTION_COUNT:
		return set_number(&s, quantity_read_count,
				  "is no number");
	case OPTION_CHOICE:
		return set_choice(&s);
	case OPTION_FOLDER:
		return set_folder(&s);
	case OPTION_REDIS:
		return set_redis(&s);
	case OPTION_PREFIX:
		return set_prefix(&s);
	case OPTION_CONFIG:
	case OPTION_CHECK:
	case OPTION_VERSION:
	case OPTION_HELP:
		break;
	}
	assert(!"an option that is no setting");
	return -EINVAL;
}

static void
clear_texts(char ***list, size_t *count)
{
	for (size_t i = 0; i < *count; i++)
		free((*list)[i]);
	free(*list);
	*list = NULL;
	*count = 0;
}

void
option_clear(struct config *cfg, const struct option_def *def)
{
	if (def->type == OPTION_LISTEN) {
		free(cfg->listens);
		cfg->listens = NULL;
		cfg->listen_count = 0;
	} else if (def->type == OPTION_MOUNT) {
		clear_texts(&cfg->mounts, &cfg->mount_count);
	} else if (def->type == OPTION_ORIGIN) {
		clear_texts(&cfg->origins, &cfg->origin_count);
	} else if (def->type == OPTION_FOLDER || def->type == OPTION_PREFIX) {
		char **text = field(cfg, def);

		free(*text);
		*text = NULL;
	} else if (def->type == OPTION_REDIS) {
		free(cfg->redis);
		cfg->redis = NULL;
	}
}

static void
print_listens(const struct config *cfg, FILE *out)
{
	for (size_t i = 0; i < cfg->listen_count; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "[", cfg->listens[i].text);
	fputc(']', out);
}

static void
print_mounts(const struct config *cfg, FILE *out)
{
	for (size_t i = 0; i < cfg->mount_count; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "[",
			*cfg->mounts[i] ? cfg->mounts[i] : "/");
	fputc(']', out);
}

static void
print_origins(const struct config *cfg, FILE *out)
{
	for (size_t i = 0; i < cfg->origin_count; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "[", cfg->origins[i]);
	fputc(']', out);
}

/* As libconfig reads it back. */
static void
print_quoted(const char *text, FILE *out)
{
	fputc('"', out);
	for (; text && *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			fprintf(out, "\\x%02x", (unsigned char)*text);
		else
			fprintf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
	}
	fputc('"', out);
}

static void
print_redis(const struct config *cfg, FILE *out)
{
	char name[REDIS_URL_NAME_BYTES];

	print_quoted(cfg->redis ? redis_url_name(cfg->redis, name) : NULL, out);
}

void
option_print(const struct config *cfg, const struct option_def *def, FILE *out)
{
	const void *p = field_peek(cfg, def);
	char text[QUANTITY_TEXT_BYTES];

	switch (def->type) {
	case OPTION_LISTEN:
		print_listens(cfg, out);
		break;
	case OPTION_MOUNT:
		print_mounts(cfg, out);
		break;
	case OPTION_ORIGIN:
		print_origins(cfg, out);
		break;
	case OPTION_SECONDS:
		quantity_print_seconds(text, *(const int64_t *)p);
		fputs(text, out);
		break;
	case OPTION_BYTES:
	case OPTION_COUNT:
		fprintf(out, "%zu", *(const size_t *)p);
		break;
	case OPTION_CHOICE:
		fprintf(out, "\"%s\"", def->choices[*(const unsigned *)p]);
		break;
	case OPTION_REDIS:
		print_redis(cfg, out);
		break;
	case OPTION_FOLDER:
	case OPTION_PREFIX:
		print_quoted(*(char *const *)p, out);
		break;
	case OPTION_CONFIG:
	case OPTION_CHECK:
	case OPTION_VERSION:
	case OPTION_HELP:
		break;
	}
}
