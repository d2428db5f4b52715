#include "config/limits_schema.h"

#include "config/config.h"

#define KIB ((uint64_t)1 << 10)
#define MIB ((uint64_t)1 << 20)
#define TIB ((uint64_t)1 << 40)

enum { MS = 1, SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE, DAY = 24 * HOUR };

/* Where `member` of `type` goes. */
#define AT(type, member) .offset = offsetof(type, member)
#define FIELDS(rows)     .fields = rows, .count = ARRAY_LENGTH(rows)

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
	/* Hints come in ones and twos, and 102 every 20 s; all of them within timeouts.first_byte. */
	{"interim_responses", SCHEMA_INTEGER, false, AT(struct config_limits, interim_responses),
     .fallback = "100", .min = 1, .max = 100000,
     .sentence = "Most 1xx responses before the answer to one request."},
	/* Far below the slowest line in use; a byte per second now costs an attacker his connection. */
	{"rate_min", SCHEMA_SIZE, false, AT(struct config_limits, rate_min), .fallback = "256B",
     .min = 0, .max = 1 * MIB,
     .sentence =
         "Least rate per second at which a client must send or read a body while only it is waited "
         "for; 0: none. See timeouts.rate_grace."},
	{"replay_body", SCHEMA_SIZE, false, AT(struct config_limits, replay_body), .fallback = "16KiB",
     .min = 0, .max = 16 * MIB,
     .sentence = "How much of a request body is kept while the request may have to be sent again."},
	{"connections", SCHEMA_INTEGER, false, AT(struct config_limits, connections),
     .fallback = "10000", .min = 1, .max = 10000000,
     .sentence = "Most connections of clients, for all workers together. Each may need two file "
                 "descriptors."},
	/* Each takes up to 64 KiB: all of them half of the default memory. */
	{"handshakes", SCHEMA_INTEGER, false, AT(struct config_limits, handshakes), .fallback = "4096",
     .min = 1, .max = 1000000,
     .sentence =
         "Most TLS handshakes at once, for all workers together; further connections are "
         "closed before any TLS work. A failed one counts until its connection has closed."},
	{"handshakes_per_address", SCHEMA_INTEGER, false,
     AT(struct config_limits, handshakes_per_address), .fallback = "1024", .min = 1, .max = 1000000,
     .sentence =
         "Of these, most from one IPv4 address or one IPv6 network of 64 bits, so that nobody can "
         "take them all; at most handshakes. Not for trusted_proxies and unix sockets."},
	{"memory", SCHEMA_SIZE, false, AT(struct config_limits, memory), .fallback = "512MiB",
     .min = 16 * MIB, .max = 1 * TIB,
     .sentence =
         "Buffers and TLS state of all workers; when it is used up, new clients have to wait."},
	{"page_files", SCHEMA_SIZE, false, AT(struct config_limits, page_files), .fallback = "256MiB",
     .min = 1 * KIB, .max = 1024 * MIB,
     .sentence = "All files of answers and error pages together; they are kept in memory."},
	{"password_checks", SCHEMA_INTEGER, false, AT(struct config_limits, password_checks),
     .fallback = "2", .min = 1, .max = 4,
     .sentence =
         "Hashes of passwords that are computed at the same time, for all workers together. "
         "Each takes a processor, and some of them 16 MiB; further requests wait. More "
         "than 4 would keep the look-up of names from its threads."},
};

const struct schema config_limits_schema = {
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
	{"rate_grace", SCHEMA_DURATION, false, AT(struct config_timeouts, rate_grace_ms),
     .fallback = "60s", .min = 100 * MS, .max = DAY,
     .sentence = "How long in all a client may be slower than limits.rate_min; time in which it is "
                 "faster pays that back."},
	{"tunnel_idle", SCHEMA_DURATION, false, AT(struct config_timeouts, tunnel_idle_ms),
     .fallback = "1h", .min = SECOND, .max = 30 * (uint64_t)DAY,
     .sentence = "Nothing in either direction of a WebSocket connection."},
	{"linger", SCHEMA_DURATION, false, AT(struct config_timeouts, linger_ms), .fallback = "5s",
     .min = 100 * MS, .max = MINUTE,
     .sentence = "For the client to read the last answer and close."},
	{"drain", SCHEMA_DURATION, false, AT(struct config_timeouts, drain_ms), .fallback = "30s",
     .min = 0, .max = DAY, .sentence = "For requests in progress when the proxy is asked to stop."},
	/* Who is in the middle of something asks again sooner; idle connections soon free a setup. */
	{"reload_keep_alive", SCHEMA_DURATION, false, AT(struct config_timeouts, reload_keep_alive_ms),
     .fallback = "10s", .min = 0, .max = DAY,
     .sentence = "After a reload, for an idle connection from before it: its next request is "
                 "answered with Connection: close, so that none is lost; without one it ends."},
	/* As long as tunnel_idle: a day with many reloads leaves few setups in memory. */
	{"reload_drain", SCHEMA_DURATION, false, AT(struct config_timeouts, reload_drain_ms),
     .fallback = "1h", .min = 0, .max = 30 * (uint64_t)DAY,
     .sentence = "After a reload, for requests, downloads and WebSockets from before it: what "
                 "still runs then is cut off."},
};

const struct schema config_timeouts_schema = {
	.size = sizeof(struct config_timeouts),
	.place_offset = SCHEMA_NOWHERE,
	.name_offset = SCHEMA_NOWHERE,
	FIELDS(timeout_fields),
};
