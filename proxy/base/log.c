#include "base/log.h"

#include <sched.h>
#include <string.h>

#include "base/clock.h"

void log_init(struct log *log, struct log_sink *access, struct log_sink *errors,
              enum log_format format)
{
	*log = (struct log){.sinks = {access, errors}, .format = format, .level = LOG_NOTICE};
	for (unsigned i = 0; i < LOG_STREAM_COUNT; i++)
		text_init(&log->batches[i], LOG_BATCH_MAX);
}

static void flush(struct log *log)
{
	for (unsigned i = 0; i < LOG_STREAM_COUNT; i++) {
		struct text *batch = &log->batches[i];

		/* If another thread is writing, this batch waits for the next turn. */
		if (log->sinks[i] && log_sink_write(log->sinks[i], text_span(batch), log->format))
			text_clear(batch);
	}
}

void log_set_sinks(struct log *log, struct log_sink *const sinks[LOG_STREAM_COUNT])
{
	log_flush(log);
	for (unsigned i = 0; i < LOG_STREAM_COUNT; i++) {
		/* The turn of another thread that is writing is short, and this is rare. */
		while (log->sinks[i] != sinks[i] && log->batches[i].size > 0) {
			(void)sched_yield();
			flush(log);
		}
		log->sinks[i] = sinks[i];
	}
}

bool log_is_off(const struct log *log, enum log_stream stream)
{
	return !log->sinks[stream] || log_sink_is_off(log->sinks[stream]);
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

static void begin(struct log *log, enum log_stream stream, enum log_level level, const char *event)
{
	static const char *const levels[LOG_LEVEL_COUNT] = {"error", "warning", "notice", "debug"};
	char now[CLOCK_TEXT_SIZE];

	check(log->depth == 0 && level < LOG_LEVEL_COUNT);
	log->stream = stream;
	log->line_start = line(log)->size;
	log->needs_comma = true;
	log->depth = 1;
	log->is_wanted = true;
	clock_format(clock_wall_us(), now);
	if (log->sinks[stream])
		log_sink_put_header(log->sinks[stream], level, now, event, line(log));
	if (log->format == LOG_JSON)
		text_printf(line(log), "{\"time\":\"%s\",\"level\":\"%s\",\"event\":\"%s\"", now,
		            levels[level], event);
	else
		text_printf(line(log), "%s %s %s", now, levels[level], event);
}

void log_begin(struct log *log, enum log_stream stream, enum log_level level, const char *event)
{
	begin(log, stream, level, event);
	log->is_wanted = (stream == LOG_TO_ACCESS || level <= log->level) &&
	                 log_rate_allows(&log->rate, clock_now_us(), stream, event);
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

	check(log->depth == 1);
	log->depth = 0;
	text_put_string(text, log->format == LOG_JSON ? "}\n" : "\n");
	if (text->cut || !log->is_wanted) {
		/* Half a line is worse than none. */
		text->size = log->line_start;
		text->cut = false;
	}
	/* A burst within one turn must not overflow the batch. */
	if (text->size > LOG_BATCH_MAX / 2)
		flush(log);
}

/* What was held back by the limit of a second that has passed. */
static void tell_suppressed(struct log *log, bool is_end)
{
	const char *event;
	enum log_stream stream;
	uint64_t count;

	while (log_rate_take(&log->rate, clock_now_us(), is_end, &event, &stream, &count)) {
		begin(log, stream, LOG_WARNING, "lines_suppressed");
		log_put_string(log, "of", event);
		log_put_number(log, "count", count);
		log_end(log);
	}
}

void log_flush(struct log *log)
{
	if (log_rate_has_some(&log->rate))
		tell_suppressed(log, false);
	flush(log);
}

void log_done(struct log *log)
{
	tell_suppressed(log, true);
	flush(log);
	for (unsigned i = 0; i < LOG_STREAM_COUNT; i++)
		text_done(&log->batches[i]);
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
