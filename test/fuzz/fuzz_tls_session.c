/*
 * A whole server session, fed with the bytes of a client: the first byte chooses options, the
 * second how many bytes come at once, the rest is what comes.
 *
 * Random numbers are the same for each input, so that a finding can be repeated. The session's
 * phases must only go forward, its errors must stay, and nothing may be written after an error.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int mbedtls_platform_entropy_poll(void *context, unsigned char *bytes, size_t size,
                                  size_t *ret_size);

enum { REFUSE = 1, SMALL_OUT = 2, SMALL_IN = 4, SMALL_PLAIN = 8, NO_TICKETS = 16, IN_MAX = 20480 };

/* Made for this test; it opens nothing anywhere. */
static const char chain[] = "-----BEGIN CERTIFICATE-----\n"
							"MIIBmDCCAT6gAwIBAgIUMlphbG11L4ltF411oohKx3Zkns8wCgYIKoZIzj0EAwIw\n"
							"DzENMAsGA1UEAwwEZnV6ejAgFw0yNjExMjMyMTUxMThaGA8yMTI2MTAzMDIxNTEx\n"
							"OFowDzENMAsGA1UEAwwEZnV6ejBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABIkU\n"
							"maquovPJXRQQX7Et/3vC6fS5X5402Wop9DbtyA2P66MknxGIv9cOqqh9272n66t4\n"
							"zAi/sA8bTQj+njE+6cyjdjB0MB0GA1UdDgQWBBSu2dm7dp2e0leLzrZq0Pt0uAD0\n"
							"zTAfBgNVHSMEGDAWgBSu2dm7dp2e0leLzrZq0Pt0uAD0zTAPBgNVHRMBAf8EBTAD\n"
							"AQH/MCEGA1UdEQQaMBiCCWEuZXhhbXBsZYILKi5iLmV4YW1wbGUwCgYIKoZIzj0E\n"
							"AwIDSAAwRQIhAMLXPx1b+62pQZQz5adM9Ebg5QcjVLqhqaV7V5FjBQinAiBNplhJ\n"
							"ULLi0zjsAg8WXpTaeb7ri2+AgQgCXeNKQobZcQ==\n"
							"-----END CERTIFICATE-----\n";
static const char key[] = "-----BEGIN PRIVATE KEY-----\n"
						  "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgiRikjczLXWFnyJpR\n"
						  "yz5wWhf3re5aDOXAtwlBPtaW7fehRANCAASJFJmqrqLzyV0UEF+xLf97wun0uV+e\n"
						  "NNlqKfQ27cgNj+ujJJ8RiL/XDqqofdu9p+ureMwIv7APG00I/p4xPunM\n"
						  "-----END PRIVATE KEY-----\n";

static struct budget budget = {.max = (size_t)64 << 20};
static struct tls_certificate *certificate;
static uint64_t entropy;

/* In the place of the library's own. */
int mbedtls_platform_entropy_poll(void *context, unsigned char *bytes, size_t size,
                                  size_t *ret_size)
{
	(void)context;
	for (size_t i = 0; i < size; i++) {
		entropy = entropy * 6364136223846793005u + 1442695040888963407u;
		bytes[i] = (unsigned char)(entropy >> 56);
	}
	*ret_size = size;
	return 0;
}

static void expect(bool condition, const char *what)
{
	if (condition)
		return;
	(void)fprintf(stderr, "broken: %s\n", what);
	abort();
}

static void load_certificate(void)
{
	struct text why;

	if (certificate)
		return;
	text_init(&why, 200);
	expect(tls_certificate_load(span_of_string(chain), span_of_string(key), &certificate, &why) ==
	           OK,
	       text_string(&why));
	text_done(&why);
}

struct feed {
	struct tls_session *session;
	struct buffer in, out, plain;
	struct span left;
	size_t step;
};

static void open_buffer(struct buffer *buffer, size_t capacity)
{
	*buffer = (struct buffer){.data = malloc(capacity), .capacity = capacity};
	expect(buffer->data != NULL, "memory");
}

static void check_facts(const struct tls_session *session, enum error error)
{
	const struct tls_facts *facts = tls_session_facts(session);
	struct text why;

	expect(facts->server_name.size <= 253, "length of the name");
	expect(tls_session_phase(session) != TLS_OPEN || (facts->version && facts->suite), "facts");
	text_init(&why, 400);
	tls_session_explain(session, &why);
	expect((why.size > 0) == (error != OK), "explanation");
	text_done(&why);
}

static bool turn(struct feed *feed, enum error *error)
{
	enum tls_phase before = tls_session_phase(feed->session);
	struct span part = span_cut(feed->left, 0, feed->step);
	size_t put = buffer_put(&feed->in, part);
	bool moved = false;
	enum error now;

	feed->left = span_from(feed->left, put);
	now = tls_session_advance(feed->session, &feed->in, feed->left.size == 0, &feed->out,
	                          &feed->plain, &moved);
	expect(tls_session_phase(feed->session) >= before, "phase");
	expect((now != OK) == (tls_session_phase(feed->session) == TLS_FAILED), "phase of failure");
	expect(*error == OK || now == *error, "error stays");
	expect(*error == OK || buffer_is_empty(&feed->out), "nothing after an error");
	*error = now;
	check_facts(feed->session, now);

	bool has_out = !buffer_is_empty(&feed->out) || !buffer_is_empty(&feed->plain);

	buffer_taken(&feed->out, buffer_size(&feed->out));
	buffer_taken(&feed->plain, buffer_size(&feed->plain));
	return put > 0 || moved || has_out;
}

static void run(struct tls_server *server, struct span bytes, unsigned options, size_t step)
{
	struct feed feed = {.left = bytes, .step = step};
	enum error error = OK;
	size_t taken = 0;

	expect(tls_session_new(server, &feed.session) == OK, "session");
	open_buffer(&feed.in, options & SMALL_IN ? 300 : IN_MAX);
	open_buffer(&feed.out, options & SMALL_OUT ? TLS_WIRE_OUT_MIN : IN_MAX);
	open_buffer(&feed.plain, options & SMALL_PLAIN ? 1 : IN_MAX);
	while (turn(&feed, &error))
		if (tls_session_write(feed.session, SPAN("answer"), &feed.out, &taken) == OK)
			expect(taken == 0 || tls_session_phase(feed.session) >= TLS_OPEN, "early write");
	expect(tls_session_close(feed.session, &feed.out) || error == OK, "close");
	tls_session_free(feed.session);
	free(feed.in.data);
	free(feed.out.data);
	free(feed.plain.data);
}

static struct tls_sites *make_sites(bool refuse_unknown_name)
{
	struct tls_terms terms = {.policy = tls_policy_default()};
	struct tls_sites_options options = {
		.certificates = &certificate,
		.certificate_count = 1,
		.terms = &terms,
		.refuse_unknown_name = refuse_unknown_name,
	};
	struct tls_sites *sites = NULL;

	expect(tls_terms_seal(&terms) == OK && tls_sites_new(&options, &sites) == OK, "sites");
	return sites;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tls_server_options options = {.budget = &budget};
	struct tls_server *server = NULL;

	if (size < 2)
		return 0;
	entropy = 1;
	expect(tls_library_open() == OK, "library");
	expect(tls_random_new(&options.random) == OK, "random");
	load_certificate();
	if ((data[0] & NO_TICKETS) == 0)
		expect(tls_tickets_new(3600000, &options.tickets) == OK, "tickets");
	options.sites = make_sites(data[0] & REFUSE);
	expect(tls_server_new(&options, &server) == OK, "server");
	run(server, span_of((const char *)data + 2, size - 2), data[0],
	    data[1] ? data[1] : (size_t)IN_MAX);
	tls_server_unref(server);
	tls_sites_unref(options.sites);
	tls_tickets_unref(options.tickets);
	tls_random_free(options.random);
	tls_library_close();
	expect(atomic_load(&budget.used) == 0, "budget");
	return 0;
}
