/* server_config_read() as the tests tell it: words, maybe a file, and what came
 * of them. */
#ifndef UNIT_SERVER_READING_H
#define UNIT_SERVER_READING_H

#include "server/config.h"

/* The one file, in a folder of its own that is the working directory from
 * reading_setup() (a cmocka group's) to reading_teardown(). */
#define CONF "fayed.conf"

int reading_setup(void **state);
int reading_teardown(void **state);

struct reading {
	int rc;
	struct config cfg;
	char error[CONFIG_ERROR_BYTES];
	char *said; /* on `out`, terminated */
};

void reading_write_file(const char *text);
void reading_write_bytes(const void *bytes, size_t n);

/* `words` ends with NULL; words[0] is the program. */
void reading_start(struct reading *r, const char *const *words);
void reading_clear(struct reading *r);

/* Checks the one line and that nothing was made or said. */
void reading_assert_wrong(const char *line, const char *const *words);

/* Checks that all is well, then leaves the settings to the caller to clear. */
struct config reading_settings(const char *const *words);

#define WORDS(...) ((const char *const[]){ "fayed", ##__VA_ARGS__, NULL })
#define READ(r, ...) reading_start(r, WORDS(__VA_ARGS__))
#define SETTINGS(...) reading_settings(WORDS(__VA_ARGS__))
#define ASSERT_WRONG(line, ...) reading_assert_wrong(line, WORDS(__VA_ARGS__))

/* The same for a file. */
#define FILE_SETTINGS(text) \
	(reading_write_file(text), SETTINGS("--config", CONF))
#define ASSERT_FILE_WRONG(line, text) \
	(reading_write_file(text), ASSERT_WRONG(line, "--config", CONF))

#endif
