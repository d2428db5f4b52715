#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "unit/http/case_check.h"

static void test_cases(void **state)
{
	size_t failed;
	size_t count = cases_check("test/cases/response", TRACE_RESPONSES, &failed);

	(void)state;
	printf("%zu cases\n", count);
	assert_int_equal(failed, 0);
	assert_true(count >= 150);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
