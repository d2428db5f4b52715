/*
 * The configuration as a structure: what the file said, decoded, with defaults filled in.
 *
 * Values that a later check may complain about (a file that can not be read, a key that does not
 * match) keep their place in the file, so that the complaint can point at it.
 *
 * Owner: config_free() frees it whole; everything it points to lives in its arena.
 * Threads: immutable once loaded.
 */
#ifndef SALLYPORT_CONFIG_CONFIG_H
#define SALLYPORT_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"
#include "config/config_admin.h"
#include "config/config_logging.h"
#include "config/config_route.h"
#include "config/config_sandbox.h"
#include "config/diagnostics.h" /* struct place */

struct config_certificate {
	struct config_text chain; /* path, made absolute relative to the file */
	struct config_text key;
	struct place place;
};

enum config_unknown_name { CONFIG_UNKNOWN_NAME_DEFAULT, CONFIG_UNKNOWN_NAME_REFUSE };

enum {
	CONFIG_NAMES_MAX = 1024,        /* with settings of their own, of one listener */
	CONFIG_POLICIES_MAX = 64,       /* of the user's own */
	CONFIG_POLICY_LIST_MAX = 64,    /* items of a list in a policy */
	CONFIG_ALGORITHM_NAME_MAX = 64, /* bytes of one of them */
};

/* What may be left to the policy that another one is based on. */
enum config_switch { CONFIG_INHERITED, CONFIG_FALSE, CONFIG_TRUE };

enum config_order { CONFIG_ORDER_INHERITED, CONFIG_ORDER_SERVER, CONFIG_ORDER_CLIENT };

enum config_group_order { CONFIG_GROUPS_INHERITED, CONFIG_GROUPS_OFFERED, CONFIG_GROUPS_STRICT };

struct config_text_list {
	struct config_text *items;
	size_t count;
};

/* A policy of the user's own. What its names mean, setup/policies.h knows. */
struct config_policy {
	struct config_text name;
	struct config_text based_on;
	/* No items: as in the policy that it is based on. */
	struct config_text_list versions;
	struct config_text_list suites;
	struct config_text_list groups;
	struct config_text_list signatures;
	enum config_order order;
	enum config_group_order group_order;
	enum config_switch prefer_chacha;
	enum config_switch tickets;
	struct place place;
};

enum config_client_mode {
	CONFIG_CLIENT_UNKNOWN, /* wrong, as has been told */
	CONFIG_CLIENT_NONE,
	CONFIG_CLIENT_OPTIONAL,
	CONFIG_CLIENT_REQUIRED,
};

enum { CONFIG_CLIENT_DEPTH_MAX = 4 };

/* Certificates that clients show. */
struct config_client_certificates {
	enum config_client_mode mode;
	struct config_text ca;  /* path; given unless the mode is NONE */
	struct config_text crl; /* path; not given: nothing is ever revoked */
	uint64_t depth;         /* intermediate certificates */
	uint64_t chain_size;    /* bytes that a client may send */
	uint64_t fields_size;   /* bytes that a backend is handed */
	struct place place;
};

/* Keys of session tickets that several proxies share. */
struct config_ticket_keys {
	struct config_text file; /* path */
	struct place place;
};

/* What a listener has for one server name, apart from the certificate. */
struct config_name {
	struct config_text name;   /* exact name, or `*.` and a name. Lower case. */
	struct config_text policy; /* not given: the listener's */
	/* NULL: the listener's */
	struct config_client_certificates *client_certificates;
	struct place place;
};

struct config_tls {
	struct config_certificate *certificates;
	size_t certificate_count;  /* at least 1 */
	struct config_text policy; /* the name */
	struct config_name *names;
	size_t name_count;
	enum config_unknown_name unknown_server_name;
	bool tickets;
	uint64_t ticket_lifetime_ms;
	struct config_ticket_keys *ticket_keys;                 /* NULL: our own */
	struct config_client_certificates *client_certificates; /* NULL: none are asked for */
	uint64_t expiry_warning_ms; /* before a certificate's end; 0: none before it */
	struct place place;
};

/* Leniencies for old peers: the same values as enum h1_leniency. */
enum config_leniency {
	CONFIG_TOLERATE_BARE_LF = 1,
	CONFIG_TOLERATE_EMPTY_LINES = 2,
	CONFIG_TOLERATE_OBS_FOLD = 4,
	CONFIG_TOLERATE_MISSING_REASON = 8,
};

/* Valid targets that can be refused: the same values as enum h1_target_trait. */
enum config_target_trait {
	CONFIG_TARGET_ENCODED_SLASH = 1,
	CONFIG_TARGET_ENCODED_NUL = 2,
	CONFIG_TARGET_DOT_SEGMENT = 4,
};

/* The PROXY protocol of connections that come in. */
struct config_proxy_protocol {
	struct config_network *from; /* who may, and must, send a header */
	size_t from_count;           /* at least 1 */
	uint64_t header_size;        /* bytes of a header of version 2 */
	struct place place;
};

/* The PROXY protocol of connections to backends. */
enum config_proxy_header { CONFIG_PROXY_OFF, CONFIG_PROXY_V1, CONFIG_PROXY_V2 };

/* Where the answers to ACME's HTTP-01 challenges are (RFC 8555 §8.3). */
struct config_acme_challenge {
	struct config_text directory; /* either this path, */
	struct config_text cluster;   /* or this name */
	size_t cluster_index;         /* into config.clusters; only if cluster is given */
	struct place place;
};

struct config_listener {
	struct config_text address_text;
	struct address address;
	struct config_tls *tls; /* NULL: plain HTTP */
	bool redirect_to_https;
	struct config_acme_challenge *acme_challenge; /* NULL: nothing special about its path */
	struct config_proxy_protocol *proxy_protocol; /* NULL: no header comes */
	struct {
		unsigned tolerate;       /* of enum config_leniency: in requests */
		unsigned refuse_targets; /* of enum config_target_trait */
	} http;
	struct place place;
};

enum { CONFIG_BACKENDS_MAX = 256 }; /* of one cluster */

struct config_backend {
	struct config_text address_text;
	struct address address;
	struct place place;
};

struct config_cluster {
	struct config_text name;
	struct config_backend *backends;
	size_t backend_count; /* 1 to CONFIG_BACKENDS_MAX */
	struct {
		uint64_t idle_max; /* connections kept idle per worker */
		uint64_t idle_timeout_ms;
	} pool;
	enum config_proxy_header proxy_protocol;
	struct {
		uint64_t share;      /* per cent of the requests that may be sent again */
		uint64_t per_second; /* besides, on each worker */
	} retries;
	struct {
		uint64_t connect_ms;
		uint64_t first_byte_ms; /* from the end of the request to the head of the response */
		uint64_t idle_ms;       /* while a body moves: nothing in either direction */
		uint64_t avoid_ms;      /* how long a backend that could not be reached is passed over */
		uint64_t resolve_ms;    /* how often a backend's name is looked up again */
	} timeouts;
	struct {
		unsigned tolerate; /* of enum config_leniency: in responses */
	} http;
	struct place place;
};

struct config_limits {
	uint64_t head_size;         /* bytes of a request or response head */
	uint64_t header_count;      /* fields of a head */
	uint64_t target_size;       /* bytes of a request target */
	uint64_t body_size;         /* bytes of a request body; 0: no limit */
	uint64_t chunk_extension;   /* bytes of a chunk's extensions */
	uint64_t trailer_size;      /* bytes of a trailer section */
	uint64_t unread_body;       /* bytes of an unwanted request body that are read and dropped */
	uint64_t interim_responses; /* before one final response */
	uint64_t rate_min;          /* bytes per second of a body; 0: none */
	uint64_t replay_body;       /* bytes of a request body that are kept to send it again */
	uint64_t connections;       /* client connections of all workers */
	uint64_t handshakes;        /* TLS handshakes that go on at once, of all workers */
	uint64_t handshakes_per_address;
	uint64_t memory;          /* bytes of buffers and TLS state of all workers */
	uint64_t page_files;      /* bytes of all files of answers and error pages together */
	uint64_t password_checks; /* hashes of passwords computed at the same time, by all workers */
};

struct config_timeouts {
	uint64_t handshake_ms;
	uint64_t request_head_ms; /* from its first byte to its end */
	uint64_t keep_alive_ms;
	uint64_t client_idle_ms; /* while a request or response body moves */
	uint64_t rate_grace_ms;  /* how far a client may fall behind limits.rate_min */
	uint64_t tunnel_idle_ms;
	uint64_t linger_ms; /* after the last answer, for the client to read it and close */
	uint64_t drain_ms;
	uint64_t reload_keep_alive_ms; /* of connections that began before a reload */
	uint64_t reload_drain_ms;      /* of whatever began before a reload */
};

/* Where trusted proxies say who the client is. */
enum config_trusted_field { CONFIG_TRUSTED_X_FORWARDED_FOR, CONFIG_TRUSTED_FORWARDED };

/* What is done with traceparent (W3C Trace Context). */
enum config_traceparent { CONFIG_TRACE_OFF, CONFIG_TRACE_PASS, CONFIG_TRACE_CREATE };

/* Whose traces are gone on with. */
enum config_trace_from { CONFIG_TRACE_FROM_TRUSTED, CONFIG_TRACE_FROM_ANYONE };

struct config_tracing {
	enum config_traceparent traceparent;
	enum config_trace_from from;
	uint64_t sample; /* per cent of the traces that begin here */
};

struct config_metrics {
	uint64_t series_max; /* of one metric */
};

struct config {
	const char *path; /* of the file, absolute; NULL: it came from memory */
	struct config_listener *listeners;
	size_t listener_count; /* at least 1 */
	struct config_route *routes;
	size_t route_count;
	struct config_cluster *clusters;
	size_t cluster_count;
	struct config_policy *policies;
	size_t policy_count;
	struct config_network *trusted_proxies;
	size_t trusted_proxy_count;
	enum config_trusted_field trusted_field;
	struct config_error_page *error_pages; /* of all routes that have none of their own */
	size_t error_page_count;
	struct config_limits limits;
	struct config_timeouts timeouts;
	uint64_t workers; /* 0: one per core */
	struct config_logging logging;
	struct config_text user;  /* to become; not given: none */
	struct config_text group; /* not given: those of the user */
	struct config_sandbox sandbox;
	struct config_tracing tracing;
	struct config_metrics metrics;
	struct config_admin admin;
	struct config_text_list value_files; /* of variables in the file (config/expand.h); absolute */
	struct arena arena;
};

/*
 * Reads, decodes and checks the file. All that can be checked without opening other files is.
 *
 * Every error and warning goes to `diagnostics`, which also keeps the text of the file for its
 * carets; on any error the result is ERROR_CONFIG. If the file could be decoded all the same, there
 * is a config then too, with nothing in the place of what is wrong: only for looking into the files
 * that it names, so that their mistakes are told in the same run.
 * Other errors: ERROR_OUT_OF_MEMORY; no config.
 */
MUST_CHECK enum error config_load(const char *path, struct diagnostics *diagnostics,
                                  struct config **ret_config);
/*
 * The same for a text that is read already, and no config on any error. `name`: of the file, for
 * the diagnostics. `directory`: absolute, where relative paths begin. `lookup`: the value of an
 * environment variable, or NULL, as getenv(3).
 */
MUST_CHECK enum error config_load_text(struct span name, struct span directory, struct span source,
                                       char *(*lookup)(const char *name),
                                       struct diagnostics *diagnostics, struct config **ret_config);
/* NULL is allowed. */
void config_free(struct config *config);

#endif
