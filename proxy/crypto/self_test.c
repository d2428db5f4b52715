#include "crypto/self_test.h"

#include <mbedtls/chachapoly.h>
#include <mbedtls/ecp.h>
#include <mbedtls/gcm.h>
#include <mbedtls/pk.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>
#include <string.h>
#include <sys/random.h>

#include "base/memory.h"
#include "crypto/known_answers.h"

enum { BYTES_MAX = 1280, TAG_SIZE = 16 };

struct bytes {
	unsigned char at[BYTES_MAX];
	size_t size;
};

static unsigned digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void read_digits(struct bytes *bytes, const char *digits)
{
	size_t size = strlen(digits) / 2;

	check(size <= BYTES_MAX);
	for (size_t i = 0; i < size; i++)
		bytes->at[i] = (unsigned char)(digit(digits[2 * i]) << 4 | digit(digits[2 * i + 1]));
	bytes->size = size;
}

static bool is_equal(const unsigned char *bytes, size_t size, const char *digits)
{
	struct bytes expected;

	read_digits(&expected, digits);
	return size == expected.size && memcmp(bytes, expected.at, size) == 0;
}

/* Random numbers for the blinding of the library's own code. */
static int on_random(void *context, unsigned char *bytes, size_t size)
{
	(void)context;
	while (size > 0) {
		ssize_t got = getrandom(bytes, size, 0);

		if (got <= 0)
			return MBEDTLS_ERR_ECP_RANDOM_FAILED;
		bytes += got;
		size -= (size_t)got;
	}
	return 0;
}

/* --- AEAD ------------------------------------------------------------------------------------ */

struct aead {
	int (*seal)(void *context, const struct bytes *nonce, const struct bytes *ad, size_t size,
	            const unsigned char *input, unsigned char *output, unsigned char *tag);
	int (*open)(void *context, const struct bytes *nonce, const struct bytes *ad, size_t size,
	            const unsigned char *input, unsigned char *output, const unsigned char *tag);
	void *context; /* with the key */
};

static int gcm_seal(void *context, const struct bytes *nonce, const struct bytes *ad, size_t size,
                    const unsigned char *input, unsigned char *output, unsigned char *tag)
{
	return mbedtls_gcm_crypt_and_tag(context, MBEDTLS_GCM_ENCRYPT, size, nonce->at, nonce->size,
	                                 ad->at, ad->size, input, output, TAG_SIZE, tag);
}

static int gcm_open(void *context, const struct bytes *nonce, const struct bytes *ad, size_t size,
                    const unsigned char *input, unsigned char *output, const unsigned char *tag)
{
	return mbedtls_gcm_auth_decrypt(context, size, nonce->at, nonce->size, ad->at, ad->size, tag,
	                                TAG_SIZE, input, output);
}

static int chachapoly_seal(void *context, const struct bytes *nonce, const struct bytes *ad,
                           size_t size, const unsigned char *input, unsigned char *output,
                           unsigned char *tag)
{
	return mbedtls_chachapoly_encrypt_and_tag(context, size, nonce->at, ad->at, ad->size, input,
	                                          output, tag);
}

static int chachapoly_open(void *context, const struct bytes *nonce, const struct bytes *ad,
                           size_t size, const unsigned char *input, unsigned char *output,
                           const unsigned char *tag)
{
	return mbedtls_chachapoly_auth_decrypt(context, size, nonce->at, ad->at, ad->size, tag, input,
	                                       output);
}

static bool is_zero(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

/* A record's worth of zeros, in place, to the tag that is known and back. */
static bool seals_zeros(const struct aead *aead, const struct bytes *nonce, const struct bytes *ad,
                        const char *tag_digits)
{
	unsigned char *record = memory_new(ZEROS_SIZE, 1);
	unsigned char tag[TAG_SIZE];
	bool right = record &&
	             aead->seal(aead->context, nonce, ad, ZEROS_SIZE, record, record, tag) == 0 &&
	             is_equal(tag, sizeof(tag), tag_digits) &&
	             aead->open(aead->context, nonce, ad, ZEROS_SIZE, record, record, tag) == 0 &&
	             is_zero(record, ZEROS_SIZE);

	memory_free(record);
	return right;
}

static bool answers(const struct aead *aead, const struct aead_answer *answer)
{
	struct bytes nonce;
	struct bytes ad;
	struct bytes bytes;
	unsigned char tag[TAG_SIZE];

	read_digits(&nonce, answer->nonce);
	read_digits(&ad, answer->ad);
	read_digits(&bytes, answer->plain);
	if (aead->seal(aead->context, &nonce, &ad, bytes.size, bytes.at, bytes.at, tag) != 0 ||
	    !is_equal(bytes.at, bytes.size, answer->sealed) || !is_equal(tag, sizeof(tag), answer->tag))
		return false;
	if (aead->open(aead->context, &nonce, &ad, bytes.size, bytes.at, bytes.at, tag) != 0 ||
	    !is_equal(bytes.at, bytes.size, answer->plain))
		return false;
	/* What is forged must not come out. */
	read_digits(&bytes, answer->sealed);
	tag[TAG_SIZE - 1] ^= 1;
	return aead->open(aead->context, &nonce, &ad, bytes.size, bytes.at, bytes.at, tag) != 0 &&
	       is_zero(bytes.at, bytes.size) && seals_zeros(aead, &nonce, &ad, answer->long_tag);
}

static bool gcm_answers(const struct aead_answer *answer)
{
	mbedtls_gcm_context context;
	const struct aead aead = {gcm_seal, gcm_open, &context};
	struct bytes key;

	read_digits(&key, answer->key);
	mbedtls_gcm_init(&context);

	bool right =
		mbedtls_gcm_setkey(&context, MBEDTLS_CIPHER_ID_AES, key.at, (unsigned)key.size * 8) == 0 &&
		answers(&aead, answer);

	mbedtls_gcm_free(&context);
	return right;
}

static bool is_gcm128_right(void)
{
	return gcm_answers(&gcm128_answer);
}

static bool is_gcm256_right(void)
{
	return gcm_answers(&gcm256_answer);
}

static bool is_chachapoly_right(void)
{
	mbedtls_chachapoly_context context;
	const struct aead aead = {chachapoly_seal, chachapoly_open, &context};
	struct bytes key;

	read_digits(&key, chachapoly_answer.key);
	mbedtls_chachapoly_init(&context);

	bool right =
		mbedtls_chachapoly_setkey(&context, key.at) == 0 && answers(&aead, &chachapoly_answer);

	mbedtls_chachapoly_free(&context);
	return right;
}

/* --- SHA-2 ----------------------------------------------------------------------------------- */

static bool is_sha256_right(void)
{
	unsigned char hash[32];

	return mbedtls_sha256((const unsigned char *)sha256_message, strlen(sha256_message), hash, 0) ==
	           0 &&
	       is_equal(hash, sizeof(hash), sha256_hash);
}

static bool is_sha512_right(void)
{
	const unsigned char *message = (const unsigned char *)sha512_message;
	size_t size = strlen(sha512_message);
	unsigned char hash[64];

	if (mbedtls_sha512(message, size, hash, 1) != 0 || !is_equal(hash, 48, sha384_hash))
		return false;
	return mbedtls_sha512(message, size, hash, 0) == 0 && is_equal(hash, 64, sha512_hash);
}

/* --- Points ---------------------------------------------------------------------------------- */

struct points {
	mbedtls_ecp_group group;
	mbedtls_mpi number;
	mbedtls_ecp_point peer;
	mbedtls_ecp_point product;
};

/* Whether number × point is the point that is known, or has the x that is known. */
static bool multiplies(struct points *points, const mbedtls_ecp_point *point, const char *digits)
{
	unsigned char bytes[133];
	size_t size = 0;
	size_t x_size = (points->group.pbits + 7) / 8;

	if (mbedtls_ecp_mul(&points->group, &points->product, &points->number, point, on_random,
	                    NULL) != 0 ||
	    mbedtls_ecp_point_write_binary(&points->group, &points->product,
	                                   MBEDTLS_ECP_PF_UNCOMPRESSED, &size, bytes,
	                                   sizeof(bytes)) != 0)
		return false;
	return size == strlen(digits) / 2 ? is_equal(bytes, size, digits)
	                                  : is_equal(bytes + 1, x_size, digits);
}

static bool point_answers(mbedtls_ecp_group_id id, const struct point_answer *answer)
{
	struct points points;
	struct bytes number;
	struct bytes peer;
	bool is_x25519 = id == MBEDTLS_ECP_DP_CURVE25519;

	read_digits(&number, answer->number);
	read_digits(&peer, answer->peer);
	if (is_x25519) { /* RFC 7748 §5: which bits count */
		number.at[0] &= 248;
		number.at[31] = (unsigned char)((number.at[31] & 127) | 64);
	}
	mbedtls_ecp_group_init(&points.group);
	mbedtls_mpi_init(&points.number);
	mbedtls_ecp_point_init(&points.peer);
	mbedtls_ecp_point_init(&points.product);

	int code = mbedtls_ecp_group_load(&points.group, id);

	if (code == 0)
		code = is_x25519 ? mbedtls_mpi_read_binary_le(&points.number, number.at, number.size)
		                 : mbedtls_mpi_read_binary(&points.number, number.at, number.size);
	if (code == 0)
		code = mbedtls_ecp_point_read_binary(&points.group, &points.peer, peer.at, peer.size);

	bool right = code == 0 && multiplies(&points, &points.group.G, answer->own) &&
	             multiplies(&points, &points.peer, answer->product);

	mbedtls_ecp_point_free(&points.product);
	mbedtls_ecp_point_free(&points.peer);
	mbedtls_mpi_free(&points.number);
	mbedtls_ecp_group_free(&points.group);
	return right;
}

static bool is_x25519_right(void)
{
	return point_answers(MBEDTLS_ECP_DP_CURVE25519, &x25519_answer);
}

static bool are_nist_curves_right(void)
{
	return point_answers(MBEDTLS_ECP_DP_SECP256R1, &p256_answer);
}

/* --- Signatures ------------------------------------------------------------------------------ */

/* Signs and checks the result, then must find a signature of something else wrong. */
static bool signs(mbedtls_pk_context *key, mbedtls_pk_type_t kind, unsigned char hash[32])
{
	const mbedtls_pk_rsassa_pss_options pss = {MBEDTLS_MD_SHA256, 32};
	const void *options = kind == MBEDTLS_PK_RSASSA_PSS ? &pss : NULL;
	unsigned char signature[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
	size_t size = 0;

	if (mbedtls_pk_sign_ext(kind, key, MBEDTLS_MD_SHA256, hash, 32, signature, sizeof(signature),
	                        &size, on_random, NULL) != 0 ||
	    mbedtls_pk_verify_ext(kind, options, key, MBEDTLS_MD_SHA256, hash, 32, signature, size) !=
	        0)
		return false;
	hash[0] ^= 1;

	bool is_fooled = mbedtls_pk_verify_ext(kind, options, key, MBEDTLS_MD_SHA256, hash, 32,
	                                       signature, size) == 0;

	hash[0] ^= 1;
	return !is_fooled;
}

static bool signature_answers(const struct signature_answer *answer, mbedtls_pk_type_t kind,
                              mbedtls_pk_type_t other_kind)
{
	mbedtls_pk_context key;
	struct bytes der;
	struct bytes signature;
	unsigned char hash[32];

	read_digits(&der, answer->key);
	read_digits(&signature, answer->signature);
	mbedtls_pk_init(&key);

	bool right = mbedtls_sha256((const unsigned char *)"sample", strlen("sample"), hash, 0) == 0 &&
	             mbedtls_pk_parse_key(&key, der.at, der.size, NULL, 0, on_random, NULL) == 0 &&
	             mbedtls_pk_verify(&key, MBEDTLS_MD_SHA256, hash, sizeof(hash), signature.at,
	                               signature.size) == 0 &&
	             signs(&key, kind, hash) && signs(&key, other_kind, hash);

	mbedtls_pk_free(&key);
	memory_wipe(&der, sizeof(der));
	return right;
}

static bool is_ecdsa_right(void)
{
	return signature_answers(&ecdsa_answer, MBEDTLS_PK_ECDSA, MBEDTLS_PK_ECDSA);
}

static bool is_rsa_right(void)
{
	return signature_answers(&rsa_answer, MBEDTLS_PK_RSA, MBEDTLS_PK_RSASSA_PSS);
}

/* --- All ------------------------------------------------------------------------------------- */

static const struct self_test self_tests[] = {
	{CRYPTO_AES_GCM, is_gcm128_right},
	{CRYPTO_AES_GCM, is_gcm256_right},
	{CRYPTO_CHACHA20_POLY1305, is_chachapoly_right},
	{CRYPTO_SHA2, is_sha256_right},
	{CRYPTO_SHA2, is_sha512_right},
	{CRYPTO_X25519, is_x25519_right},
	{CRYPTO_NIST_CURVES, are_nist_curves_right},
	{CRYPTO_ECDSA, is_ecdsa_right},
	{CRYPTO_RSA, is_rsa_right},
};

enum error self_test_run(const struct self_test *tests, size_t count,
                         enum crypto_primitive *ret_failed)
{
	for (size_t i = 0; i < count; i++) {
		if (!tests[i].is_right()) {
			*ret_failed = tests[i].primitive;
			return ERROR_CRYPTO;
		}
	}
	return OK;
}

enum error crypto_self_test(enum crypto_primitive *ret_failed)
{
	return self_test_run(self_tests, ARRAY_LENGTH(self_tests), ret_failed);
}
