#include "metrics/metric.h"

#include "base/check.h"

#define LABELS(...) {__VA_ARGS__}, sizeof((const char *[]){__VA_ARGS__}) / sizeof(const char *)
#define NO_LABELS   {NULL}, 0

static const struct metric metrics[METRIC_COUNT] = {
#define METRIC_ROW(id, name, kind, unit, merge, words, labels) \
	[METRIC_##id] = {name, METRIC_##kind, METRIC_##unit, METRIC_##merge, words, labels},
	METRIC_TABLE(METRIC_ROW)
#undef METRIC_ROW
};

const struct metric *metric_of(enum metric_id id)
{
	check(id < METRIC_COUNT);
	return &metrics[id];
}

const char *metric_kind_name(enum metric_kind kind)
{
	static const char *const names[METRIC_KIND_COUNT] = {
		[METRIC_COUNTER] = "counter",
		[METRIC_GAUGE] = "gauge",
		[METRIC_HISTOGRAM] = "histogram",
		[METRIC_INFO] = "info",
	};

	check(kind < METRIC_KIND_COUNT);
	return names[kind];
}

const char *metric_unit_name(enum metric_unit unit)
{
	static const char *const names[METRIC_UNIT_COUNT] = {
		[METRIC_PLAIN] = "",
		[METRIC_SECONDS] = "seconds",
		[METRIC_BYTES] = "bytes",
	};

	check(unit < METRIC_UNIT_COUNT);
	return names[unit];
}

const char *metric_suffix(enum metric_kind kind)
{
	return kind == METRIC_COUNTER ? "_total" : kind == METRIC_INFO ? "_info" : "";
}

void metric_put_list(struct text *text)
{
	text_put_string(text, "| name | kind | labels | what it is |\n|---|---|---|---|\n");
	for (unsigned id = 0; id < METRIC_COUNT; id++) {
		const struct metric *metric = &metrics[id];

		text_printf(text, "| `%s%s` | %s | ", metric->name, metric_suffix(metric->kind),
		            metric_kind_name(metric->kind));
		for (size_t i = 0; i < metric->label_count; i++)
			text_printf(text, "%s`%s`", i > 0 ? ", " : "", metric->labels[i]);
		text_printf(text, " | %s |\n", metric->words);
	}
}
