/*
 * test/cases/proxy: PROXY headers and what is read from them, however they are cut.
 *
 * Events: `addresses SOURCE DESTINATION`, `local`, `refused`, `incomplete`, `rest BYTES`. The limit
 * head_size is that of version 2.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "net/proxy_header.h"
#include "unit/http/case_reader.h"

static size_t failed;

static void put_address(struct text *trace, const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	address_format(address, text, sizeof(text));
	text_put_char(trace, ' ');
	text_put_string(trace, address->kind == ADDRESS_UNIX ? "unix" : text);
}

/* What comes of the bytes when they come in two parts. */
static void trace_header(const struct test_case *test, size_t split, struct text *trace)
{
	struct span bytes = text_span(&test->bytes);
	size_t max = test->limits.head_size_max;
	struct proxy_header header;
	size_t size = 0;
	enum error error = proxy_header_read(span_cut(bytes, 0, split), max, &header, &size);

	if (!error && size == 0)
		error = proxy_header_read(bytes, max, &header, &size);
	if (error || size == 0) {
		text_put_string(trace, error ? "refused\n" : "incomplete\n");
		return;
	}
	text_put_string(trace, header.has_addresses ? "addresses" : "local");
	if (header.has_addresses) {
		put_address(trace, &header.source);
		put_address(trace, &header.destination);
	}
	text_put_string(trace, size < bytes.size ? "\nrest " : "\nrest");
	put_escaped(trace, span_from(bytes, size));
	text_put_char(trace, '\n');
}

static void check_case(const struct test_case *test)
{
	for (size_t split = 0; split <= test->bytes.size; split++) {
		struct text trace;

		text_init(&trace, 4096);
		trace_header(test, split, &trace);
		if (!span_equal(text_span(&trace), text_span(&test->expected))) {
			fprintf(stderr, "%s:%u: %s\ncut at %zu, came:\n%s", test->file, test->line,
			        text_string(&test->title), split, text_string(&trace));
			failed++;
		}
		text_done(&trace);
	}
}

static void test_cases(void **state)
{
	size_t count = cases_each("test/cases/proxy", check_case);

	(void)state;
	printf("%zu cases\n", count);
	assert_int_equal(failed, 0);
	assert_true(count >= 70);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
