/*
 * Client profiles: each row makes a ClientHello that reads back as the row; the captured rows say
 * what the programs sent; and a session does with them what the policy engine decides.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tls/bytes.h"
#include "tls/choice.h"
#include "tls/iana.h"
#include "tls/ja4.h"
#include "tls/name.h"
#include "tls/profile.h"
#include "unit/tls/link.h"

#define FOLDER "test/cases/client_hellos/"

enum { RECORD_HEADER_SIZE = 5, PROFILES_MIN = 25, CAPTURED_MIN = 10 };

/* A hello on the wire, and read. */
struct sent {
	char wire[TLS_PROFILE_HELLO_SIZE_MAX];
	size_t size;
	char message[TLS_PROFILE_HELLO_SIZE_MAX];
	unsigned record_version;
	struct tls_hello hello;
};

static void read_wire(struct sent *sent, const char *name)
{
	struct tls_hello_scan scan = {0};
	struct span wire = span_of(sent->wire, sent->size);

	if (tls_hello_scan(&scan, wire) != TLS_HELLO_COMPLETE)
		fail_msg("%s: the hello is not complete", name);
	assert_int_equal(scan.at, sent->size);
	tls_hello_assemble(&scan, wire, sent->message);
	if (!tls_hello_read(span_of(sent->message, scan.message_size), &sent->hello))
		fail_msg("%s: the hello can not be read", name);
	sent->record_version = scan.record_version;
}

static void send_profile(const struct tls_profile *profile, const char *server_name,
                         struct sent *ret_sent)
{
	ret_sent->size = tls_profile_write(profile, span_of_string(server_name), ret_sent->wire);
	read_wire(ret_sent, profile->name);
}

static void expect_list(const char *name, struct span list, const struct tls_numbers *numbers)
{
	struct tls_bytes bytes = {.left = list};

	if (list.size != 2 * numbers->count)
		fail_msg("%s: %zu in place of %zu", name, list.size / 2, numbers->count);
	for (size_t i = 0; i < numbers->count; i++) {
		unsigned number = tls_bytes_number(&bytes, 2);

		if (tls_is_grease(number) ? numbers->items[i] != TLS_GREASE : number != numbers->items[i])
			fail_msg("%s: 0x%04x in place of 0x%04x", name, number, numbers->items[i]);
	}
}

static void expect_extensions(const char *name, struct span extensions,
                              const struct tls_numbers *numbers)
{
	struct span rest = extensions;
	struct span content;
	unsigned type;
	size_t at = 0;

	while (tls_hello_next_extension(&rest, &type, &content)) {
		unsigned expected;

		while (at < numbers->count && numbers->items[at] == 21 && type != 21)
			at++; /* padding is left out where there is nothing to pad */
		assert_true(at < numbers->count);
		expected = numbers->items[at++];
		if (tls_is_grease(type) ? expected != TLS_GREASE : type != expected)
			fail_msg("%s: extension %u in place of %u", name, type, expected);
	}
	while (at < numbers->count && numbers->items[at] == 21)
		at++;
	assert_int_equal(at, numbers->count);
}

static void expect_key_shares(const char *name, struct span shares,
                              const struct tls_numbers *numbers)
{
	struct span key;
	unsigned group;
	size_t count = 0;

	for (; tls_hello_next_key_share(&shares, &group, &key); count++) {
		assert_true(count < numbers->count && key.size > 0);
		if (tls_is_grease(group) ? numbers->items[count] != TLS_GREASE
		                         : group != numbers->items[count])
			fail_msg("%s: a key share of group %u", name, group);
	}
	assert_int_equal(count, numbers->count);
}

static void expect_protocols(struct span protocols, const char *names)
{
	struct span rest = span_of_string(names);
	struct span name;
	struct span protocol;

	while (tls_hello_next_protocol(&protocols, &protocol)) {
		assert_true(span_next(&rest, ' ', &name));
		assert_true(span_equal(name, protocol));
	}
	assert_false(span_next(&rest, ' ', &name));
}

static void expect_row(const struct tls_profile *profile, const struct sent *sent)
{
	const struct tls_hello *hello = &sent->hello;
	const char *name = profile->name;

	assert_int_equal(sent->record_version, profile->record_version);
	assert_int_equal(hello->version, profile->version);
	assert_int_equal(hello->session_id.size, profile->has_session_id ? 32 : 0);
	assert_int_equal(hello->compressions.size, profile->has_deflate ? 2 : 1);
	expect_list(name, hello->suites, &profile->suites);
	expect_list(name, hello->versions, &profile->versions);
	expect_list(name, hello->groups, &profile->groups);
	expect_list(name, hello->signatures, &profile->signatures);
	expect_list(name, hello->signatures_of_certificates, &profile->signatures_of_certificates);
	expect_extensions(name, hello->extensions, &profile->extensions);
	expect_key_shares(name, hello->key_shares, &profile->key_shares);
	expect_protocols(hello->protocols, profile->protocols);
	if (profile->psk_modes.size > 0)
		assert_true(span_equal(hello->psk_modes, profile->psk_modes));
	else
		assert_true(hello->psk_modes.size == 0 || span_equal(hello->psk_modes, SPAN("\x01")));
}

static bool has(const struct tls_numbers *numbers, unsigned number)
{
	for (size_t i = 0; i < numbers->count; i++)
		if (numbers->items[i] == number)
			return true;
	return false;
}

/* --- Tests -------------------------------------------------------------------------------- */

static void test_each_row_reads_back(void **state)
{
	const struct tls_profile *profile;
	size_t count = 0;

	(void)state;
	for (; (profile = tls_profile_at(count)) != NULL; count++) {
		struct sent sent;
		char ja4[TLS_JA4_SIZE];

		send_profile(profile, "app.example.com", &sent);
		expect_row(profile, &sent);
		assert_int_equal(tls_ja4(&sent.hello, ja4), OK);
		assert_int_equal(strlen(ja4), TLS_JA4_SIZE - 1);
		if (has(&profile->extensions, 0))
			assert_true(span_equal(sent.hello.server_name, SPAN("app.example.com")));
		assert_int_equal(sent.hello.has_ticket, has(&profile->extensions, 35));
	}
	assert_true(count >= PROFILES_MIN);
}

static void test_names_are_unique_and_told(void **state)
{
	const struct tls_profile *profile;

	(void)state;
	for (size_t i = 0; (profile = tls_profile_at(i)) != NULL; i++) {
		assert_ptr_equal(tls_profile_find(span_of_string(profile->name)), profile);
		assert_true(profile->title && profile->source);
		assert_true(profile->suites.count > 0);
	}
	assert_null(tls_profile_find(SPAN("lynx")));
}

static void test_names_of_any_length(void **state)
{
	const struct tls_profile *profile;
	char name[TLS_NAME_SIZE_MAX + 1];

	(void)state;
	memset(name, 'a', sizeof(name));
	for (size_t at = 63; at < sizeof(name); at += 64)
		name[at] = '.';
	name[TLS_NAME_SIZE_MAX] = '\0';
	for (size_t i = 0; (profile = tls_profile_at(i)) != NULL; i++) {
		struct sent sent;

		send_profile(profile, name, &sent);
		if (has(&profile->extensions, 0))
			assert_int_equal(sent.hello.server_name.size, TLS_NAME_SIZE_MAX);
		send_profile(profile, "", &sent);
		assert_int_equal(sent.hello.server_name.size, 0);
	}
}

/* The file that was captured from the program: hexadecimal digits. */
static void load_capture(const char *name, struct sent *ret_sent)
{
	char path[200];
	unsigned byte;

	(void)snprintf(path, sizeof(path), FOLDER "%s.hex", name);

	FILE *file = fopen(path, "r");

	if (!file)
		fail_msg("%s is not there", path);
	ret_sent->size = 0;
	while (fscanf(file, "%2x", &byte) == 1) {
		assert_true(ret_sent->size < sizeof(ret_sent->wire));
		ret_sent->wire[ret_sent->size++] = (char)byte;
	}
	(void)fclose(file);
	read_wire(ret_sent, name);
}

static void test_captured_rows_are_what_was_sent(void **state)
{
	const struct tls_profile *profile;
	size_t count = 0;

	(void)state;
	for (size_t i = 0; (profile = tls_profile_at(i)) != NULL; i++) {
		struct sent ours, theirs;
		char our_ja4[TLS_JA4_SIZE], their_ja4[TLS_JA4_SIZE];
		char name[TLS_NAME_SIZE_MAX + 1] = "";

		if (!profile->is_captured)
			continue;
		load_capture(profile->name, &theirs);
		expect_row(profile, &theirs);
		memcpy(name, theirs.hello.server_name.data, theirs.hello.server_name.size);
		send_profile(profile, name, &ours);
		assert_int_equal(tls_ja4(&ours.hello, our_ja4), OK);
		assert_int_equal(tls_ja4(&theirs.hello, their_ja4), OK);
		assert_string_equal(our_ja4, their_ja4);
		count++;
	}
	assert_true(count >= CAPTURED_MIN);
}

/* What a session answers to these bytes: its facts, or its error. */
static enum error answer(struct tls_server *server, const struct sent *sent,
                         struct tls_facts *ret_facts)
{
	struct link link;
	bool moved;

	link_open(&link, server, &(struct wish){0});
	assert_int_equal(buffer_put(&link.wire_in, span_of(sent->wire, sent->size)), sent->size);

	enum error error = tls_session_advance(link.session, &link.wire_in, false, &link.wire_out,
	                                       &link.plain_in, &moved);

	*ret_facts = *tls_session_facts(link.session);
	link_close(&link);
	return error;
}

static void expect_as_decided(const struct tls_policy *policy, unsigned kinds,
                              struct tls_server *server, const struct tls_profile *profile)
{
	struct sent sent;
	struct tls_decision decision;
	struct tls_facts facts;

	send_profile(profile, "app.example.com", &sent);
	tls_choose(policy, kinds, &sent.hello, &decision);

	enum error error = answer(server, &sent, &facts);

	if (error != tls_step_error(decision.step))
		fail_msg("%s, %s: %s, but it was decided: %s", profile->name, policy->name,
		         error_code(error), error_code(tls_step_error(decision.step)));
	if (error)
		return;
	assert_string_equal(facts.version, tls_version_name(decision.version));
	assert_string_equal(facts.suite, tls_suite_name(decision.suite));
	assert_int_equal(facts.has_retry, decision.has_retry);
}

static void test_a_session_does_as_decided(void **state)
{
	static const struct {
		const char *first, *second;
		unsigned kinds;
	} rows[] = {
		{"RSA:2048", NULL, 1u << TLS_KEY_RSA},
		{"P-256", NULL, 1u << TLS_KEY_ECDSA_P256},
		{"P-384", "RSA:2048", 1u << TLS_KEY_ECDSA_P384 | 1u << TLS_KEY_RSA},
	};
	const struct tls_policy *policy;
	const struct tls_profile *profile;

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		for (size_t j = 0; (policy = tls_policy_at(j)) != NULL; j++) {
			struct tls_certificate *second =
				rows[i].second ? pki_certificate(rows[i].second, "app.example.com") : NULL;
			struct tls_server *server =
				make_server_with(policy, pki_certificate(rows[i].first, "app.example.com"), second);

			for (size_t k = 0; (profile = tls_profile_at(k)) != NULL; k++)
				expect_as_decided(policy, rows[i].kinds, server, profile);
			tls_server_unref(server);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_row_reads_back),
		cmocka_unit_test(test_names_are_unique_and_told),
		cmocka_unit_test(test_names_of_any_length),
		cmocka_unit_test(test_captured_rows_are_what_was_sent),
		cmocka_unit_test(test_a_session_does_as_decided),
	};

	return cmocka_run_group_tests(tests, world_open, world_close);
}
