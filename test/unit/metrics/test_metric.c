#include "metrics/metric.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

enum { README_SIZE_MAX = 1 << 20 };

static bool ends_with(const char *string, const char *end)
{
	size_t size = strlen(string);
	size_t end_size = strlen(end);

	return size >= end_size && strcmp(string + size - end_size, end) == 0;
}

/* [a-z_]+, which Prometheus takes without quotes. */
static bool is_name(const char *name)
{
	return strspn(name, "abcdefghijklmnopqrstuvwxyz_") == strlen(name) && name[0] != '_';
}

static void names_follow_the_rules(void **state)
{
	(void)state;
	for (unsigned id = 0; id < METRIC_COUNT; id++) {
		const struct metric *metric = metric_of((enum metric_id)id);
		const char *unit = metric_unit_name(metric->unit);

		assert_true(is_name(metric->name));
		assert_true(strncmp(metric->name, "sallyport_", 10) == 0 ||
		            strncmp(metric->name, "process_", 8) == 0);
		assert_true(ends_with(metric->name, unit));
		assert_int_equal(ends_with(metric->name, "_seconds"), metric->unit == METRIC_SECONDS);
		assert_int_equal(ends_with(metric->name, "_bytes"), metric->unit == METRIC_BYTES);
		assert_false(ends_with(metric->name, "_total") || ends_with(metric->name, "_info") ||
		             ends_with(metric->name, "_count") || ends_with(metric->name, "_sum"));
		if (metric->kind == METRIC_HISTOGRAM)
			assert_int_equal(metric->unit, METRIC_SECONDS);
		if (metric->kind != METRIC_GAUGE && metric->kind != METRIC_INFO &&
		    strncmp(metric->name, "process_", 8) != 0)
			assert_int_equal(metric->merge, METRIC_SUM);
	}
}

static void words_are_a_sentence(void **state)
{
	(void)state;
	for (unsigned id = 0; id < METRIC_COUNT; id++) {
		const struct metric *metric = metric_of((enum metric_id)id);

		assert_true(ends_with(metric->words, "."));
		assert_null(strchr(metric->words, '|')); /* it stands in a table */
	}
}

static void labels_follow_the_rules(void **state)
{
	(void)state;
	for (unsigned id = 0; id < METRIC_COUNT; id++) {
		const struct metric *metric = metric_of((enum metric_id)id);

		assert_true(metric->label_count <= METRIC_LABELS_MAX);
		for (size_t i = 0; i < metric->label_count; i++) {
			assert_true(is_name(metric->labels[i]));
			assert_string_not_equal(metric->labels[i], "le");
			for (size_t j = 0; j < i; j++)
				assert_string_not_equal(metric->labels[i], metric->labels[j]);
		}
	}
}

static void each_name_is_there_once(void **state)
{
	(void)state;
	for (unsigned id = 0; id < METRIC_COUNT; id++)
		for (unsigned other = 0; other < id; other++)
			assert_string_not_equal(metric_of((enum metric_id)id)->name,
			                        metric_of((enum metric_id)other)->name);
}

/* The list in the README is what the table says: `sallyport metrics-reference` prints it. */
static void the_readme_has_the_list(void **state)
{
	static char readme[README_SIZE_MAX];
	FILE *file = fopen("README.md", "r");
	struct text list;

	(void)state;
	assert_non_null(file);
	readme[fread(readme, 1, sizeof(readme) - 1, file)] = '\0';
	(void)fclose(file);
	text_init(&list, README_SIZE_MAX);
	metric_put_list(&list);
	assert_false(list.cut);
	assert_non_null(strstr(readme, text_string(&list)));
	text_done(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_follow_the_rules),  cmocka_unit_test(words_are_a_sentence),
		cmocka_unit_test(labels_follow_the_rules), cmocka_unit_test(each_name_is_there_once),
		cmocka_unit_test(the_readme_has_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
