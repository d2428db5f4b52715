#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local long successes_left = -1;
static _Thread_local unsigned long allocations;

bool memory_may_allocate(void)
{
	allocations++;
	if (successes_left < 0)
		return true;
	if (successes_left == 0)
		return false;
	successes_left--;
	return true;
}

static bool overflows(size_t count, size_t size)
{
	return size != 0 && count > SIZE_MAX / size;
}

/*
 * As calloc(). glibc's malloc() has a cache of each thread for small blocks, which its calloc()
 * passes by (until 2.41): a handshake has hundreds of them.
 */
static void *allocate(size_t bytes)
{
	enum { CACHED_MAX = 1024 };

	if (bytes > CACHED_MAX)
		return calloc(1, bytes);

	void *memory = malloc(bytes > 0 ? bytes : 1);

	return memory ? memset(memory, 0, bytes) : NULL;
}

void *memory_new(size_t count, size_t size)
{
	/* calloc() would refuse it as well, but the address sanitizer ends the program there. */
	if (overflows(count, size))
		return NULL;
	return memory_may_allocate() ? allocate(count * size) : NULL;
}

void *memory_new_unasked(size_t size)
{
	return calloc(1, size);
}

void *memory_resize(void *memory, size_t count, size_t size)
{
	if (overflows(count, size))
		return NULL;

	size_t bytes = count * size;

	/* realloc() to nothing frees and returns NULL: the caller would free it again. */
	return memory_may_allocate() ? realloc(memory, bytes > 0 ? bytes : 1) : NULL;
}

void memory_free(void *memory)
{
	free(memory);
}

void memory_wipe(void *memory, size_t size)
{
	if (size > 0)
		explicit_bzero(memory, size);
}

void memory_fail_after(long successes)
{
	successes_left = successes;
}

unsigned long memory_allocations(void)
{
	return allocations;
}
