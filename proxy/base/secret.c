#include "base/secret.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "base/memory.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/lsan_interface.h>
#define POISON(memory, size)   ASAN_POISON_MEMORY_REGION(memory, size)
#define UNPOISON(memory, size) ASAN_UNPOISON_MEMORY_REGION(memory, size)
#define WATCH(memory, size)    __lsan_register_root_region(memory, size)
#else
#define POISON(memory, size)   ((void)(memory))
#define UNPOISON(memory, size) ((void)(memory))
#define WATCH(memory, size)    ((void)(memory))
#endif

/* The region is reserved as a whole, and taken in chunks, each for blocks of one size. */
enum {
	CHUNK_SIZE = SECRET_SIZE_MAX,
	CHUNKS_MAX = 16384, /* 1 GiB of addresses: 10,000 RSA keys on 32 workers */
	BLOCK_SIZE_MIN = 32,
	CLASS_COUNT = 12, /* 32, 64, … 65536 */
};

struct block {
	struct block *next;
};

static struct {
	pthread_mutex_t lock; /* of all below */
	char *_Atomic start;  /* NULL: nothing was asked for yet, or there is no region; set once */
	bool is_refused;      /* the system gives no such region */
	size_t chunk_count;
	unsigned char classes[CHUNKS_MAX];
	struct block *idle[CLASS_COUNT];
	struct secret_usage usage;
} region = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local unsigned wanted;

static size_t size_of(unsigned class)
{
	return (size_t)BLOCK_SIZE_MIN << class;
}

static unsigned class_of(size_t size)
{
	unsigned class = 0;

	while (size_of(class) < size)
		class ++;
	return class;
}

static bool reserve(void)
{
	static const size_t size = (size_t)CHUNK_SIZE * CHUNKS_MAX;

	if (region.start || region.is_refused)
		return region.start != NULL;

	void *start = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	region.is_refused = start == MAP_FAILED;
	if (region.is_refused)
		return false;
	(void)madvise(start, size, MADV_DONTDUMP);
	(void)madvise(start, size, MADV_WIPEONFORK);
	WATCH(start, size);
	region.start = start;
	return true;
}

/* A further chunk becomes idle blocks of the class. */
static bool take_chunk(unsigned class)
{
	if (!reserve() || region.chunk_count == CHUNKS_MAX)
		return false;

	char *chunk = region.start + region.chunk_count * CHUNK_SIZE;

	if (mprotect(chunk, CHUNK_SIZE, PROT_READ | PROT_WRITE) < 0)
		return false;
	if (mlock(chunk, CHUNK_SIZE) < 0)
		region.usage.unlocked += CHUNK_SIZE;
	region.usage.taken += CHUNK_SIZE;
	region.classes[region.chunk_count++] = (unsigned char)class;
	for (size_t at = CHUNK_SIZE; at > 0; at -= size_of(class)) {
		struct block *block = (struct block *)(void *)(chunk + at - size_of(class));

		block->next = region.idle[class];
		region.idle[class] = block;
		POISON(block + 1, size_of(class) - sizeof(*block));
	}
	return true;
}

static void *take_block(size_t size)
{
	bool is_small = size <= SECRET_SIZE_MAX;
	unsigned class = is_small ? class_of(size) : 0;
	struct block *block = NULL;

	(void)pthread_mutex_lock(&region.lock);
	if (is_small && (region.idle[class] || take_chunk(class))) {
		block = region.idle[class];
		region.idle[class] = block->next;
	} else {
		region.usage.outside++;
	}
	(void)pthread_mutex_unlock(&region.lock);
	if (!block)
		return NULL;
	block->next = NULL; /* The rest is zero: it is wiped when it comes back. */
	UNPOISON(block, size);
	return block;
}

bool secret_holds(const void *memory)
{
	uintptr_t start = (uintptr_t)region.start;

	return start != 0 && (uintptr_t)memory - start < (uintptr_t)CHUNK_SIZE * CHUNKS_MAX;
}

static unsigned class_at(const void *secret)
{
	return region.classes[(size_t)((const char *)secret - region.start) / CHUNK_SIZE];
}

void *secret_new(size_t count, size_t size)
{
	size_t bytes = 0;

	if (__builtin_mul_overflow(count, size, &bytes) || !memory_may_allocate())
		return NULL;

	void *secret = take_block(bytes);

	return secret ? secret : memory_new_unasked(bytes);
}

void *secret_resize(void *secret, size_t size)
{
	size_t before = !secret                ? 0
	                : secret_holds(secret) ? size_of(class_at(secret))
	                                       : malloc_usable_size(secret);
	void *resized = secret_new(1, size);

	if (!resized)
		return NULL;
	if (secret) {
		UNPOISON(secret, before);
		memcpy(resized, secret, before < size ? before : size);
	}
	secret_free(secret);
	return resized;
}

void secret_free(void *secret)
{
	if (!secret)
		return;
	if (!secret_holds(secret)) {
		memory_wipe(secret, malloc_usable_size(secret));
		memory_free(secret);
		return;
	}

	unsigned class = class_at(secret);
	struct block *block = secret;

	UNPOISON(block, size_of(class));
	memory_wipe(block, size_of(class));
	(void)pthread_mutex_lock(&region.lock);
	block->next = region.idle[class];
	region.idle[class] = block;
	POISON(block + 1, size_of(class) - sizeof(*block));
	(void)pthread_mutex_unlock(&region.lock);
}

void secret_begin(void)
{
	wanted++;
}

void secret_end(void)
{
	check(wanted > 0);
	wanted--;
}

bool secret_is_wanted(void)
{
	return wanted > 0;
}

struct secret_usage secret_usage(void)
{
	(void)pthread_mutex_lock(&region.lock);

	struct secret_usage usage = region.usage;

	(void)pthread_mutex_unlock(&region.lock);
	return usage;
}
