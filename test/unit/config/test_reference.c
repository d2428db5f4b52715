#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "config/reference.h"
#include "loading.h"

static struct text reference;

static int print_reference(void **state)
{
	(void)state;
	text_init(&reference, REFERENCE_SIZE_MAX);
	config_reference_print(&reference);
	return reference.cut ? -1 : 0;
}

static int forget_reference(void **state)
{
	(void)state;
	text_done(&reference);
	return 0;
}

/* After a change of the tables: sallyport config-reference > config/sallyport.yaml */
static void test_is_the_file_that_users_start_from(void **state)
{
	struct span file = loading_read_file("config/sallyport.yaml");

	(void)state;
	if (!span_equal(file, text_span(&reference)))
		fail_msg("config/sallyport.yaml is not what `sallyport config-reference` prints");
	free((void *)(uintptr_t)file.data);
}

static void test_lines_are_short_and_clean(void **state)
{
	struct span rest = text_span(&reference);

	(void)state;
	while (rest.size > 0) {
		size_t end = span_find(rest, '\n');

		assert_true(end < rest.size);
		assert_true(end <= 100);
		assert_true(end == 0 || rest.data[end - 1] != ' ');
		rest = span_from(rest, end + 1);
	}
}

static struct config *load(struct span source)
{
	struct diagnostics diagnostics;
	struct config *config = NULL;
	struct text out;

	diagnostics_init(&diagnostics);
	text_init(&out, 1 << 20);

	enum error error = loading_load("reference", source, &diagnostics, &config);

	diagnostics_print(&diagnostics, &out);
	if (error || out.size > 0)
		fail_msg("%s", text_string(&out));
	text_done(&out);
	diagnostics_done(&diagnostics);
	return config;
}

/* A route has one of cluster, redirect and answer; challenges have either a folder or a cluster. */
static bool excludes_others(struct span key)
{
	return span_starts_with(key, SPAN("redirect:")) || span_starts_with(key, SPAN("answer:")) ||
	       span_starts_with(key, SPAN("acme_challenge:"));
}

/* The reference with each `#key: value` set, and what stands below it after `#` in that column. */
static void uncomment(struct text *out)
{
	struct span rest = text_span(&reference);
	size_t column = SIZE_MAX;

	while (rest.size > 0) {
		size_t end = span_find(rest, '\n');
		struct span line = span_cut(rest, 0, end);
		size_t mark = span_find(line, '#');
		bool is_key = mark + 1 < line.size && line.data[mark + 1] >= 'a' &&
		              line.data[mark + 1] <= 'z' && !excludes_others(span_from(line, mark + 1));

		if (is_key)
			column = mark;
		else if (mark != column || mark == line.size)
			column = SIZE_MAX;
		if (mark == column) {
			text_put(out, span_cut(line, 0, mark));
			text_put(out, span_from(line, mark + 1));
		} else {
			text_put(out, line);
		}
		text_put_char(out, '\n');
		rest = span_from(rest, end + 1);
	}
}

/* Uncommenting every key changes nothing but those that have an example instead of a default. */
static void test_shows_the_real_defaults(void **state)
{
	struct text all;
	struct config *plain = load(text_span(&reference));
	struct config *set;

	(void)state;
	text_init(&all, REFERENCE_SIZE_MAX);
	uncomment(&all);
	set = load(text_span(&all));
	assert_true(span_equal(set->routes[0].host.text, SPAN("app.example.com")));
	assert_null(plain->routes[0].host.text.data);
	assert_int_equal(set->trusted_proxy_count, 2);
	assert_int_equal(plain->trusted_proxy_count, 0);
	assert_int_equal(plain->policy_count, 0);
	assert_int_equal(set->policy_count, 1);
	assert_int_equal(set->policies[0].suites.count, 2);
	assert_int_equal(set->policies[0].tickets, CONFIG_TRUE);
	assert_int_equal(plain->listeners[0].tls->name_count, 0);
	assert_int_equal(set->listeners[0].tls->name_count, 1);
	assert_memory_equal(&plain->limits, &set->limits, sizeof(plain->limits));
	assert_memory_equal(&plain->timeouts, &set->timeouts, sizeof(plain->timeouts));
	assert_memory_equal(&plain->clusters[0].pool, &set->clusters[0].pool,
	                    sizeof(plain->clusters[0].pool));
	assert_memory_equal(&plain->clusters[0].timeouts, &set->clusters[0].timeouts,
	                    sizeof(plain->clusters[0].timeouts));
	assert_int_equal(plain->workers, set->workers);
	assert_int_equal(plain->listeners[0].tls->ticket_lifetime_ms,
	                 set->listeners[0].tls->ticket_lifetime_ms);
	assert_int_equal(plain->listeners[0].tls->tickets, set->listeners[0].tls->tickets);
	assert_true(span_equal(plain->logging.access.text, set->logging.access.text));
	assert_true(span_equal(plain->logging.errors.text, set->logging.errors.text));
	config_free(plain);
	config_free(set);
	text_done(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_the_file_that_users_start_from),
		cmocka_unit_test(test_lines_are_short_and_clean),
		cmocka_unit_test(test_shows_the_real_defaults),
	};

	return cmocka_run_group_tests(tests, print_reference, forget_reference);
}
