#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "http/challenge.h"

static bool binds(enum message_kind kind, enum field_id id, const char *value)
{
	struct field field = {.name = field_name(id), .value = span_of_string(value), .id = id};
	struct message message = {.kind = kind, .fields = &field, .field_count = 1};

	return challenge_binds(&message);
}

static void test_credentials(void **state)
{
	(void)state;
	assert_true(binds(MESSAGE_REQUEST, FIELD_AUTHORIZATION, "NTLM TlRMTVNTUAAB"));
	assert_true(binds(MESSAGE_REQUEST, FIELD_AUTHORIZATION, "negotiate YIIJvwYG"));
	assert_true(binds(MESSAGE_REQUEST, FIELD_PROXY_AUTHORIZATION, "Ntlm\tTlRM"));
	assert_false(binds(MESSAGE_REQUEST, FIELD_AUTHORIZATION, "Basic TlRMTTpOVExN"));
	assert_false(binds(MESSAGE_REQUEST, FIELD_AUTHORIZATION, "Bearer NTLM"));
	assert_false(binds(MESSAGE_REQUEST, FIELD_AUTHORIZATION, "NTLMv3 x"));
	assert_false(binds(MESSAGE_REQUEST, FIELD_AUTHORIZATION, ""));
	assert_false(binds(MESSAGE_REQUEST, FIELD_WWW_AUTHENTICATE, "NTLM"));
}

static void test_challenges(void **state)
{
	(void)state;
	assert_true(binds(MESSAGE_RESPONSE, FIELD_WWW_AUTHENTICATE, "NTLM"));
	assert_true(binds(MESSAGE_RESPONSE, FIELD_WWW_AUTHENTICATE, "NEGOTIATE oYG2MIGz"));
	assert_true(binds(MESSAGE_RESPONSE, FIELD_PROXY_AUTHENTICATE, "Negotiate"));
	assert_true(binds(MESSAGE_RESPONSE, FIELD_WWW_AUTHENTICATE, "Basic realm=\"a, b\" , NTLM"));
	assert_true(binds(MESSAGE_RESPONSE, FIELD_WWW_AUTHENTICATE,
	                  "Digest realm=\"x\\\", \", nonce=\"n\",,Negotiate"));
	/* It can not be taken apart. */
	assert_true(binds(MESSAGE_RESPONSE, FIELD_WWW_AUTHENTICATE, "Basic realm=\"x, Digest"));
	assert_true(binds(MESSAGE_RESPONSE, FIELD_WWW_AUTHENTICATE, "Basic realm=\"x\\"));
	assert_false(binds(MESSAGE_RESPONSE, FIELD_WWW_AUTHENTICATE, "Basic realm=\"x, NTLM\""));
	assert_false(binds(MESSAGE_RESPONSE, FIELD_WWW_AUTHENTICATE, "Basic realm=\"a\\\", NTLM\""));
	assert_false(binds(MESSAGE_RESPONSE, FIELD_WWW_AUTHENTICATE, "Basic realm=NTLM"));
	assert_false(binds(MESSAGE_RESPONSE, FIELD_WWW_AUTHENTICATE, ", ,"));
	assert_false(binds(MESSAGE_RESPONSE, FIELD_AUTHORIZATION, "NTLM"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_credentials),
		cmocka_unit_test(test_challenges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
