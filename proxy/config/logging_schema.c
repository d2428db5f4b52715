#include "config/logging_schema.h"

#include "config/config_logging.h"

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
                                                      {"syslog", 0},
                                                      {"off", 0},
                                                      {0}};

static const struct schema_word log_field_words[] = {
#define LOG_FIELD_WORD(id, key) {key, 1u << CONFIG_LOG_FIELD_##id},
	CONFIG_LOG_FIELD_TABLE(LOG_FIELD_WORD)
#undef LOG_FIELD_WORD
		{0},
};

/* RFC 5424 §6.2.1, by their usual names. */
static const struct schema_word facility_words[] = {
	{"kern", 0},    {"user", 1},      {"mail", 2},
	{"daemon", 3},  {"auth", 4},      {"syslog", 5},
	{"lpr", 6},     {"news", 7},      {"uucp", 8},
	{"cron", 9},    {"authpriv", 10}, {"ftp", 11},
	{"local0", 16}, {"local1", 17},   {"local2", 18},
	{"local3", 19}, {"local4", 20},   {"local5", 21},
	{"local6", 22}, {"local7", 23},   {0},
};

static const struct schema_field header_item = {.name = "", .kind = SCHEMA_NAME};

static const struct schema_field syslog_fields[] = {
	{"address", SCHEMA_LISTEN, false, .offset = offsetof(struct config_syslog, address_text),
     .beside = offsetof(struct config_syslog, address), .fallback = "unix:/dev/log",
     .sentence = "The server: unix:/path of its socket, or address and port for UDP."},
	{"facility", SCHEMA_ENUM, false, AT(struct config_syslog, facility), .fallback = "daemon",
     .words = facility_words, .sentence = "What the server sorts by."},
	{"app_name", SCHEMA_NAME, false, AT(struct config_syslog, app_name), .fallback = "sallyport",
     .sentence = "The program's name in each message; what is longer than 48 bytes is cut."},
};

static const struct schema syslog_schema = {
	.size = sizeof(struct config_syslog),
	.place_offset = SCHEMA_NOWHERE,
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(syslog_fields),
};

static const struct schema_field logging_fields[] = {
	{"access", SCHEMA_PATH, false, AT(struct config_logging, access), .fallback = "stdout",
     .words = log_target_words,
     .sentence = "One line for each request and for each failed handshake."},
	{"errors", SCHEMA_PATH, false, AT(struct config_logging, errors), .fallback = "stderr",
     .words = log_target_words,
     .sentence = "What the proxy has to say about itself. Files are opened anew on SIGUSR1."},
	{"syslog", SCHEMA_STRUCT, false, AT(struct config_logging, syslog), .of = &syslog_schema,
     .sentence = "How lines reach a syslog server (RFC 5424), where `access` or `errors` say so."},
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
	{"fields", SCHEMA_FLAGS, false, AT(struct config_logging, fields), .words = log_field_words,
     .example = "[client, method, host, path, status, duration_us, reason]",
     .sentence = "Which keys the line of a request has, besides time, level and event. Default: "
                 "all."},
	{"request_headers", SCHEMA_LIST, false,
     .offset = offsetof(struct config_logging, request_headers),
     .beside = offsetof(struct config_logging, request_header_count), .max = 16,
     .item = &header_item, .item_size = sizeof(struct config_text),
     .example = "[User-Agent, Referer]",
     .sentence = "Header fields of the client that its line has, too; of each the first."},
	{"response_headers", SCHEMA_LIST, false,
     .offset = offsetof(struct config_logging, response_headers),
     .beside = offsetof(struct config_logging, response_header_count), .max = 16,
     .item = &header_item, .item_size = sizeof(struct config_text), .example = "[Content-Type]",
     .sentence = "The same of the backend's answer."},
	{"sample", SCHEMA_INTEGER, false, AT(struct config_logging, sample), .fallback = "1", .min = 1,
     .max = 1000000,
     .sentence = "One of so many requests gets a line; those with a status of 400 and above, or a "
                 "reason that is not ok, always do."},
	{"access_rate", SCHEMA_INTEGER, false, AT(struct config_logging, access_rate), .fallback = "0",
     .min = 0, .max = 1000000,
     .sentence = "Most lines a second of one event in `access`, for each worker; those held back "
                 "are counted in lines_suppressed. 0: no limit."},
	/* A disk that is full of one message has no room for the others. */
	{"error_rate", SCHEMA_INTEGER, false, AT(struct config_logging, error_rate), .fallback = "100",
     .min = 0, .max = 1000000, .sentence = "The same in `errors`."},
};

const struct schema config_logging_schema = {
	.size = sizeof(struct config_logging),
	.place_offset = SCHEMA_NOWHERE,
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(logging_fields),
};
