/*
 * Skipping 0-RTT data record by record (RFC 8446 §4.2.10), up to a bound.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "tls/early_data.h"

static const char wire[] = "\x17\x03\x03\x00\x03"
						   "abc"
						   "\x17\x03\x03\x00\x00"
						   "\x17\x03\x03\x00\x02"
						   "de"
						   "\x16\x03\x03\x00\x01\x01";

enum { EARLY_SIZE = 8 + 5 + 7 };

/* Whatever the pieces in which it comes: all of it is skipped, and nothing behind it. */
static void test_any_pieces(void **state)
{
	(void)state;
	for (size_t step = 1; step < sizeof(wire); step++) {
		struct tls_early_data early = {0};
		size_t at = 0;

		for (size_t end = step; at < EARLY_SIZE; end += step) {
			struct span here = span_of(wire, end < sizeof(wire) - 1 ? end : sizeof(wire) - 1);
			size_t size;

			while ((size = tls_early_data_skip(&early, span_from(here, at))) > 0)
				at += size;
			assert_true(at <= EARLY_SIZE);
			if (at < EARLY_SIZE && at < here.size)
				assert_true(tls_early_data_is_within(&early, span_from(here, at)));
		}
		assert_int_equal(early.skipped, EARLY_SIZE);
		assert_int_equal(tls_early_data_skip(&early, span_from(SPAN("x\x16\x03"), 1)), 0);
		assert_false(tls_early_data_is_within(&early, span_from(SPAN("x\x16\x03"), 1)));
		assert_false(tls_early_data_is_within(&early, SPAN("")));
	}
}

/* Beyond the bound such a record is the library's to refuse. */
static void test_bound(void **state)
{
	static const char record[5 + 16384] = "\x17\x03\x03\x40\x00";
	struct tls_early_data early = {0};
	struct span whole = span_of(record, sizeof(record));
	size_t records = 0;

	(void)state;
	while (tls_early_data_skip(&early, whole) > 0)
		records++;
	assert_int_equal(records, 4);
	assert_true(early.skipped >= TLS_EARLY_DATA_MAX);
	assert_true(early.skipped < TLS_EARLY_DATA_MAX + sizeof(record));
	assert_false(tls_early_data_is_within(&early, whole));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_pieces),
		cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
