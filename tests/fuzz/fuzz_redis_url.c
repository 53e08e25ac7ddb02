/* What --redis says: all that was taken is within its bounds and reads the same
 * from its name, which has nothing of the password; what is refused is told by a
 * sentence of ours. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "redis/url.h"

static bool
has_end(const char *text, size_t room)
{
	return memchr(text, '\0', room);
}

static void
check_bounds(const struct redis_url *url)
{
	MUST(url->host_count <= REDIS_URL_MAX_HOSTS);
	MUST(has_end(url->path, sizeof(url->path)) && has_end(url->user, sizeof(url->user)));
	MUST(has_end(url->master, sizeof(url->master)));
	MUST(has_end(url->password, sizeof(url->password)));
	MUST(!*url->user || *url->password);
	for (unsigned i = 0; i < url->host_count; i++) {
		const struct redis_host *h = &url->hosts[i];

		MUST(has_end(h->name, sizeof(h->name)) && *h->name && h->port);
		MUST(!strpbrk(h->name, "@/?#,%[] "));
	}
	MUST((url->kind == REDIS_URL_UNIX) == (url->host_count == 0));
	MUST((url->kind == REDIS_URL_UNIX) == (*url->path == '/'));
	MUST((url->kind == REDIS_URL_SENTINEL) == !!*url->master);
	MUST(url->kind != REDIS_URL_TCP || url->host_count == 1);
}

static void
check_again(struct redis_url *url)
{
	char name[REDIS_URL_NAME_BYTES], again_name[REDIS_URL_NAME_BYTES];
	struct redis_url again;
	char *stars;

	redis_url_name(url, name);
	MUST(strlen(name) < sizeof(name) - 1);
	for (const char *p = name; *p; p++)
		MUST(*p > ' ' && *p < 0x7f);
	stars = strstr(name, ":***@");
	MUST(!stars == !*url->password);
	if (stars) {
		MUST(redis_url_parse(&again, str_from(name)));
		memcpy(stars + 1, "xyz", 3);
		strcpy(url->password, "xyz");
	}
	MUST(!redis_url_parse(&again, str_from(name)));
	MUST(memcmp(again.hosts, url->hosts, sizeof(url->hosts)) == 0);
	MUST(strcmp(again.user, url->user) == 0 && strcmp(again.password, url->password) == 0);
	MUST(strcmp(again.path, url->path) == 0 && strcmp(again.master, url->master) == 0);
	MUST(again.kind == url->kind && again.tls == url->tls && again.db == url->db);
	if (stars)
		memcpy(stars + 1, "***", 3);
	MUST(strcmp(redis_url_name(&again, again_name), name) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct redis_url url;
	const char *fault = redis_url_parse(&url, (struct str){ (const char *)data, n });

	if (fault) {
		MUST(*fault && strlen(fault) < 120 && !strchr(fault, '\n'));
		return 0;
	}
	check_bounds(&url);
	check_again(&url);
	return 0;
}
