/*
 * Failed handshakes of one kind: the first is told, the others are counted, none is lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/text.h"
#include "session/repeats.h"

static struct repeats *repeats;
static struct text told;
static uint64_t told_count;

static int open_repeats(void **state)
{
	(void)state;
	text_init(&told, 1 << 20);
	told_count = 0;
	return repeats_new(&repeats) == OK ? 0 : -1;
}

static int close_repeats(void **state)
{
	(void)state;
	repeats_free(repeats);
	text_done(&told);
	return 0;
}

static bool take(enum error reason, const char *name, const char *words, const char *client)
{
	struct repeat_kind kind = {reason, SPAN("0.0.0.0:443"), span_of_string(name),
	                           span_of_string(words)};

	return repeats_take(repeats, &kind, span_of_string(client));
}

static void note(void *owner, const struct repeat_sum *sum)
{
	(void)owner;
	told_count += sum->count;
	text_printf(&told, "%.*s %s %.*s %.*s ×%u %.*s\n", (int)sum->kind.listener.size,
	            sum->kind.listener.data, error_code(sum->kind.reason),
	            (int)sum->kind.server_name.size, sum->kind.server_name.data,
	            (int)sum->kind.words.size, sum->kind.words.data, (unsigned)sum->count,
	            (int)sum->client.size, sum->client.data);
}

static const char *tell(void)
{
	text_clear(&told);
	text_put_string(&told, "");
	repeats_tell(repeats, note, NULL);
	return text_string(&told);
}

static void test_the_first_is_told_at_once_and_the_rest_summed_up(void **state)
{
	(void)state;
	assert_true(take(ERROR_TLS_NO_COMMON_VERSION, "a.example", "too old", "10.0.0.1:1"));
	for (int i = 0; i < 5; i++)
		assert_false(take(ERROR_TLS_NO_COMMON_VERSION, "a.example", "too old",
		                  i < 4 ? "10.0.0.1:2" : "10.0.0.2:7"));
	assert_string_equal(tell(), "0.0.0.0:443 no_common_version a.example too old ×5 10.0.0.2:7\n");
	/* Still the same kind: only counted. */
	assert_false(take(ERROR_TLS_NO_COMMON_VERSION, "a.example", "too old", "10.0.0.3:1"));
	assert_string_equal(tell(), "0.0.0.0:443 no_common_version a.example too old ×1 10.0.0.3:1\n");
	/* Nothing came: it is forgotten, and the next one is a first one again. */
	assert_string_equal(tell(), "");
	assert_true(take(ERROR_TLS_NO_COMMON_VERSION, "a.example", "too old", "10.0.0.1:1"));
}

static void test_kinds_are_told_apart(void **state)
{
	(void)state;
	assert_true(take(ERROR_TLS_ALERT, "a.example", "words", "c"));
	assert_true(take(ERROR_TLS_ALERT, "b.example", "words", "c"));
	assert_true(take(ERROR_TLS_ALERT, "a.example", "other words", "c"));
	assert_true(take(ERROR_TLS_HANDSHAKE, "a.example", "words", "c"));
	assert_true(take(ERROR_TLS_HANDSHAKE, "", "", "c"));
	assert_string_equal(tell(), "");
}

/* Whoever makes up a new name each time fills the table, and is then counted by reason alone. */
static void test_too_many_kinds(void **state)
{
	uint64_t told_at_once = 0;
	char name[32];

	(void)state;
	for (int i = 0; i < 3 * REPEATS_KINDS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "n%d.example", i % (2 * REPEATS_KINDS_MAX));
		told_at_once += take(ERROR_TLS_UNKNOWN_NAME, name, "no certificate", "10.0.0.1:1");
	}
	assert_int_equal(told_at_once, REPEATS_KINDS_MAX);
	assert_non_null(
		strstr(tell(), " unknown_server_name  of more kinds than are told apart ×256 "));
	assert_int_equal(told_at_once + told_count, 3 * REPEATS_KINDS_MAX);
	(void)tell();
	/* There is room again. */
	assert_true(take(ERROR_TLS_ALERT, "", "words", "10.0.0.1:1"));
}

static void test_long_words_are_cut(void **state)
{
	static char words[2 * REPEATS_WORDS_MAX];

	(void)state;
	memset(words, 'x', sizeof(words) - 1);
	assert_true(take(ERROR_TLS_ALERT, "", words, "c"));
	assert_false(take(ERROR_TLS_ALERT, "", words, "c"));
	assert_in_range(strlen(tell()), REPEATS_WORDS_MAX, REPEATS_WORDS_MAX + 100);
}

/* Without memory for a kind it is counted with the others of its reason. */
static void test_without_memory(void **state)
{
	struct repeats *none = NULL;

	(void)state;
	memory_fail_after(0);
	assert_int_equal(repeats_new(&none), ERROR_OUT_OF_MEMORY);
	assert_false(take(ERROR_TLS_ALERT, "", "words", "10.0.0.1:1"));
	memory_fail_after(-1);
	assert_non_null(strstr(tell(), "tls_alert_received  of more kinds than are told apart ×1 "));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, open_repeats, close_repeats)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_first_is_told_at_once_and_the_rest_summed_up),
		TEST(test_kinds_are_told_apart),
		TEST(test_too_many_kinds),
		TEST(test_long_words_are_cut),
		TEST(test_without_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
