#include "config/observing_schema.h"

#include "config/config.h"

/* Where `member` of `type` goes. */
#define AT(type, member) .offset = offsetof(type, member)
#define FIELDS(rows)     .fields = rows, .count = ARRAY_LENGTH(rows)

/* The decoder stores an unsigned int in each enum. */
_Static_assert(sizeof(enum config_traceparent) == sizeof(unsigned), "an enum is an unsigned");
_Static_assert(sizeof(enum config_trace_from) == sizeof(unsigned), "an enum is an unsigned");

static const struct schema_word traceparent_words[] = {
	{"off", CONFIG_TRACE_OFF},
	{"pass", CONFIG_TRACE_PASS},
	{"create", CONFIG_TRACE_CREATE},
	{0},
};

static const struct schema_word trace_from_words[] = {
	{"trusted_proxies", CONFIG_TRACE_FROM_TRUSTED},
	{"anyone", CONFIG_TRACE_FROM_ANYONE},
	{0},
};

static const struct schema_field tracing_fields[] = {
	{"traceparent", SCHEMA_ENUM, false, AT(struct config_tracing, traceparent), .fallback = "off",
     .words = traceparent_words,
     .sentence = "pass: a request that has one goes on with it, and with a span of ours, which the "
                 "access log tells. create: one without gets a trace of its own, too. off: "
                 "traceparent and tracestate go by untouched."},
	{"from", SCHEMA_ENUM, false, AT(struct config_tracing, from), .fallback = "trusted_proxies",
     .words = trace_from_words,
     .sentence = "Whose traces are gone on with. What others send, and what is malformed, is "
                 "replaced by a new trace: they could choose ids for you, and have all of it "
                 "sampled."},
	{"sample", SCHEMA_INTEGER, false, AT(struct config_tracing, sample), .fallback = "100",
     .min = 0, .max = 100,
     .sentence = "Per cent of the traces which begin here that are marked to be recorded."},
};

const struct schema config_tracing_schema = {
	.size = sizeof(struct config_tracing),
	.place_offset = SCHEMA_NOWHERE,
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(tracing_fields),
};

static const struct schema_field metrics_fields[] = {
	/* 200 routes with ten kinds of answers each; at most some MB in each worker. */
	{"series_max", SCHEMA_INTEGER, false, AT(struct config_metrics, series_max), .fallback = "2000",
     .min = 1, .max = 100000,
     .sentence = "Most combinations of label values of one metric. What comes later is counted "
                 "together, with the value \"other\" in all labels."},
};

const struct schema config_metrics_schema = {
	.size = sizeof(struct config_metrics),
	.place_offset = SCHEMA_NOWHERE,
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(metrics_fields),
};
