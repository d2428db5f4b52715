/*
 * The reader of requests against the reference, over all cases and 100,000 requests made of them:
 * spliced, cut, repeated, and with bytes that attacks are made of.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/http/case_reader.h"
#include "unit/http/request_reference.h"

enum { RUNS = 100000, CASES_MAX = 1000, MUTATIONS_MAX = 4, SIZE_MAX_MADE = 4096 };

static struct text cases[CASES_MAX];
static bool is_good[CASES_MAX]; /* no part of it is refused */
static size_t case_count;
static uint64_t state = 1;

static const struct span pieces[] = {
	SPAN_INIT("\r\n"),
	SPAN_INIT("\n"),
	SPAN_INIT("\r"),
	SPAN_INIT(" "),
	SPAN_INIT("\t"),
	SPAN_INIT("\0"),
	SPAN_INIT(":"),
	SPAN_INIT(","),
	SPAN_INIT(";"),
	SPAN_INIT("\""),
	SPAN_INIT("\x80"),
	SPAN_INIT("\xff"),
	SPAN_INIT("%"),
	SPAN_INIT("%2f"),
	SPAN_INIT("*"),
	SPAN_INIT("0"),
	SPAN_INIT("1"),
	SPAN_INIT("/"),
	SPAN_INIT("?"),
	SPAN_INIT("HTTP/1.0"),
	SPAN_INIT("HTTP/1.1"),
	SPAN_INIT("GET "),
	SPAN_INIT("OPTIONS * "),
	SPAN_INIT("http://b:80/"),
	SPAN_INIT("Host: a\r\n"),
	SPAN_INIT("Host: [::1]:8080\r\n"),
	SPAN_INIT("Content-Length: 5\r\n"),
	SPAN_INIT("Transfer-Encoding: chunked\r\n"),
	SPAN_INIT("Connection: close, keep-alive\r\n"),
	SPAN_INIT("Connection: upgrade\r\n"),
	SPAN_INIT("Upgrade: websocket\r\n"),
	SPAN_INIT("Expect: 100-continue\r\n"),
	SPAN_INIT("5\r\nhello\r\n"),
	SPAN_INIT("0\r\n\r\n"),
	SPAN_INIT(";a=\"b\\\"c\""),
	SPAN_INIT("\r\n\r\n"),
	SPAN_INIT("[::ffff:1.2.3.4]"),
	SPAN_INIT("."),
};

static size_t below(size_t limit)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (size_t)(state >> 33) % limit;
}

static void keep_case(const struct test_case *test)
{
	assert_true(case_count < CASES_MAX);
	const char *expected = text_string(&test->expected);

	is_good[case_count] = strstr(expected, "refused ") == NULL;
	text_init(&cases[case_count], SIZE_MAX_MADE);
	text_put(&cases[case_count++], text_span(&test->bytes));
}

static struct span some_case(void)
{
	return text_span(&cases[below(case_count)]);
}

/* A good one mostly: what is bad already is not made better. */
static struct span some_start(void)
{
	size_t i = below(case_count);

	for (int draws = 0; draws < 8 && !is_good[i]; draws++)
		i = below(case_count);
	return text_span(&cases[i]);
}

/* One change at a place of its own; `from` to `out`. */
static void mutate(struct span from, struct text *out)
{
	size_t at = below(from.size + 1);
	size_t more = below(20);
	struct span other = some_case();

	text_put(out, span_cut(from, 0, at));
	switch (below(6)) {
	case 0: /* a byte is another */
		text_put_char(out, (char)below(256));
		at++;
		break;
	case 1: /* some are missing */
		at += more;
		break;
	case 2: /* some come twice */
		text_put(out, span_cut(from, at, at + more));
		break;
	case 3: /* the rest is another's */
		text_put(out, span_from(other, below(other.size + 1)));
		at = from.size;
		break;
	default:
		text_put(out, pieces[below(ARRAY_LENGTH(pieces))]);
		break;
	}
	text_put(out, span_from(from, at));
}

static void check_run(void)
{
	struct text made[2];
	size_t now = 0;

	text_init(&made[0], SIZE_MAX_MADE);
	text_init(&made[1], SIZE_MAX_MADE);
	text_put(&made[0], some_start());
	for (size_t left = 1 + below(1 + below(MUTATIONS_MAX)); left > 0; left--) {
		text_clear(&made[1 - now]);
		mutate(text_span(&made[now]), &made[1 - now]);
		now = 1 - now;
	}
	if (!request_reference_agrees(text_span(&made[now]))) {
		struct text shown;

		text_init(&shown, 8 * SIZE_MAX_MADE);
		put_escaped(&shown, text_span(&made[now]));
		fail_msg("they do not agree on %s", text_string(&shown));
	}
	text_done(&made[0]);
	text_done(&made[1]);
}

static void test_all_cases(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < case_count; i++)
		if (!request_reference_agrees(text_span(&cases[i])))
			fail_msg("they do not agree on case %zu", i);
}

static void test_what_is_made_of_them(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < RUNS; i++)
		check_run();
}

static int read_cases(void **unused)
{
	(void)unused;
	return cases_each("test/cases/request", keep_case) > 400 ? 0 : -1;
}

static int forget_cases(void **unused)
{
	(void)unused;
	while (case_count > 0)
		text_done(&cases[--case_count]);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_cases),
		cmocka_unit_test(test_what_is_made_of_them),
	};

	return cmocka_run_group_tests(tests, read_cases, forget_cases);
}
