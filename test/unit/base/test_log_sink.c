#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

enum { MESSAGE_MAX = 70000, MANY = 3000 };

static char folder[] = "/tmp/sallyport-sink-XXXXXX";
static struct log_syslog syslog = {.facility = 16, .app_name = "door"};
static char message[MESSAGE_MAX];

static int set_up(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL;
}

static int tear_down(void **state)
{
	char command[sizeof(folder) + 16];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	return system(command); /* NOLINT(cert-env33-c): a test, and a path of its own */
}

static const char *path_of(const char *name)
{
	static char path[100];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

/* A syslog server that is asked for what came. */
static int open_server(void)
{
	struct sockaddr_storage address;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	char text[120];

	(void)unlink(path_of("log"));
	(void)snprintf(text, sizeof(text), "unix:%s", path_of("log"));
	assert_int_equal(address_parse(span_of_string(text), &syslog.address), OK);

	socklen_t length = address_to_socket(&syslog.address, &address);

	assert_int_equal(bind(fd, (const struct sockaddr *)&address, length), 0);
	return fd;
}

/* The next message, or NULL. */
static const char *received(int server)
{
	ssize_t size = recv(server, message, sizeof(message) - 1, 0);

	if (size < 0)
		return NULL;
	message[size] = '\0';
	return message;
}

static void say(struct log *log, const char *word)
{
	log_begin(log, LOG_TO_ERRORS, LOG_WARNING, "said");
	log_put_string(log, "word", word);
	log_end(log);
	log_flush(log);
}

/* RFC 5424 §6: priority, version, time, host, program, process, message's id, no data, words. */
static void test_a_line_is_a_message(void **state)
{
	char expected[300];
	char host[256];
	struct log_sink *sink;
	struct log log;
	int server = open_server();

	(void)state;
	assert_int_equal(log_sink_open_syslog(&syslog, &sink), OK);
	log_init(&log, sink, sink, LOG_TEXT);
	say(&log, "hello");
	say(&log, "again");
	assert_non_null(received(server));
	assert_int_equal(gethostname(host, sizeof(host)), 0);
	(void)snprintf(expected, sizeof(expected), " %s door %ld said - ", host, (long)getpid());
	assert_memory_equal(message, "<132>1 20", 9); /* local0, warning */
	assert_non_null(strstr(message, expected));
	assert_string_equal(strstr(message, "said word="), "said word=hello");
	assert_non_null(strstr(received(server), "word=again"));
	assert_null(received(server));
	log_done(&log);
	log_sink_close(sink);
	(void)close(server);
}

/* It was away, and what was said meanwhile is counted. */
static void test_a_server_that_is_started_again(void **state)
{
	struct log_sink *sink;
	struct log log;
	int server = open_server();

	(void)state;
	assert_int_equal(log_sink_open_syslog(&syslog, &sink), OK);
	log_init(&log, sink, sink, LOG_JSON);
	say(&log, "before");
	assert_non_null(received(server));
	(void)close(server);
	say(&log, "lost");
	say(&log, "lost");
	server = open_server();
	say(&log, "after");
	assert_non_null(strstr(received(server), "\"event\":\"log_lines_dropped\",\"count\":2}"));
	assert_non_null(strstr(received(server), "\"word\":\"after\""));
	assert_null(received(server));
	log_done(&log);
	log_sink_close(sink);
	(void)close(server);
}

/* None of them is lost while there is room to keep them. */
static void test_a_server_that_is_slow(void **state)
{
	struct log_sink *sink;
	struct log log;
	int server = open_server();
	unsigned got = 0;

	(void)state;
	assert_int_equal(log_sink_open_syslog(&syslog, &sink), OK);
	log_init(&log, sink, sink, LOG_JSON);
	for (unsigned i = 0; i < MANY; i++)
		say(&log, "much");
	for (bool any = true; any; log_flush(&log))
		for (any = false; received(server); any = true)
			got++;
	assert_int_equal(got, MANY);
	log_done(&log);
	log_sink_close(sink);
	(void)close(server);
}

static void test_a_message_that_is_too_long(void **state)
{
	static char word[300000];
	struct log_sink *sink;
	struct log log;
	int server = open_server();

	(void)state;
	memset(word, 'x', sizeof(word) - 1);
	assert_int_equal(log_sink_open_syslog(&syslog, &sink), OK);
	log_init(&log, sink, sink, LOG_JSON);
	say(&log, word);
	say(&log, "short");
	assert_non_null(strstr(received(server), "\"event\":\"log_lines_dropped\",\"count\":1}"));
	assert_non_null(strstr(received(server), "short"));
	log_done(&log);
	log_sink_close(sink);
	(void)close(server);
}

static bool exists(const char *name)
{
	struct stat facts;

	return stat(path_of(name), &facts) == 0 && facts.st_size > 0;
}

/* logrotate: the file is moved, what is said next is in a new one. */
static void test_a_file_is_opened_anew(void **state)
{
	char moved[120];
	struct log_sink *sink;
	struct log log;

	(void)state;
	assert_int_equal(log_sink_open(path_of("file"), &sink), OK);
	log_init(&log, sink, sink, LOG_JSON);
	say(&log, "old");
	(void)snprintf(moved, sizeof(moved), "%s.1", path_of("file"));
	assert_int_equal(rename(path_of("file"), moved), 0);
	say(&log, "old too");
	assert_false(exists("file"));
	assert_int_equal(log_sink_reopen(sink), OK);
	say(&log, "new");
	assert_true(exists("file"));
	log_done(&log);
	log_sink_close(sink);
}

/* Nowhere to write to: the one that is open goes on being written. */
static void test_a_file_that_can_not_be_opened_anew(void **state)
{
	char gone[100];
	struct log_sink *sink;
	struct log log;

	(void)state;
	assert_int_equal(mkdir(path_of("deep"), 0700), 0);
	assert_int_equal(log_sink_open(path_of("deep/file"), &sink), OK);
	log_init(&log, sink, sink, LOG_JSON);
	(void)snprintf(gone, sizeof(gone), "%s", path_of("gone"));
	assert_int_equal(rename(path_of("deep"), gone), 0);
	assert_int_equal(log_sink_reopen(sink), ERROR_SYSTEM);
	say(&log, "still");
	assert_true(exists("gone/file"));
	log_done(&log);
	log_sink_close(sink);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_is_a_message),
		cmocka_unit_test(test_a_server_that_is_started_again),
		cmocka_unit_test(test_a_server_that_is_slow),
		cmocka_unit_test(test_a_message_that_is_too_long),
		cmocka_unit_test(test_a_file_is_opened_anew),
		cmocka_unit_test(test_a_file_that_can_not_be_opened_anew),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
