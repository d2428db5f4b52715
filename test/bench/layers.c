/*
 * What the pure layers do for one request of 1 KiB, again and again, for callgrind to count: the
 * same work takes the same number of instructions on every machine and under any load.
 *
 *     layers STEP COUNT      layers --list: the steps, in the order of a request
 *
 * Callgrind's processor has no AVX-512: the primitives of TLS run in a slower form than elsewhere.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "crypto/start.h"
#include "http/h1_head.h"
#include "http/h1_write.h"
#include "route/forward.h"
#include "route/table.h"
#include "tls/record.h"

enum { SUITE = 0x1301, BODY = 1024, MEMORY = 64 << 20 };

#define REQUEST                                                                         \
	SPAN("GET /1024 HTTP/1.1\r\nHost: www.bench.example\r\nUser-Agent: Mozilla/5.0\r\n" \
	     "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8\r\n"                  \
	     "Accept-Language: en\r\nAccept-Encoding: gzip, br\r\n"                         \
	     "Cookie: session=0123456789abcdef\r\n\r\n")
#define RESPONSE                                                                        \
	SPAN("HTTP/1.1 200 OK\r\nDate: Tue, 24 Nov 2026 03:00:00 GMT\r\nServer: origin\r\n" \
	     "Content-Type: text/html; charset=utf-8\r\nContent-Length: 1024\r\n\r\n")

static const struct h1_limits limits = {.head_size_max = 32768,
                                        .field_count_max = 128,
                                        .target_size_max = 8192};

static struct {
	struct arena arena; /* of one step, as an exchange has one */
	struct arena kept;  /* what the steps start from */
	struct message request;
	struct message response;
	struct message forwarded;
	struct route_table *routes;
	struct tls_record_keys seals;
	struct tls_record_keys opens;
	char body[BODY];
	char record[BODY + 64];
	size_t record_size;
} scene;

/* Nothing here can fail but for want of memory. */
static void must(enum error error)
{
	if (!error)
		return;
	fprintf(stderr, "layers: %s\n", error_code(error));
	exit(1);
}

/* --- Steps -------------------------------------------------------------------------------- */

static void read_head(enum message_kind kind, struct span text, struct message *ret_message)
{
	struct h1_head head;
	bool is_complete = false;

	h1_head_init(&head, kind, METHOD_GET, &limits);
	must(h1_head_scan(&head, text, &is_complete));
	must(h1_head_finish(&head, text, &scene.arena, ret_message));
}

static void read_request(void)
{
	read_head(MESSAGE_REQUEST, REQUEST, &scene.request);
}

static void find_route(void)
{
	size_t route;
	size_t cluster;

	must(route_table_find(scene.routes, scene.request.host, scene.request.path, &scene.arena,
	                      &route, &cluster));
}

static void forward_to_backend(void)
{
	const struct forward_facts facts = {
		.client_address = SPAN("192.0.2.1"),
		.scheme = SPAN("https"),
		.host_default = SPAN("app"),
		.request_id = SPAN("0123456789abcdef0123456789abcdef"),
	};
	struct span bytes;

	must(forward_request(&scene.request, &facts, true, &scene.arena, &scene.forwarded));
	must(h1_write_head(&scene.forwarded, &scene.arena, &bytes));
}

static void read_response(void)
{
	read_head(MESSAGE_RESPONSE, RESPONSE, &scene.response);
}

static void forward_to_client(void)
{
	struct span bytes;

	must(forward_response(&scene.response, &scene.request, true, &scene.arena, &scene.forwarded));
	must(h1_write_head(&scene.forwarded, &scene.arena, &bytes));
}

static void seal_record(void)
{
	must(tls_record_seal(&scene.seals, TLS_CONTENT_APPLICATION, span_of(scene.body, BODY),
	                     scene.record, &scene.record_size));
}

/* The sequence of the one record that there is. */
static void open_record(void)
{
	char content[BODY + 64];
	enum tls_content type;
	size_t size;
	int alert;

	scene.opens.sequence = scene.seals.sequence - 1;
	must(tls_record_open(&scene.opens, span_of(scene.record, scene.record_size), content, &size,
	                     &type, &alert));
}

static const struct step {
	const char *name;
	void (*run)(void);
} steps[] = {
	{"open a TLS record of 1 KiB", open_record},
	{"read a request", read_request},
	{"find its route", find_route},
	{"make the backend's request", forward_to_backend},
	{"read a response", read_response},
	{"make the client's response", forward_to_client},
	{"seal a TLS record of 1 KiB", seal_record},
};

/* --- The scene ---------------------------------------------------------------------------- */

static void set_up(void)
{
	static const unsigned char secret[32] = {1};
	static struct config_route routes[1];
	static struct budget budget = {.max = MEMORY};
	static struct pool pool;
	struct config config = {.routes = routes, .route_count = 1};
	const struct tls_protection *protection = tls_protection_find(SUITE);
	enum crypto_primitive failed;

	must(crypto_start(&failed));
	pool_init(&pool, &budget);
	arena_init(&scene.arena, &pool, MEMORY);
	routes[0].path.text = SPAN("/");
	must(route_table_new(&config, &scene.routes));
	must(tls_record_keys_derive(&scene.seals, protection, true,
	                            span_of((const char *)secret, sizeof(secret)), 0));
	must(tls_record_keys_derive(&scene.opens, protection, false,
	                            span_of((const char *)secret, sizeof(secret)), 0));
	/* Each step has what it needs. */
	read_request();
	read_response();
	seal_record();
	scene.kept = scene.arena;
	arena_init(&scene.arena, scene.kept.pool, MEMORY);
}

static void run(const struct step *step, long count)
{
	struct message request = scene.request;
	struct message response = scene.response;

	for (; count > 0; count--) {
		step->run();
		scene.request = request;
		scene.response = response;
		arena_done(&scene.arena);
	}
}

int main(int count, char **arguments)
{
	if (count == 2 && strcmp(arguments[1], "--list") == 0) {
		for (size_t i = 0; i < ARRAY_LENGTH(steps); i++)
			printf("%s\n", steps[i].name);
		return 0;
	}
	if (count != 3) {
		fprintf(stderr, "usage: layers STEP COUNT | --list\n");
		return 2;
	}
	set_up();
	for (size_t i = 0; i < ARRAY_LENGTH(steps); i++) {
		if (strcmp(arguments[1], steps[i].name) != 0)
			continue;
		run(&steps[i], atol(arguments[2]));
		return 0;
	}
	fprintf(stderr, "layers: no such step\n");
	return 2;
}
