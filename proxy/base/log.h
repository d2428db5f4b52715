/*
 * Log lines: built by whoever decides what to do about an event, gathered per thread, written in
 * batches at the end of a turn of the loop.
 *
 * A line is one JSON object (RFC 8259), or `time level event key=value …` for people; values that
 * hold anything but printable ASCII without quotes are quoted and escaped in both. No line ever
 * blocks a loop: if the reader of the log is slow, lines are dropped whole, and their number is
 * told once it reads again.
 *
 * Threads: a `struct log` belongs to one thread; sinks are shared.
 */
#ifndef SALLYPORT_BASE_LOG_H
#define SALLYPORT_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/log_rate.h"
#include "base/log_sink.h"
#include "base/span.h"
#include "base/text.h"

struct log {
	struct log_sink *sinks[LOG_STREAM_COUNT]; /* Borrows: from the server */
	struct text batches[LOG_STREAM_COUNT];
	enum log_format format;
	enum log_level level; /* of the error log: lines that matter less are not written */
	struct log_rate rate; /* no limits unless log_rate_init() set some */
	/* The line being built. */
	enum log_stream stream;
	bool is_wanted;
	size_t line_start;
	unsigned depth;
	bool needs_comma;
	const char *prefix; /* of the keys of the object or list being built, in text */
	unsigned item;      /* of the list being built, from 1; 0: not in an item */
};

/* The level is LOG_NOTICE; set another one in `log->level`. */
void log_init(struct log *log, struct log_sink *access, struct log_sink *errors,
              enum log_format format);
/* The lines that follow go elsewhere; those of before are flushed. Borrows: the sinks. */
void log_set_sinks(struct log *log, struct log_sink *const sinks[LOG_STREAM_COUNT]);
/* Flushes, then frees. */
void log_done(struct log *log);
/* Hands the batches to the sinks. */
void log_flush(struct log *log);
/* True if nobody reads this stream, so that a line need not be built. */
bool log_is_off(const struct log *log, enum log_stream stream);
/* False if a line of the error log with this level would not be written. */
bool log_wants(const struct log *log, enum log_level level);

/* A line: begin, values, end. `event` and the keys are ours: lower case and underscores. */
void log_begin(struct log *log, enum log_stream stream, enum log_level level, const char *event);
void log_put(struct log *log, const char *key, struct span value);
void log_put_string(struct log *log, const char *key, const char *value);
void log_put_number(struct log *log, const char *key, uint64_t value);
void log_put_bool(struct log *log, const char *key, bool value);
/* The values until log_put_object_end() form an object; in text their keys get `key.` before. */
void log_put_object(struct log *log, const char *key);
void log_put_object_end(struct log *log);
/* A list of objects: each log_put_item() begins the next one; in text, keys get `key.1.` before. */
void log_put_list(struct log *log, const char *key);
void log_put_item(struct log *log);
void log_put_list_end(struct log *log);
void log_end(struct log *log);

/* A whole line of the error log with nothing but words. */
void log_message(struct log *log, enum log_level level, const char *event, const char *format, ...)
	PRINTF_LIKE(4, 5);

#endif
