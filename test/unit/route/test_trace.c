#include "route/trace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "unit/http/heads.h"

#define ID     "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT "00f067aa0ba902b7"
#define VALID  "00-" ID "-" PARENT "-01"

enum { HEAD_SIZE = 16384 };

static struct arena arena;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 1 << 20);
	return 0;
}

static int end(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

/* What is read of a request with these field lines, separated by `|`. */
static bool read_lines(const char *lines, struct trace *ret_trace)
{
	static char head[HEAD_SIZE];
	struct span rest = span_of_string(lines);
	struct span line;

	(void)snprintf(head, sizeof(head), "GET / HTTP/1.1\r\nHost: a\r\n");
	while (span_next(&rest, '|', &line)) {
		size_t size = strlen(head);

		(void)snprintf(head + size, sizeof(head) - size, "%.*s\r\n", (int)line.size, line.data);
	}
	(void)strncat(head, "\r\n", sizeof(head) - strlen(head) - 1);

	const struct message request = request_of(head, &arena);

	return trace_read(&request, &arena, ret_trace);
}

static void a_valid_one_is_read(void **state)
{
	struct trace trace;

	(void)state;
	assert_true(read_lines("traceparent: " VALID, &trace));
	assert_true(trace.is_on && trace.is_sampled && trace.has_parent);
	assert_memory_equal(trace.id, ID, TRACE_ID_SIZE);
	assert_memory_equal(trace.parent, PARENT, TRACE_SPAN_SIZE);
	assert_int_equal(trace.state.size, 0);
}

static void of_the_flags_one_counts(void **state)
{
	struct trace trace;

	(void)state;
	assert_true(read_lines("Traceparent: 00-" ID "-" PARENT "-00", &trace));
	assert_false(trace.is_sampled);
	assert_true(read_lines("traceparent: 00-" ID "-" PARENT "-fe", &trace));
	assert_false(trace.is_sampled);
	assert_true(read_lines("traceparent: 00-" ID "-" PARENT "-09", &trace));
	assert_true(trace.is_sampled);
}

/* §3.2.1: as far as version 00 goes. */
static void later_versions_are_read(void **state)
{
	struct trace trace;

	(void)state;
	assert_true(read_lines("traceparent: 01-" ID "-" PARENT "-01", &trace));
	assert_true(read_lines("traceparent: cc-" ID "-" PARENT "-01-what-is-to-come", &trace));
	assert_memory_equal(trace.id, ID, TRACE_ID_SIZE);
	assert_false(read_lines("traceparent: cc-" ID "-" PARENT "-01.what", &trace));
	assert_false(read_lines("traceparent: cc-" ID "-" PARENT "-011", &trace));
}

static void malformed_ones_count_as_none(void **state)
{
	static const char *const lines[] = {
		"x: y",
		"traceparent:",
		"traceparent: " VALID "|traceparent: " VALID,
		"traceparent: " VALID ", " VALID,
		"traceparent: 00-" ID "-" PARENT "-0",
		"traceparent: 00-" ID "-" PARENT "-01-",
		"traceparent: 00-" ID "-" PARENT "-01-more",
		"traceparent: 00-" ID "-" PARENT "-0x",
		"traceparent: ff-" ID "-" PARENT "-01",
		"traceparent: 0G-" ID "-" PARENT "-01",
		"traceparent: 00-00000000000000000000000000000000-" PARENT "-01",
		"traceparent: 00-" ID "-0000000000000000-01",
		"traceparent: 00-4BF92F3577B34DA6A3CE929D0E0E4736-" PARENT "-01",
		"traceparent: 00-" ID "-00F067AA0BA902B7-01",
		"traceparent: 00_" ID "-" PARENT "-01",
		"traceparent: 00-" ID "_" PARENT "-01",
		"traceparent: 00-" ID "-" PARENT "_01",
		"traceparent: 00-" ID PARENT "-01",
		"tracestate: a=b",
	};
	struct trace trace = {.has_parent = true};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(lines); i++)
		if (read_lines(lines[i], &trace))
			fail_msg("read: %s", lines[i]);
	assert_true(trace.has_parent && !trace.is_on); /* untouched */
}

static void check_state(const char *lines, const char *wanted)
{
	char all[HEAD_SIZE];
	struct trace trace;

	(void)snprintf(all, sizeof(all), "traceparent: " VALID "|%s", lines);
	assert_true(read_lines(all, &trace));
	if (!span_equal(trace.state, span_of_string(wanted)))
		fail_msg("%s: %.*s, not %s", lines, (int)trace.state.size, trace.state.data, wanted);
}

static void a_state_goes_on(void **state)
{
	(void)state;
	check_state("tracestate: rojo=00f067aa0ba902b7,congo=t61rcWkgMzE",
	            "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE");
	check_state("tracestate: a=1|tracestate: b=2", "a=1,b=2");
	check_state("tracestate: ,a=1, ,\tb=2 ,,", "a=1,b=2");
	check_state("tracestate:|tracestate: a=1", "a=1");
	check_state("tracestate: a_-*/0=1 2!~", "a_-*/0=1 2!~");
	check_state("tracestate: 0tenant@sys-*/=x", "0tenant@sys-*/=x");
	check_state("tracestate: a=1,a=2", "a=1,a=2"); /* allowed to go on as it is */
}

static void a_malformed_state_is_dropped_whole(void **state)
{
	static const char *const states[] = {
		"a",
		"=",
		"a=",
		"=1",
		"A=1",
		"0a=1",
		"a b=1",
		"a=b=c",
		"a@=1",
		"@a=1",
		"a@0=1",
		"a@b@c=1",
		"a@bcdefghijklmnop=1",
		"a.b=1",
		"a=\x7f",
		"a=\xc3\xa9",
	};
	char lines[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(states); i++) {
		(void)snprintf(lines, sizeof(lines), "tracestate: good=1|tracestate: %s,good=2", states[i]);
		/* Some of these bytes no field may have; then there is no request. */
		if (strchr(states[i], '\x7f'))
			continue;
		check_state(lines, "");
	}
}

/* "k0=v,k1=v…" of `count` members. */
static void make_members(char *text, size_t size, unsigned count)
{
	size_t used = 0;

	for (unsigned i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, size - used, "%sk%u=v", i > 0 ? "," : "", i);
}

static void a_state_has_at_most_32_members(void **state)
{
	char members[512];
	char lines[1024];

	(void)state;
	make_members(members, sizeof(members), 32);
	(void)snprintf(lines, sizeof(lines), "tracestate: %s", members);
	check_state(lines, members);
	make_members(members, sizeof(members), 33);
	(void)snprintf(lines, sizeof(lines), "tracestate: %s", members);
	check_state(lines, "");
}

/* `name=` and as many x as make it so large. */
static void make_member(char *text, const char *name, size_t size)
{
	size_t name_size = strlen(name);

	memcpy(text, name, name_size);
	text[name_size] = '=';
	memset(text + name_size + 1, 'x', size - name_size - 1);
	text[size] = '\0';
}

/* §3.3.1.5 */
static void a_state_is_shortened(void **state)
{
	char a[300];
	char b[300];
	char c[300];
	char d[300];
	char lines[2048];
	char wanted[2048];

	(void)state;
	make_member(a, "a", 128);
	make_member(b, "b", 128);
	make_member(c, "c", 128);
	make_member(d, "d", 125);
	/* 512 bytes in all, with commas */
	(void)snprintf(lines, sizeof(lines), "tracestate: %s,%s,%s,%s", a, b, c, d);
	(void)snprintf(wanted, sizeof(wanted), "%s,%s,%s,%s", a, b, c, d);
	check_state(lines, wanted);
	/* One more: the last goes. */
	make_member(d, "d", 126);
	(void)snprintf(lines, sizeof(lines), "tracestate: %s,%s,%s,%s", a, b, c, d);
	(void)snprintf(wanted, sizeof(wanted), "%s,%s,%s", a, b, c);
	check_state(lines, wanted);
	/* A long one goes before. */
	make_member(b, "b", 129);
	(void)snprintf(lines, sizeof(lines), "tracestate: %s,%s,%s,%s", a, b, c, d);
	(void)snprintf(wanted, sizeof(wanted), "%s,%s,%s", a, c, d);
	check_state(lines, wanted);
	/* The longest that there may be, alone. */
	make_member(a, "a", 258);
	(void)snprintf(lines, sizeof(lines), "tracestate: %s", a);
	check_state(lines, a);
	make_member(a, "a", 259);
	(void)snprintf(lines, sizeof(lines), "tracestate: %s", a);
	check_state(lines, "");
}

static void ours_takes_the_place_of_what_came(void **state)
{
	struct message message = request_of("GET / HTTP/1.1\r\nHost: a\r\nTraceParent: x\r\n"
	                                    "tracestate: a=1\r\nX-Other: y\r\ntracestate: b=1\r\n\r\n",
	                                    &arena);
	struct trace trace = {.is_on = true, .state = SPAN("c=1")};

	(void)state;
	memcpy(trace.id, ID, TRACE_ID_SIZE);
	memcpy(trace.span, PARENT, TRACE_SPAN_SIZE);
	assert_int_equal(trace_write(&trace, &arena, &message), OK);
	assert_int_equal(message_count(&message, FIELD_TRACEPARENT), 1);
	assert_int_equal(message_count(&message, FIELD_TRACESTATE), 1);
	assert_true(span_equal(message_find(&message, FIELD_TRACEPARENT)->value,
	                       SPAN("00-" ID "-" PARENT "-00")));
	assert_true(span_equal(message_find(&message, FIELD_TRACESTATE)->value, SPAN("c=1")));
	trace.is_sampled = true;
	trace.state = (struct span){0};
	assert_int_equal(trace_write(&trace, &arena, &message), OK);
	assert_true(span_equal(message_find(&message, FIELD_TRACEPARENT)->value, SPAN(VALID)));
	assert_int_equal(message_count(&message, FIELD_TRACESTATE), 0);
	assert_int_equal(message.field_count, 3);
}

static void without_memory_it_is_told(void **state)
{
	struct message message = request_of("GET / HTTP/1.1\r\nHost: a\r\n\r\n", &arena);
	struct trace trace = {.is_on = true, .state = SPAN("c=1")};
	enum error error = ERROR_OUT_OF_MEMORY;

	(void)state;
	memset(trace.id, '1', TRACE_ID_SIZE);
	memset(trace.span, '1', TRACE_SPAN_SIZE);
	for (long successes = 0; error; successes++) {
		struct arena own;
		struct message copy = message;

		arena_init(&own, NULL, 1 << 16);
		memory_fail_after(successes);
		error = trace_write(&trace, &own, &copy);
		memory_fail_after(-1);
		assert_true(error == OK || error == ERROR_OUT_OF_MEMORY);
		arena_done(&own);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(a_valid_one_is_read),
		TEST(of_the_flags_one_counts),
		TEST(later_versions_are_read),
		TEST(malformed_ones_count_as_none),
		TEST(a_state_goes_on),
		TEST(a_malformed_state_is_dropped_whole),
		TEST(a_state_has_at_most_32_members),
		TEST(a_state_is_shortened),
		TEST(ours_takes_the_place_of_what_came),
		TEST(without_memory_it_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
