#include "config/source.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum error source_read(const char *path, struct text *text)
{
	char block[4096];
	int file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size;

	if (file < 0)
		return ERROR_SYSTEM;
	while ((size = read(file, block, sizeof(block))) != 0 && !text->cut) {
		if (size > 0)
			text_put(text, span_of(block, (size_t)size));
		else if (errno != EINTR)
			break;
	}

	int error = errno;

	(void)close(file);
	errno = error;
	if (size < 0)
		return ERROR_SYSTEM;
	return text->cut && text->size < text->max ? ERROR_OUT_OF_MEMORY : OK;
}
