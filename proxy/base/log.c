#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

enum {
	BATCH_MAX = 1 << 20, /* bytes of one thread's turn, and of what a slow reader leaves */
	CLOSE_WAIT_MS = 1000,
};

struct log_sink {
	pthread_mutex_t lock; /* guards all below */
	int fd;               /* -1: off */
	bool is_ours;         /* to be closed */
	struct text pending;  /* not yet written */
	uint64_t dropped;     /* lines, since this was last told */
	atomic_bool waiting;  /* `pending` is not empty: readable without the lock */
};

/* A description of its own, so that O_NONBLOCK does not reach others who share standard output. */
static int reopen_nonblocking(int fd)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
}

static int open_standard(int fd, bool *ret_is_ours)
{
	struct stat facts;
	/* A file never blocks, and with two descriptions its writers would overwrite each other. */
	bool is_file = fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode);
	int own = is_file ? -1 : reopen_nonblocking(fd);

	*ret_is_ours = own >= 0;
	return own >= 0 ? own : fd; /* A socket can not be reopened: it is used as it is. */
}

enum error log_sink_open(const char *target, struct log_sink **ret_sink)
{
	struct log_sink *sink = memory_new(1, sizeof(*sink));

	if (!sink)
		return ERROR_OUT_OF_MEMORY;
	text_init(&sink->pending, 2 * BATCH_MAX);
	sink->fd = -1;
	if (strcmp(target, "stdout") == 0) {
		sink->fd = open_standard(STDOUT_FILENO, &sink->is_ours);
	} else if (strcmp(target, "stderr") == 0) {
		sink->fd = open_standard(STDERR_FILENO, &sink->is_ours);
	} else if (strcmp(target, "off") != 0) {
		sink->fd = open(target, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0640);
		sink->is_ours = true;
		if (sink->fd < 0) {
			memory_free(sink);
			return ERROR_SYSTEM;
		}
	}
	if (pthread_mutex_init(&sink->lock, NULL)) {
		log_sink_close(sink);
		return ERROR_SYSTEM;
	}
	*ret_sink = sink;
	return OK;
}

/* Writes what the reader takes now. True if nothing is left. */
static bool write_pending(struct log_sink *sink)
{
	while (sink->pending.size > 0) {
		ssize_t written = write(sink->fd, sink->pending.data, sink->pending.size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0 && errno == EAGAIN)
			return false;
		if (written < 0) {
			/* Nobody reads any more, or the disk is full: there is nowhere to complain. */
			text_clear(&sink->pending);
			return true;
		}
		text_taken(&sink->pending, (size_t)written);
	}
	return true;
}

void log_sink_close(struct log_sink *sink)
{
	if (!sink)
		return;
	if (sink->fd >= 0 && !write_pending(sink)) {
		struct pollfd writable = {.fd = sink->fd, .events = POLLOUT};

		while (poll(&writable, 1, CLOSE_WAIT_MS) > 0 && !write_pending(sink))
			;
	}
	if (sink->is_ours)
		(void)close(sink->fd);
	(void)pthread_mutex_destroy(&sink->lock);
	text_done(&sink->pending);
	memory_free(sink);
}

static uint64_t count_lines(struct span bytes)
{
	uint64_t lines = 0;

	for (size_t i = 0; i < bytes.size; i++)
		lines += bytes.data[i] == '\n';
	return lines;
}

/* Lines are taken whole or not at all. */
static void sink_take(struct log_sink *sink, struct span batch, enum log_format format)
{
	bool has_room = write_pending(sink) || batch.size + sink->pending.size <= BATCH_MAX;
	size_t before;

	if (!has_room) {
		sink->dropped += count_lines(batch);
		return;
	}
	if (sink->dropped > 0 && sink->pending.size == 0) {
		text_printf(&sink->pending,
		            format == LOG_JSON ? "{\"event\":\"log_lines_dropped\",\"count\":%llu}\n"
		                               : "log_lines_dropped count=%llu\n",
		            (unsigned long long)sink->dropped);
		sink->dropped = 0;
	}
	before = sink->pending.size;
	text_put(&sink->pending, batch);
	if (sink->pending.cut) {
		/* Memory is used up: half a line is worse than none. */
		sink->pending.size = before;
		sink->pending.cut = false;
		sink->dropped += count_lines(batch);
	}
	atomic_store(&sink->waiting, !write_pending(sink));
}

void log_init(struct log *log, struct log_sink *access, struct log_sink *errors,
              enum log_format format)
{
	*log = (struct log){.sinks = {access, errors}, .format = format, .level = LOG_NOTICE};
	for (unsigned i = 0; i < LOG_STREAM_COUNT; i++)
		text_init(&log->batches[i], BATCH_MAX);
}

void log_set_sinks(struct log *log, struct log_sink *const sinks[LOG_STREAM_COUNT])
{
	log_flush(log);
	memcpy(log->sinks, sinks, sizeof(log->sinks));
}

void log_done(struct log *log)
{
	log_flush(log);
	for (unsigned i = 0; i < LOG_STREAM_COUNT; i++)
		text_done(&log->batches[i]);
}

void log_flush(struct log *log)
{
	for (unsigned i = 0; i < LOG_STREAM_COUNT; i++) {
		struct log_sink *sink = log->sinks[i];
		struct text *batch = &log->batches[i];

		if (!sink || sink->fd < 0 || (batch->size == 0 && !atomic_load(&sink->waiting)))
			continue;
		/* Another thread is writing: this batch waits for the next turn, unless it grows large. */
		if (pthread_mutex_trylock(&sink->lock) != 0) {
			if (batch->size < BATCH_MAX / 2)
				continue;
			(void)pthread_mutex_lock(&sink->lock);
		}
		sink_take(sink, text_span(batch), log->format);
		(void)pthread_mutex_unlock(&sink->lock);
		text_clear(batch);
	}
}

bool log_is_off(const struct log *log, enum log_stream stream)
{
	return !log->sinks[stream] || log->sinks[stream]->fd < 0;
}

bool log_wants(const struct log *log, enum log_level level)
{
	return level <= log->level && !log_is_off(log, LOG_TO_ERRORS);
}

static struct text *line(struct log *log)
{
	return &log->batches[log->stream];
}

static bool is_word(struct span value)
{
	for (size_t i = 0; i < value.size; i++)
		if (value.data[i] <= ' ' || value.data[i] > '~' || strchr("\"\\=", value.data[i]))
			return false;
	return value.size > 0;
}

static void put_key(struct log *log, const char *key)
{
	struct text *text = line(log);

	if (log->format == LOG_JSON) {
		text_put_string(text, log->needs_comma ? ",\"" : "\"");
		text_put_string(text, key);
		text_put_string(text, "\":");
	} else {
		text_put_char(text, ' ');
		if (log->prefix) {
			text_put_string(text, log->prefix);
			text_put_char(text, '.');
		}
		if (log->item > 0)
			text_printf(text, "%u.", log->item);
		text_put_string(text, key);
		text_put_char(text, '=');
	}
	log->needs_comma = true;
}

void log_begin(struct log *log, enum log_stream stream, enum log_level level, const char *event)
{
	static const char *const levels[LOG_LEVEL_COUNT] = {"error", "warning", "notice", "debug"};
	char now[CLOCK_TEXT_SIZE];

	check(log->depth == 0 && level < LOG_LEVEL_COUNT);
	log->stream = stream;
	log->line_level = level;
	log->line_start = line(log)->size;
	log->needs_comma = true;
	log->depth = 1;
	clock_format(clock_wall_us(), now);
	if (log->format == LOG_JSON)
		text_printf(line(log), "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\"", now,
		            levels[level], event);
	else
		text_printf(line(log), "%s %s %s", now, levels[level], event);
}

void log_put(struct log *log, const char *key, struct span value)
{
	bool quoted = log->format == LOG_JSON || !is_word(value);

	put_key(log, key);
	if (!quoted) {
		text_put(line(log), value);
		return;
	}
	text_put_char(line(log), '"');
	text_put_json(line(log), value);
	text_put_char(line(log), '"');
}

void log_put_string(struct log *log, const char *key, const char *value)
{
	log_put(log, key, span_of_string(value));
}

void log_put_number(struct log *log, const char *key, uint64_t value)
{
	put_key(log, key);
	text_put_number(line(log), value);
}

void log_put_bool(struct log *log, const char *key, bool value)
{
	put_key(log, key);
	text_put_string(line(log), value ? "true" : "false");
}

void log_put_object(struct log *log, const char *key)
{
	check(log->depth == 1);
	log->depth++;
	if (log->format == LOG_TEXT) {
		log->prefix = key;
		return;
	}
	put_key(log, key);
	text_put_char(line(log), '{');
	log->needs_comma = false;
}

void log_put_object_end(struct log *log)
{
	check(log->depth == 2);
	log->depth--;
	log->prefix = NULL;
	log->needs_comma = true;
	if (log->format == LOG_JSON)
		text_put_char(line(log), '}');
}

void log_put_list(struct log *log, const char *key)
{
	check(log->depth == 1);
	log->depth++;
	log->item = 0;
	if (log->format == LOG_TEXT) {
		log->prefix = key;
		return;
	}
	put_key(log, key);
	text_put_char(line(log), '[');
}

void log_put_item(struct log *log)
{
	check(log->depth == 2);
	if (log->format == LOG_JSON)
		text_put_string(line(log), log->item > 0 ? "},{" : "{");
	log->item++;
	log->needs_comma = false;
}

void log_put_list_end(struct log *log)
{
	check(log->depth == 2);
	log->depth--;
	log->prefix = NULL;
	log->needs_comma = true;
	if (log->format == LOG_JSON)
		text_put_string(line(log), log->item > 0 ? "}]" : "]");
	log->item = 0;
}

void log_end(struct log *log)
{
	struct text *text = line(log);
	bool is_wanted = log->stream == LOG_TO_ACCESS || log->line_level <= log->level;

	check(log->depth == 1);
	log->depth = 0;
	text_put_string(text, log->format == LOG_JSON ? "}\n" : "\n");
	if (text->cut || !is_wanted) {
		/* Half a line is worse than none. */
		text->size = log->line_start;
		text->cut = false;
	}
	/* A burst within one turn must not overflow the batch. */
	if (text->size > BATCH_MAX / 2)
		log_flush(log);
}

void log_message(struct log *log, enum log_level level, const char *event, const char *format, ...)
{
	struct text words;
	va_list arguments;

	if (!log_wants(log, level))
		return;
	text_init(&words, 4096);
	va_start(arguments, format);
	text_vprintf(&words, format, arguments);
	va_end(arguments);
	log_begin(log, LOG_TO_ERRORS, level, event);
	log_put(log, "message", text_span(&words));
	log_end(log);
	text_done(&words);
}
