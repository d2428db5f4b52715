#include "tls/algorithm.h"

#include "base/check.h"
#include "tls/iana.h"
#include "tls/policy.h"

static const uint16_t suites[] = {0x1302, 0x1303, 0x1301, 0xc02c, 0xc030,
                                  0xcca9, 0xcca8, 0xc02b, 0xc02f, 0};
/* x25519, secp256r1, secp384r1, secp521r1 */
static const uint16_t groups[] = {29, 23, 24, 25, 0};
static const uint16_t signatures[] = {0x0403, 0x0503, 0x0603, 0x0804, 0x0805,
                                      0x0806, 0x0401, 0x0501, 0x0601, 0};

static const struct {
	const uint16_t *numbers;
	size_t count; /* the 0 at the end included */
	const char *(*name)(unsigned number);
} lists[TLS_LIST_COUNT] = {
	[TLS_LIST_SUITES] = {suites, ARRAY_LENGTH(suites), tls_suite_name},
	[TLS_LIST_GROUPS] = {groups, ARRAY_LENGTH(groups), tls_group_name},
	[TLS_LIST_SIGNATURES] = {signatures, ARRAY_LENGTH(signatures), tls_signature_name},
};

_Static_assert(ARRAY_LENGTH(suites) <= TLS_POLICY_SUITES_MAX + 1, "a policy can have all");
_Static_assert(ARRAY_LENGTH(groups) <= TLS_POLICY_GROUPS_MAX + 1, "a policy can have all");
_Static_assert(ARRAY_LENGTH(signatures) <= TLS_POLICY_SIGNATURES_MAX + 1, "a policy can have all");

unsigned tls_algorithm_find(enum tls_list list, struct span name)
{
	for (size_t i = 0; lists[list].numbers[i] != 0; i++)
		if (span_equal(name, span_of_string(lists[list].name(lists[list].numbers[i]))))
			return lists[list].numbers[i];
	return 0;
}

unsigned tls_algorithm_find_openssl(enum tls_list list, struct span name)
{
	static const struct {
		enum tls_list list;
		const char *name;
		unsigned number;
	} rows[] = {
		{TLS_LIST_SUITES, "ECDHE-ECDSA-AES256-GCM-SHA384", 0xc02c},
		{TLS_LIST_SUITES, "ECDHE-RSA-AES256-GCM-SHA384", 0xc030},
		{TLS_LIST_SUITES, "ECDHE-ECDSA-CHACHA20-POLY1305", 0xcca9},
		{TLS_LIST_SUITES, "ECDHE-RSA-CHACHA20-POLY1305", 0xcca8},
		{TLS_LIST_SUITES, "ECDHE-ECDSA-AES128-GCM-SHA256", 0xc02b},
		{TLS_LIST_SUITES, "ECDHE-RSA-AES128-GCM-SHA256", 0xc02f},
		{TLS_LIST_GROUPS, "prime256v1", 23},
		{TLS_LIST_GROUPS, "P-256", 23},
		{TLS_LIST_GROUPS, "P-384", 24},
		{TLS_LIST_GROUPS, "P-521", 25},
		{TLS_LIST_SIGNATURES, "ECDSA+SHA256", 0x0403},
		{TLS_LIST_SIGNATURES, "ECDSA+SHA384", 0x0503},
		{TLS_LIST_SIGNATURES, "ECDSA+SHA512", 0x0603},
		{TLS_LIST_SIGNATURES, "RSA-PSS+SHA256", 0x0804},
		{TLS_LIST_SIGNATURES, "RSA-PSS+SHA384", 0x0805},
		{TLS_LIST_SIGNATURES, "RSA-PSS+SHA512", 0x0806},
		{TLS_LIST_SIGNATURES, "RSA+SHA256", 0x0401},
		{TLS_LIST_SIGNATURES, "RSA+SHA384", 0x0501},
		{TLS_LIST_SIGNATURES, "RSA+SHA512", 0x0601},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
		if (rows[i].list == list && span_equal_nocase(name, span_of_string(rows[i].name)))
			return rows[i].number;
	return 0;
}

/* Why there are no others, by what their names hold; the first row that fits counts. */
static const struct why_not {
	enum tls_list list;
	enum { BEGINS, HOLDS, ENDS } how;
	struct span part;
	const char *why;
} why_nots[] = {
	{TLS_LIST_SUITES, HOLDS, SPAN_INIT("NULL"), "it does not encrypt"},
	{TLS_LIST_SUITES, HOLDS, SPAN_INIT("EXP"), "it was made weak on purpose"},
	{TLS_LIST_SUITES, HOLDS, SPAN_INIT("RC4"), "RC4 is broken (RFC 7465)"},
	{TLS_LIST_SUITES, HOLDS, SPAN_INIT("DES"), "DES has blocks of 64 bits only (Sweet32)"},
	{TLS_LIST_SUITES, HOLDS, SPAN_INIT("PSK"), "keys known beforehand are for tickets only"},
	{TLS_LIST_SUITES, BEGINS, SPAN_INIT("TLS_RSA_"), "static RSA has no forward secrecy"},
	{TLS_LIST_SUITES, BEGINS, SPAN_INIT("AES128-"), "static RSA has no forward secrecy"},
	{TLS_LIST_SUITES, BEGINS, SPAN_INIT("AES256-"), "static RSA has no forward secrecy"},
	{TLS_LIST_SUITES, BEGINS, SPAN_INIT("TLS_ECDH_"), "static ECDH has no forward secrecy"},
	{TLS_LIST_SUITES, BEGINS, SPAN_INIT("TLS_DHE_"),
     "DHE is slow and needs primes to be trusted; clients that have it with GCM have ECDHE, too"},
	{TLS_LIST_SUITES, BEGINS, SPAN_INIT("DHE-"),
     "DHE is slow and needs primes to be trusted; clients that have it with GCM have ECDHE, too"},
	{TLS_LIST_SUITES, HOLDS, SPAN_INIT("CCM"), "whoever has CCM has GCM, which is faster"},
	{TLS_LIST_SUITES, HOLDS, SPAN_INIT("CBC"),
     "CBC suites of TLS can leak the plaintext by timing (Lucky 13); there are AEAD suites only"},
	{TLS_LIST_SUITES, ENDS, SPAN_INIT("-SHA"),
     "CBC suites of TLS can leak the plaintext by timing (Lucky 13); there are AEAD suites only"},
	{TLS_LIST_SUITES, HOLDS, SPAN_INIT("ARIA"), "no client needs it"},
	{TLS_LIST_SUITES, HOLDS, SPAN_INIT("CAMELLIA"), "no client needs it"},
	{TLS_LIST_GROUPS, HOLDS, SPAN_INIT("MLKEM"), "Mbed TLS has no post-quantum key exchange"},
	{TLS_LIST_GROUPS, HOLDS, SPAN_INIT("KYBER"), "Mbed TLS has no post-quantum key exchange"},
	{TLS_LIST_GROUPS, BEGINS, SPAN_INIT("ffdhe"),
     "it is slow, and how slow is the client's choice"},
	{TLS_LIST_GROUPS, BEGINS, SPAN_INIT("x448"), "no client needs it"},
	{TLS_LIST_GROUPS, BEGINS, SPAN_INIT("brainpool"), "no client needs it"},
	{TLS_LIST_GROUPS, HOLDS, SPAN_INIT("256k1"), "no client needs it"},
	{TLS_LIST_GROUPS, HOLDS, SPAN_INIT("224"), "it is too short"},
	{TLS_LIST_GROUPS, HOLDS, SPAN_INIT("192"), "it is too short"},
	{TLS_LIST_SIGNATURES, HOLDS, SPAN_INIT("sha1"), "SHA-1 can be forged (RFC 9155)"},
	{TLS_LIST_SIGNATURES, HOLDS, SPAN_INIT("sha224"), "TLS 1.3 has no signatures with SHA-224"},
	{TLS_LIST_SIGNATURES, BEGINS, SPAN_INIT("ed"), "Mbed TLS has no EdDSA"},
	{TLS_LIST_SIGNATURES, BEGINS, SPAN_INIT("rsa_pss_pss_"),
     "Mbed TLS has no keys for RSASSA-PSS alone; rsa_pss_rsae_… is for the usual ones"},
	{TLS_LIST_SIGNATURES, HOLDS, SPAN_INIT("brainpool"), "no client needs it"},
	{TLS_LIST_SIGNATURES, BEGINS, SPAN_INIT("mldsa"), "Mbed TLS has no post-quantum signatures"},
};

static bool fits(const struct why_not *row, struct span name)
{
	size_t last = name.size < row->part.size ? 0 : name.size - row->part.size;

	for (size_t at = row->how == ENDS ? last : 0; at <= last; at++) {
		if (span_equal_nocase(span_cut(name, at, at + row->part.size), row->part))
			return true;
		if (row->how == BEGINS)
			break;
	}
	return false;
}

const char *tls_algorithm_why_not(enum tls_list list, struct span name)
{
	for (size_t i = 0; i < ARRAY_LENGTH(why_nots); i++)
		if (why_nots[i].list == list && fits(&why_nots[i], name))
			return why_nots[i].why;
	return NULL;
}

unsigned tls_algorithm_at(enum tls_list list, size_t index)
{
	return index < lists[list].count ? lists[list].numbers[index] : 0;
}

const char *tls_algorithm_name(enum tls_list list, unsigned number)
{
	return lists[list].name(number);
}
