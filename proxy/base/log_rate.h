/*
 * How many lines of one event a thread may write in a second, and how many were held back.
 *
 * A limit for each stream; each event of a stream is counted by itself, so that a flood of one does
 * not hide the others. Seconds are those of the monotonic clock.
 *
 * Owner: one log. Threads: that log's.
 */
#ifndef SALLYPORT_BASE_LOG_RATE_H
#define SALLYPORT_BASE_LOG_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_stream { LOG_TO_ACCESS, LOG_TO_ERRORS, LOG_STREAM_COUNT };

enum { LOG_RATE_EVENTS_MAX = 64 }; /* events beyond are not limited */

struct log_rate_event {
	const char *event; /* Borrows: a constant */
	enum log_stream stream;
	uint64_t second;
	uint64_t written;    /* in that second */
	uint64_t suppressed; /* since it was last told */
};

struct log_rate {
	uint64_t max[LOG_STREAM_COUNT]; /* lines a second; 0: no limit */
	struct log_rate_event events[LOG_RATE_EVENTS_MAX];
	size_t event_count;
	size_t suppressed_count; /* events of which some were held back */
};

void log_rate_init(struct log_rate *rate, uint64_t access_max, uint64_t errors_max);
/* False: this line is one too many, and was counted. */
bool log_rate_allows(struct log_rate *rate, uint64_t now_us, enum log_stream stream,
                     const char *event);
/* True if anything was held back that was not told yet. */
bool log_rate_has_some(const struct log_rate *rate);
/* One event of which lines were held back in a second that is over, or `is_end`; false: none. */
bool log_rate_take(struct log_rate *rate, uint64_t now_us, bool is_end, const char **ret_event,
                   enum log_stream *ret_stream, uint64_t *ret_count);

#endif
