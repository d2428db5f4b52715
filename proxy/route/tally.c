#include "route/tally.h"

#include <stdatomic.h>

#include "base/memory.h"

struct tally {
	atomic_uint references;
	atomic_size_t count;
};

enum error tally_new(struct tally **ret_tally)
{
	struct tally *tally = memory_new(1, sizeof(*tally));

	if (!tally)
		return ERROR_OUT_OF_MEMORY;
	atomic_init(&tally->references, 1);
	atomic_init(&tally->count, 0);
	*ret_tally = tally;
	return OK;
}

struct tally *tally_ref(struct tally *tally)
{
	(void)atomic_fetch_add_explicit(&tally->references, 1, memory_order_relaxed);
	return tally;
}

void tally_unref(struct tally *tally)
{
	if (tally && atomic_fetch_sub_explicit(&tally->references, 1, memory_order_acq_rel) == 1)
		memory_free(tally);
}

bool tally_enter(struct tally *tally, size_t max)
{
	if (atomic_fetch_add_explicit(&tally->count, 1, memory_order_relaxed) < max)
		return true;
	(void)atomic_fetch_sub_explicit(&tally->count, 1, memory_order_relaxed);
	return false;
}

void tally_leave(struct tally *tally)
{
	size_t before = atomic_fetch_sub_explicit(&tally->count, 1, memory_order_relaxed);

	check(before > 0);
	(void)before;
}

size_t tally_count(const struct tally *tally)
{
	return atomic_load_explicit(&tally->count, memory_order_relaxed);
}
