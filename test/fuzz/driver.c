/*
 * Runs a fuzz target over files instead of libFuzzer's inventions, so that every test run feeds it
 * the corpus: each argument is a file, or a folder whose files (at any depth) are the inputs.
 * The empty input is always run. An argument that does not exist yet counts as an empty folder.
 */

#include <errno.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t inputs;
static size_t bytes;

/* Exactly as large as the input, so that AddressSanitizer sees one byte too far. */
static int run_file(const char *path, size_t size)
{
	FILE *file = fopen(path, "rb");
	if (file == NULL) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 1;
	}
	uint8_t *data = malloc(size > 0 ? size : 1);
	if (data == NULL || fread(data, 1, size, file) != size) {
		fprintf(stderr, "%s: cannot be read whole\n", path);
		free(data);
		fclose(file);
		return 1;
	}
	fclose(file);

	fprintf(stderr, "%s\n", path); /* the last one is the culprit if the target aborts */
	(void)LLVMFuzzerTestOneInput(data, size);
	free(data);
	inputs++;
	bytes += size;
	return 0;
}

static int on_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)walk;
	return type == FTW_F ? run_file(path, (size_t)status->st_size) : 0;
}

int main(int argc, char **argv)
{
	enum { OPEN_FOLDERS_MAX = 16 };
	const uint8_t nothing[1] = {0};

	(void)LLVMFuzzerTestOneInput(nothing, 0);
	for (int i = 1; i < argc; i++) {
		int result = nftw(argv[i], on_entry, OPEN_FOLDERS_MAX, FTW_PHYS);
		if (result > 0 || (result < 0 && errno != ENOENT)) {
			fprintf(stderr, "%s: stopped here\n", argv[i]);
			return 1;
		}
	}
	printf("%zu inputs, %zu bytes\n", inputs, bytes);
	return 0;
}
