/*
 * Watches materials (setup/material.h) for new content: which of them are to be read, and when.
 *
 *      STILL ─▶ MOVING ─▶ DUE ─▶ READING ─▶ STILL
 *                 ▲                 │  ▲
 *                 └──── BROKEN ◀────┘  └ again after WATCH_RETRY_MS
 *
 * It looks at the marks of their files (setup/file.h) by their paths, and so sees what a rename or
 * another symbolic link has put there. Each is looked at once in WATCH_SWEEP_MS; if there are many,
 * a part of them at a time. One with another mark than that of what was read is moving until it has
 * stood still for WATCH_SETTLE_MS (but not longer than WATCH_MOVING_MAX_MS in all), so that a file
 * which is being written, or the second one of a pair, is waited for. What can not be used is
 * read again as soon as it changes; it is told only after WATCH_PATIENCE_MS, since the other file
 * may be on its way.
 *
 * Pure: time and looks are given. Owner: the renewal. Threads: the server's own.
 */
#ifndef SALLYPORT_SERVER_WATCH_H
#define SALLYPORT_SERVER_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "setup/file.h"
#include "setup/material.h"

enum {
	WATCH_SWEEP_MS = 1000,
	WATCH_SETTLE_MS = 200,
	WATCH_MOVING_MAX_MS = 5000,
	WATCH_PATIENCE_MS = 3000,
	WATCH_RETRY_MS = 60 * 1000, /* what depends on the time, or on free descriptors */
	WATCH_LOOKS_MAX = 512,      /* materials at a time: half a millisecond or so */
};

enum watch_state { WATCH_STILL, WATCH_MOVING, WATCH_DUE, WATCH_READING, WATCH_BROKEN };

/* One of them. */
struct watched {
	enum watch_state state;
	bool is_broken; /* what was read last can not be used, whatever happens now */
	bool is_told;   /* and that has been told */
	struct file_mark marks[MATERIAL_FILES]; /* as seen last */
	uint64_t moved_ms;                      /* when another mark was seen last */
	uint64_t began_ms;                      /* when it began to move */
	uint64_t broken_ms;                     /* since when it is broken */
	uint64_t read_ms;                       /* when it was read last */
};

struct watch {
	const struct materials *materials; /* Borrows; their marks are of what is in use */
	struct watched *items;             /* one for each of the materials */
	size_t count;
	size_t next;       /* where the sweep goes on */
	uint64_t swept_ms; /* when it was there last */
	size_t busy_count; /* that are moving or due */
	size_t due_next;   /* where to look for the next one that is due */
	size_t broken_count;
	struct file_mark (*look)(const char *path);
};

/* `look`: NULL: file_mark(). ERROR_OUT_OF_MEMORY. */
MUST_CHECK enum error watch_init(struct watch *watch, const struct materials *materials,
                                 struct file_mark (*look)(const char *path), uint64_t now_ms);
void watch_done(struct watch *watch);

/* Looks at those whose turn it is, and at all that are moving. Returns when to call again. */
uint64_t watch_look(struct watch *watch, uint64_t now_ms);
/* One that is due, which is then READING; watch->count: none is. */
size_t watch_take_due(struct watch *watch);
/* It was read, `marks` being those from before, or, NULL, it could not be tried. */
void watch_was_read(struct watch *watch, size_t index, const struct file_mark *marks, bool is_good,
                    uint64_t now_ms);
/* Whether the time has come to tell that it is broken. True once, until it was good again. */
bool watch_must_tell(struct watch *watch, size_t index, uint64_t now_ms);

#endif
