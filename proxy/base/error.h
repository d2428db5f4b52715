/*
 * Everything that can go wrong, in one table.
 *
 * A row: name · stable reason code (access log, metrics, docs, bodies of our own answers) · words ·
 * status if the client caused it · status if a backend caused it (0: that side cannot) ·
 * whether the exchange may be sent again.
 *
 * Every fallible function returns `enum error`; OK is 0. On failure it leaves its results
 * untouched.
 */
#ifndef SALLYPORT_BASE_ERROR_H
#define SALLYPORT_BASE_ERROR_H

#include "base/check.h"

/* clang-format off */
#define ERROR_TABLE(X) \
	/* Inside */ \
	X(OUT_OF_MEMORY,            "out_of_memory",            "memory is used up",                                  503, 503, NEVER) \
	X(SYSTEM,                   "system_error",             "a system call failed",                               503, 502, NEVER) \
	X(TOO_LARGE,                "too_large",                "larger than its limit",                              413, 502, NEVER) \
	X(INVALID,                  "invalid",                  "not of the form asked for",                          400, 502, NEVER) \
	X(NOT_FOUND,                "not_found",                "there is none",                                      404, 502, NEVER) \
	X(NUMBER_MALFORMED,         "number_malformed",         "not a number of the form asked for",                 400, 502, NEVER) \
	X(NUMBER_TOO_LARGE,         "number_too_large",         "the number is too large",                            400, 502, NEVER) \
	X(CONFIG,                   "configuration_invalid",    "the configuration is wrong, as told",                  0,   0, NEVER) \
	/* Sockets */ \
	X(ADDRESS_INVALID,          "address_invalid",          "not an address",                                       0, 502, NEVER) \
	X(NAME_UNRESOLVED,          "backend_name_unresolved",  "the backend's name does not resolve",                  0, 502, ALWAYS) \
	X(CONNECT_REFUSED,          "backend_connect_refused",  "the backend refused the connection",                   0, 502, ALWAYS) \
	X(CONNECT_FAILED,           "backend_connect_failed",   "no connection to the backend",                         0, 502, ALWAYS) \
	X(NO_DESCRIPTOR,            "no_file_descriptor",       "no file descriptor is left for a connection",        503, 503, NEVER) \
	X(CONNECT_TIMEOUT,          "backend_connect_timeout",  "the backend did not accept in time",                   0, 504, ALWAYS) \
	X(CONNECTION_RESET,         "connection_reset",         "the connection was reset",                           400, 502, IF_REUSED) \
	X(CONNECTION_CLOSED,        "connection_closed",        "the connection was closed too early",                400, 502, IF_REUSED) \
	X(STALE_REUSE_RETRIED,      "stale_reuse_retried",      "sent again, for an idle connection was dead", 0, 502, NEVER) \
	X(RETRY_BUDGET_SPENT,       "retry_budget_spent",       "too many requests were sent again already", 0, 502, NEVER) \
	X(BOUND_CONNECTION_LOST,    "bound_connection_lost",    "the connection that was authenticated is lost", 0, 502, NEVER) \
	X(FIRST_BYTE_TIMEOUT,       "backend_first_byte_timeout", "the backend did not begin to answer in time",        0, 504, NEVER) \
	X(IDLE_TIMEOUT,             "idle_timeout",             "nothing moved for too long",                         408, 504, NEVER) \
	X(CLIENT_TOO_SLOW,          "client_too_slow",          "the client was slower than the least rate",          408,   0, NEVER) \
	X(HEAD_TIMEOUT,             "request_head_timeout",     "the head of the request did not come in time",       408,   0, NEVER) \
	X(KEEP_ALIVE_TIMEOUT,       "keep_alive_timeout",       "no further request came",                              0,   0, NEVER) \
	X(TUNNEL_IDLE_TIMEOUT,      "tunnel_idle_timeout",      "nothing moved in the tunnel for too long",             0,   0, NEVER) \
	X(STOPPING,                 "stopping",                 "the proxy is stopping",                              503, 503, NEVER) \
	X(DRAIN_TIMEOUT,            "drain_timeout",            "the proxy had to stop",                              503, 503, NEVER) \
	X(OVERLOADED,               "overloaded",               "a limit of the proxy is reached",                    503, 503, NEVER) \
	X(PROXY_HEADER_MALFORMED,   "proxy_header_malformed",   "the PROXY header is malformed or too large",           0,   0, NEVER) \
	X(PROXY_HEADER_TIMEOUT,     "proxy_header_timeout",     "the PROXY header did not come in time",                0,   0, NEVER) \
	X(PROXY_HEADER_UNTRUSTED,   "proxy_header_untrusted",   "this address may not send a PROXY header",             0,   0, NEVER) \
	/* TLS */ \
	X(TLS_HANDSHAKE,            "tls_handshake_failed",     "the TLS handshake failed",                           400,   0, NEVER) \
	X(TLS_NO_COMMON_VERSION,    "no_common_version",        "no TLS version that both sides have",                400,   0, NEVER) \
	X(TLS_NO_COMMON_SUITE,      "no_common_cipher_suite",   "no cipher suite that both sides have",               400,   0, NEVER) \
	X(TLS_NO_COMMON_GROUP,      "no_common_group",          "no key exchange group that both sides have",         400,   0, NEVER) \
	X(TLS_NO_COMMON_SIGNATURE,  "no_common_signature_algorithm", "no signature that both sides can use",          400,   0, NEVER) \
	X(TLS_HANDSHAKE_TIMEOUT,    "tls_handshake_timeout",    "the TLS handshake did not end in time",              408,   0, NEVER) \
	X(TLS_NO_COMMON_PROTOCOL,   "no_common_alpn_protocol",  "no ALPN protocol that both sides have",              400,   0, NEVER) \
	X(TLS_HELLO_MALFORMED,      "client_hello_malformed",   "the ClientHello is malformed",                       400,   0, NEVER) \
	X(TLS_FALLBACK,             "inappropriate_fallback",   "the client falls back to an older version for no reason", 400, 0, NEVER) \
	X(TLS_HELLO_TOO_LARGE,      "client_hello_too_large",   "the ClientHello is larger than its limit",           400,   0, NEVER) \
	X(TLS_NO_HELLO,             "no_client_hello",          "the client sent nothing at all",                     400,   0, NEVER) \
	X(TLS_NOT_TLS,              "not_tls",                  "the client does not speak TLS",                      400,   0, NEVER) \
	X(TLS_SSL2_HELLO,           "ssl2_client_hello",        "the client speaks SSL 2.0",                          400,   0, NEVER) \
	X(TLS_HANDSHAKE_LIMIT,      "handshake_limit_reached",  "too many handshakes at once",                        503,   0, NEVER) \
	X(TLS_PLAIN_HTTP,           "plain_http_on_tls_port",   "this port speaks HTTPS",                             400,   0, NEVER) \
	X(TLS_RECORD,               "tls_record_invalid",       "a TLS record was not valid",                         400,   0, NEVER) \
	X(TLS_ALERT,                "tls_alert_received",       "the peer sent a fatal TLS alert",                    400,   0, NEVER) \
	X(TLS_TRUNCATED,            "tls_truncated",            "the connection ended without close_notify",          400,   0, NEVER) \
	X(TLS_UNKNOWN_NAME,         "unknown_server_name",      "no certificate for the server name asked for",       421,   0, NEVER) \
	X(TLS_CERTIFICATE,          "certificate_invalid",      "the certificate can not be used",                      0,   0, NEVER) \
	X(TLS_KEY,                  "key_invalid",              "the private key can not be used",                      0,   0, NEVER) \
	X(TLS_KEY_MISMATCH,         "key_mismatch",             "the key does not belong to the certificate",           0,   0, NEVER) \
	X(TLS_CLIENT_CA,            "client_ca_invalid",        "the CA certificates can not be used",                  0,   0, NEVER) \
	X(TLS_CRL,                  "revocation_list_invalid",  "the revocation lists can not be used",                 0,   0, NEVER) \
	X(TLS_CLIENT_CERTIFICATE,   "client_certificate_refused", "the client's certificate was not accepted",        400,   0, NEVER) \
	X(TLS_CLIENT_CERTIFICATE_MISSING, "client_certificate_missing", "the client sent no certificate",             400,   0, NEVER) \
	X(TLS_TICKET_KEYS,          "ticket_keys_invalid",      "the file of ticket keys can not be used",              0,   0, NEVER) \
	X(TLS_KEY_LIMIT,            "tls_key_limit",            "the TLS keys have protected as much as they may",      0,   0, NEVER) \
	X(TLS_INTERNAL,             "tls_internal",             "the TLS library failed",                             503,   0, NEVER) \
	X(CRYPTO,                   "crypto_wrong",             "a cryptographic primitive computes wrong results",     0,   0, NEVER) \
	/* HTTP heads (RFC 9112 §2 to §5) */ \
	X(START_LINE_MALFORMED,     "start_line_malformed",     "the first line is not of HTTP/1.1's form",           400, 502, NEVER) \
	X(METHOD_MALFORMED,         "method_malformed",         "the method is not a token",                          400,   0, NEVER) \
	X(METHOD_UNSUPPORTED,       "method_unsupported",       "this method is not served",                          501,   0, NEVER) \
	X(TARGET_MALFORMED,         "target_malformed",         "the request target is malformed",                    400,   0, NEVER) \
	X(TARGET_ENCODED_SLASH,     "target_encoded_slash",     "the path has an encoded slash, which this listener refuses", 400, 0, NEVER) \
	X(TARGET_NUL,               "target_encoded_nul",       "the target has an encoded NUL, which this listener refuses", 400, 0, NEVER) \
	X(TARGET_DOT_SEGMENT,       "target_dot_segment",       "the path has a dot segment, which this listener refuses", 400, 0, NEVER) \
	X(TARGET_TOO_LONG,          "target_too_long",          "the request target is too long",                     414,   0, NEVER) \
	X(VERSION_MALFORMED,        "version_malformed",        "not an HTTP version",                                400, 502, NEVER) \
	X(VERSION_UNSUPPORTED,      "version_unsupported",      "this HTTP version is not served",                    505, 502, NEVER) \
	X(STATUS_MALFORMED,         "status_malformed",         "the status code is malformed",                         0, 502, NEVER) \
	X(LINE_END_MALFORMED,       "line_end_malformed",       "a line does not end in CR LF",                       400, 502, NEVER) \
	X(FIELD_NAME_MALFORMED,     "field_name_malformed",     "a field name is not a token followed by a colon",    400, 502, NEVER) \
	X(FIELD_VALUE_MALFORMED,    "field_value_malformed",    "a field value holds a forbidden byte",               400, 502, NEVER) \
	X(FIELD_FOLDED,             "field_folded",             "a field is folded over lines",                       400, 502, NEVER) \
	X(HEAD_TOO_LARGE,           "head_too_large",           "the head is larger than its limit",                  431, 502, NEVER) \
	X(TOO_MANY_FIELDS,          "too_many_fields",          "the head has more fields than its limit",            431, 502, NEVER) \
	X(HOST_MISSING,             "host_missing",             "no Host field",                                      400,   0, NEVER) \
	X(HOST_REPEATED,            "host_repeated",            "more than one Host field",                           400,   0, NEVER) \
	X(HOST_MALFORMED,           "host_malformed",           "the host is malformed",                              400,   0, NEVER) \
	X(EXPECTATION_UNSUPPORTED,  "expectation_unsupported",  "only 100-continue can be expected",                  417,   0, NEVER) \
	/* Framing (RFC 9112 §6 and §7) */ \
	X(LENGTH_MALFORMED,         "content_length_malformed", "Content-Length is not a number of digits",           400, 502, NEVER) \
	X(LENGTH_REPEATED,          "content_length_repeated",  "more than one Content-Length",                       400, 502, NEVER) \
	X(LENGTH_WITH_CODING,       "content_length_with_transfer_encoding", "both Content-Length and Transfer-Encoding", 400, 502, NEVER) \
	X(CODING_UNSUPPORTED,       "transfer_encoding_unsupported", "Transfer-Encoding is not one whole chunked",    501, 502, NEVER) \
	X(CODING_MALFORMED,         "transfer_encoding_malformed", "Transfer-Encoding is malformed",                  400, 502, NEVER) \
	X(CODING_IN_1_0,            "transfer_encoding_in_http_1_0", "Transfer-Encoding in an HTTP/1.0 message",      400, 502, NEVER) \
	X(CHUNK_SIZE_MALFORMED,     "chunk_size_malformed",     "a chunk size is malformed",                          400, 502, NEVER) \
	X(CHUNK_EXTENSION_MALFORMED, "chunk_extension_malformed", "a chunk extension is malformed or too long",       400, 502, NEVER) \
	X(CHUNK_END_MALFORMED,      "chunk_end_malformed",      "a chunk does not end where it said",                 400, 502, NEVER) \
	X(TRAILER_MALFORMED,        "trailer_malformed",        "the trailer section is malformed or too long",       400, 502, NEVER) \
	X(BODY_TOO_LARGE,           "body_too_large",           "the body is larger than its limit",                  413, 502, NEVER) \
	X(BODY_UNEXPECTED,          "body_unexpected",          "a body where none is allowed",                       400, 502, NEVER) \
	X(TOO_MANY_INTERIMS,        "too_many_interim_responses", "more interim responses than their limit",            0, 502, NEVER) \
	X(EXTRA_BYTES,              "extra_bytes",              "bytes after the end of the message",                 400, 502, NEVER) \
	/* Upgrade (RFC 6455 §4) */ \
	X(UPGRADE_MALFORMED,        "upgrade_malformed",        "the WebSocket handshake is malformed",               400, 502, NEVER) \
	X(UPGRADE_VERSION,          "websocket_version_unsupported", "only version 13 of WebSocket is served",        426,   0, NEVER) \
	X(UPGRADE_UNEXPECTED,       "upgrade_unexpected",       "the backend switched protocols unasked",               0, 502, NEVER) \
	/* Routing */ \
	X(NO_ROUTE,                 "no_route",                 "no route for this host and path",                    404,   0, NEVER) \
	X(NO_BACKEND,               "no_backend",               "no backend can be used now",                           0, 503, NEVER) \
	X(MISDIRECTED,              "misdirected_request",      "this host is not served on this connection",         421,   0, NEVER) \
	X(ACME_TOKEN_UNKNOWN,       "acme_token_unknown",       "there is no answer to this ACME challenge",          404,   0, NEVER) \
	X(ACME_ANSWER_UNREADABLE,   "acme_answer_unreadable",   "the answer to this ACME challenge can not be read",  404,   0, NEVER) \
	/* Rules of routes */ \
	X(PATH_AMBIGUOUS,           "path_ambiguous",           "the path could be read in two ways",                 400,   0, NEVER) \
	X(ACCESS_DENIED,            "access_denied",            "this address may not use this",                      403,   0, NEVER) \
	X(ORIGIN_DENIED,            "websocket_origin_denied",  "pages of this origin may not open a WebSocket here", 403,   0, NEVER) \
	X(RATE_LIMITED,             "rate_limited",             "too many requests in a short time",                  429,   0, NEVER) \
	X(CLIENT_BUSY,              "too_many_requests_at_once", "too many requests at the same time",                429,   0, NEVER) \
	X(ROUTE_BUSY,               "route_busy",               "too many requests of all clients at the same time",  503,   0, NEVER) \
	X(CREDENTIALS_MISSING,      "credentials_missing",      "a user name and a password are needed",              401,   0, NEVER) \
	X(CREDENTIALS_WRONG,        "credentials_wrong",        "the user name or the password is wrong",             401,   0, NEVER) \
	/* The admin interface */ \
	X(ADMIN_HOST,               "admin_host_refused",       "Host must be localhost or a loopback address",       403,   0, NEVER) \
	X(ADMIN_ORIGIN,             "admin_origin_refused",     "pages of other origins may not ask this",            403,   0, NEVER) \
	X(ADMIN_FORM,               "admin_form_refused",       "a change needs X-Requested-With or application/json", 403, 0, NEVER) \
	X(ADMIN_METHOD,             "method_not_allowed",       "this page has another method",                       405,   0, NEVER)
/* clang-format on */

enum error {
	OK = 0,
#define ERROR_ENUM(name, code, words, client, backend, retry) ERROR_##name,
	ERROR_TABLE(ERROR_ENUM)
#undef ERROR_ENUM
		ERROR_COUNT
};

enum retry {
	RETRY_NEVER,
	RETRY_ALWAYS,    /* nothing of the request can have reached the backend */
	RETRY_IF_REUSED, /* only if the connection came from the pool: it may have been dying */
	RETRY_COUNT
};

enum side { SIDE_NONE, SIDE_CLIENT, SIDE_BACKEND, SIDE_PROXY, SIDE_COUNT };

/* What went wrong, whose fault it was, and the library's or system's own number (0: none). */
struct failure {
	enum error error;
	enum side side;
	int code;
};

/* The stable reason code, as in `field_folded`; "ok" for OK. */
const char *error_code(enum error error);
/* One clause in words, without a full stop. */
const char *error_words(enum error error);
/* The HTTP status to answer with, or 0 if there is nobody to answer. */
int error_status(enum error error, enum side side);
enum retry error_retry(enum error error);

/* "none", "client", "backend" or "proxy". */
const char *side_name(enum side side);

#endif
