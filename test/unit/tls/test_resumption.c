/*
 * Session tickets: when a handshake is resumed, and when it must not be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/tls/link.h"

enum { LIFETIME_MS = 3600 * 1000 };

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

static struct tls_tickets *new_tickets(uint64_t lifetime_ms)
{
	struct tls_tickets *tickets = NULL;

	assert_int_equal(tls_tickets_new(lifetime_ms, &tickets), OK);
	return tickets;
}

static struct tls_certificate *certificate_a, *certificate_b;

static int open_group(void **state)
{
	if (world_open(state) != 0)
		return -1;
	certificate_a = pki_certificate("P-256", "a.example,*.wild.example");
	certificate_b = pki_certificate("P-256", "b.example");
	return 0;
}

static int close_group(void **state)
{
	tls_certificate_unref(certificate_a);
	tls_certificate_unref(certificate_b);
	return world_close(state);
}

static struct tls_server *server_with(struct tls_tickets *tickets)
{
	return make_server(tickets, false, tls_certificate_ref(certificate_a),
	                   tls_certificate_ref(certificate_b), NULL);
}

/* A handshake, whose ticket is returned; `ticket` is given back by the client, and consumed. */
static SSL_SESSION *shake(struct tls_server *server, const struct wish *wish, bool *ret_resumed)
{
	struct link link;
	SSL_SESSION *ticket;

	link_open(&link, server, wish);
	link_shake(&link);
	link_client_says(&link, "hello");
	link_session_says(&link, "and you");
	*ret_resumed = tls_session_facts(link.session)->resumed;
	assert_int_equal(*ret_resumed, SSL_session_reused(link.client));
	assert_int_equal(tls_session_facts(link.session)->certificate == -1, *ret_resumed);
	ticket = link.ticket;
	link.ticket = NULL;
	link_close(&link);
	return ticket;
}

/* Gets a ticket under one name and offers it under another. */
static bool resumes(struct tls_server *first, struct tls_server *second, int version,
                    const char *first_name, const char *second_name)
{
	bool resumed = true;
	SSL_SESSION *ticket =
		shake(first, &(struct wish){.version = version, .name = first_name}, &resumed);

	assert_false(resumed);
	assert_non_null(ticket);
	SSL_SESSION_free(
		shake(second, &(struct wish){.version = version, .name = second_name, .session = ticket},
	          &resumed));
	SSL_SESSION_free(ticket);
	return resumed;
}

static void test_resumes(void **state)
{
	struct tls_tickets *tickets = new_tickets(LIFETIME_MS);
	struct tls_server *one = server_with(tickets);
	struct tls_server *two = server_with(tickets);

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++) {
		assert_true(resumes(one, one, versions[i], "a.example", "A.EXAMPLE"));
		assert_true(resumes(one, two, versions[i], "a.example", "a.example")); /* another worker */
		assert_true(resumes(one, two, versions[i], NULL, NULL));
	}
	tls_server_unref(one);
	tls_server_unref(two);
	tls_tickets_unref(tickets);
}

/* RFC 6066 §3: not under another name, even of the same certificate. */
static void test_bound_to_name(void **state)
{
	struct tls_tickets *tickets = new_tickets(LIFETIME_MS);
	struct tls_server *server = server_with(tickets);

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++) {
		assert_false(resumes(server, server, versions[i], "a.example", "b.example"));
		assert_false(resumes(server, server, versions[i], "x.wild.example", "y.wild.example"));
		assert_false(resumes(server, server, versions[i], "a.example", NULL));
		assert_false(resumes(server, server, versions[i], NULL, "a.example"));
	}
	tls_server_unref(server);
	tls_tickets_unref(tickets);
}

/* CVE-2023-41337: not where another certificate is the one for the name, although the keys are the
 * same; nor where the name has fallen to the first certificate. */
static void test_bound_to_certificate(void **state)
{
	struct tls_tickets *tickets = new_tickets(LIFETIME_MS);
	struct tls_server *server = server_with(tickets);
	struct tls_server *renewed =
		make_server(tickets, false, pki_certificate("P-256", "a.example,*.wild.example"), NULL);
	struct tls_server *other =
		make_server(tickets, false, tls_certificate_ref(certificate_b), NULL);
	struct tls_server *more = make_server(tickets, false, tls_certificate_ref(certificate_a),
	                                      pki_certificate("RSA:2048", "a.example"), NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++) {
		assert_false(resumes(server, renewed, versions[i], "a.example", "a.example"));
		assert_false(resumes(server, other, versions[i], "a.example", "a.example"));
		assert_false(resumes(server, more, versions[i], "a.example", "a.example"));
		assert_false(resumes(server, other, versions[i], NULL, NULL));
		assert_true(resumes(server, other, versions[i], "b.example", "b.example"));
	}
	tls_server_unref(server);
	tls_server_unref(renewed);
	tls_server_unref(other);
	tls_server_unref(more);
	tls_tickets_unref(tickets);
}

static void test_rotation(void **state)
{
	struct tls_tickets *tickets = new_tickets(LIFETIME_MS);
	struct tls_server *server = server_with(tickets);

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++) {
		for (int rotations = 0; rotations < 4; rotations++) {
			bool resumed = false;
			SSL_SESSION *ticket = shake(server, &(struct wish){.version = versions[i]}, &resumed);
			uint32_t generation = tls_tickets_generation(tickets);

			for (int j = 0; j < rotations; j++)
				assert_int_equal(tls_tickets_rotate(tickets), OK);
			assert_int_equal(tls_tickets_generation(tickets), generation + (uint32_t)rotations);
			SSL_SESSION_free(
				shake(server, &(struct wish){.version = versions[i], .session = ticket}, &resumed));
			/* The key before the current one still opens. */
			assert_int_equal(resumed, rotations < 2);
			SSL_SESSION_free(ticket);
		}
	}
	tls_server_unref(server);
	tls_tickets_unref(tickets);
}

/* Two seconds of life: a new key after one, and none of the old tickets after two. */
static void test_expiry(void **state)
{
	struct tls_tickets *tickets = new_tickets(2000);
	struct tls_server *server = server_with(tickets);
	SSL_SESSION *old[ARRAY_LENGTH(versions)];
	bool resumed = false;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++)
		old[i] = shake(server, &(struct wish){.version = versions[i]}, &resumed);
	assert_int_equal(tls_tickets_generation(tickets), 1);
	(void)usleep(1100 * 1000);
	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++) {
		SSL_SESSION_free(
			shake(server, &(struct wish){.version = versions[i], .session = old[i]}, &resumed));
		assert_true(resumed);
	}
	assert_int_equal(tls_tickets_generation(tickets), 2);
	(void)usleep(1100 * 1000);
	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++) {
		/* The client must not know that it is too old. */
		(void)SSL_SESSION_set_timeout(old[i], 100000);
		SSL_SESSION_free(
			shake(server, &(struct wish){.version = versions[i], .session = old[i]}, &resumed));
		assert_false(resumed);
		SSL_SESSION_free(old[i]);
	}
	tls_server_unref(server);
	tls_tickets_unref(tickets);
}

/* Keys of another process, and a server that gives no tickets. */
static void test_foreign(void **state)
{
	struct tls_tickets *ours = new_tickets(LIFETIME_MS);
	struct tls_tickets *theirs = new_tickets(LIFETIME_MS);
	struct tls_server *one = server_with(ours);
	struct tls_server *two = server_with(theirs);
	struct tls_server *none = server_with(NULL);
	bool resumed = false;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++) {
		assert_false(resumes(one, two, versions[i], "a.example", "a.example"));
		assert_false(resumes(one, none, versions[i], "a.example", "a.example"));

		SSL_SESSION *ticket = shake(none, &(struct wish){.version = versions[i]}, &resumed);

		assert_true(!ticket || !SSL_SESSION_has_ticket(ticket));
		SSL_SESSION_free(ticket);
	}
	tls_server_unref(one);
	tls_server_unref(two);
	tls_server_unref(none);
	tls_tickets_unref(ours);
	tls_tickets_unref(theirs);
}

/* The same session with one byte of its ticket changed. */
static SSL_SESSION *forge(SSL_SESSION *session, size_t at)
{
	const unsigned char *ticket = NULL;
	size_t size = 0;
	unsigned char *bytes = NULL;
	int length = i2d_SSL_SESSION(session, &bytes);
	const unsigned char *from = bytes;
	unsigned char *place;
	SSL_SESSION *forged;

	SSL_SESSION_get0_ticket(session, &ticket, &size);
	assert_true(size > 44);
	place = memmem(bytes, (size_t)length, ticket, size);
	assert_non_null(place);
	place[at % size] ^= 0x40;
	forged = d2i_SSL_SESSION(NULL, &from, length);
	OPENSSL_free(bytes);
	return forged;
}

/* Changed anywhere: key's name, nonce, ciphertext, tag. */
static void test_forged(void **state)
{
	struct tls_tickets *tickets = new_tickets(LIFETIME_MS);
	struct tls_server *server = server_with(tickets);
	bool resumed = false;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++) {
		SSL_SESSION *ticket = shake(server, &(struct wish){.version = versions[i]}, &resumed);

		for (size_t at = 0; at < 200; at += 9) {
			SSL_SESSION *forged = forge(ticket, at);

			SSL_SESSION_free(
				shake(server, &(struct wish){.version = versions[i], .session = forged}, &resumed));
			assert_false(resumed);
			SSL_SESSION_free(forged);
		}
		SSL_SESSION_free(ticket);
	}
	tls_server_unref(server);
	tls_tickets_unref(tickets);
}

/* A client that asks for no ticket gets none in TLS 1.2, and works. */
static void test_unwanted(void **state)
{
	struct tls_tickets *tickets = new_tickets(LIFETIME_MS);
	struct tls_server *server = server_with(tickets);
	bool resumed = false;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++) {
		SSL_SESSION *ticket =
			shake(server, &(struct wish){.version = versions[i], .no_ticket = true}, &resumed);

		assert_true(versions[i] == TLS1_3_VERSION || !ticket || !SSL_SESSION_has_ticket(ticket));
		SSL_SESSION_free(ticket);
	}
	tls_server_unref(server);
	tls_tickets_unref(tickets);
}

/* Two tickets, so that a browser may open two connections; a resumed TLS 1.3 gets fresh ones. */
static void test_number_of_tickets(void **state)
{
	struct tls_tickets *tickets = new_tickets(LIFETIME_MS);
	struct tls_server *server = server_with(tickets);
	struct link link;
	SSL_SESSION *ticket;

	(void)state;
	link_open(&link, server, &(struct wish){0});
	link_shake(&link);
	link_run(&link);
	assert_int_equal(link.tickets, 2);
	assert_int_equal(SSL_SESSION_get_ticket_lifetime_hint(link.ticket), LIFETIME_MS / 1000);
	ticket = link.ticket;
	link.ticket = NULL;
	link_close(&link);
	link_open(&link, server, &(struct wish){.session = ticket});
	link_shake(&link);
	assert_true(tls_session_facts(link.session)->resumed);
	assert_string_equal(tls_session_facts(link.session)->group, "x25519");
	assert_true(link.tickets > 0);
	link_close(&link);
	SSL_SESSION_free(ticket);
	tls_server_unref(server);
	tls_tickets_unref(tickets);
}

/* A ticket for a suite that the client does not offer now, or that we would not choose now. */
static void test_other_suites(void **state)
{
	static const struct {
		int version;
		const char *first, *second;
		bool resumes;
	} rows[] = {
		{TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", false},
		/* Of one hash, so that the client offers the ticket. */
		{TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256", false},
		/* What the client puts first counts for ChaCha20 only. */
		{TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256",
	     "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256", false},
		{TLS1_3_VERSION, "TLS_CHACHA20_POLY1305_SHA256",
	     "TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256", true},
		{TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384",
	     true},
		{TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305", false},
		{TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256",
	     "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384", false},
		{TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384",
	     "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384", true},
		{TLS1_2_VERSION, "ECDHE-RSA-AES128-GCM-SHA256",
	     "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256", false},
		{TLS1_2_VERSION, "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", true},
	};
	struct tls_tickets *tickets = new_tickets(LIFETIME_MS);
	struct tls_server *server = make_server(tickets, false, pki_certificate("P-256", "a.example"),
	                                        pki_certificate("RSA:2048", "a.example"), NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		bool resumed = true;
		struct wish wish = {
			.version = rows[i].version, .suites_1_2 = rows[i].first, .suites_1_3 = rows[i].first};
		SSL_SESSION *ticket;

		*(rows[i].version == TLS1_3_VERSION ? &wish.suites_1_2 : &wish.suites_1_3) = NULL;
		ticket = shake(server, &wish, &resumed);
		*(rows[i].version == TLS1_3_VERSION ? &wish.suites_1_3 : &wish.suites_1_2) = rows[i].second;
		wish.session = ticket;
		SSL_SESSION_free(shake(server, &wish, &resumed));
		if (resumed != rows[i].resumes)
			fail_msg("%s, then %s", rows[i].first, rows[i].second);
		SSL_SESSION_free(ticket);
	}
	tls_server_unref(server);
	tls_tickets_unref(tickets);
}

static void test_across_retry(void **state)
{
	struct tls_tickets *tickets = new_tickets(LIFETIME_MS);
	struct tls_server *server = server_with(tickets);
	bool resumed = true;
	SSL_SESSION *ticket = shake(server, &(struct wish){.version = TLS1_3_VERSION}, &resumed);

	(void)state;
	SSL_SESSION_free(shake(
		server,
		&(struct wish){.version = TLS1_3_VERSION, .session = ticket, .groups = "P-521:X25519"},
		&resumed));
	assert_true(resumed);
	SSL_SESSION_free(ticket);
	tls_server_unref(server);
	tls_tickets_unref(tickets);
}

/* A ticket of TLS 1.2 is none in 1.3, nor the reverse. */
static void test_other_version(void **state)
{
	struct tls_tickets *tickets = new_tickets(LIFETIME_MS);
	struct tls_server *server = server_with(tickets);

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(versions); i++) {
		bool resumed = true;
		SSL_SESSION *ticket = shake(server, &(struct wish){.version = versions[i]}, &resumed);

		SSL_SESSION_free(
			shake(server, &(struct wish){.version = versions[1 - i], .session = ticket}, &resumed));
		assert_false(resumed);
		SSL_SESSION_free(ticket);
	}
	tls_server_unref(server);
	tls_tickets_unref(tickets);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resumes),
		cmocka_unit_test(test_bound_to_certificate),
		cmocka_unit_test(test_bound_to_name),
		cmocka_unit_test(test_rotation),
		cmocka_unit_test(test_expiry),
		cmocka_unit_test(test_foreign),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_unwanted),
		cmocka_unit_test(test_number_of_tickets),
		cmocka_unit_test(test_other_suites),
		cmocka_unit_test(test_across_retry),
		cmocka_unit_test(test_other_version),
	};

	return cmocka_run_group_tests(tests, open_group, close_group);
}
