#include "unit/setup/folder.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char root[32];

void folder_open(void)
{
	(void)snprintf(root, sizeof(root), "/tmp/sallyport-XXXXXX");
	assert_non_null(mkdtemp(root));
}

const char *folder_path(const char *name)
{
	static char paths[2][320];
	static unsigned next;
	char *path = paths[next++ % 2];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s", root, name);
	return path;
}

void folder_write(const char *name, const char *content, size_t size)
{
	FILE *file = fopen(folder_path(name), "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(content, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

void folder_write_text(const char *name, const char *text)
{
	folder_write(name, text, strlen(text));
}

void folder_close(void)
{
	DIR *folder = opendir(root);
	const struct dirent *entry;

	assert_non_null(folder);
	while ((entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			(void)remove(folder_path(entry->d_name));
	(void)closedir(folder);
	assert_int_equal(rmdir(root), 0);
}
