/*
 * One HTTP message's head as a structure: a request or a response (RFC 9110), without its body.
 *
 * A parser (http/h1_head.h) fills it, route/forward.h makes a new one of it for the other side, and
 * a writer (http/h1_write.h) writes that anew. Nothing that was received is ever passed on as
 * bytes.
 *
 * Does not: read or write bytes, know about sockets, keep a body.
 * Owner: whoever declares it. Borrows: all spans and the fields, from the arena given to the call
 * that made them; they end with the arena.
 */
#ifndef SALLYPORT_HTTP_MESSAGE_H
#define SALLYPORT_HTTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"

enum message_kind { MESSAGE_REQUEST, MESSAGE_RESPONSE, MESSAGE_KIND_COUNT };

enum http_version { HTTP_VERSION_1_0, HTTP_VERSION_1_1, HTTP_VERSION_COUNT };

/* "HTTP/1.0" or "HTTP/1.1". */
const char *http_version_text(enum http_version version);

/*
 * Methods (RFC 9110 §9.3, RFC 5789 §2): name · safe (§9.2.1) · idempotent (§9.2.2).
 * OTHER is any other token: forwarded as it is, and taken to be neither.
 */
/* clang-format off */
#define METHOD_TABLE(X) \
	X(OTHER,   false, false) \
	X(GET,     true,  true)  \
	X(HEAD,    true,  true)  \
	X(POST,    false, false) \
	X(PUT,     false, true)  \
	X(DELETE,  false, true)  \
	X(CONNECT, false, false) \
	X(OPTIONS, true,  true)  \
	X(TRACE,   true,  true)  \
	X(PATCH,   false, false)
/* clang-format on */

enum method {
#define METHOD_ENUM(name, safe, idempotent) METHOD_##name,
	METHOD_TABLE(METHOD_ENUM)
#undef METHOD_ENUM
		METHOD_COUNT
};

/* Case-sensitive (RFC 9110 §9.1). */
enum method method_of(struct span token);
bool method_is_safe(enum method method);
bool method_is_idempotent(enum method method);

/* What is special about a field; combined with |. */
enum field_trait {
	FIELD_PLAIN = 0,
	/* Meant for one connection only, whatever Connection lists (RFC 9110 §7.6.1): not forwarded. */
	FIELD_HOP = 1,
	/* Written by http/h1_write.h out of the message's structure, never copied from its fields. */
	FIELD_WRITTEN = 2,
	/* Tells a backend who the client is. Only we and trusted proxies may say it. */
	FIELD_IDENTITY = 4,
	/* End to end: listing it in Connection does not remove it. */
	FIELD_END_TO_END = 8,
	/* Only ever harmful: never forwarded to a backend. */
	FIELD_BANNED = 16,
	/* Tells a backend who the client has proved to be. Only we may say it: never forwarded. */
	FIELD_PROOF = 32,
};

/*
 * Fields that we know: id · name as we write it · traits. OTHER is any other.
 * A request field whose name differs from one that is WRITTEN, IDENTITY, PROOF or BANNED only in
 * bytes outside of [A-Za-z0-9] (`X_Real.IP`) is an alias of it and never forwarded: CGI and its
 * heirs would take it for the real one.
 */
/* clang-format off */
#define FIELD_TABLE(X) \
	X(OTHER,                    "",                         FIELD_PLAIN) \
	/* Framing and the connection */ \
	X(CONNECTION,               "Connection",               FIELD_HOP | FIELD_WRITTEN) \
	X(CONTENT_LENGTH,           "Content-Length",           FIELD_WRITTEN | FIELD_END_TO_END) \
	X(TRANSFER_ENCODING,        "Transfer-Encoding",        FIELD_HOP | FIELD_WRITTEN) \
	X(UPGRADE,                  "Upgrade",                  FIELD_HOP | FIELD_WRITTEN) \
	X(EXPECT,                   "Expect",                   FIELD_WRITTEN | FIELD_END_TO_END) \
	X(TE,                       "TE",                       FIELD_HOP) \
	X(TRAILER,                  "Trailer",                  FIELD_HOP) \
	X(KEEP_ALIVE,               "Keep-Alive",               FIELD_HOP) \
	X(PROXY_CONNECTION,         "Proxy-Connection",         FIELD_HOP) \
	X(HTTP2_SETTINGS,           "HTTP2-Settings",           FIELD_HOP) \
	/* Who the client is */ \
	X(HOST,                     "Host",                     FIELD_WRITTEN | FIELD_END_TO_END) \
	X(FORWARDED,                "Forwarded",                FIELD_IDENTITY | FIELD_END_TO_END) \
	X(X_FORWARDED_FOR,          "X-Forwarded-For",          FIELD_IDENTITY | FIELD_END_TO_END) \
	X(X_FORWARDED_PROTO,        "X-Forwarded-Proto",        FIELD_IDENTITY | FIELD_END_TO_END) \
	X(X_FORWARDED_HOST,         "X-Forwarded-Host",         FIELD_IDENTITY | FIELD_END_TO_END) \
	X(X_FORWARDED_PORT,         "X-Forwarded-Port",         FIELD_IDENTITY | FIELD_END_TO_END) \
	X(X_REAL_IP,                "X-Real-IP",                FIELD_IDENTITY | FIELD_END_TO_END) \
	X(X_REQUEST_ID,             "X-Request-Id",             FIELD_IDENTITY | FIELD_END_TO_END) \
	X(CLIENT_CERT,              "Client-Cert",              FIELD_PROOF | FIELD_END_TO_END) \
	X(CLIENT_CERT_CHAIN,        "Client-Cert-Chain",        FIELD_PROOF | FIELD_END_TO_END) \
	X(X_CLIENT_CERT_VERIFY,     "X-Client-Cert-Verify",     FIELD_PROOF | FIELD_END_TO_END) \
	X(X_CLIENT_CERT_SUBJECT,    "X-Client-Cert-Subject",    FIELD_PROOF | FIELD_END_TO_END) \
	X(X_CLIENT_CERT_SAN,        "X-Client-Cert-San",        FIELD_PROOF | FIELD_END_TO_END) \
	X(X_CLIENT_CERT_FINGERPRINT, "X-Client-Cert-Fingerprint", FIELD_PROOF | FIELD_END_TO_END) \
	X(PROXY,                    "Proxy",                    FIELD_BANNED) \
	/* WebSocket (RFC 6455 §11.3) */ \
	X(SEC_WEBSOCKET_KEY,        "Sec-WebSocket-Key",        FIELD_END_TO_END) \
	X(SEC_WEBSOCKET_VERSION,    "Sec-WebSocket-Version",    FIELD_END_TO_END) \
	X(SEC_WEBSOCKET_PROTOCOL,   "Sec-WebSocket-Protocol",   FIELD_END_TO_END) \
	X(SEC_WEBSOCKET_EXTENSIONS, "Sec-WebSocket-Extensions", FIELD_END_TO_END) \
	X(SEC_WEBSOCKET_ACCEPT,     "Sec-WebSocket-Accept",     FIELD_END_TO_END) \
	/* End to end: what decides about access, caching and reading of the content */ \
	X(AUTHORIZATION,            "Authorization",            FIELD_END_TO_END) \
	X(PROXY_AUTHORIZATION,      "Proxy-Authorization",      FIELD_END_TO_END) \
	X(WWW_AUTHENTICATE,         "WWW-Authenticate",         FIELD_END_TO_END) \
	X(PROXY_AUTHENTICATE,       "Proxy-Authenticate",       FIELD_END_TO_END) \
	X(COOKIE,                   "Cookie",                   FIELD_END_TO_END) \
	X(SET_COOKIE,               "Set-Cookie",               FIELD_END_TO_END) \
	X(ORIGIN,                   "Origin",                   FIELD_END_TO_END) \
	X(CACHE_CONTROL,            "Cache-Control",            FIELD_END_TO_END) \
	X(CONTENT_TYPE,             "Content-Type",             FIELD_END_TO_END) \
	X(CONTENT_ENCODING,         "Content-Encoding",         FIELD_END_TO_END) \
	X(CONTENT_RANGE,            "Content-Range",            FIELD_END_TO_END) \
	X(RANGE,                    "Range",                    FIELD_END_TO_END) \
	X(LOCATION,                 "Location",                 FIELD_END_TO_END) \
	X(VARY,                     "Vary",                     FIELD_END_TO_END) \
	X(DATE,                     "Date",                     FIELD_END_TO_END) \
	X(RETRY_AFTER,              "Retry-After",              FIELD_END_TO_END) \
	X(STRICT_TRANSPORT_SECURITY, "Strict-Transport-Security", FIELD_END_TO_END) \
	X(SERVER,                   "Server",                   FIELD_END_TO_END) \
	X(VIA,                      "Via",                      FIELD_END_TO_END) \
	/* W3C Trace Context */ \
	X(TRACEPARENT,              "traceparent",              FIELD_END_TO_END) \
	X(TRACESTATE,               "tracestate",               FIELD_END_TO_END) \
	X(USER_AGENT,               "User-Agent",               FIELD_END_TO_END) \
	X(REFERER,                  "Referer",                  FIELD_END_TO_END)
/* clang-format on */

enum field_id {
#define FIELD_ENUM(id, name, traits) FIELD_##id,
	FIELD_TABLE(FIELD_ENUM)
#undef FIELD_ENUM
		FIELD_COUNT
};

/* Ignores case (RFC 9110 §5.1). */
enum field_id field_id_of(struct span name);
/* The name as we write it; empty for FIELD_OTHER. */
struct span field_name(enum field_id id);
/* A combination of enum field_trait. */
unsigned field_traits(enum field_id id);

struct field {
	struct span name;  /* as received */
	struct span value; /* without OWS around it */
	enum field_id id;
};

/* How the end of the body is found (RFC 9112 §6.3). */
enum framing {
	BODY_NONE,        /* there is no body, whatever the fields say */
	BODY_LENGTH,      /* `length` bytes, which may be 0 */
	BODY_CHUNKED,     /* chunks, a last chunk, a trailer section */
	BODY_UNTIL_CLOSE, /* responses only: all until the sender closes */
	BODY_COUNT
};

/* RFC 9112 §3.2. The authority form belongs to CONNECT, which is not served. */
enum target_form { TARGET_ORIGIN, TARGET_ABSOLUTE, TARGET_ASTERISK, TARGET_FORM_COUNT };

/* What Upgrade asks for or answers, counted only with `Connection: upgrade` in HTTP/1.1. */
enum upgrade {
	UPGRADE_NONE,
	UPGRADE_WEBSOCKET, /* one Upgrade field whose whole value is `websocket`, in any case */
	UPGRADE_OTHER,     /* anything else: treat as NONE in a request, refuse in a 101 */
	UPGRADE_COUNT
};

struct message {
	enum message_kind kind;
	/*
	 * Received: the sender's version. To be written: the receiver's version; the start line itself
	 * says HTTP/1.1 always (RFC 9110 §2.5), but to 1.0 we speak as 1.0 understands.
	 */
	enum http_version version;

	/* Requests only */
	enum method method;
	struct span method_token;
	struct span target; /* exactly as received; to be written: what is written */
	enum target_form target_form;
	/*
	 * Where it is meant to go: from the absolute form, else from Host, as given (any case, a dot
	 * at the end). All empty for an HTTP/1.0 request that says neither.
	 */
	struct span scheme;     /* `http` or `https` in any case, only with the absolute form */
	struct span authority;  /* host with port, if one was given */
	struct span host;       /* without the port; an IPv6 address keeps its brackets */
	struct span port;       /* 1 to 65535 in digits; empty: none given */
	struct span path_query; /* the origin form: `/…` with query, or `*` */
	struct span path;       /* the same without `?` and query */
	struct span query;      /* without `?`; empty too if there is none */
	bool expects_continue;  /* Expect: 100-continue, in HTTP/1.1, with a body */

	/* Responses only */
	int status; /* 100 to 599 */
	struct span reason;

	struct field *fields;
	size_t field_count;
	size_t field_capacity;

	enum framing framing;
	uint64_t length; /* with BODY_LENGTH, and with BODY_NONE if length_stated */
	/*
	 * A response without body (to HEAD, or 304) states the length that it would have. The writer
	 * writes it.
	 */
	bool length_stated;
	/*
	 * The connection can be used for another message after this (RFC 9112 §9.3), as far as the
	 * sender says. False to be written: `Connection: close`.
	 */
	bool keep_alive;
	enum upgrade upgrade;
};

/* The first field with this id, or NULL. Not for FIELD_OTHER. */
const struct field *message_find(const struct message *message, enum field_id id);
/* How many fields have this id. */
size_t message_count(const struct message *message, enum field_id id);

/*
 * Adds a field at the end. Borrows: both spans.
 * ERROR_INVALID: the name is not a token, or the value holds a byte that no value may (RFC 9110
 * §5.5) or OWS at an end. ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error message_add_field(struct message *message, struct arena *arena,
                                        struct span name, struct span value);
/* Removes all fields with this id; the others keep their order. Not for FIELD_OTHER. */
void message_remove_fields(struct message *message, enum field_id id);
/* Removes all fields of this name, known or not. */
void message_remove_named(struct message *message, struct span name);

/* True if a field with this id has `token` in its comma-separated list, in any case. */
bool message_lists(const struct message *message, enum field_id id, struct span token);

#endif
