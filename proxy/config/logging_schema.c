#include "config/logging_schema.h"

#include "config/config.h"

enum { DAY = 24 * 3600 * 1000 };

/* Where `member` of `type` goes. */
#define AT(type, member) .offset = offsetof(type, member)
#define FIELDS(rows)     .fields = rows, .count = ARRAY_LENGTH(rows)

/* The decoder stores an unsigned int in each enum. */
_Static_assert(sizeof(enum config_log_format) == sizeof(unsigned), "an enum is an unsigned");
_Static_assert(sizeof(enum config_log_level) == sizeof(unsigned), "an enum is an unsigned");
_Static_assert(sizeof(enum config_log_handshakes) == sizeof(unsigned), "an enum is an unsigned");

static const struct schema_word log_format_words[] = {
	{"json", CONFIG_LOG_JSON},
	{"text", CONFIG_LOG_TEXT},
	{0},
};

static const struct schema_word log_level_words[] = {
	{"error", CONFIG_LOG_ERROR},
	{"warning", CONFIG_LOG_WARNING},
	{"notice", CONFIG_LOG_NOTICE},
	{"debug", CONFIG_LOG_DEBUG},
	{0},
};

static const struct schema_word log_handshakes_words[] = {
	{"failed", CONFIG_HANDSHAKES_FAILED},
	{"all", CONFIG_HANDSHAKES_ALL},
	{"off", CONFIG_HANDSHAKES_OFF},
	{0},
};

static const struct schema_word log_target_words[] = {{"stdout", 0},
                                                      {"stderr", 0},
                                                      {"off", 0},
                                                      {0}};

static const struct schema_field logging_fields[] = {
	{"access", SCHEMA_PATH, false, AT(struct config_logging, access), .fallback = "stdout",
     .words = log_target_words,
     .sentence = "One line for each request and for each failed handshake."},
	{"errors", SCHEMA_PATH, false, AT(struct config_logging, errors), .fallback = "stderr",
     .words = log_target_words, .sentence = "What the proxy has to say about itself."},
	{"format", SCHEMA_ENUM, false, AT(struct config_logging, format), .fallback = "json",
     .words = log_format_words, .sentence = "The form of both."},
	/* On, as in nginx and Caddy; in a field of its own, so that `path` is safe to count by. */
	{"query", SCHEMA_BOOL, false, AT(struct config_logging, query), .fallback = "true",
     .sentence = "Whether the line of a request has its query: false where queries hold secrets."},
	{"level", SCHEMA_ENUM, false, AT(struct config_logging, level), .fallback = "notice",
     .words = log_level_words,
     .sentence =
         "Which messages go to `errors`: these and what matters more. debug tells the steps "
         "of each handshake."},
	{"handshakes", SCHEMA_ENUM, false, AT(struct config_logging, handshakes), .fallback = "failed",
     .words = log_handshakes_words,
     .sentence = "Which TLS handshakes get a line in `access`, with their steps and times."},
	{"handshake_repeat_interval", SCHEMA_DURATION, false,
     AT(struct config_logging, handshake_repeat_interval_ms), .fallback = "1m", .min = 0,
     .max = DAY,
     .sentence = "Failed handshakes of the same kind are told once at first, then in one line with "
                 "their number after each such time; 0: each by itself."},
};

const struct schema config_logging_schema = {
	.size = sizeof(struct config_logging),
	.place_offset = SCHEMA_NOWHERE,
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(logging_fields),
};
