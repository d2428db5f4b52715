/*
 * Variables of a request, such as `${client.address}`, that may stand in the values of some keys of
 * a route. They have a dot in their names; variables of the environment have none.
 *
 * Each is expanded exactly once, when the request is there; nothing looks through its value again.
 * A variable without a value (tls.version without TLS) is empty.
 */
#ifndef SALLYPORT_CONFIG_VARIABLE_H
#define SALLYPORT_CONFIG_VARIABLE_H

#include "base/span.h"

/* clang-format off */
#define VARIABLE_TABLE(X) \
	X(CLIENT_ADDRESS,    "client.address",    "the client's IP address, as trusted proxies tell it") \
	X(CLIENT_PORT,       "client.port",       "its port; empty if a trusted proxy did not tell it") \
	X(CLIENT_USER,       "client.user",       "the user name that basic_auth has checked") \
	X(REQUEST_ID,        "request.id",        "the id in the log and in X-Request-Id") \
	X(REQUEST_METHOD,    "request.method",    "the method") \
	X(REQUEST_SCHEME,    "request.scheme",    "http or https: how the client reached us") \
	X(REQUEST_HOST,      "request.host",      "the host without its port") \
	X(REQUEST_AUTHORITY, "request.authority", "the host with its port, if there was one") \
	X(REQUEST_PATH,      "request.path",      "the path as received, without the query") \
	X(REQUEST_QUERY,     "request.query",     "the query without its question mark") \
	X(REQUEST_TARGET,    "request.target",    "path and query as received") \
	X(LISTENER_ADDRESS,  "listener.address",  "the listener's address, as the file has it") \
	X(TLS_VERSION,       "tls.version",       "TLSv1.3 or TLSv1.2") \
	X(TLS_CIPHER_SUITE,  "tls.cipher_suite",  "the cipher suite's IANA name") \
	X(TLS_GROUP,         "tls.group",         "the group of the key exchange") \
	X(TLS_SERVER_NAME,   "tls.server_name",   "the server name that the client asked for")
/* clang-format on */

enum variable {
	VARIABLE_NONE, /* not a variable: text */
#define VARIABLE_ENUM(id, name, words) VARIABLE_##id,
	VARIABLE_TABLE(VARIABLE_ENUM)
#undef VARIABLE_ENUM
		VARIABLE_COUNT
};

/* VARIABLE_NONE if there is none of this name. */
enum variable variable_of(struct span name);
/* "client.address"; "" for VARIABLE_NONE. */
const char *variable_name(enum variable variable);
/* One clause on what it stands for. */
const char *variable_words(enum variable variable);

#endif
