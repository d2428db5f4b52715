/*
 * What a real client gets is what was decided: the library follows, although its own order would be
 * the client's.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "unit/tls/link.h"

static struct tls_server *server;

static int open_group(void **state)
{
	if (world_open(state) != 0)
		return -1;
	server = make_server_with(NULL, pki_certificate("RSA:2048", "a.example"),
	                          pki_certificate("P-256", "a.example"));
	return 0;
}

static int close_group(void **state)
{
	tls_server_unref(server);
	return world_close(state);
}

/* certificate: 0 RSA, 1 ECDSA. */
static const struct row {
	struct wish wish;
	const char *suite, *group;
	int certificate;
	bool has_retry;
} rows[] = {
	{{.version = TLS1_3_VERSION, .suites_1_3 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"},
     "TLS_AES_256_GCM_SHA384",
     "x25519",
     1,
     false},
	{{.version = TLS1_2_VERSION,
      .suites_1_2 = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384"},
     "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
     "x25519",
     1,
     false},
	{{.version = TLS1_3_VERSION,
      .suites_1_3 = "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"},
     "TLS_CHACHA20_POLY1305_SHA256",
     "x25519",
     1,
     false},
	{{.version = TLS1_2_VERSION,
      .suites_1_2 = "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384"},
     "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
     "x25519",
     0,
     false},
	/* OpenSSL 3.0 sends one key share, of its first group. */
	{{.version = TLS1_3_VERSION, .groups = "P-256:X25519"},
     "TLS_AES_256_GCM_SHA384",
     "secp256r1",
     1,
     false},
	{{.version = TLS1_2_VERSION, .groups = "P-256:X25519"},
     "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
     "x25519",
     1,
     false},
	{{.version = TLS1_3_VERSION, .groups = "P-521:P-384:P-256"},
     "TLS_AES_256_GCM_SHA384",
     "secp256r1",
     1,
     true},
	{{.version = TLS1_3_VERSION, .signatures = "rsa_pss_rsae_sha256:ecdsa_secp256r1_sha256"},
     "TLS_AES_256_GCM_SHA384",
     "x25519",
     1,
     false},
	{{.version = TLS1_2_VERSION, .signatures = "RSA+SHA256:ECDSA+SHA256"},
     "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
     "x25519",
     1,
     false},
	{{.version = TLS1_3_VERSION, .signatures = "rsa_pss_rsae_sha512:rsa_pss_rsae_sha256"},
     "TLS_AES_256_GCM_SHA384",
     "x25519",
     0,
     false},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_LENGTH(rows); i++) {
		const struct row *row = &rows[i / 2];
		const struct tls_facts *facts;
		struct link link;

		link_open(&link, server, &row->wish);
		link.step = i % 2;
		link_shake(&link);
		facts = tls_session_facts(link.session);
		if (strcmp(facts->suite, row->suite) != 0 || strcmp(facts->group, row->group) != 0 ||
		    facts->certificate != row->certificate || facts->has_retry != row->has_retry)
			fail_msg("row %zu: %s, %s, certificate %d%s", i / 2, facts->suite, facts->group,
			         facts->certificate, facts->has_retry ? ", retry" : "");
		link_client_says(&link, "to and");
		link_session_says(&link, "fro");
		link_close(&link);
	}
}

static void expect_with(const struct tls_policy *policy, const struct wish *wish, const char *suite,
                        const char *group, bool has_retry)
{
	struct tls_server *own = make_server_with(policy, pki_certificate("P-256", "a.example"), NULL);
	const struct tls_facts *facts;
	struct link link;

	link_open(&link, own, wish);
	link_shake(&link);
	facts = tls_session_facts(link.session);
	assert_string_equal(facts->suite, suite);
	assert_string_equal(facts->group, group);
	assert_int_equal(facts->has_retry, has_retry);
	link_client_says(&link, "well");
	link_close(&link);
	tls_server_unref(own);
}

/* A client that lists AES-128 first gets it under the client's order, in both versions. */
static void test_client_order(void **state)
{
	struct tls_policy policy = *tls_policy_default();

	(void)state;
	policy.order = TLS_ORDER_CLIENT;
	expect_with(&policy,
	            &(struct wish){.version = TLS1_3_VERSION,
	                           .suites_1_3 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"},
	            "TLS_AES_128_GCM_SHA256", "x25519", false);
	expect_with(&policy,
	            &(struct wish){.version = TLS1_2_VERSION,
	                           .suites_1_2 = "ECDHE-ECDSA-AES128-GCM-SHA256:"
	                                         "ECDHE-ECDSA-AES256-GCM-SHA384",
	                           .groups = "P-384:P-256"},
	            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "secp384r1", false);
}

/* With the strict order of groups the best one comes, at the price of a HelloRetryRequest. */
static void test_strict_groups(void **state)
{
	struct tls_policy policy = *tls_policy_default();

	(void)state;
	policy.group_order = TLS_GROUPS_STRICT;
	expect_with(&policy, &(struct wish){.version = TLS1_3_VERSION, .groups = "P-256:X25519"},
	            "TLS_AES_256_GCM_SHA384", "x25519", true);
	expect_with(&policy, &(struct wish){.version = TLS1_3_VERSION, .groups = "X25519:P-256"},
	            "TLS_AES_256_GCM_SHA384", "x25519", false);
	expect_with(&policy, &(struct wish){.version = TLS1_2_VERSION, .groups = "P-256:X25519"},
	            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "x25519", false);
}

/* ChaCha20 has its turn only if the policy says so. */
static void test_without_preference_for_chacha(void **state)
{
	struct tls_policy policy = *tls_policy_default();

	(void)state;
	policy.prefer_chacha_if_client_does = false;
	expect_with(&policy,
	            &(struct wish){.version = TLS1_3_VERSION,
	                           .suites_1_3 = "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_256_GCM_SHA384"},
	            "TLS_AES_256_GCM_SHA384", "x25519", false);
}

/* The client signs for what it saw: the algorithm is the policy's first, not the client's. */
static void test_signature_algorithm(void **state)
{
	static const char *const lists[] = {"ECDSA+SHA512:ECDSA+SHA384:ECDSA+SHA256",
	                                    "rsa_pss_rsae_sha512:rsa_pss_rsae_sha256:RSA+SHA256"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(lists); i++) {
		int digest = 0;
		struct link link;

		link_open(
			&link, server,
			&(struct wish){.version = i ? TLS1_3_VERSION : TLS1_2_VERSION, .signatures = lists[i]});
		link_shake(&link);
		assert_true(SSL_get_peer_signature_nid(link.client, &digest));
		assert_int_equal(digest, NID_sha256);
		link_close(&link);
	}
}

/*
 * A client with two key shares, of secp256r1 and then x25519: OpenSSL 3.0 sends one only, so the
 * second is put into its ClientHello by hand. The ServerHello must take x25519; the client then
 * can not go on.
 */
static void add_key_share(struct link *link)
{
	static const unsigned char share_head[] = {0, 29, 0, 32};
	unsigned char *bytes = (unsigned char *)link->wire_in.data;
	unsigned char *p256 = memmem(bytes, link->wire_in.end, "\x00\x33\x00\x47\x00\x45\x00\x17", 8);
	size_t more = sizeof(share_head) + 32;
	unsigned char *at;
	size_t extensions;

	assert_non_null(p256);
	at = p256 + 4 + 0x47;
	memmove(at + more, at, link->wire_in.end - (size_t)(at - bytes));
	memcpy(at, share_head, sizeof(share_head));
	memset(at + sizeof(share_head), 9, 32);
	p256[3] = (unsigned char)(p256[3] + more);
	p256[5] = (unsigned char)(p256[5] + more);
	/* After version, random, session: the suites; then one compression method. */
	extensions = 5 + 4 + 2 + 32;
	extensions += 1u + bytes[extensions];
	extensions += 2u + (unsigned)(bytes[extensions] << 8 | bytes[extensions + 1]) + 2;
	for (size_t i = 0; i < 3; i++) {
		size_t where = (size_t[]){3, 7, extensions}[i];
		size_t size = (size_t)(bytes[where] << 8 | bytes[where + 1]) + more;

		bytes[where] = (unsigned char)(size >> 8);
		bytes[where + 1] = (unsigned char)size;
	}
	link->wire_in.end += more;
}

static void test_order_of_key_shares(void **state)
{
	struct link link;
	bool moved;

	(void)state;
	link_open(&link, server, &(struct wish){.version = TLS1_3_VERSION, .groups = "P-256:X25519"});
	(void)SSL_do_handshake(link.client);
	link.wire_in.end = (size_t)BIO_read(SSL_get_wbio(link.client), link.wire_in.data, 4096);
	add_key_share(&link);
	assert_int_equal(tls_session_advance(link.session, &link.wire_in, false, &link.wire_out,
	                                     &link.plain_in, &moved),
	                 OK);
	assert_string_equal(tls_session_facts(link.session)->group, "x25519");
	assert_false(tls_session_facts(link.session)->has_retry);
	link_close(&link);
}

static void test_modern(void **state)
{
	const struct tls_policy *policy = tls_policy_find(SPAN("modern"));
	struct tls_server *modern =
		make_server_with(policy, pki_certificate("P-256", "a.example"), NULL);
	struct text why;
	struct link link;

	(void)state;
	text_init(&why, 1000);
	link_open(&link, modern, &(struct wish){0});
	link_shake(&link);
	assert_string_equal(tls_session_facts(link.session)->version, "TLSv1.3");
	link_close(&link);
	link_open(&link, modern, &(struct wish){.version = TLS1_2_VERSION});
	link_run(&link);
	assert_int_equal(link.error, ERROR_TLS_NO_COMMON_VERSION);
	assert_int_equal(link_client_alert(&link), SSL_AD_PROTOCOL_VERSION);
	tls_session_explain(link.session, &why);
	assert_string_equal(text_string(&why),
	                    "no_common_version: the client offers at most TLS 1.2, policy "
	                    "modern-2026-04 allows 1.3; update the client, or use policy "
	                    "intermediate-2026-04, which allows 1.2; the alert protocol_version (70) "
	                    "was sent");
	link_close(&link);
	text_done(&why);
	tls_server_unref(modern);
}

/* RFC 8446 §4.2.1: the library would look at legacy_version, which says 1.2 in every TLS 1.3. */
static void test_too_new(void **state)
{
	struct tls_policy policy = *tls_policy_default();
	struct tls_server *old;
	struct link link;

	(void)state;
	policy.version_max = TLS_VERSION_1_2;
	old = make_server_with(&policy, pki_certificate("P-256", "a.example"), NULL);
	link_open(&link, old, &(struct wish){.version = TLS1_3_VERSION});
	link_run(&link);
	assert_int_equal(link.error, ERROR_TLS_NO_COMMON_VERSION);
	assert_int_equal(link_client_alert(&link), SSL_AD_PROTOCOL_VERSION);
	link_close(&link);
	tls_server_unref(old);
}

/* A hello that our reader does not see is still kept to the policy, by the library. */
static void test_unread_hello(void **state)
{
	const struct tls_policy *policy = tls_policy_find(SPAN("modern"));
	struct tls_server *modern =
		make_server_with(policy, pki_certificate("P-256", "a.example"), NULL);

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct link link;

		link_open(&link, modern, &(struct wish){.version = i ? TLS1_3_VERSION : TLS1_2_VERSION});
		link_resize(&link.wire_in, 64);
		link_run(&link);
		assert_int_equal(link.error, i ? OK : ERROR_TLS_HANDSHAKE);
		assert_int_equal(link_client_alert(&link), i ? -1 : SSL_AD_PROTOCOL_VERSION);
		link_close(&link);
	}
	tls_server_unref(modern);
}

/* Where 1.2 is agreed on, the ServerHello carries the mark of RFC 8446 §4.1.3. */
static void test_downgrade_mark(void **state)
{
	struct link link;
	bool moved;

	(void)state;
	link_open(&link, server, &(struct wish){.version = TLS1_2_VERSION});
	(void)SSL_do_handshake(link.client);
	link.wire_in.end = (size_t)BIO_read(SSL_get_wbio(link.client), link.wire_in.data, 4096);
	assert_int_equal(tls_session_advance(link.session, &link.wire_in, false, &link.wire_out,
	                                     &link.plain_in, &moved),
	                 OK);
	/* Record, message header, version, then the random bytes. */
	assert_memory_equal(buffer_content(&link.wire_out).data + 5 + 4 + 2 + 24, "DOWNGRD\x01", 8);
	link_close(&link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_client_order),
		cmocka_unit_test(test_strict_groups),
		cmocka_unit_test(test_without_preference_for_chacha),
		cmocka_unit_test(test_signature_algorithm),
		cmocka_unit_test(test_order_of_key_shares),
		cmocka_unit_test(test_modern),
		cmocka_unit_test(test_too_new),
		cmocka_unit_test(test_unread_hello),
		cmocka_unit_test(test_downgrade_mark),
	};

	return cmocka_run_group_tests(tests, open_group, close_group);
}
