/*
 * A route as the file has it: which requests it takes, and what is done with them.
 *
 * Owner: the configuration (config/config.h). Threads: immutable once loaded.
 */
#ifndef SALLYPORT_CONFIG_CONFIG_ROUTE_H
#define SALLYPORT_CONFIG_CONFIG_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/span.h"
#include "config/diagnostics.h" /* struct place */
#include "config/variable.h"

/* A string and its place. `text` is NUL-terminated in memory; text.data == NULL: not given. */
struct config_text {
	struct span text;
	struct place place;
};

struct config_network {
	struct config_text text;
	struct address_block block;
};

/* A text, or with `variable` the place of a value that only a request has. */
struct config_piece {
	enum variable variable;
	struct span text;
};

/* A text with variables. text.text: without them; .data == NULL: not given. */
struct config_template {
	struct config_text text;
	struct config_piece *pieces;
	size_t piece_count;
};

/* A field of a message. */
struct config_field {
	struct config_text name;
	struct config_template value;
};

/* What changes in the fields of a message. */
struct config_fields {
	struct config_field *set;
	size_t set_count;
	struct config_field *add;
	size_t add_count;
	struct config_text *remove;
	size_t remove_count;
	struct place place;
};

struct config_redirect {
	struct config_template to;
	unsigned status; /* 301, 302, 303, 307 or 308 */
	struct place place;
};

struct config_answer {
	uint64_t status;
	struct config_text body; /* either this, */
	struct config_text file; /* or this path, or neither: an empty body */
	struct config_text content_type;
	struct place place;
};

/* RFC 6797 §6.1. */
struct config_hsts {
	uint64_t max_age_ms;
	bool include_subdomains;
	bool preload;
	struct place place;
};

/* A page instead of ours, for a status. */
struct config_error_page {
	struct config_text status_text;
	unsigned status; /* of 400 to 599; 0: it could not be read */
	struct config_text file;
	struct config_text content_type;
	struct place place;
};

struct config_user {
	struct config_text name;
	struct config_text hash; /* of the password, in a form of crypt(5) */
};

struct config_basic_auth {
	struct config_text realm;
	struct config_text users_file;
	struct config_user *users;
	size_t user_count;
	uint64_t remember_ms; /* how long a password that was right is not checked again */
	bool forward;         /* the backend gets Authorization too */
	struct place place;
};

/* A token bucket for each client. */
struct config_rate_limit {
	uint64_t requests; /* tokens that come in each `per_ms` */
	uint64_t per_ms;
	uint64_t burst;   /* tokens that a bucket holds */
	uint64_t clients; /* buckets */
	struct place place;
};

/* Requests at the same time. 0: no limit. */
struct config_concurrency {
	uint64_t requests;
	uint64_t requests_per_client;
	uint64_t clients; /* that are counted */
	struct place place;
};

struct config_route {
	struct config_text host;         /* exact name, or `*.` and a name; NULL: any. Lower case. */
	struct config_text path;         /* prefix beginning with `/`; default `/` */
	struct config_text cluster;      /* the name; not given: redirect or answer is */
	size_t cluster_index;            /* into config.clusters; only if cluster is given */
	struct config_text replace_path; /* instead of `path` in what is forwarded */
	struct config_redirect *redirect;
	struct config_answer *answer;
	struct config_fields *request_headers;
	struct config_fields *response_headers;
	struct config_hsts *hsts;
	struct config_error_page *error_pages;
	size_t error_page_count;
	struct config_network *allow;
	size_t allow_count;
	struct config_network *deny;
	size_t deny_count;
	struct config_basic_auth *basic_auth;
	struct config_rate_limit *rate_limit;
	struct config_concurrency *concurrency;
	struct config_text *websocket_origins;
	size_t websocket_origin_count;
	struct place place;
};

#endif
