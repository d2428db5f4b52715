/*
 * The part `logging` of a configuration.
 *
 * Owner: the struct config that it is a part of.
 */
#ifndef SALLYPORT_CONFIG_CONFIG_LOGGING_H
#define SALLYPORT_CONFIG_CONFIG_LOGGING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "config/config_route.h"

enum config_log_format { CONFIG_LOG_JSON, CONFIG_LOG_TEXT };
enum config_log_level { CONFIG_LOG_ERROR, CONFIG_LOG_WARNING, CONFIG_LOG_NOTICE, CONFIG_LOG_DEBUG };
enum config_log_handshakes {
	CONFIG_HANDSHAKES_FAILED,
	CONFIG_HANDSHAKES_ALL,
	CONFIG_HANDSHAKES_OFF,
};

/* Keys of the line of a request, in its order: id · key. */
/* clang-format off */
#define CONFIG_LOG_FIELD_TABLE(X) \
	X(ID,               "id") \
	X(CONNECTION,       "connection") \
	X(TRACE_ID,         "trace_id") \
	X(SPAN_ID,          "span_id") \
	X(PARENT_SPAN_ID,   "parent_span_id") \
	X(CLIENT,           "client") \
	X(PEER,             "peer") \
	X(LISTENER,         "listener") \
	X(SERVER_NAME,      "server_name") \
	X(TLS_VERSION,      "tls_version") \
	X(CIPHER_SUITE,     "cipher_suite") \
	X(GROUP,            "group") \
	X(RESUMED,          "resumed") \
	X(CLIENT_CERT,      "client_cert") \
	X(CLIENT_SUBJECT,   "client_subject") \
	X(CLIENT_CHAIN,     "client_chain_left_out") \
	X(METHOD,           "method") \
	X(HOST,             "host") \
	X(PATH,             "path") \
	X(QUERY,            "query") \
	X(VERSION,          "version") \
	X(USER,             "user") \
	X(STATUS,           "status") \
	X(REQUEST_BYTES,    "request_bytes") \
	X(RESPONSE_BYTES,   "response_bytes") \
	X(DURATION,         "duration_us") \
	X(CLUSTER,          "cluster") \
	X(BACKEND,          "backend") \
	X(REUSED,           "reused") \
	X(RETRIED,          "retried") \
	X(REASON,           "reason") \
	X(SIDE,             "side")
/* clang-format on */

enum config_log_field {
#define CONFIG_LOG_FIELD_ENUM(id, key) CONFIG_LOG_FIELD_##id,
	CONFIG_LOG_FIELD_TABLE(CONFIG_LOG_FIELD_ENUM)
#undef CONFIG_LOG_FIELD_ENUM
		CONFIG_LOG_FIELD_COUNT
};

struct config_syslog {
	struct config_text address_text;
	struct address address;
	unsigned facility; /* RFC 5424 §6.2.1 */
	struct config_text app_name;
};

struct config_logging {
	struct config_text access; /* stdout, stderr, syslog, off, or a path */
	struct config_text errors;
	struct config_syslog syslog;
	enum config_log_format format;
	bool query;                  /* whether lines of requests have their query */
	enum config_log_level level; /* of the error log */
	enum config_log_handshakes handshakes;
	uint64_t handshake_repeat_interval_ms; /* 0: each is told */
	unsigned fields;                       /* bits 1 << enum config_log_field; 0: all */
	struct config_text *request_headers;   /* header fields told with a request */
	size_t request_header_count;
	struct config_text *response_headers; /* and with what the backend answered */
	size_t response_header_count;
	uint64_t sample;      /* one of so many requests without a fault is told; 1: all */
	uint64_t access_rate; /* lines of one event a second and worker; 0: no limit */
	uint64_t error_rate;
};

#endif
