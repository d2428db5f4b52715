#include "config/config_schema.h"

#include "config/admin_schema.h"
#include "config/config.h"
#include "config/limits_schema.h"
#include "config/logging_schema.h"
#include "config/observing_schema.h"
#include "config/route_schema.h"
#include "config/sandbox_schema.h"

#define KIB ((uint64_t)1 << 10)

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
_Static_assert(sizeof(enum config_client_mode) == sizeof(unsigned), "an enum is an unsigned");
_Static_assert(sizeof(enum config_order) == sizeof(unsigned), "an enum is an unsigned");
_Static_assert(sizeof(enum config_group_order) == sizeof(unsigned), "an enum is an unsigned");
_Static_assert(sizeof(enum config_unknown_name) == sizeof(unsigned), "an enum is an unsigned");
_Static_assert(sizeof(enum config_trusted_field) == sizeof(unsigned), "an enum is an unsigned");
_Static_assert(sizeof(enum config_proxy_header) == sizeof(unsigned), "an enum is an unsigned");

static const struct schema_word unknown_name_words[] = {
	{"default", CONFIG_UNKNOWN_NAME_DEFAULT},
	{"refuse", CONFIG_UNKNOWN_NAME_REFUSE},
	{0},
};

static const struct schema_word trusted_field_words[] = {
	{"x-forwarded-for", CONFIG_TRUSTED_X_FORWARDED_FOR},
	{"forwarded", CONFIG_TRUSTED_FORWARDED},
	{0},
};

static const struct schema_word workers_words[] = {{"auto", 0}, {0}};

static const struct schema_field certificate_fields[] = {
	{"chain", SCHEMA_PATH, true, AT(struct config_certificate, chain), .identifies = true,
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

static const struct schema_word client_mode_words[] = {
	{"none", CONFIG_CLIENT_NONE},
	{"optional", CONFIG_CLIENT_OPTIONAL},
	{"required", CONFIG_CLIENT_REQUIRED},
	{0},
};

static const struct schema_field client_certificates_fields[] = {
	{"mode", SCHEMA_ENUM, true, AT(struct config_client_certificates, mode),
     .words = client_mode_words, .example = "required",
     .sentence = "optional: a client may come without one; but one that is shown must be good, in "
                 "both modes. none takes back for one name what the listener asks for."},
	{"ca", SCHEMA_PATH, false, AT(struct config_client_certificates, ca),
     .example = "certs/client-ca.pem",
     .sentence = "PEM file of the CA certificates that clients may be certified by, roots or "
                 "intermediate ones."},
	{"crl", SCHEMA_PATH, false, AT(struct config_client_certificates, crl),
     .example = "certs/client-ca.crl",
     .sentence = "PEM file of revocation lists, one by each CA that has certified a client or "
                 "stands between: what a CA without a valid list has certified is refused. "
                 "Default: nothing is ever revoked."},
	{"depth", SCHEMA_INTEGER, false, AT(struct config_client_certificates, depth), .fallback = "1",
     .min = 0, .max = CONFIG_CLIENT_DEPTH_MAX,
     .sentence = "Most intermediate certificates between a client's own and one of `ca`."},
	{"chain_size", SCHEMA_SIZE, false, AT(struct config_client_certificates, chain_size),
     .fallback = "4KiB", .min = 1 * KIB, .max = 15 * KIB,
     .sentence = "Most bytes of certificates that a client may send; each costs signature checks "
                 "before anything is known of the client."},
	{"fields_size", SCHEMA_SIZE, false, AT(struct config_client_certificates, fields_size),
     .fallback = "7KiB", .min = 1 * KIB, .max = 32 * KIB,
     .sentence = "Most bytes of Client-Cert and its like; many backends take no more than 8 KiB. "
                 "Client-Cert-Chain is left out if it does not fit, which the access log tells; a "
                 "certificate that does not fit without it is refused."},
};

static const struct schema client_certificates_schema = {
	.size = sizeof(struct config_client_certificates),
	.place_offset = offsetof(struct config_client_certificates, place),
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(client_certificates_fields),
};

static const struct schema_field ticket_keys_fields[] = {
	{"file", SCHEMA_PATH, true, AT(struct config_ticket_keys, file),
     .example = "/run/secrets/ticket-keys",
     .sentence = "One key a line, 32 bytes in base64 as `openssl rand -base64 32` makes them; the "
                 "first seals, up to 7 more only open. Read again when it changes. Put a new key "
                 "first each day."},
};

static const struct schema ticket_keys_schema = {
	.size = sizeof(struct config_ticket_keys),
	.place_offset = offsetof(struct config_ticket_keys, place),
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(ticket_keys_fields),
};

static const struct schema_field name_fields[] = {
	{"policy", SCHEMA_NAME, false, AT(struct config_name, policy), .example = "modern",
     .sentence = "Another policy than the listener's, for this name."},
	{"client_certificates", SCHEMA_OPTIONAL, false, AT(struct config_name, client_certificates),
     .of = &client_certificates_schema,
     .sentence = "Other certificates of clients than the listener asks for."},
};

static const struct schema name_schema = {
	.size = sizeof(struct config_name),
	.place_offset = offsetof(struct config_name, place),
	.name_offset = offsetof(struct config_name, name),
	FIELDS(name_fields),
};

static const struct schema_field tls_fields[] = {
	{"certificates", SCHEMA_LIST, true,
     ITEMS_AT(struct config_tls, certificates, certificate_count), .min = 1, .max = 16384,
     .of = &certificate_schema, .order_counts = true,
     .sentence = "The certificate is chosen by the name that the client asks for, wildcard names "
                 "included. One name may have an ECDSA and an RSA certificate."},
	{"policy", SCHEMA_NAME, false, AT(struct config_tls, policy), .fallback = "intermediate",
     .sentence = "Which TLS versions, cipher suites, groups and signature algorithms are allowed, "
                 "and in which order: one of policies below, or one that is built in: intermediate "
                 "or modern. A name with a date, such as intermediate-2026-04, never changes; one "
                 "without means the newest. `sallyport policies` tells what is in each."},
	{"names", SCHEMA_MAP, false, ITEMS_AT(struct config_tls, names, name_count), .min = 0,
     .max = CONFIG_NAMES_MAX, .of = &name_schema, .key = SCHEMA_HOST,
     .example = "admin.example.com", .is_aside = true,
     .sentence =
         "What is different for a server name, or with \"*.example.com\" for all names with "
         "one more label. An exact name takes nothing from a wildcard: what it does not say is "
         "the listener's. Each name needs a certificate above."},
	{"unknown_server_name", SCHEMA_ENUM, false, AT(struct config_tls, unknown_server_name),
     .fallback = "default", .words = unknown_name_words,
     .sentence = "For a name that no certificate has, and for none: take the first certificate, or "
                 "refuse."},
	{"tickets", SCHEMA_BOOL, false, AT(struct config_tls, tickets), .fallback = "true",
     .sentence = "Let clients resume a session with a ticket, which saves most of the handshake."},
	{"ticket_lifetime", SCHEMA_DURATION, false, AT(struct config_tls, ticket_lifetime_ms),
     .fallback = "12h", .min = MINUTE, .max = 7 * (uint64_t)DAY,
     .sentence = "How long a ticket can be used; its key is replaced in good time."},
	{"ticket_keys", SCHEMA_OPTIONAL, false, AT(struct config_tls, ticket_keys),
     .of = &ticket_keys_schema, .is_aside = true,
     .sentence = "Keys that several proxies share, so that a ticket of one is good at the others, "
                 "and after a restart. Default: keys of our own, which nobody else has."},
	{"expiry_warning", SCHEMA_DURATION, false, AT(struct config_tls, expiry_warning_ms),
     .fallback = "21d", .min = 0, .max = 365 * (uint64_t)DAY,
     .sentence = "How long before its end a certificate is warned of, at the start and once a day; "
                 "0: only when it has expired. What renews certificates has mostly done so 30 days "
                 "before."},
	{"client_certificates", SCHEMA_OPTIONAL, false, AT(struct config_tls, client_certificates),
     .of = &client_certificates_schema, .is_aside = true,
     .sentence = "Ask clients for a certificate. Backends are told in Client-Cert, "
                 "Client-Cert-Chain and X-Client-Cert-Verify, -Subject, -San and -Fingerprint. "
                 "There is no resumption then."},
};

static const struct schema tls_schema = {
	.size = sizeof(struct config_tls),
	.place_offset = offsetof(struct config_tls, place),
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(tls_fields),
};

/* Leniencies: what they are is told once, in the sentences below. */
static const struct schema_word request_leniency_words[] = {
	{"bare_lf", CONFIG_TOLERATE_BARE_LF},
	{"empty_lines", CONFIG_TOLERATE_EMPTY_LINES},
	{0},
};

static const struct schema_word response_leniency_words[] = {
	{"bare_lf", CONFIG_TOLERATE_BARE_LF},
	{"obs_fold", CONFIG_TOLERATE_OBS_FOLD},
	{"missing_reason", CONFIG_TOLERATE_MISSING_REASON},
	{0},
};

static const struct schema_word target_trait_words[] = {
	{"encoded_slash", CONFIG_TARGET_ENCODED_SLASH},
	{"encoded_nul", CONFIG_TARGET_ENCODED_NUL},
	{"dot_segment", CONFIG_TARGET_DOT_SEGMENT},
	{0},
};

static const struct schema_field network_item = {"", SCHEMA_NETWORK};

static const struct schema_field proxy_protocol_fields[] = {
	{"from", SCHEMA_LIST, true, ITEMS_AT(struct config_proxy_protocol, from, from_count), .min = 1,
     .max = 1024, .item = &network_item, .item_size = sizeof(struct config_network),
     .example = "[10.0.0.0/8]",
     .sentence = "The balancers: connections from other addresses are closed."},
	/* One block of a wire must hold it. */
	{"header_size", SCHEMA_SIZE, false, AT(struct config_proxy_protocol, header_size),
     .fallback = "2KiB", .min = 232, .max = 16 * KIB,
     .sentence = "Largest header of version 2; one of version 1 has at most 107 bytes."},
};

static const struct schema proxy_protocol_schema = {
	.size = sizeof(struct config_proxy_protocol),
	.place_offset = offsetof(struct config_proxy_protocol, place),
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(proxy_protocol_fields),
};

static const struct schema_word proxy_header_words[] = {
	{"off", CONFIG_PROXY_OFF},
	{"v1", CONFIG_PROXY_V1},
	{"v2", CONFIG_PROXY_V2},
	{0},
};

static const struct schema_field listener_http_fields[] = {
	{"tolerate", SCHEMA_FLAGS, false, AT(struct config_listener, http.tolerate),
     .words = request_leniency_words, .example = "[bare_lf]",
     .sentence = "What is not refused in requests, for old clients. bare_lf: a head whose lines "
                 "all end in LF alone; empty_lines: more than one empty line before a request. "
                 "Default: none."},
	{"refuse_targets", SCHEMA_FLAGS, false, AT(struct config_listener, http.refuse_targets),
     .words = target_trait_words, .example = "[encoded_slash, encoded_nul, dot_segment]",
     .sentence = "Valid targets that are refused all the same, for backends that could take them "
                 "for others: %2F and %5C in the path; %00 in path or query; . and .. as a part of "
                 "the path, however it is written. Default: none."},
};

static const struct schema listener_http_schema = {
	.size = sizeof(struct config_listener),
	.place_offset = SCHEMA_NOWHERE,
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(listener_http_fields),
};

static const struct schema_field cluster_http_fields[] = {
	{"tolerate", SCHEMA_FLAGS, false, AT(struct config_cluster, http.tolerate),
     .words = response_leniency_words, .example = "[obs_fold]",
     .sentence = "What is not refused in responses, for old backends. bare_lf: a head whose lines "
                 "all end in LF alone; obs_fold: a field that goes on in the next line; "
                 "missing_reason: a status without the space behind it. Default: none."},
};

static const struct schema cluster_http_schema = {
	.size = sizeof(struct config_cluster),
	.place_offset = SCHEMA_NOWHERE,
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(cluster_http_fields),
};

static const struct schema_field acme_challenge_fields[] = {
	{"directory", SCHEMA_PATH, false, AT(struct config_acme_challenge, directory),
     .example = "/var/lib/sallyport/.well-known/acme-challenge",
     .sentence = "The folder in which an ACME client puts the answers, each in a file with the "
                 "token as its name; of certbot --webroot that is .well-known/acme-challenge below "
                 "its own. Looked into at each request."},
	{"cluster", SCHEMA_NAME, false, AT(struct config_acme_challenge, cluster),
     .example = "acme-client", .sentence = "Or else the cluster that knows the answers."},
};

static const struct schema acme_challenge_schema = {
	.size = sizeof(struct config_acme_challenge),
	.place_offset = offsetof(struct config_acme_challenge, place),
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(acme_challenge_fields),
};

static const struct schema_field listener_fields[] = {
	{"address", SCHEMA_LISTEN, true, ADDRESS_AT(struct config_listener), .identifies = true,
     .example = "0.0.0.0:443",
     .sentence = "Where to listen: IPv4, IPv6 in brackets and quotes, or unix:/path of a socket."},
	{"tls", SCHEMA_OPTIONAL, false, AT(struct config_listener, tls), .of = &tls_schema,
     .sentence = "HTTPS. Without this part the listener speaks plain HTTP."},
	{"redirect_to_https", SCHEMA_BOOL, false, AT(struct config_listener, redirect_to_https),
     .fallback = "false",
     .sentence = "Answer every request with a redirect to its https:// address; not with tls."},
	{"acme_challenge", SCHEMA_OPTIONAL, false, AT(struct config_listener, acme_challenge),
     .of = &acme_challenge_schema, .is_aside = true,
     .sentence = "Requests for /.well-known/acme-challenge/TOKEN, with which a certificate "
                 "authority checks that a name is yours, are answered from here, before "
                 "redirect_to_https and all routes. The authority asks on port 80."},
	{"proxy_protocol", SCHEMA_OPTIONAL, false, AT(struct config_listener, proxy_protocol),
     .of = &proxy_protocol_schema, .is_aside = true,
     .sentence = "Each connection begins with a PROXY header, version 1 or 2, that tells who the "
                 "client is."},
	/* It writes into the listener's struct itself, hence no offset. */
	{"http", SCHEMA_STRUCT, false, .of = &listener_http_schema,
     .sentence = "How requests are read: as strictly as it goes, but for what stands here."},
};

static const struct schema listener_schema = {
	.size = sizeof(struct config_listener),
	.place_offset = offsetof(struct config_listener, place),
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(listener_fields),
};

static const struct schema_field backend_fields[] = {
	{"address", SCHEMA_ADDRESS, true, ADDRESS_AT(struct config_backend), .identifies = true,
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
     .sentence =
         "How long an unused one is kept at most: less than the backend's own timeout, often "
         "60s or more. A shorter one that the backend tells or shows is heeded."},
};

static const struct schema pool_schema = {
	.size = sizeof(struct config_cluster),
	.place_offset = SCHEMA_NOWHERE,
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(pool_fields),
};

static const struct schema_field retry_fields[] = {
	{"share", SCHEMA_INTEGER, false, AT(struct config_cluster, retries.share), .fallback = "20",
     .min = 0, .max = 100, .sentence = "Per cent of the requests of the last 5 to 10 seconds."},
	{"per_second", SCHEMA_INTEGER, false, AT(struct config_cluster, retries.per_second),
     .fallback = "10", .min = 0, .max = 10000,
     .sentence = "Besides, on each worker: for times of few requests."},
};

static const struct schema retries_schema = {
	.size = sizeof(struct config_cluster),
	.place_offset = SCHEMA_NOWHERE,
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(retry_fields),
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
	/* These write into the cluster's struct itself, hence no offset. */
	{"pool", SCHEMA_STRUCT, false, .of = &pool_schema,
     .sentence = "Connections to the backends that wait for their next request."},
	{"retries", SCHEMA_STRUCT, false, .of = &retries_schema,
     .sentence =
         "How many requests may be sent a second time, because an idle connection turned out "
         "to be dead. Only what does no harm twice; 0 and 0: none."},
	{"timeouts", SCHEMA_STRUCT, false, .of = &cluster_timeouts_schema,
     .sentence = "How long to wait for a backend."},
	{"proxy_protocol", SCHEMA_ENUM, false, AT(struct config_cluster, proxy_protocol),
     .fallback = "off", .words = proxy_header_words,
     .sentence = "Begin each connection with a PROXY header that tells who the client is; v2 tells "
                 "of its TLS, too. Such connections carry one request each, so there is no pool."},
	{"http", SCHEMA_STRUCT, false, .of = &cluster_http_schema,
     .sentence = "How responses are read: as strictly as it goes, but for what stands here."},
};

static const struct schema cluster_schema = {
	.size = sizeof(struct config_cluster),
	.place_offset = offsetof(struct config_cluster, place),
	.name_offset = offsetof(struct config_cluster, name),
	FIELDS(cluster_fields),
};

static const struct schema_field text_item = {"", SCHEMA_TEXT, .max = CONFIG_ALGORITHM_NAME_MAX};

static const struct schema_word order_words[] = {
	{"server", CONFIG_ORDER_SERVER},
	{"client", CONFIG_ORDER_CLIENT},
	{0},
};

static const struct schema_word group_order_words[] = {
	{"offered", CONFIG_GROUPS_OFFERED},
	{"strict", CONFIG_GROUPS_STRICT},
	{0},
};

/* A list of names in a policy. */
#define POLICY_LIST_AT(member)                                                                 \
	.kind = SCHEMA_LIST, ITEMS_AT(struct config_policy, member.items, member.count), .min = 1, \
	.max = CONFIG_POLICY_LIST_MAX, .item = &text_item, .item_size = sizeof(struct config_text)

static const struct schema_field policy_fields[] = {
	{"based_on", SCHEMA_NAME, true, AT(struct config_policy, based_on),
     .example = "intermediate-2026-04",
     .sentence = "The policy, built in or of this file, that all keys come from which are not "
                 "given here."},
	{"versions", POLICY_LIST_AT(versions), .example = "[tls1.2, tls1.3]",
     .sentence = "TLS versions; a handshake has the newest that the client has, too."},
	{"cipher_suites", POLICY_LIST_AT(suites),
     .example = "[TLS_AES_256_GCM_SHA384, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]",
     .sentence = "Cipher suites of all versions by IANA's names, the best first."},
	{"groups", POLICY_LIST_AT(groups), .example = "[x25519, secp256r1]",
     .sentence = "Groups of the key exchange, the best first."},
	{"signature_algorithms", POLICY_LIST_AT(signatures),
     .example = "[ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256, rsa_pkcs1_sha256]",
     .sentence = "How the certificate's key may sign, by TLS 1.3's names, the best first. "
                 "rsa_pkcs1_… is for TLS 1.2 only, rsa_pss_… for 1.3 only."},
	{"order", SCHEMA_ENUM, false, AT(struct config_policy, order), .words = order_words,
     .example = "server", .sentence = "Whose order counts where several of a list are possible."},
	{"group_order", SCHEMA_ENUM, false, AT(struct config_policy, group_order),
     .words = group_order_words, .example = "offered",
     .sentence = "offered: the best group among those that a TLS 1.3 client has sent a key share "
                 "for. strict: the best that it lists at all; without a key share that costs a "
                 "round trip more."},
	{"prefer_chacha_if_client_does", SCHEMA_SWITCH, false, AT(struct config_policy, prefer_chacha),
     .example = "true",
     .sentence = "ChaCha20 first for a client that lists it first, because it has no hardware for "
                 "AES."},
	{"tickets", SCHEMA_SWITCH, false, AT(struct config_policy, tickets), .example = "true",
     .sentence = "Whether sessions may be resumed, on listeners that have tickets."},
};

static const struct schema policy_schema = {
	.size = sizeof(struct config_policy),
	.place_offset = offsetof(struct config_policy, place),
	.name_offset = offsetof(struct config_policy, name),
	FIELDS(policy_fields),
};

static const struct schema_field top_fields[] = {
	{"listeners", SCHEMA_LIST, true, ITEMS_AT(struct config, listeners, listener_count), .min = 1,
     .max = 64, .of = &listener_schema, .sentence = "Where clients connect.",
     .more = "# Plain HTTP is sent on to HTTPS.\n"
             "- address: 0.0.0.0:80\n"
             "  redirect_to_https: true\n"},
	{"routes", SCHEMA_LIST, false, ITEMS_AT(struct config, routes, route_count), .min = 0,
     .max = 16384, .of = &config_route_schema,
     .sentence = "Which cluster gets a request: the route with the most specific host wins, then "
                 "the one with the longest path. The order does not matter."},
	{"clusters", SCHEMA_MAP, false, ITEMS_AT(struct config, clusters, cluster_count), .min = 0,
     .max = 1024, .of = &cluster_schema, .key = SCHEMA_NAME, .example = "app",
     .sentence = "The applications behind the proxy, each with a name of your choice."},
	{"policies", SCHEMA_MAP, false, ITEMS_AT(struct config, policies, policy_count), .min = 0,
     .max = CONFIG_POLICIES_MAX, .of = &policy_schema, .key = SCHEMA_NAME, .example = "old-clients",
     .is_aside = true,
     .sentence = "TLS policies of your own, each based on another one. `sallyport policies -c FILE "
                 "NAME` prints what comes out."},
	{"trusted_proxies", SCHEMA_LIST, false,
     ITEMS_AT(struct config, trusted_proxies, trusted_proxy_count), .min = 0, .max = 1024,
     .item = &network_item, .item_size = sizeof(struct config_network),
     .example = "[10.0.0.0/8, \"fd00::/8\"]",
     .sentence = "Proxies in front of this one: from these networks, X-Forwarded-For and the like "
                 "are believed. From all others they are discarded. Default: none."},
	{"trusted_field", SCHEMA_ENUM, false, AT(struct config, trusted_field),
     .fallback = "x-forwarded-for", .words = trusted_field_words,
     .sentence =
         "The field in which they tell the client's address. It is read from the right; the "
         "first address that is not theirs is the client's. Only one field counts, since a "
         "proxy that writes one often passes on what the client put into the other."},
	{"error_pages", SCHEMA_MAP, false, .key = SCHEMA_NAME,
     ITEMS_AT(struct config, error_pages, error_page_count), .min = 0, .max = 64,
     .of = &config_error_page_schema, .example = "503", .is_aside = true,
     .sentence =
         "Pages of your own for errors that the proxy itself has to tell, by status (400 to "
         "599); a route can have others. Read when the proxy starts."},
	{"limits", SCHEMA_STRUCT, false, AT(struct config, limits), .of = &config_limits_schema,
     .sentence = "What one client, or all of them, can take."},
	{"timeouts", SCHEMA_STRUCT, false, AT(struct config, timeouts), .of = &config_timeouts_schema,
     .sentence = "How long to wait for a client."},
	{"workers", SCHEMA_INTEGER, false, AT(struct config, workers), .fallback = "auto", .min = 1,
     .max = 256, .words = workers_words, .needs_restart = true,
     .sentence = "Threads that serve clients; auto: one for each processor. A reload does not "
                 "change their number."},
	{"logging", SCHEMA_STRUCT, false, AT(struct config, logging), .of = &config_logging_schema,
     .sentence = "Where the logs go: stdout, stderr, off, or a path with a \"/\"."},
	{"user", SCHEMA_NAME, false, AT(struct config, user), .example = "sallyport",
     .sentence = "Whom the process becomes when it has opened its sockets and logs; a name or a "
                 "number. It must be able to read keys and certificates again, or they can not be "
                 "renewed. Default: who started it."},
	{"group", SCHEMA_NAME, false, AT(struct config, group), .example = "sallyport",
     .sentence = "The only group of `user`. Default: all that the user is in."},
	{"sandbox", SCHEMA_STRUCT, false, AT(struct config, sandbox), .of = &config_sandbox_schema,
     .sentence = "What the process may do once it runs: only what this file asks for."},
	{"tracing", SCHEMA_STRUCT, false, AT(struct config, tracing), .of = &config_tracing_schema,
     .sentence = "Traces that go through several servers (W3C Trace Context)."},
	{"metrics", SCHEMA_STRUCT, false, AT(struct config, metrics), .of = &config_metrics_schema,
     .sentence = "What is counted, for Prometheus and its kin."},
	{"admin", SCHEMA_STRUCT, false, AT(struct config, admin), .of = &config_admin_schema,
     .sentence = "The admin interface, which `sallyport status` and `healthcheck` ask."},
};

const struct schema config_schema = {
	.size = sizeof(struct config),
	.place_offset = SCHEMA_NOWHERE,
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(top_fields),
};
