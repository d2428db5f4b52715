#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "net/lookup.h"
#include "unit/net/rig.h"

struct answer {
	unsigned calls;
	enum error error;
	struct address addresses[LOOKUP_ADDRESSES_MAX];
	size_t count;
};

static void on_done(void *owner, enum error error, const struct address *addresses, size_t count)
{
	struct answer *answer = owner;

	answer->calls++;
	answer->error = error;
	answer->count = count;
	assert_true(count <= LOOKUP_ADDRESSES_MAX);
	for (size_t i = 0; i < count; i++)
		answer->addresses[i] = addresses[i];
}

static struct lookup *start(const char *text, struct answer *answer)
{
	struct address address;
	struct lookup *lookup = NULL;

	*answer = (struct answer){0};
	assert_int_equal(address_parse(span_of_string(text), &address), OK);
	assert_int_equal(lookup_start(rig_loop, &address, on_done, answer, &lookup), OK);
	assert_non_null(lookup);
	assert_int_equal(answer->calls, 0);
	return lookup;
}

static void test_localhost(void **state)
{
	struct answer answer;

	(void)state;
	(void)start("localhost:8080", &answer);
	RIG_UNTIL(answer.calls > 0);
	assert_int_equal(answer.error, OK);
	assert_in_range(answer.count, 1, LOOKUP_ADDRESSES_MAX);
	for (size_t i = 0; i < answer.count; i++) {
		const struct address *address = &answer.addresses[i];

		assert_true(strcmp(address->host, "127.0.0.1") == 0 || strcmp(address->host, "::1") == 0);
		assert_int_equal(address->port, 8080);
		/* Each only once. */
		for (size_t j = 0; j < i; j++)
			assert_false(address_equal(address, &answer.addresses[j]));
	}
	rig_turns();
	assert_int_equal(answer.calls, 1);
}

static void test_a_name_that_does_not_resolve(void **state)
{
	struct answer answer;

	(void)state;
	/* RFC 6761 §6.4: nobody ever has it. */
	(void)start("name.invalid:80", &answer);
	RIG_UNTIL(answer.calls > 0);
	assert_int_equal(answer.error, ERROR_NAME_UNRESOLVED);
	assert_int_equal(answer.count, 0);
}

/* More than there are threads, so that some have begun when they are cancelled and some have not.
 * */
static void test_cancel(void **state)
{
	enum { COUNT = 16 };
	struct answer answers[COUNT];
	struct lookup *lookups[COUNT];
	struct answer kept;

	(void)state;
	for (int i = 0; i < COUNT; i++)
		lookups[i] = start("localhost:1", &answers[i]);
	for (int i = 0; i < COUNT; i++)
		lookup_cancel(lookups[i]);
	lookup_cancel(NULL);
	(void)start("localhost:1", &kept);
	RIG_UNTIL(kept.calls > 0);
	rig_turns();
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(answers[i].calls, 0);
}

static void test_start_without_memory(void **state)
{
	struct address address;
	struct lookup *lookup = NULL;

	(void)state;
	assert_int_equal(address_parse(SPAN("localhost:1"), &address), OK);
	memory_fail_after(0);
	assert_int_equal(lookup_start(rig_loop, &address, on_done, NULL, &lookup), ERROR_OUT_OF_MEMORY);
	assert_null(lookup);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, rig_set_up, rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_localhost),
		TEST(test_a_name_that_does_not_resolve),
		TEST(test_cancel),
		TEST(test_start_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
