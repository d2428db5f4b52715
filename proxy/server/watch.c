#include "server/watch.h"

#include <string.h>

#include "base/memory.h"

enum { CALL_MIN_MS = 32 };

enum error watch_init(struct watch *watch, const struct materials *materials,
                      struct file_mark (*look)(const char *path), uint64_t now_ms)
{
	*watch = (struct watch){
		.materials = materials,
		.count = materials->count,
		.swept_ms = now_ms,
		.look = look ? look : file_mark,
	};
	watch->items = memory_new(watch->count + 1, sizeof(*watch->items));
	if (!watch->items)
		return ERROR_OUT_OF_MEMORY;
	for (size_t i = 0; i < watch->count; i++)
		memcpy(watch->items[i].marks, materials->items[i].marks, sizeof(watch->items[i].marks));
	return OK;
}

void watch_done(struct watch *watch)
{
	memory_free(watch->items);
	*watch = (struct watch){0};
}

static bool is_busy(const struct watched *item)
{
	return item->state == WATCH_MOVING || item->state == WATCH_DUE;
}

static void enter(struct watch *watch, struct watched *item, enum watch_state state)
{
	watch->busy_count -= is_busy(item);
	item->state = state;
	watch->busy_count += is_busy(item);
}

/* Takes the marks of now; true if they are others. */
static bool has_moved(const struct watch *watch, struct watched *item)
{
	const struct material *material = &watch->materials->items[item - watch->items];
	bool moved = false;

	for (size_t i = 0; i < MATERIAL_FILES; i++) {
		if (!material->paths[i])
			continue;

		struct file_mark mark = watch->look(material->paths[i]);

		moved |= !file_marks_equal(&mark, &item->marks[i]);
		item->marks[i] = mark;
	}
	return moved;
}

/* Its turn in the sweep. */
static void look_at(struct watch *watch, struct watched *item, uint64_t now_ms)
{
	if (item->state != WATCH_STILL && item->state != WATCH_BROKEN)
		return;
	if (has_moved(watch, item)) {
		item->moved_ms = now_ms;
		item->began_ms = now_ms;
		enter(watch, item, WATCH_MOVING);
	} else if (item->state == WATCH_BROKEN && now_ms - item->read_ms >= WATCH_RETRY_MS) {
		enter(watch, item, WATCH_DUE);
	}
}

/* As many as are to be looked at since the last time; all of them in WATCH_SWEEP_MS. */
static void sweep(struct watch *watch, uint64_t now_ms)
{
	uint64_t passed_ms = now_ms - watch->swept_ms;
	size_t looks = passed_ms >= WATCH_SWEEP_MS
	                   ? watch->count
	                   : (size_t)(watch->count * passed_ms / WATCH_SWEEP_MS);

	if (looks == watch->count)
		watch->swept_ms = now_ms;
	else /* without what was rounded off */
		watch->swept_ms += looks * WATCH_SWEEP_MS / watch->count;
	for (; looks > 0; looks--) {
		look_at(watch, &watch->items[watch->next], now_ms);
		watch->next = (watch->next + 1) % watch->count;
	}
}

static void follow(struct watch *watch, struct watched *item, uint64_t now_ms)
{
	if (item->state != WATCH_MOVING || now_ms - item->moved_ms < WATCH_SETTLE_MS)
		return;
	if (has_moved(watch, item) && now_ms - item->began_ms < WATCH_MOVING_MAX_MS)
		item->moved_ms = now_ms;
	else
		enter(watch, item, WATCH_DUE);
}

uint64_t watch_look(struct watch *watch, uint64_t now_ms)
{
	uint64_t again_ms = WATCH_SWEEP_MS;

	for (size_t i = 0; watch->busy_count > 0 && i < watch->count; i++)
		follow(watch, &watch->items[i], now_ms);
	sweep(watch, now_ms);
	if (watch->count > WATCH_LOOKS_MAX)
		again_ms = (uint64_t)WATCH_SWEEP_MS * WATCH_LOOKS_MAX / watch->count;
	if (watch->busy_count > 0 && again_ms > WATCH_SETTLE_MS)
		again_ms = WATCH_SETTLE_MS;
	return now_ms + (again_ms > CALL_MIN_MS ? again_ms : CALL_MIN_MS);
}

size_t watch_take_due(struct watch *watch)
{
	for (size_t i = 0; watch->busy_count > 0 && i < watch->count; i++) {
		size_t index = (watch->due_next + i) % watch->count;

		if (watch->items[index].state != WATCH_DUE)
			continue;
		enter(watch, &watch->items[index], WATCH_READING);
		watch->due_next = (index + 1) % watch->count;
		return index;
	}
	return watch->count;
}

void watch_was_read(struct watch *watch, size_t index, const struct file_mark *marks, bool is_good,
                    uint64_t now_ms)
{
	struct watched *item = &watch->items[index];

	if (marks)
		memcpy(item->marks, marks, sizeof(item->marks));
	item->read_ms = now_ms;
	watch->broken_count += !is_good;
	watch->broken_count -= item->is_broken;
	enter(watch, item, is_good ? WATCH_STILL : WATCH_BROKEN);
	if (is_good) {
		item->is_told = false;
	} else if (!item->is_broken) {
		item->broken_ms = now_ms;
	}
	item->is_broken = !is_good;
}

bool watch_must_tell(struct watch *watch, size_t index, uint64_t now_ms)
{
	struct watched *item = &watch->items[index];

	if (!item->is_broken || item->is_told || now_ms - item->broken_ms < WATCH_PATIENCE_MS)
		return false;
	item->is_told = true;
	return true;
}
