#include "config/config_schema.h"

#include "config/config.h"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define TIB ((uint64_t)1 << 40)

enum { MS = 1, SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

/* Where `member` of `type` goes. */
#define AT(type, member) .offset = offsetof(type, member)
/* Lists and maps: where the items go, and how many there are. */
#define ITEMS_AT(type, items, count) \
	.offset = offsetof(type, items), .beside = offsetof(type, count)
/* Addresses: as written, and parsed. */
#define ADDRESS_AT(type) .offset = offsetof(type, address_text), .beside = offsetof(type, address)
#define FIELDS(rows)     .fields = rows, .count = ARRAY_LENGTH(rows)

/* enums and words: the decoder stores an unsigned int in each enum. */
_Static_assert(sizeof(enum config_policy) == sizeof(unsigned), "an enum is an unsigned");
_Static_assert(sizeof(enum config_unknown_name) == sizeof(unsigned), "an enum is an unsigned");
_Static_assert(sizeof(enum config_log_format) == sizeof(unsigned), "an enum is an unsigned");

static const struct schema_word policy_words[] = {
	{"intermediate", CONFIG_POLICY_INTERMEDIATE},
	{"intermediate-2026-04", CONFIG_POLICY_INTERMEDIATE_2026_04},
	{"modern", CONFIG_POLICY_MODERN},
	{"modern-2026-04", CONFIG_POLICY_MODERN_2026_04},
	{0},
};

static const struct schema_word unknown_name_words[] = {
	{"default", CONFIG_UNKNOWN_NAME_DEFAULT},
	{"refuse", CONFIG_UNKNOWN_NAME_REFUSE},
	{0},
};

static const struct schema_word log_format_words[] = {
	{"json", CONFIG_LOG_JSON},
	{"text", CONFIG_LOG_TEXT},
	{0},
};

static const struct schema_word log_target_words[] = {{"stdout", 0},
                                                      {"stderr", 0},
                                                      {"off", 0},
                                                      {0}};

static const struct schema_word workers_words[] = {{"auto", 0}, {0}};

static const struct schema_field certificate_fields[] = {
	{"chain", SCHEMA_PATH, true, AT(struct config_certificate, chain),
     .example = "certs/app.example.com.pem",
     .sentence = "The certificate in PEM form, followed by the intermediate ones."},
	{"key", SCHEMA_PATH, true, AT(struct config_certificate, key),
     .example = "certs/app.example.com.key", .sentence = "Its private key in PEM form."},
};

static const struct schema certificate_schema = {
	.size = sizeof(struct config_certificate),
	.place_offset = offsetof(struct config_certificate, place),
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(certificate_fields),
};

static const struct schema_field tls_fields[] = {
	{"certificates", SCHEMA_LIST, true,
     ITEMS_AT(struct config_tls, certificates, certificate_count), .min = 1, .max = 1024,
     .of = &certificate_schema,
     .sentence = "The certificate is chosen by the name that the client asks for, wildcard names "
                 "included. One name may have an ECDSA and an RSA certificate."},
	{"policy", SCHEMA_ENUM, false, AT(struct config_tls, policy), .fallback = "intermediate",
     .words = policy_words,
     .sentence = "Which TLS versions, cipher suites, groups and signature algorithms are allowed, "
                 "and in which order. A name with a date never changes; one without means the "
                 "newest. `sallyport policies` tells what is in each."},
	{"unknown_server_name", SCHEMA_ENUM, false, AT(struct config_tls, unknown_server_name),
     .fallback = "default", .words = unknown_name_words,
     .sentence = "For a name that no certificate has, and for none: take the first certificate, or "
                 "refuse."},
	{"tickets", SCHEMA_BOOL, false, AT(struct config_tls, tickets), .fallback = "true",
     .sentence = "Let clients resume a session with a ticket, which saves most of the handshake."},
	{"ticket_lifetime", SCHEMA_DURATION, false, AT(struct config_tls, ticket_lifetime_ms),
     .fallback = "12h", .min = MINUTE, .max = 7 * (uint64_t)DAY,
     .sentence = "How long a ticket can be used; its key is replaced in good time."},
};

static const struct schema tls_schema = {
	.size = sizeof(struct config_tls),
	.place_offset = offsetof(struct config_tls, place),
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(tls_fields),
};

static const struct schema_field listener_fields[] = {
	{"address", SCHEMA_LISTEN, true, ADDRESS_AT(struct config_listener), .example = "0.0.0.0:443",
     .sentence = "Where to listen: IPv4, IPv6 in brackets and quotes, or unix:/path of a socket."},
	{"tls", SCHEMA_OPTIONAL, false, AT(struct config_listener, tls), .of = &tls_schema,
     .sentence = "HTTPS. Without this part the listener speaks plain HTTP."},
	{"redirect_to_https", SCHEMA_BOOL, false, AT(struct config_listener, redirect_to_https),
     .fallback = "false",
     .sentence = "Answer every request with a redirect to its https:// address; not with tls."},
};

static const struct schema listener_schema = {
	.size = sizeof(struct config_listener),
	.place_offset = offsetof(struct config_listener, place),
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(listener_fields),
};

static const struct schema_field route_fields[] = {
	{"cluster", SCHEMA_NAME, true, AT(struct config_route, cluster), .example = "app",
     .sentence = "The cluster that gets the request."},
	{"host", SCHEMA_HOST, false, AT(struct config_route, host), .example = "app.example.com",
     .sentence = "Only for this host, or with \"*.example.com\" for all names below it; default: "
                 "any host."},
	{"path", SCHEMA_PREFIX, false, AT(struct config_route, path), .fallback = "/",
     .sentence =
         "Only for paths that begin like this: /api/ takes all that begins with it, /api takes "
         "itself and what lies below it."},
};

static const struct schema route_schema = {
	.size = sizeof(struct config_route),
	.place_offset = offsetof(struct config_route, place),
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(route_fields),
};

static const struct schema_field backend_fields[] = {
	{"address", SCHEMA_ADDRESS, true, ADDRESS_AT(struct config_backend),
     .example = "127.0.0.1:8080",
     .sentence = "IP address or host name with a port, or unix:/path of a socket."},
};

static const struct schema backend_schema = {
	.size = sizeof(struct config_backend),
	.place_offset = offsetof(struct config_backend, place),
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(backend_fields),
};

static const struct schema_field pool_fields[] = {
	{"idle_max", SCHEMA_INTEGER, false, AT(struct config_cluster, pool.idle_max), .fallback = "64",
     .min = 0, .max = 10000,
     .sentence = "Connections that each worker keeps; 0: a new one for each request."},
	{"idle_timeout", SCHEMA_DURATION, false, AT(struct config_cluster, pool.idle_timeout_ms),
     .fallback = "55s", .min = 100 * MS, .max = DAY,
     .sentence = "How long an unused one is kept: less than the backend's own timeout, often 60s "
                 "or more."},
};

static const struct schema pool_schema = {
	.size = sizeof(struct config_cluster),
	.place_offset = SCHEMA_NOWHERE,
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(pool_fields),
};

static const struct schema_field cluster_timeout_fields[] = {
	{"connect", SCHEMA_DURATION, false, AT(struct config_cluster, timeouts.connect_ms),
     .fallback = "3s", .min = 10 * MS, .max = 5 * MINUTE,
     .sentence = "For the backend to accept the connection; then the next backend is tried."},
	{"first_byte", SCHEMA_DURATION, false, AT(struct config_cluster, timeouts.first_byte_ms),
     .fallback = "60s", .min = 100 * MS, .max = DAY,
     .sentence = "From the end of the request to the head of the response."},
	{"idle", SCHEMA_DURATION, false, AT(struct config_cluster, timeouts.idle_ms), .fallback = "60s",
     .min = 100 * MS, .max = DAY,
     .sentence = "While a body moves: nothing to and from the backend."},
	{"avoid", SCHEMA_DURATION, false, AT(struct config_cluster, timeouts.avoid_ms),
     .fallback = "2s", .min = 0, .max = DAY,
     .sentence =
         "How long a backend that could not be reached is passed over while others are left."},
	{"resolve", SCHEMA_DURATION, false, AT(struct config_cluster, timeouts.resolve_ms),
     .fallback = "30s", .min = 100 * MS, .max = DAY,
     .sentence = "How often the names of backends are looked up again."},
};

static const struct schema cluster_timeouts_schema = {
	.size = sizeof(struct config_cluster),
	.place_offset = SCHEMA_NOWHERE,
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(cluster_timeout_fields),
};

static const struct schema_field cluster_fields[] = {
	{"backends", SCHEMA_LIST, true, ITEMS_AT(struct config_cluster, backends, backend_count),
     .min = 1, .max = CONFIG_BACKENDS_MAX, .of = &backend_schema,
     .sentence = "The servers behind it, which speak plain HTTP/1.1; requests go to each in turn."},
	/* Both write into the cluster's struct itself, hence no offset. */
	{"pool", SCHEMA_STRUCT, false, .of = &pool_schema,
     .sentence = "Connections to the backends that wait for their next request."},
	{"timeouts", SCHEMA_STRUCT, false, .of = &cluster_timeouts_schema,
     .sentence = "How long to wait for a backend."},
};

static const struct schema cluster_schema = {
	.size = sizeof(struct config_cluster),
	.place_offset = offsetof(struct config_cluster, place),
	.name_offset = offsetof(struct config_cluster, name),
	FIELDS(cluster_fields),
};

static const struct schema_field limit_fields[] = {
	/* Less than a large block, so that a head is always in one piece. */
	{"head_size", SCHEMA_SIZE, false, AT(struct config_limits, head_size), .fallback = "32KiB",
     .min = 1 * KIB, .max = 60 * KIB,
     .sentence = "Largest head of a request or response: its first line and fields."},
	{"header_count", SCHEMA_INTEGER, false, AT(struct config_limits, header_count),
     .fallback = "100", .min = 10, .max = 1000, .sentence = "Most fields in a head."},
	{"target_size", SCHEMA_SIZE, false, AT(struct config_limits, target_size), .fallback = "8KiB",
     .min = 128, .max = 60 * KIB,
     .sentence =
         "Longest request target, which is path and query; at most head_size. RFC 9112 asks "
         "for 8000 bytes."},
	{"body_size", SCHEMA_SIZE, false, AT(struct config_limits, body_size), .fallback = "0",
     .min = 0, .max = 1 * TIB, .sentence = "Largest request body; 0: no limit."},
	{"chunk_extension", SCHEMA_SIZE, false, AT(struct config_limits, chunk_extension),
     .fallback = "256B", .min = 0, .max = 4 * KIB,
     .sentence = "Longest extensions of one chunk, which are dropped and which nobody uses."},
	{"trailer_size", SCHEMA_SIZE, false, AT(struct config_limits, trailer_size), .fallback = "8KiB",
     .min = 0, .max = 60 * KIB,
     .sentence = "Largest trailer section after a chunked body, which is dropped."},
	{"unread_body", SCHEMA_SIZE, false, AT(struct config_limits, unread_body), .fallback = "64KiB",
     .min = 0, .max = 16 * MIB,
     .sentence =
         "How much of an unwanted request body is read and dropped before the connection closes."},
	{"replay_body", SCHEMA_SIZE, false, AT(struct config_limits, replay_body), .fallback = "16KiB",
     .min = 0, .max = 16 * MIB,
     .sentence = "How much of a request body is kept while the request may have to be sent again."},
	{"connections", SCHEMA_INTEGER, false, AT(struct config_limits, connections),
     .fallback = "10000", .min = 1, .max = 10000000,
     .sentence = "Most connections of clients, for all workers together. Each may need two file "
                 "descriptors."},
	{"memory", SCHEMA_SIZE, false, AT(struct config_limits, memory), .fallback = "512MiB",
     .min = 16 * MIB, .max = 1 * TIB,
     .sentence =
         "Buffers and TLS state of all workers; when it is used up, new clients have to wait."},
};

static const struct schema limits_schema = {
	.size = sizeof(struct config_limits),
	.place_offset = SCHEMA_NOWHERE,
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(limit_fields),
};

static const struct schema_field timeout_fields[] = {
	{"handshake", SCHEMA_DURATION, false, AT(struct config_timeouts, handshake_ms),
     .fallback = "10s", .min = 100 * MS, .max = 5 * MINUTE, .sentence = "The whole TLS handshake."},
	{"request_head", SCHEMA_DURATION, false, AT(struct config_timeouts, request_head_ms),
     .fallback = "10s", .min = 100 * MS, .max = 5 * MINUTE,
     .sentence = "From the first byte of a request to the end of its head."},
	{"keep_alive", SCHEMA_DURATION, false, AT(struct config_timeouts, keep_alive_ms),
     .fallback = "75s", .min = 100 * MS, .max = DAY,
     .sentence = "Between two requests of a client."},
	{"client_idle", SCHEMA_DURATION, false, AT(struct config_timeouts, client_idle_ms),
     .fallback = "60s", .min = 100 * MS, .max = DAY,
     .sentence = "While a body moves: nothing to and from the client."},
	{"tunnel_idle", SCHEMA_DURATION, false, AT(struct config_timeouts, tunnel_idle_ms),
     .fallback = "1h", .min = SECOND, .max = 30 * (uint64_t)DAY,
     .sentence = "Nothing in either direction of a WebSocket connection."},
	{"linger", SCHEMA_DURATION, false, AT(struct config_timeouts, linger_ms), .fallback = "5s",
     .min = 100 * MS, .max = MINUTE,
     .sentence = "For the client to read the last answer and close."},
	{"drain", SCHEMA_DURATION, false, AT(struct config_timeouts, drain_ms), .fallback = "30s",
     .min = 0, .max = DAY, .sentence = "For requests in progress when the proxy is asked to stop."},
};

static const struct schema timeouts_schema = {
	.size = sizeof(struct config_timeouts),
	.place_offset = SCHEMA_NOWHERE,
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(timeout_fields),
};

static const struct schema_field logging_fields[] = {
	{"access", SCHEMA_PATH, false, AT(struct config_logging, access), .fallback = "stdout",
     .words = log_target_words,
     .sentence = "One line for each request and for each failed handshake."},
	{"errors", SCHEMA_PATH, false, AT(struct config_logging, errors), .fallback = "stderr",
     .words = log_target_words, .sentence = "What the proxy has to say about itself."},
	{"format", SCHEMA_ENUM, false, AT(struct config_logging, format), .fallback = "json",
     .words = log_format_words, .sentence = "The form of both."},
};

static const struct schema logging_schema = {
	.size = sizeof(struct config_logging),
	.place_offset = SCHEMA_NOWHERE,
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(logging_fields),
};

static const struct schema_field network_item = {"", SCHEMA_NETWORK};

static const struct schema_field top_fields[] = {
	{"listeners", SCHEMA_LIST, true, ITEMS_AT(struct config, listeners, listener_count), .min = 1,
     .max = 64, .of = &listener_schema, .sentence = "Where clients connect.",
     .more = "# Plain HTTP is sent on to HTTPS.\n"
             "- address: 0.0.0.0:80\n"
             "  redirect_to_https: true\n"},
	{"routes", SCHEMA_LIST, false, ITEMS_AT(struct config, routes, route_count), .min = 0,
     .max = 4096, .of = &route_schema,
     .sentence = "Which cluster gets a request: the route with the most specific host wins, then "
                 "the one with the longest path. The order does not matter."},
	{"clusters", SCHEMA_MAP, false, ITEMS_AT(struct config, clusters, cluster_count), .min = 0,
     .max = 1024, .of = &cluster_schema, .example = "app",
     .sentence = "The applications behind the proxy, each with a name of your choice."},
	{"trusted_proxies", SCHEMA_LIST, false,
     ITEMS_AT(struct config, trusted_proxies, trusted_proxy_count), .min = 0, .max = 1024,
     .item = &network_item, .item_size = sizeof(struct config_network),
     .example = "[10.0.0.0/8, \"fd00::/8\"]",
     .sentence = "Proxies in front of this one: from these networks, X-Forwarded-For and the like "
                 "are believed. From all others they are discarded. Default: none."},
	{"limits", SCHEMA_STRUCT, false, AT(struct config, limits), .of = &limits_schema,
     .sentence = "What one client, or all of them, can take."},
	{"timeouts", SCHEMA_STRUCT, false, AT(struct config, timeouts), .of = &timeouts_schema,
     .sentence = "How long to wait for a client."},
	{"workers", SCHEMA_INTEGER, false, AT(struct config, workers), .fallback = "auto", .min = 1,
     .max = 256, .words = workers_words,
     .sentence = "Threads that serve clients; auto: one for each processor."},
	{"logging", SCHEMA_STRUCT, false, AT(struct config, logging), .of = &logging_schema,
     .sentence = "Where the logs go: stdout, stderr, off, or a path with a \"/\"."},
};

const struct schema config_schema = {
	.size = sizeof(struct config),
	.place_offset = SCHEMA_NOWHERE,
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(top_fields),
};

const char *config_policy_name(enum config_policy policy)
{
	for (const struct schema_word *word = policy_words; word->name; word++)
		if (word->value == (unsigned)policy)
			return word->name;
	return NULL;
}
