#include "transport/scripts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "transport/route.h"

enum {
	SCRIPTS_MAX = 64,
	FILE_BYTES_MAX = 4 * 1024 * 1024,
	READ_BYTES = 64 * 1024,
};

struct scripts {
	struct script list[SCRIPTS_MAX];
	size_t count;
	const struct script *client; /* in `list` */
};

/* What pages get who load a client that is not there. */
static const char stand_in[] =
	"console.error('fayed has no client script to serve. Tell it where one is: "
	"fayed --client-dir DIR, or client_dir = \"DIR\"; in its configuration file. "
	"DIR is the folder \"client\" of the npm package faye: npm install faye, "
	"then node_modules/faye/client.');\n";

__attribute__((format(printf, 2, 3))) static int
wrong(char *why, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, SCRIPTS_WHY_BYTES, format, ap);
	va_end(ap);
	return SCRIPTS_WRONG;
}

static const struct script *
find_exactly(const struct scripts *all, struct str name)
{
	size_t i;

	for (i = 0; i < all->count; i++)
		if (str_equal(str_from(all->list[i].name), name))
			return &all->list[i];
	return NULL;
}

/* ---- the folder ---- */

/* 0 or negative errno. */
static int
read_whole(int fd, struct buf *body)
{
	ssize_t n;

	do {
		char *room = buf_reserve(body, READ_BYTES);

		if (!room)
			return -ENOMEM;
		n = read(fd, room, READ_BYTES);
		if (n < 0)
			return -errno;
		body->n += (size_t)n;
		if (body->n > FILE_BYTES_MAX)
			return -EFBIG;
	} while (n);
	return 0;
}

/* 0 or negative errno. What is no regular file, or has just gone, is passed over. */
static int
load_file(struct scripts *all, int folder, const char *name)
{
	struct buf body = BUF_INIT;
	struct stat st;
	/* Opening a pipe would wait for its writer. */
	int rc = 0, fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (fstat(fd, &st))
		rc = -errno;
	else if (S_ISREG(st.st_mode))
		rc = read_whole(fd, &body);
	if (!rc && S_ISREG(st.st_mode))
		rc = script_init(&all->list[all->count++], name, &body, st.st_mtime);
	buf_clear(&body);
	close(fd);
	return rc;
}

static bool
is_script(const char *name)
{
	struct str s = str_from(name);

	return name[0] != '.' && (str_ends(s, STR(".js")) || str_ends(s, STR(".map")));
}

static int
load_entries(struct scripts *all, DIR *folder, char *why)
{
	const struct dirent *entry;
	int rc = 0;

	while (!rc && (errno = 0, entry = readdir(folder))) {
		if (!is_script(entry->d_name))
			continue;
		if (all->count == SCRIPTS_MAX)
			return wrong(why, "has more than %d scripts", SCRIPTS_MAX);
		rc = load_file(all, dirfd(folder), entry->d_name);
		if (rc && rc != -ENOMEM)
			return wrong(why, "has %.100s, which cannot be read: %s",
				     entry->d_name, strerror(-rc));
	}
	if (!rc && errno)
		return wrong(why, "cannot be read: %s", strerror(errno));
	return rc;
}

static int
choose_client(struct scripts *all, char *why)
{
	static const char *const names[] = { "faye-browser-min.js", "faye-browser.js",
					     ROUTE_CLIENT };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]) && !all->client; i++)
		all->client = find_exactly(all, str_from(names[i]));
	if (all->client)
		return 0;
	return wrong(why, "has no %s, %s or %s (try node_modules/faye/client)", names[0],
		     names[1], names[2]);
}

static int
load_folder(struct scripts *all, const char *path, char *why)
{
	DIR *folder = opendir(path);
	int rc;

	if (!folder && errno == ENOMEM)
		return -ENOMEM;
	if (!folder)
		return wrong(why, "cannot be opened: %s (try node_modules/faye/client)",
			     strerror(errno));
	rc = load_entries(all, folder, why);
	closedir(folder);
	return rc ? rc : choose_client(all, why);
}

/* ---- all of them ---- */

static int
load_stand_in(struct scripts *all)
{
	all->client = &all->list[all->count++];
	return script_init_stand_in(&all->list[0], ROUTE_CLIENT, str_from(stand_in));
}

int
scripts_new(struct scripts **out, const char *folder, char why[SCRIPTS_WHY_BYTES])
{
	struct scripts *all = calloc(1, sizeof(*all));
	int rc;

	*out = NULL;
	if (!all)
		return -ENOMEM;
	rc = folder ? load_folder(all, folder, why) : load_stand_in(all);
	if (rc)
		scripts_free(all);
	else
		*out = all;
	return rc;
}

void
scripts_free(struct scripts *all)
{
	size_t i;

	for (i = 0; all && i < all->count; i++)
		script_clear(&all->list[i]);
	free(all);
}

size_t
scripts_count(const struct scripts *all)
{
	return all->count;
}

const struct script *
scripts_find(const struct scripts *all, struct str name)
{
	return str_equal(name, STR(ROUTE_CLIENT)) ? all->client
						    : find_exactly(all, name);
}
