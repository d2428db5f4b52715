#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/memory.h"

enum {
	CONTENT_MAX = 8 << 20,
	BURST = 15000, /* lines: more than one batch holds */
};

static char path[] = "/tmp/sallyport-log-XXXXXX";
static char *content;

static int set_up(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	content = malloc(CONTENT_MAX);
	return fd < 0 || close(fd) < 0 || !content;
}

static int tear_down(void **state)
{
	(void)state;
	(void)unlink(path);
	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
	free(content);
	return 0;
}

static void read_from(const char *name)
{
	FILE *file = fopen(name, "r");

	assert_non_null(file);
	content[fread(content, 1, CONTENT_MAX - 1, file)] = '\0';
	(void)fclose(file);
}

/* Opens a log on the temporary file, lets `write_lines` use it, and reads what came of it. */
static void write_to_file(enum log_format format, void (*write_lines)(struct log *log))
{
	struct log_sink *sink;
	struct log log;

	assert_int_equal(log_sink_open(path, &sink), OK);
	log_init(&log, sink, sink, format);
	write_lines(&log);
	log_done(&log);
	log_sink_close(sink);
	read_from(path);
}

static void write_all_kinds(struct log *log)
{
	log_begin(log, LOG_TO_ACCESS, LOG_NOTICE, "request");
	log_put(log, "path", SPAN("/a\"b\n\xff c"));
	log_put_string(log, "word", "plain");
	log_put(log, "empty", SPAN(""));
	log_put_number(log, "status", 200);
	log_put_bool(log, "reused", true);
	log_put_object(log, "duration_us");
	log_put_number(log, "total", 12);
	log_put_number(log, "head", 3);
	log_put_object_end(log);
	log_put_string(log, "reason", "ok");
	log_end(log);
}

/* The line after its time, which differs each time. */
static const char *after_time(const char *line)
{
	const char *level = strstr(line, "Z");

	assert_non_null(level);
	return level + 1;
}

static void test_json(void **state)
{
	(void)state;
	write_to_file(LOG_JSON, write_all_kinds);
	assert_string_equal(after_time(content),
	                    "\",\"level\":\"notice\",\"event\":\"request\",\"path\":\"/a\\\"b\\u000a"
	                    "\\u00ff c\",\"word\":\"plain\",\"empty\":\"\",\"status\":200,"
	                    "\"reused\":true,\"duration_us\":{\"total\":12,\"head\":3},"
	                    "\"reason\":\"ok\"}\n");
}

static void test_text(void **state)
{
	(void)state;
	write_to_file(LOG_TEXT, write_all_kinds);
	assert_string_equal(after_time(content),
	                    " notice request path=\"/a\\\"b\\u000a\\u00ff c\" word=plain empty=\"\" "
	                    "status=200 reused=true duration_us.total=12 duration_us.head=3 "
	                    "reason=ok\n");
}

static void write_lists(struct log *log)
{
	log_begin(log, LOG_TO_ACCESS, LOG_NOTICE, "lists");
	log_put_list(log, "none");
	log_put_list_end(log);
	log_put_list(log, "steps");
	for (uint64_t i = 0; i < 2; i++) {
		log_put_item(log);
		log_put_string(log, "name", "x");
		log_put_number(log, "at", i);
	}
	log_put_list_end(log);
	log_put_number(log, "after", 1);
	log_end(log);
}

static void test_lists(void **state)
{
	(void)state;
	write_to_file(LOG_JSON, write_lists);
	assert_string_equal(after_time(content),
	                    "\",\"level\":\"notice\",\"event\":\"lists\",\"none\":[],\"steps\":["
	                    "{\"name\":\"x\",\"at\":0},{\"name\":\"x\",\"at\":1}],\"after\":1}\n");
}

static void test_lists_as_text(void **state)
{
	(void)state;
	write_to_file(LOG_TEXT, write_lists);
	assert_string_equal(after_time(content), " notice lists steps.1.name=x steps.1.at=0 "
	                                         "steps.2.name=x steps.2.at=1 after=1\n");
}

static void write_each_level(struct log *log)
{
	static const enum log_level levels[] = {LOG_DEBUG, LOG_NOTICE, LOG_WARNING, LOG_ERROR};

	for (size_t i = 0; i < 4; i++) {
		log->level = levels[i];
		for (unsigned level = 0; level < LOG_LEVEL_COUNT; level++) {
			assert_true(log_wants(log, (enum log_level)level) == (level <= levels[i]));
			log_message(log, (enum log_level)level, "line", "words");
		}
	}
}

/* What matters less than the level is not written; the access log is not concerned. */
static void test_levels(void **state)
{
	size_t count = 0;

	(void)state;
	write_to_file(LOG_TEXT, write_each_level);
	for (const char *at = content; *at; at++)
		count += *at == '\n';
	assert_int_equal(count, 4 + 3 + 2 + 1);
	assert_non_null(strstr(content, " debug line"));
}

static void write_message(struct log *log)
{
	log_message(log, LOG_WARNING, "odd", "%d of %s", 3, "four");
}

static void test_message(void **state)
{
	(void)state;
	write_to_file(LOG_JSON, write_message);
	assert_string_equal(after_time(content),
	                    "\",\"level\":\"warning\",\"event\":\"odd\",\"message\":\"3 of four\"}\n");
}

static void write_a_burst(struct log *log)
{
	for (uint64_t i = 0; i < BURST; i++) {
		log_begin(log, LOG_TO_ERRORS, LOG_NOTICE, "line");
		log_put_number(log, "number", i);
		log_end(log);
	}
}

static void assert_numbered(uint64_t count)
{
	const char *at = content;

	for (uint64_t i = 0; i < count; i++) {
		char expected[64];

		(void)snprintf(expected, sizeof(expected), "\"number\":%llu}\n", (unsigned long long)i);
		at = strstr(at, expected);
		assert_non_null(at);
	}
}

/* More than one batch holds, within one turn. */
static void test_a_burst_is_written_whole(void **state)
{
	(void)state;
	write_to_file(LOG_JSON, write_a_burst);
	assert_numbered(BURST);
}

/* What a reader that does not read can not take is dropped in whole lines, and counted. */
static void test_a_reader_that_does_not_read_costs_lines_not_time(void **state)
{
	static const struct span told = SPAN_INIT("\"event\":\"log_lines_dropped\",\"count\":");
	int pipe_ends[2];
	int standard = dup(STDERR_FILENO);
	struct log_sink *sink;
	struct log log;
	uint64_t written = 0;
	uint64_t read_lines = 0;
	uint64_t dropped;

	(void)state;
	assert_int_equal(pipe2(pipe_ends, O_NONBLOCK), 0);
	(void)dup2(pipe_ends[1], STDERR_FILENO);
	assert_int_equal(log_sink_open("stderr", &sink), OK);
	(void)dup2(standard, STDERR_FILENO);
	(void)close(standard);
	(void)close(pipe_ends[1]);

	log_init(&log, sink, sink, LOG_JSON);
	for (int turn = 0; turn < 3; turn++) {
		write_a_burst(&log);
		written += BURST;
		log_flush(&log);
	}
	/* Now it reads again, and one more line tells what was lost. */
	for (size_t size = 0, got = 1; got > 0;) {
		ssize_t part = read(pipe_ends[0], content + size, CONTENT_MAX - 1 - size);

		got = part > 0 ? (size_t)part : 0;
		size += got;
		content[size] = '\0';
		log_flush(&log);
	}
	write_message(&log);
	log_flush(&log);

	size_t size = strlen(content);
	ssize_t part = read(pipe_ends[0], content + size, CONTENT_MAX - 1 - size);

	assert_true(part > 0);
	content[size + (size_t)part] = '\0';

	const char *at = memmem(content, strlen(content), told.data, told.size);

	assert_non_null(at);
	dropped = strtoull(at + told.size, NULL, 10);
	for (at = content; (at = strstr(at, "\"number\":")); at++)
		read_lines++;
	assert_true(dropped > 0);
	assert_int_equal(read_lines + dropped, written);
	log_done(&log);
	log_sink_close(sink);
	(void)close(pipe_ends[0]);
}

static void test_off(void **state)
{
	struct log_sink *sink;
	struct log log;

	(void)state;
	assert_int_equal(log_sink_open("off", &sink), OK);
	log_init(&log, sink, NULL, LOG_JSON);
	assert_true(log_is_off(&log, LOG_TO_ACCESS));
	assert_true(log_is_off(&log, LOG_TO_ERRORS));
	write_message(&log);
	log_done(&log);
	log_sink_close(sink);
}

static void test_a_path_that_can_not_be_opened(void **state)
{
	struct log_sink *sink = NULL;

	(void)state;
	assert_int_equal(log_sink_open("/nowhere/at/all.log", &sink), ERROR_SYSTEM);
	assert_null(sink);
}

/* Lines are lost, but none is left half, and nothing else is. */
static void test_without_memory(void **state)
{
	(void)state;
	for (long successes = 0; successes < 12; successes++) {
		struct log_sink *sink;
		struct log log;

		assert_int_equal(truncate(path, 0), 0);
		assert_int_equal(log_sink_open(path, &sink), OK);
		log_init(&log, sink, sink, LOG_JSON);
		memory_fail_after(successes);
		write_all_kinds(&log);
		log_flush(&log);
		memory_fail_after(-1);
		log_done(&log);
		log_sink_close(sink);
		read_from(path);
		if (content[0] != '\0')
			assert_non_null(strstr(content, "\"reason\":\"ok\"}\n"));
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_json),
		TEST(test_text),
		TEST(test_lists),
		TEST(test_lists_as_text),
		TEST(test_levels),
		TEST(test_message),
		TEST(test_a_burst_is_written_whole),
		TEST(test_a_reader_that_does_not_read_costs_lines_not_time),
		TEST(test_off),
		TEST(test_a_path_that_can_not_be_opened),
		TEST(test_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
