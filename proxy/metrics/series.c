#include "metrics/series.h"

#include <string.h>

#include "base/check.h"
#include "base/memory.h"

enum { SLOTS_FIRST = 64 };

/* Open addressing; at most half of the slots are taken. */
struct series_table {
	struct series **slots;
	size_t slot_count; /* a power of two, or 0 */
	size_t count;
	size_t series_max;
	struct {
		struct series *first;
		struct series *last;
		size_t count;
	} of[METRIC_COUNT];
	/* Where values go that have no place. */
	uint64_t lost;
	struct histogram lost_histogram;
};

static const char *const others[METRIC_LABELS_MAX] = {"other", "other", "other", "other", "other"};

enum error series_table_new(size_t series_max, struct series_table **ret_table)
{
	struct series_table *table = memory_new(1, sizeof(*table));

	if (!table)
		return ERROR_OUT_OF_MEMORY;
	table->series_max = series_max;
	*ret_table = table;
	return OK;
}

void series_set_max(struct series_table *table, size_t series_max)
{
	table->series_max = series_max;
}

size_t series_max(const struct series_table *table)
{
	return table->series_max;
}

static void free_series(struct series *series)
{
	memory_free(series->histogram);
	memory_free(series);
}

void series_table_free(struct series_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->slot_count; i++)
		if (table->slots[i])
			free_series(table->slots[i]);
	memory_free(table->slots);
	memory_free(table);
}

/* FNV-1a; the values are the operator's and ours, not an attacker's. */
static uint64_t hash_of(enum metric_id id, const char *const *labels, size_t label_count)
{
	uint64_t hash = 0xcbf29ce484222325 ^ (uint64_t)id;

	for (size_t i = 0; i < label_count; i++) {
		const char *at = labels[i];

		do
			hash = (hash ^ (unsigned char)*at) * 0x100000001b3;
		while (*at++);
	}
	return hash ^ hash >> 32;
}

static bool is_same(const struct series *series, enum metric_id id, const char *const *labels,
                    size_t label_count)
{
	if (series->id != id)
		return false;
	for (size_t i = 0; i < label_count; i++)
		if (strcmp(series->labels[i], labels[i]) != 0)
			return false;
	return true;
}

static struct series *find(const struct series_table *table, enum metric_id id,
                           const char *const *labels, uint64_t hash)
{
	size_t label_count = metric_of(id)->label_count;

	if (table->slot_count == 0)
		return NULL;
	for (size_t slot = hash & (table->slot_count - 1); table->slots[slot];
	     slot = (slot + 1) & (table->slot_count - 1)) {
		struct series *series = table->slots[slot];

		if (series->hash == hash && is_same(series, id, labels, label_count))
			return series;
	}
	return NULL;
}

static void put_into(struct series **slots, size_t slot_count, struct series *series)
{
	size_t slot = series->hash & (slot_count - 1);

	while (slots[slot])
		slot = (slot + 1) & (slot_count - 1);
	slots[slot] = series;
}

/* Room for one more. */
static enum error grow(struct series_table *table)
{
	size_t slot_count = table->slot_count > 0 ? 2 * table->slot_count : SLOTS_FIRST;
	struct series **slots;

	if (2 * (table->count + 1) <= table->slot_count)
		return OK;
	slots = memory_new(slot_count, sizeof(struct series *));
	if (!slots)
		return ERROR_OUT_OF_MEMORY;
	for (size_t i = 0; i < table->slot_count; i++)
		if (table->slots[i])
			put_into(slots, slot_count, table->slots[i]);
	memory_free(table->slots);
	table->slots = slots;
	table->slot_count = slot_count;
	return OK;
}

/* One piece of memory: the series, then its labels. */
static struct series *new_series(enum metric_id id, const char *const *labels)
{
	const struct metric *metric = metric_of(id);
	size_t size = sizeof(struct series);
	struct series *series;
	char *at;

	for (size_t i = 0; i < metric->label_count; i++)
		size += strlen(labels[i]) + 1;
	series = memory_new(1, size);
	if (!series)
		return NULL;
	at = (char *)(series + 1);
	for (size_t i = 0; i < metric->label_count; i++) {
		size_t label_size = strlen(labels[i]) + 1;

		memcpy(at, labels[i], label_size);
		series->labels[i] = at;
		at += label_size;
	}
	series->id = id;
	if (metric->kind == METRIC_HISTOGRAM) {
		series->histogram = memory_new(1, sizeof(*series->histogram));
		if (!series->histogram) {
			memory_free(series);
			return NULL;
		}
	}
	return series;
}

static struct series *add(struct series_table *table, enum metric_id id, const char *const *labels,
                          uint64_t hash)
{
	struct series *series = grow(table) ? NULL : new_series(id, labels);

	if (!series)
		return NULL;
	series->hash = hash;
	put_into(table->slots, table->slot_count, series);
	table->count++;
	table->of[id].count++;
	if (table->of[id].last)
		table->of[id].last->next = series;
	else
		table->of[id].first = series;
	table->of[id].last = series;
	return series;
}

/* The series, made if there is none; NULL: memory is used up. */
static struct series *take(struct series_table *table, enum metric_id id, const char *const *labels)
{
	size_t label_count = metric_of(id)->label_count;
	uint64_t hash = hash_of(id, labels, label_count);
	struct series *series = find(table, id, labels, hash);

	if (series)
		return series;
	if (label_count > 0 && table->of[id].count >= table->series_max && labels != others) {
		++*series_value(table, METRIC_SERIES_FOLDED, NULL);
		return take(table, id, others);
	}
	return add(table, id, labels, hash);
}

uint64_t *series_value(struct series_table *table, enum metric_id id, const char *const *labels)
{
	struct series *series = take(table, id, labels);

	check(metric_of(id)->kind != METRIC_HISTOGRAM);
	return series ? &series->value : &table->lost;
}

struct histogram *series_histogram(struct series_table *table, enum metric_id id,
                                   const char *const *labels)
{
	struct series *series = take(table, id, labels);

	check(metric_of(id)->kind == METRIC_HISTOGRAM);
	return series ? series->histogram : &table->lost_histogram;
}

void series_note(struct series_table *table, enum metric_id id, const char *const *labels,
                 uint64_t value)
{
	enum metric_merge merge = metric_of(id)->merge;
	size_t before = table->of[id].count;
	uint64_t *at = series_value(table, id, labels);
	bool is_new = table->of[id].count > before;

	if (merge == METRIC_SUM)
		*at += value;
	else if (is_new || (merge == METRIC_LEAST ? value < *at : value > *at))
		*at = value;
}

static void merge_one(struct series_table *table, const struct series *from)
{
	if (from->histogram)
		histogram_add(series_histogram(table, from->id, from->labels), from->histogram);
	else
		series_note(table, from->id, from->labels, from->value);
}

void series_merge(struct series_table *table, const struct series_table *from)
{
	for (unsigned id = 0; id < METRIC_COUNT; id++)
		for (const struct series *series = from->of[id].first; series; series = series->next)
			merge_one(table, series);
}

const struct series *series_first(const struct series_table *table, enum metric_id id)
{
	check(id < METRIC_COUNT);
	return table->of[id].first;
}
