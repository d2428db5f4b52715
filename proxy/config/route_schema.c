#include "config/route_schema.h"

#include "config/config_route.h"

enum { SECOND = 1000, HOUR = 3600 * SECOND, DAY = 24 * HOUR };

/* Where `member` of `type` goes. */
#define AT(type, member) .offset = offsetof(type, member)
/* Lists and maps: where the items go, and how many there are. */
#define ITEMS_AT(type, items, count) \
	.offset = offsetof(type, items), .beside = offsetof(type, count)
#define FIELDS(rows) .fields = rows, .count = ARRAY_LENGTH(rows)
/* A struct that knows its place and is not in a map. */
#define PLACED(type) \
	.size = sizeof(type), .place_offset = offsetof(type, place), .name_offset = SCHEMA_NOWHERE

static const struct schema_word redirect_statuses[] = {{"301", 301}, {"302", 302}, {"303", 303},
                                                       {"307", 307}, {"308", 308}, {0}};

static const struct schema_field redirect_fields[] = {
	{"to", SCHEMA_TEMPLATE, true, AT(struct config_redirect, to),
     .example = "\"https://www.example.com${request.target}\"",
     .sentence = "Where to: a URL or a path, with variables."},
	{"status", SCHEMA_ENUM, false, AT(struct config_redirect, status), .fallback = "302",
     .words = redirect_statuses,
     .sentence = "301 and 308 are for ever and kept by browsers; 307 and 308 keep the method."},
};

static const struct schema redirect_schema = {PLACED(struct config_redirect),
                                              FIELDS(redirect_fields)};

static const struct schema_field answer_fields[] = {
	{"status", SCHEMA_INTEGER, false, AT(struct config_answer, status), .fallback = "200",
     .min = 200, .max = 599, .sentence = "Any but 204, 205 and 304, which have no body."},
	{"body", SCHEMA_LINES, false, AT(struct config_answer, body), .max = 16384,
     .example = "\"back on Monday\"", .sentence = "The body; default: empty."},
	{"file", SCHEMA_PATH, false, AT(struct config_answer, file), .example = "pages/closed.html",
     .sentence = "A file with the body instead, of at most 1 MiB, read when the proxy starts."},
	{"content_type", SCHEMA_TEXT, false, AT(struct config_answer, content_type), .max = 256,
     .fallback = "text/plain; charset=utf-8", .sentence = "Its type."},
};

static const struct schema answer_schema = {PLACED(struct config_answer), FIELDS(answer_fields)};

static const struct schema_field field_item = {
	.name = "",
	.kind = SCHEMA_TEMPLATE,
	.offset = offsetof(struct config_field, value),
	.beside = offsetof(struct config_field, name),
};

static const struct schema_field name_item = {.name = "", .kind = SCHEMA_NAME};

static const struct schema_field fields_fields[] = {
	{"set", SCHEMA_MAP, false, .key = SCHEMA_NAME, ITEMS_AT(struct config_fields, set, set_count),
     .max = 64, .item = &field_item, .item_size = sizeof(struct config_field),
     .example = "{X-Client: \"${client.address}\"}",
     .sentence = "Fields that have this value and no other; no value: an empty one in quotes."},
	{"add", SCHEMA_MAP, false, .key = SCHEMA_NAME, ITEMS_AT(struct config_fields, add, add_count),
     .max = 64, .item = &field_item, .item_size = sizeof(struct config_field),
     .example = "{X-Served-By: \"${listener.address}\"}",
     .sentence = "Fields that are added to those that are there."},
	{"remove", SCHEMA_LIST, false, ITEMS_AT(struct config_fields, remove, remove_count), .max = 64,
     .item = &name_item, .item_size = sizeof(struct config_text), .example = "[X-Debug]",
     .sentence = "Fields that are removed; first of all."},
};

static const struct schema fields_schema = {PLACED(struct config_fields), FIELDS(fields_fields)};

static const struct schema_field hsts_fields[] = {
	{"max_age", SCHEMA_DURATION, false, AT(struct config_hsts, max_age_ms), .fallback = "365d",
     .min = 0, .max = 10 * 365 * (uint64_t)DAY,
     .sentence = "How long a browser keeps to it, from its last visit; 0: forget it."},
	{"include_subdomains", SCHEMA_BOOL, false, AT(struct config_hsts, include_subdomains),
     .fallback = "false", .sentence = "For all names below this one, too."},
	{"preload", SCHEMA_BOOL, false, AT(struct config_hsts, preload), .fallback = "false",
     .sentence = "Agree to be on the browsers' own list; needs a year and include_subdomains."},
};

static const struct schema hsts_schema = {PLACED(struct config_hsts), FIELDS(hsts_fields)};

static const struct schema_field error_page_fields[] = {
	{"file", SCHEMA_PATH, true, AT(struct config_error_page, file),
     .example = "pages/unavailable.html",
     .sentence = "A file with the page, of at most 1 MiB, read when the proxy starts."},
	{"content_type", SCHEMA_TEXT, false, AT(struct config_error_page, content_type), .max = 256,
     .fallback = "text/html; charset=utf-8", .sentence = "Its type."},
};

const struct schema config_error_page_schema = {
	.size = sizeof(struct config_error_page),
	.place_offset = offsetof(struct config_error_page, place),
	.name_offset = offsetof(struct config_error_page, status_text),
	FIELDS(error_page_fields),
};

static const struct schema_field user_item = {
	.name = "",
	.kind = SCHEMA_TEXT,
	.offset = offsetof(struct config_user, hash),
	.beside = offsetof(struct config_user, name),
	.max = 383, /* CRYPT_OUTPUT_SIZE without the NUL */
};

static const struct schema_field basic_auth_fields[] = {
	{"realm", SCHEMA_TEXT, false, AT(struct config_basic_auth, realm), .max = 128,
     .fallback = "restricted", .sentence = "What the browser shows above its question."},
	{"users_file", SCHEMA_PATH, false, AT(struct config_basic_auth, users_file),
     .example = "users.txt",
     .sentence =
         "Lines of NAME:HASH, as htpasswd -B writes them and sallyport hash-password prints "
         "the hash: yescrypt, bcrypt or sha512crypt. Read when the proxy starts."},
	{"users", SCHEMA_MAP, false, .key = SCHEMA_NAME, .is_secret = true,
     ITEMS_AT(struct config_basic_auth, users, user_count), .max = 1024, .item = &user_item,
     .item_size = sizeof(struct config_user), .example = "{alice: \"$$y$$j9T$$SALT$$HASH\"}",
     .sentence = "The same by name, here in the file, where each dollar sign is written twice; or "
                 "from the environment."},
	{"remember", SCHEMA_DURATION, false, AT(struct config_basic_auth, remember_ms),
     .fallback = "5m", .min = 0, .max = HOUR,
     .sentence = "How long a worker lets a password in that was right before it checks it again, "
                 "which takes a tenth of a second; 0: check each time."},
	{"forward", SCHEMA_BOOL, false, AT(struct config_basic_auth, forward), .fallback = "false",
     .sentence = "Whether the backend gets the Authorization field, with the password in it."},
};

static const struct schema basic_auth_schema = {PLACED(struct config_basic_auth),
                                                FIELDS(basic_auth_fields)};

static const struct schema_field rate_limit_fields[] = {
	{"requests", SCHEMA_INTEGER, true, AT(struct config_rate_limit, requests), .example = "10",
     .min = 1, .max = 1000000, .sentence = "So many requests on the average"},
	{"per", SCHEMA_DURATION, false, AT(struct config_rate_limit, per_ms), .fallback = "1s",
     .min = SECOND, .max = DAY, .sentence = "in this time"},
	{"burst", SCHEMA_INTEGER, false, AT(struct config_rate_limit, burst), .fallback = "20",
     .min = 1, .max = 1000000, .sentence = "and so many at once."},
	{"clients", SCHEMA_INTEGER, false, AT(struct config_rate_limit, clients), .fallback = "16384",
     .min = 64, .max = 4194304,
     .sentence = "Clients that are remembered, with 24 bytes each: more than come within the time "
                 "that a burst takes to be forgotten."},
};

static const struct schema rate_limit_schema = {PLACED(struct config_rate_limit),
                                                FIELDS(rate_limit_fields)};

static const struct schema_field concurrency_fields[] = {
	{"requests", SCHEMA_INTEGER, false, AT(struct config_concurrency, requests), .fallback = "1000",
     .min = 0, .max = 1000000,
     .sentence = "Of all clients together, WebSocket connections included; 0: no limit. Past it: "
                 "503."},
	{"requests_per_client", SCHEMA_INTEGER, false,
     AT(struct config_concurrency, requests_per_client), .fallback = "0", .min = 0, .max = 10000,
     .sentence = "Of one client; 0: no limit. Past it: 429."},
	{"clients", SCHEMA_INTEGER, false, AT(struct config_concurrency, clients), .fallback = "16384",
     .min = 64, .max = 4194304,
     .sentence =
         "Clients that can be counted at the same time, with 24 bytes each; others get 503."},
};

static const struct schema concurrency_schema = {PLACED(struct config_concurrency),
                                                 FIELDS(concurrency_fields)};

static const struct schema_field network_item = {"", SCHEMA_NETWORK};
static const struct schema_field origin_item = {.name = "", .kind = SCHEMA_TEXT, .max = 512};

static const struct schema_field route_fields[] = {
	{"cluster", SCHEMA_NAME, false, AT(struct config_route, cluster), .example = "app",
     .sentence = "The cluster that gets the request: each route has this, redirect or answer.",
     .shown = true},
	{"host", SCHEMA_HOST, false, AT(struct config_route, host), .identifies = true,
     .example = "app.example.com",
     .sentence = "Only for this host, or with \"*.example.com\" for all names below it; default: "
                 "any host."},
	{"path", SCHEMA_PREFIX, false, AT(struct config_route, path), .fallback = "/",
     .identifies = true,
     .sentence =
         "Only for paths that begin like this: /api/ takes all that begins with it, /api takes "
         "itself and what lies below it."},
	{"replace_path", SCHEMA_PREFIX, false, AT(struct config_route, replace_path), .example = "/",
     .sentence =
         "What the backend gets in the place of path: / strips it. The rest of the path and "
         "the query go on as they came. Default: nothing is replaced."},
	{"allow", SCHEMA_LIST, false, ITEMS_AT(struct config_route, allow, allow_count), .max = 1024,
     .item = &network_item, .item_size = sizeof(struct config_network),
     .example = "[10.0.0.0/8, \"fd00::/8\"]",
     .sentence = "Only clients from these networks; others get 403. Default: all."},
	{"deny", SCHEMA_LIST, false, ITEMS_AT(struct config_route, deny, deny_count), .max = 1024,
     .item = &network_item, .item_size = sizeof(struct config_network), .example = "[10.9.0.0/16]",
     .sentence = "No clients from these networks, even if they are in allow."},
	{"websocket_origins", SCHEMA_LIST, false,
     ITEMS_AT(struct config_route, websocket_origins, websocket_origin_count), .max = 64,
     .item = &origin_item, .item_size = sizeof(struct config_text),
     .example = "[\"https://app.example.com\"]",
     .sentence = "Pages of these origins only may open a WebSocket; others, and clients that name "
                 "no Origin, get 403. Default: any."},
	{"request_headers", SCHEMA_OPTIONAL, false, AT(struct config_route, request_headers),
     .of = &fields_schema, .is_aside = true,
     .sentence = "Changes in the fields of the request. A field that is set never comes from the "
                 "client, in no spelling."},
	{"response_headers", SCHEMA_OPTIONAL, false, AT(struct config_route, response_headers),
     .of = &fields_schema, .is_aside = true,
     .sentence = "The same in every response of this route, the proxy's own included."},
	{"hsts", SCHEMA_OPTIONAL, false, AT(struct config_route, hsts), .of = &hsts_schema,
     .is_aside = true,
     .sentence = "Strict-Transport-Security in each response over TLS: browsers then never use "
                 "plain HTTP for this name."},
	{"basic_auth", SCHEMA_OPTIONAL, false, AT(struct config_route, basic_auth),
     .of = &basic_auth_schema, .is_aside = true,
     .sentence = "Ask for a name and a password; 401 without."},
	{"rate_limit", SCHEMA_OPTIONAL, false, AT(struct config_route, rate_limit),
     .of = &rate_limit_schema, .is_aside = true,
     .sentence = "How often one client, or one IPv6 network of 64 bits, may ask; past it: 429. It "
                 "holds for all workers together."},
	{"concurrency", SCHEMA_OPTIONAL, false, AT(struct config_route, concurrency),
     .of = &concurrency_schema, .is_aside = true,
     .sentence = "Requests that run at the same time, in all workers together."},
	{"error_pages", SCHEMA_MAP, false, .key = SCHEMA_NAME,
     ITEMS_AT(struct config_route, error_pages, error_page_count), .max = 64,
     .of = &config_error_page_schema, .example = "503", .is_aside = true,
     .sentence = "Pages of this route, before those of the whole proxy."},
	{"redirect", SCHEMA_OPTIONAL, false, AT(struct config_route, redirect), .of = &redirect_schema,
     .is_aside = true, .sentence = "Instead of a cluster: send the client to another place."},
	{"answer", SCHEMA_OPTIONAL, false, AT(struct config_route, answer), .of = &answer_schema,
     .is_aside = true, .sentence = "Instead of a cluster: one answer for all requests."},
};

const struct schema config_route_schema = {PLACED(struct config_route), FIELDS(route_fields)};
