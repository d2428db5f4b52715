#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config/nearest.h"

static struct span nearest_of(const char *word, const char *const *candidates)
{
	struct nearest nearest;

	nearest_init(&nearest, span_of_string(word));
	for (; *candidates; candidates++)
		nearest_offer(&nearest, span_of_string(*candidates));
	return nearest.best;
}

static void check_nearest(const char *word, const char *expected)
{
	static const char *const candidates[] = {"app", "cluster", "host", "path", "listeners", NULL};
	struct span best = nearest_of(word, candidates);

	if (!span_equal(best, span_of_string(expected)))
		fail_msg("%s: %.*s", word, (int)best.size, best.data ? best.data : "");
}

static void test_finds_the_nearest(void **state)
{
	(void)state;
	check_nearest("ap", "app");
	check_nearest("aap", "app");
	check_nearest("apa", "app"); /* a swap is one edit */
	check_nearest("hots", "host");
	check_nearest("HOST", "host");
	check_nearest("clutser", "cluster");
	check_nearest("listner", "listeners");
	check_nearest("lstnrs", "");
	check_nearest("website", "");
	check_nearest("x", "");
	check_nearest("", "");
}

static void test_prefers_the_first_of_equals(void **state)
{
	static const char *const candidates[] = {"web1", "web2", NULL};

	(void)state;
	assert_true(span_equal(nearest_of("web", candidates), SPAN("web1")));
}

static void test_ignores_long_words(void **state)
{
	char word[NEAREST_WORD_MAX + 2];
	char other[NEAREST_WORD_MAX + 2];
	const char *candidates[] = {other, NULL};

	(void)state;
	memset(word, 'a', sizeof(word));
	memset(other, 'a', sizeof(other));
	word[NEAREST_WORD_MAX] = '\0';
	other[NEAREST_WORD_MAX] = '\0';
	other[3] = 'b';
	assert_int_equal(nearest_of(word, candidates).size, NEAREST_WORD_MAX);
	word[NEAREST_WORD_MAX] = 'a';
	word[NEAREST_WORD_MAX + 1] = '\0';
	assert_int_equal(nearest_of(word, candidates).size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_the_nearest),
		cmocka_unit_test(test_prefers_the_first_of_equals),
		cmocka_unit_test(test_ignores_long_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
