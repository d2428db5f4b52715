#include "tls/names.h"

#include "base/memory.h"
#include "tls/name.h"

/* FNV-1a. The operator's names fill the table, not those that clients ask for. */
static uint32_t add_to_hash(uint32_t hash, struct span bytes)
{
	for (size_t i = 0; i < bytes.size; i++)
		hash = (hash ^ (unsigned char)bytes.data[i]) * 16777619u;
	return hash;
}

/* The pattern is given in two parts, so that a wildcard need not be copied together. */
static struct tls_name_slot *find_slot(const struct tls_names *names, struct span first,
                                       struct span rest)
{
	uint32_t hash = add_to_hash(add_to_hash(2166136261u, first), rest);
	size_t mask = names->slot_count - 1;

	for (size_t at = hash & mask;; at = (at + 1) & mask) {
		struct tls_name_slot *slot = &names->slots[at];

		if (span_is_empty(slot->pattern) ||
		    (slot->pattern.size == first.size + rest.size &&
		     span_starts_with(slot->pattern, first) &&
		     span_equal(span_from(slot->pattern, first.size), rest)))
			return slot;
	}
}

enum error tls_names_init(struct tls_names *names, size_t pattern_count)
{
	size_t count = 8;

	while (count < 2 * pattern_count)
		count *= 2;

	struct tls_name_slot *slots = memory_new(count, sizeof(*slots));

	if (!slots)
		return ERROR_OUT_OF_MEMORY;
	*names = (struct tls_names){.slots = slots, .slot_count = count};
	return OK;
}

void tls_names_done(struct tls_names *names)
{
	memory_free(names->slots);
	*names = (struct tls_names){0};
}

struct tls_site *tls_names_add(struct tls_names *names, struct span pattern)
{
	struct tls_name_slot *slot = find_slot(names, pattern, SPAN(""));

	if (span_is_empty(slot->pattern))
		*slot = (struct tls_name_slot){.pattern = pattern, .site.candidates = {-1, -1}};
	return &slot->site;
}

const struct tls_site *tls_names_find_wildcard(const struct tls_names *names, struct span name)
{
	struct span parent = tls_name_parent(name);

	if (span_is_empty(parent))
		return NULL;

	const struct tls_name_slot *slot = find_slot(names, SPAN("*"), parent);

	return span_is_empty(slot->pattern) ? NULL : &slot->site;
}

const struct tls_site *tls_names_find(const struct tls_names *names, struct span name)
{
	if (span_is_empty(name))
		return NULL;

	const struct tls_name_slot *slot = find_slot(names, name, SPAN(""));

	return span_is_empty(slot->pattern) ? tls_names_find_wildcard(names, name) : &slot->site;
}
