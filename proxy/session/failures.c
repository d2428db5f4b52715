#include "session/failures.h"

#include <stdio.h>

#include "base/memory.h"

void failures_init(struct failures *failures, size_t max)
{
	*failures = (struct failures){.max = max};
	list_init(&failures->records);
}

static void drop(struct failures *failures, struct failure_record *record)
{
	list_remove(&record->node);
	failures->count--;
	text_done(&record->listener);
	text_done(&record->server_name);
	text_done(&record->kind_words);
	text_done(&record->remedy);
	memory_free(record);
}

static void drop_down_to(struct failures *failures, size_t count)
{
	while (failures->count > count)
		drop(failures, LIST_OBJECT(failures->records.previous, struct failure_record, node));
}

void failures_done(struct failures *failures)
{
	drop_down_to(failures, 0);
}

void failures_set_max(struct failures *failures, size_t max)
{
	failures->max = max;
	drop_down_to(failures, max);
}

/* FNV-1a (draft-eastlake-fnv): only to find one quickly, so that no attack on it is of use. */
static uint64_t hash_more(uint64_t hash, struct span bytes)
{
	for (size_t i = 0; i < bytes.size; i++)
		hash = (hash ^ (unsigned char)bytes.data[i]) * 1099511628211u;
	return hash;
}

static uint64_t hash_of(const struct repeat_kind *kind)
{
	uint64_t hash = 14695981039346656037u ^ (uint64_t)kind->reason;

	hash = hash_more(hash, kind->listener);
	hash = hash_more(hash, kind->server_name);
	return hash_more(hash, span_cut(kind->words, 0, FAILURES_WORDS_MAX));
}

static bool is_of_kind(const struct failure_record *record, const struct repeat_kind *kind)
{
	return record->reason == kind->reason &&
	       span_equal(text_span(&record->listener), kind->listener) &&
	       span_equal(text_span(&record->server_name), kind->server_name) &&
	       span_equal(text_span(&record->kind_words), span_cut(kind->words, 0, FAILURES_WORDS_MAX));
}

static struct failure_record *find(struct failures *failures, const struct repeat_kind *kind,
                                   uint64_t hash)
{
	for (struct list *node = failures->records.next; node != &failures->records;
	     node = node->next) {
		struct failure_record *record = LIST_OBJECT(node, struct failure_record, node);

		if (record->hash == hash && is_of_kind(record, kind))
			return record;
	}
	return NULL;
}

static struct failure_record *new_record(struct failures *failures, const struct repeat_kind *kind,
                                         uint64_t hash, uint64_t wall_us)
{
	struct failure_record *record;

	drop_down_to(failures, failures->max - 1);
	record = memory_new(1, sizeof(*record));
	if (!record)
		return NULL;
	list_init(&record->node);
	record->reason = kind->reason;
	record->hash = hash;
	record->first_us = wall_us;
	text_init(&record->listener, FAILURES_NAME_MAX + sizeof("unix:"));
	text_init(&record->server_name, FAILURES_NAME_MAX);
	text_init(&record->kind_words, FAILURES_WORDS_MAX);
	text_init(&record->remedy, FAILURES_WORDS_MAX);
	text_put(&record->listener, kind->listener);
	text_put(&record->server_name, kind->server_name);
	text_put(&record->kind_words, kind->words);
	failures->count++;
	return record;
}

struct failure_record *failures_add(struct failures *failures, const struct repeat_kind *kind,
                                    struct span client, uint64_t wall_us, bool *ret_is_new)
{
	uint64_t hash = hash_of(kind);
	struct failure_record *record = find(failures, kind, hash);

	failures->totals[kind->reason]++;
	*ret_is_new = !record;
	if (!record && failures->max > 0)
		record = new_record(failures, kind, hash, wall_us);
	if (!record)
		return NULL;
	list_remove(&record->node);
	list_add_first(&failures->records, &record->node);
	record->count++;
	record->last_us = wall_us;
	(void)snprintf(record->client, sizeof(record->client), "%.*s", (int)client.size, client.data);
	return record;
}
