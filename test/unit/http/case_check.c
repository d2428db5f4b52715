#include "unit/http/case_check.h"

#include <stdio.h>

#include "unit/http/case_reader.h"

/* Cuts are tried at each place in the first so many bytes. */
enum { SPLIT_MAX = 700 };

static enum trace_kind kind;
static size_t failed;

/* Lines of these may be left out of a case; all others must be in it, in their order. */
static bool is_optional(struct span line)
{
	struct span word = span_cut(line, 0, span_find(line, ' '));

	return span_equal(word, SPAN("host")) || span_equal(word, SPAN("path")) ||
	       span_equal(word, SPAN("field")) || span_equal(word, SPAN("body"));
}

static bool next_line(struct span *rest, struct span *ret_line)
{
	size_t end = span_find(*rest, '\n');

	if (rest->size == 0)
		return false;
	*ret_line = span_cut(*rest, 0, end);
	*rest = span_from(*rest, end + 1);
	return true;
}

static bool matches(struct span expected, struct span trace)
{
	struct span line;
	struct span wanted = span_of(NULL, 0);
	bool wants = next_line(&expected, &wanted);

	while (next_line(&trace, &line)) {
		if (wants && span_equal(line, wanted))
			wants = next_line(&expected, &wanted);
		else if (!is_optional(line))
			return false;
	}
	return !wants;
}

static void check_case(const struct test_case *test)
{
	const struct trace_input input = {
		.kind = kind,
		.bytes = text_span(&test->bytes),
		.limits = &test->limits,
		.rules = test->rules,
		.to = test->to,
		.eof = test->eof,
	};
	struct text trace;
	bool same = trace_all(&input, SPLIT_MAX, &trace);

	if (!same || !matches(text_span(&test->expected), text_span(&trace))) {
		fprintf(stderr, "%s:%u: %s\nexpected:\n%scame:\n%s\n", test->file, test->line,
		        text_string(&test->title), text_string(&test->expected), text_string(&trace));
		failed++;
	}
	text_done(&trace);
}

size_t cases_check(const char *folder, enum trace_kind kind_of_cases, size_t *ret_failed)
{
	kind = kind_of_cases;
	failed = 0;

	size_t count = cases_each(folder, check_case);

	*ret_failed = failed;
	return count;
}
