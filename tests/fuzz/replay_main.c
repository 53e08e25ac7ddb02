/* Runs a fuzzer's function over files, so that what was once found stays
 * fixed with any compiler. Arguments are files and folders; without any it is
 * the corpus in the source tree. A file that fails aborts the program. */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz/fuzz.h"
#include "util/buf.h"

static int replay(const char *path);

/* How many were run. */
static int
replay_folder(const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort), ran = 0;

	MUST(n >= 0);
	for (int i = 0; i < n; i++) {
		struct buf file = BUF_INIT;

		buf_addf(&file, "%s/%s%c", path, entries[i]->d_name, '\0');
		MUST(!file.failed);
		if (entries[i]->d_name[0] != '.')
			ran += replay(file.p);
		buf_clear(&file);
		free(entries[i]);
	}
	free(entries);
	return ran;
}

static int
replay_file(const char *path, size_t n)
{
	uint8_t *data = malloc(n ? n : 1); /* exactly: a sanitizer looks on */
	FILE *f = fopen(path, "rb");

	fprintf(stderr, "%s\n", path);
	MUST(data && f && fread(data, 1, n, f) == n);
	fclose(f);
	LLVMFuzzerTestOneInput(data, n);
	free(data);
	return 1;
}

static int
replay(const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0) {
		perror(path);
		exit(2);
	}
	return S_ISDIR(st.st_mode) ? replay_folder(path)
				   : replay_file(path, (size_t)st.st_size);
}

int
main(int argc, char **argv)
{
	const char *srcdir = getenv("srcdir"); /* automake tells its tests */
	struct buf corpus = BUF_INIT;
	int ran = 0;

	for (int i = 1; i < argc; i++)
		ran += replay(argv[i]);
	if (argc == 1) {
		buf_addf(&corpus, "%s/%s%c", srcdir ? srcdir : ".", CORPUS, '\0');
		MUST(!corpus.failed);
		ran = replay(corpus.p);
		buf_clear(&corpus);
	}
	printf("%d passed, 0 failed\n", ran);
	return ran == 0;
}
