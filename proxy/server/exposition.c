#include "server/exposition.h"

#include <stdio.h>

#include "base/check.h"

enum { US_PER_S = 1000000, QUALITY_MAX = 1000 };

/* --- Which format ----------------------------------------------------------------------------- */

/* A weight in thousandths: `0`, `0.5`, `1.000` (RFC 9110 §12.4.2). What is none counts as 0. */
static unsigned read_weight(struct span text)
{
	unsigned weight = 0;
	unsigned unit = QUALITY_MAX;

	for (size_t i = 0; i < text.size; i++) {
		char c = text.data[i];

		if (i == 1 && c == '.')
			continue;
		if (c < '0' || c > '9' || unit == 0)
			return 0;
		weight += (unsigned)(c - '0') * unit;
		unit /= 10;
	}
	return weight < QUALITY_MAX ? weight : QUALITY_MAX;
}

/* The weight of one media range: `type/subtype;parameter=value;q=0.5`. */
static unsigned weight_of(struct span parameters)
{
	const struct span q = SPAN("q=");
	unsigned weight = QUALITY_MAX;

	for (struct span parameter; span_next(&parameters, ';', &parameter);)
		if (span_equal_nocase(span_cut(parameter, 0, q.size), q))
			weight = read_weight(span_from(parameter, q.size));
	return weight;
}

enum exposition_format exposition_choose(struct span accept)
{
	unsigned openmetrics = 0;
	unsigned plain = 0;

	for (struct span parameters, range; span_next(&accept, ',', &parameters);) {
		if (!span_next(&parameters, ';', &range))
			continue;

		unsigned weight = weight_of(parameters);

		if (span_equal_nocase(range, SPAN("application/openmetrics-text"))) {
			if (weight > openmetrics)
				openmetrics = weight;
		} else if (span_equal_nocase(range, SPAN("text/plain"))) {
			if (weight > plain)
				plain = weight;
		}
	}
	return openmetrics > 0 && openmetrics >= plain ? EXPOSITION_OPENMETRICS : EXPOSITION_CLASSIC;
}

const char *exposition_content_type(enum exposition_format format)
{
	return format == EXPOSITION_OPENMETRICS
	           ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
	           : "text/plain; version=0.0.4; charset=utf-8";
}

/* --- The text --------------------------------------------------------------------------------- */

/* In label values `"` is escaped in both formats, in HELP in OpenMetrics only. */
static void put_escaped(struct text *text, const char *string, bool quotes)
{
	for (; *string; string++) {
		if (*string == '\n') {
			text_put_string(text, "\\n");
			continue;
		}
		if (*string == '\\' || (*string == '"' && quotes))
			text_put_char(text, '\\');
		text_put_char(text, *string);
	}
}

/* A label more, such as `le`; NULL: none. */
struct extra {
	const char *name;
	const char *value;
};

static void put_labels(struct text *text, const struct series *series, const struct extra *extra)
{
	const struct metric *metric = metric_of(series->id);
	bool has_extra = extra != NULL;

	if (metric->label_count == 0 && !has_extra)
		return;
	text_put_char(text, '{');
	for (size_t i = 0; i < metric->label_count; i++) {
		if (i > 0)
			text_put_char(text, ',');
		text_put_string(text, metric->labels[i]);
		text_put_string(text, "=\"");
		put_escaped(text, series->labels[i], true);
		text_put_char(text, '"');
	}
	if (has_extra)
		text_printf(text, "%s%s=\"%s\"", metric->label_count > 0 ? "," : "", extra->name,
		            extra->value);
	text_put_char(text, '}');
}

/* Microseconds as seconds, exactly, without zeros at the end. */
static void put_seconds(struct text *text, uint64_t us)
{
	unsigned fraction = (unsigned)(us % US_PER_S);
	int digits = 6;

	text_put_number(text, us / US_PER_S);
	if (fraction == 0)
		return;
	for (; fraction % 10 == 0; fraction /= 10)
		digits--;
	text_printf(text, ".%0*u", digits, fraction);
}

static void put_sample(struct text *text, const struct series *series, const char *suffix,
                       const struct extra *extra)
{
	text_put_string(text, metric_of(series->id)->name);
	text_put_string(text, suffix);
	put_labels(text, series, extra);
	text_put_char(text, ' ');
}

/* The bounds of histograms as they stand in `le`. */
struct bounds {
	char texts[HISTOGRAM_BOUNDS][sizeof("18446744073709.551615")];
};

/* A whole number has `.0`, as OpenMetrics wants it: so a bound is the same in both formats. */
static void format_bounds(struct bounds *bounds)
{
	for (unsigned i = 0; i < HISTOGRAM_BOUNDS; i++) {
		uint64_t bound_us = histogram_bounds_us[i];
		struct text text;

		text_init(&text, sizeof(bounds->texts[i]) - 1);
		put_seconds(&text, bound_us);
		if (bound_us % US_PER_S == 0)
			text_put_string(&text, ".0");
		(void)snprintf(bounds->texts[i], sizeof(bounds->texts[i]), "%s", text_string(&text));
		text_done(&text);
	}
}

static void put_histogram(struct text *text, const struct series *series,
                          const struct bounds *bounds)
{
	const struct histogram *histogram = series->histogram;
	uint64_t count = 0;

	for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++) {
		struct extra le = {
			.name = "le",
			.value = i < HISTOGRAM_BOUNDS ? bounds->texts[i] : "+Inf",
		};

		count += histogram->counts[i];
		put_sample(text, series, "_bucket", &le);
		text_put_number(text, count);
		text_put_char(text, '\n');
	}
	put_sample(text, series, "_count", NULL);
	text_put_number(text, count);
	text_put_char(text, '\n');
	put_sample(text, series, "_sum", NULL);
	put_seconds(text, histogram->sum_us);
	text_put_char(text, '\n');
}

static void put_series(struct text *text, const struct series *series, const struct bounds *bounds)
{
	const struct metric *metric = metric_of(series->id);

	if (series->histogram) {
		put_histogram(text, series, bounds);
		return;
	}
	put_sample(text, series, metric_suffix(metric->kind), NULL);
	if (metric->unit == METRIC_SECONDS)
		put_seconds(text, series->value);
	else
		text_put_number(text, series->value);
	text_put_char(text, '\n');
}

/*
 * In OpenMetrics a family has no suffix of its samples in its name; in the classic format it has,
 * which knows no kind `info` either.
 */
static void put_head(struct text *text, const struct metric *metric, enum exposition_format format)
{
	bool is_openmetrics = format == EXPOSITION_OPENMETRICS;
	const char *suffix = is_openmetrics ? "" : metric_suffix(metric->kind);
	enum metric_kind kind =
		metric->kind == METRIC_INFO && !is_openmetrics ? METRIC_GAUGE : metric->kind;

	text_printf(text, "# HELP %s%s ", metric->name, suffix);
	put_escaped(text, metric->words, is_openmetrics);
	text_printf(text, "\n# TYPE %s%s %s\n", metric->name, suffix, metric_kind_name(kind));
	if (is_openmetrics && metric->unit != METRIC_PLAIN)
		text_printf(text, "# UNIT %s %s\n", metric->name, metric_unit_name(metric->unit));
}

void exposition_put(const struct series_table *table, enum exposition_format format,
                    struct text *text)
{
	struct bounds bounds;

	format_bounds(&bounds);
	for (unsigned id = 0; id < METRIC_COUNT; id++) {
		const struct series *series = series_first(table, (enum metric_id)id);

		if (!series)
			continue;
		put_head(text, metric_of((enum metric_id)id), format);
		for (; series; series = series->next)
			put_series(text, series, &bounds);
	}
	if (format == EXPOSITION_OPENMETRICS)
		text_put_string(text, "# EOF\n");
}
