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
#include "config/diagnostics.h" /* struct place */

/* A string and its place. `text` is NUL-terminated in memory; text.data == NULL: not given. */
struct config_text {
	struct span text;
	struct place place;
};

struct config_certificate {
	struct config_text chain; /* path, made absolute relative to the file */
	struct config_text key;
	struct place place;
};

enum config_unknown_name { CONFIG_UNKNOWN_NAME_DEFAULT, CONFIG_UNKNOWN_NAME_REFUSE };

/* Names of policies, dated and not; config_policy_name() gives the text. */
enum config_policy {
	CONFIG_POLICY_INTERMEDIATE,
	CONFIG_POLICY_INTERMEDIATE_2026_04,
	CONFIG_POLICY_MODERN,
	CONFIG_POLICY_MODERN_2026_04,
	CONFIG_POLICY_COUNT
};

struct config_tls {
	struct config_certificate *certificates;
	size_t certificate_count; /* at least 1 */
	enum config_policy policy;
	enum config_unknown_name unknown_server_name;
	bool tickets;
	uint64_t ticket_lifetime_ms;
	struct place place;
};

struct config_listener {
	struct config_text address_text;
	struct address address;
	struct config_tls *tls; /* NULL: plain HTTP */
	bool redirect_to_https;
	struct place place;
};

struct config_route {
	struct config_text host;    /* exact name, or `*.` and a name; NULL: any. Lower case. */
	struct config_text path;    /* prefix beginning with `/`; default `/` */
	struct config_text cluster; /* the name */
	size_t cluster_index;       /* into config.clusters */
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
	struct {
		uint64_t connect_ms;
		uint64_t first_byte_ms; /* from the end of the request to the head of the response */
		uint64_t idle_ms;       /* while a body moves: nothing in either direction */
		uint64_t avoid_ms;      /* how long a backend that could not be reached is passed over */
		uint64_t resolve_ms;    /* how often a backend's name is looked up again */
	} timeouts;
	struct place place;
};

struct config_network {
	struct config_text text;
	struct address_block block;
};

struct config_limits {
	uint64_t head_size;       /* bytes of a request or response head */
	uint64_t header_count;    /* fields of a head */
	uint64_t target_size;     /* bytes of a request target */
	uint64_t body_size;       /* bytes of a request body; 0: no limit */
	uint64_t chunk_extension; /* bytes of a chunk's extensions */
	uint64_t trailer_size;    /* bytes of a trailer section */
	uint64_t unread_body;     /* bytes of an unwanted request body that are read and dropped */
	uint64_t replay_body;     /* bytes of a request body that are kept to send it again */
	uint64_t connections;     /* client connections of all workers */
	uint64_t memory;          /* bytes of buffers and TLS state of all workers */
};

struct config_timeouts {
	uint64_t handshake_ms;
	uint64_t request_head_ms; /* from its first byte to its end */
	uint64_t keep_alive_ms;
	uint64_t client_idle_ms; /* while a request or response body moves */
	uint64_t tunnel_idle_ms;
	uint64_t linger_ms; /* after the last answer, for the client to read it and close */
	uint64_t drain_ms;
};

enum config_log_format { CONFIG_LOG_JSON, CONFIG_LOG_TEXT };

struct config_logging {
	struct config_text access; /* stdout, stderr, off, or a path */
	struct config_text errors;
	enum config_log_format format;
};

struct config {
	struct config_listener *listeners;
	size_t listener_count; /* at least 1 */
	struct config_route *routes;
	size_t route_count;
	struct config_cluster *clusters;
	size_t cluster_count;
	struct config_network *trusted_proxies;
	size_t trusted_proxy_count;
	struct config_limits limits;
	struct config_timeouts timeouts;
	uint64_t workers; /* 0: one per core */
	struct config_logging logging;
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
/* As the file has it: "intermediate". */
const char *config_policy_name(enum config_policy policy);
/* NULL is allowed. */
void config_free(struct config *config);

#endif
