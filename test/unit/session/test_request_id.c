#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "session/request_id.h"
#include "tls/library.h"

enum { IDS = 5 * REQUEST_ID_BATCH / 2 };

static void test_ids_are_hexadecimal_and_differ(void **state)
{
	struct tls_random *random;
	struct request_ids ids;
	char all[IDS][REQUEST_ID_SIZE];

	(void)state;
	assert_int_equal(tls_library_open(), OK);
	assert_int_equal(tls_random_new(&random), OK);
	request_ids_init(&ids, random);
	for (size_t i = 0; i < IDS; i++) {
		assert_int_equal(request_ids_next(&ids, all[i]), OK);
		for (size_t j = 0; j < REQUEST_ID_SIZE; j++)
			assert_non_null(memchr("0123456789abcdef", all[i][j], 16));
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(all[i], all[j], REQUEST_ID_SIZE);
	}
	tls_random_free(random);
	tls_library_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids_are_hexadecimal_and_differ),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
