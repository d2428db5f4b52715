/*
 * AES-GCM and ChaCha20-Poly1305 through Mbed TLS's functions: published vectors, the edges, and
 * random cases against the library's own code where an accelerator stands in its place.
 */
#include <builtin.h>
#include <mbedtls/chachapoly.h>
#include <mbedtls/gcm.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "unit/crypto/cases.h"

enum { SIZE_MAX_TESTED = 20000, TAG_SIZE = 16 };

static void gcm_open(mbedtls_gcm_context *gcm, const char *key_digits)
{
	unsigned char key[32];
	size_t size = cases_digits(key_digits, key, sizeof(key));

	mbedtls_gcm_init(gcm);
	assert_int_equal(mbedtls_gcm_setkey(gcm, MBEDTLS_CIPHER_ID_AES, key, (unsigned)size * 8), 0);
}

#define GCM_KEY "feffe9928665731c6d6a8f9467308308"
#define GCM_AD  "feedfacedeadbeeffeedfacedeadbeefabaddad2"
#define GCM_PLAIN                                                      \
	"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" \
	"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"

/* The specification of GCM (McGrew and Viega): empty messages, IVs that are not of 12 bytes, and
 * keys of 192 bits, which go other ways than TLS. */
static const struct {
	const char *key, *iv, *ad, *plain, *sealed, *tag;
} gcm_vectors[] = {
	/* 1 */
	{"00000000000000000000000000000000", "000000000000000000000000", "", "", "",
     "58e2fccefa7e3061367f1d57a4e7455a"},
	/* 2 */
	{"00000000000000000000000000000000", "000000000000000000000000", "",
     "00000000000000000000000000000000", "0388dace60b6a392f328c2b971b2fe78",
     "ab6e47d42cec13bdf53a67b21257bddf"},
	/* 5 */
	{GCM_KEY, "cafebabefacedbad", GCM_AD, GCM_PLAIN,
     "61353b4c2806934a777ff51fa22a4755699b2a714fcdc6f83766e5f97b6c7423"
     "73806900e49f24b22b097544d4896b424989b5e1ebac0f07c23f4598",
     "3612d2e79e3b0785561be14aaca2fccb"},
	/* 6 */
	{GCM_KEY,
     "9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728"
     "c3c0c95156809539fcf0e2429a6b525416aedbf5a0de6a57a637b39b",
     GCM_AD, GCM_PLAIN,
     "8ce24998625615b603a033aca13fb894be9112a5c3a211a8ba262a3cca7e2ca7"
     "01e4a9a4fba43c90ccdcb281d48c7c6fd62875d2aca417034c34aee5",
     "619cc5aefffe0bfa462af43c1699d050"},
	/* 10 */
	{"feffe9928665731c6d6a8f9467308308feffe9928665731c", "cafebabefacedbaddecaf888", GCM_AD,
     GCM_PLAIN,
     "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c"
     "7d773d00c144c525ac619d18c84a3f4718e2448b2fe324d9ccda2710",
     "2519498e80f1478f37ba55bd6d27618c"},
	/* 13 */
	{"0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000",
     "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
};

static void test_gcm_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(gcm_vectors); i++) {
		mbedtls_gcm_context gcm;
		unsigned char iv[64];
		unsigned char ad[64];
		unsigned char text[64];
		unsigned char tag[TAG_SIZE];
		size_t iv_size = cases_digits(gcm_vectors[i].iv, iv, sizeof(iv));
		size_t ad_size = cases_digits(gcm_vectors[i].ad, ad, sizeof(ad));
		size_t size = cases_digits(gcm_vectors[i].plain, text, sizeof(text));

		gcm_open(&gcm, gcm_vectors[i].key);
		assert_int_equal(mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, size, iv, iv_size, ad,
		                                           ad_size, text, text, sizeof(tag), tag),
		                 0);
		cases_assert_bytes(text, size, gcm_vectors[i].sealed);
		cases_assert_bytes(tag, sizeof(tag), gcm_vectors[i].tag);
		assert_int_equal(mbedtls_gcm_auth_decrypt(&gcm, size, iv, iv_size, ad, ad_size, tag,
		                                          sizeof(tag), text, text),
		                 0);
		cases_assert_bytes(text, size, gcm_vectors[i].plain);
		mbedtls_gcm_free(&gcm);
	}
}

/* Each bit of the tag counts, and of what does not open nothing is left. */
static void test_forgeries_are_refused(void **state)
{
	static const unsigned char key[32] = {1, 2, 3};
	static const unsigned char zero[40];
	unsigned char sealed[40] = "a message";
	unsigned char out[40];
	unsigned char tag[TAG_SIZE];
	const unsigned char nonce[12] = {9};
	mbedtls_gcm_context gcm;
	mbedtls_chachapoly_context chacha;

	(void)state;
	mbedtls_gcm_init(&gcm);
	mbedtls_chachapoly_init(&chacha);
	assert_int_equal(mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, 256), 0);
	assert_int_equal(mbedtls_chachapoly_setkey(&chacha, key), 0);
	assert_int_equal(mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, 40, nonce, 12, zero, 5,
	                                           sealed, sealed, TAG_SIZE, tag),
	                 0);
	for (size_t bit = 0; bit < 8 * sizeof(tag); bit++) {
		memset(out, '#', sizeof(out));
		tag[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_int_equal(
			mbedtls_gcm_auth_decrypt(&gcm, 40, nonce, 12, zero, 5, tag, TAG_SIZE, sealed, out),
			MBEDTLS_ERR_GCM_AUTH_FAILED);
		assert_memory_equal(out, zero, sizeof(out));
		tag[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	/* Other additional data, one byte less of it. */
	assert_int_equal(
		mbedtls_gcm_auth_decrypt(&gcm, 40, nonce, 12, zero, 4, tag, TAG_SIZE, sealed, out),
		MBEDTLS_ERR_GCM_AUTH_FAILED);

	assert_int_equal(
		mbedtls_chachapoly_encrypt_and_tag(&chacha, 40, nonce, zero, 5, sealed, sealed, tag), 0);
	for (size_t bit = 0; bit < 8 * sizeof(tag); bit++) {
		memset(out, '#', sizeof(out));
		tag[bit / 8] ^= (unsigned char)(1 << bit % 8);
		assert_int_equal(
			mbedtls_chachapoly_auth_decrypt(&chacha, 40, nonce, zero, 5, tag, sealed, out),
			MBEDTLS_ERR_CHACHAPOLY_AUTH_FAILED);
		assert_memory_equal(out, zero, sizeof(out));
		tag[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	mbedtls_chachapoly_free(&chacha);
	mbedtls_gcm_free(&gcm);
}

static void test_limits(void **state)
{
	static const unsigned char key[32];
	unsigned char bytes[64] = {0};
	unsigned char tag[17] = {0};
	mbedtls_gcm_context gcm;
	mbedtls_chachapoly_context chacha;

	(void)state;
	mbedtls_gcm_init(&gcm);
	assert_int_equal(mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, 127),
	                 MBEDTLS_ERR_GCM_BAD_INPUT);
	assert_int_equal(mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, 512),
	                 MBEDTLS_ERR_GCM_BAD_INPUT);
	assert_int_equal(mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, key, 128), 0);
	/* An IV of no bytes, tags of less than 4 or more than 16 bytes, an overlap that reads what
	 * has been written. */
	assert_int_equal(mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, 8, key, 0, NULL, 0, bytes,
	                                           bytes, 16, tag),
	                 MBEDTLS_ERR_GCM_BAD_INPUT);
	for (size_t size = 0; size <= 17; size++)
		assert_int_equal(mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, 8, key, 12, NULL, 0,
		                                           bytes, bytes, size, tag),
		                 size < 4 || size > 16 ? MBEDTLS_ERR_GCM_BAD_INPUT : 0);
	assert_int_equal(mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, 32, key, 12, NULL, 0,
	                                           bytes, bytes + 1, 16, tag),
	                 MBEDTLS_ERR_GCM_BAD_INPUT);
	/* 2^36 - 31 bytes are too long for one IV; the lengths are checked before a byte is read. */
	assert_int_equal(mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, 0xfffffffe1, key, 12,
	                                           NULL, 0, bytes, bytes, 16, tag),
	                 MBEDTLS_ERR_GCM_BAD_INPUT);
	mbedtls_gcm_free(&gcm);
	mbedtls_gcm_free(NULL);

	mbedtls_chachapoly_init(&chacha);
	assert_int_equal(mbedtls_chachapoly_setkey(&chacha, key), 0);
	assert_int_equal(mbedtls_chachapoly_update(&chacha, 8, bytes, bytes),
	                 MBEDTLS_ERR_CHACHAPOLY_BAD_STATE);
	assert_int_equal(mbedtls_chachapoly_update_aad(&chacha, bytes, 8),
	                 MBEDTLS_ERR_CHACHAPOLY_BAD_STATE);
	assert_int_equal(mbedtls_chachapoly_finish(&chacha, tag), MBEDTLS_ERR_CHACHAPOLY_BAD_STATE);
	mbedtls_chachapoly_free(&chacha);
	mbedtls_chachapoly_free(NULL);
}

/* In pieces, the result is that of one call. */
static void test_pieces(void **state)
{
	static const unsigned char nonce[12] = {7};
	unsigned char plain[300];
	unsigned char whole[300];
	unsigned char pieces[300];
	unsigned char whole_tag[TAG_SIZE];
	unsigned char tag[TAG_SIZE];
	size_t size = 0;
	struct cases cases;
	mbedtls_gcm_context gcm;
	mbedtls_chachapoly_context chacha;

	(void)state;
	cases_init(&cases, 1);
	cases_fill(&cases, plain, sizeof(plain));
	gcm_open(&gcm, GCM_KEY);
	assert_int_equal(mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, 300, nonce, 12, plain, 33,
	                                           plain, whole, TAG_SIZE, whole_tag),
	                 0);
	assert_int_equal(mbedtls_gcm_starts(&gcm, MBEDTLS_GCM_ENCRYPT, nonce, 12), 0);
	assert_int_equal(mbedtls_gcm_update_ad(&gcm, plain, 20), 0);
	assert_int_equal(mbedtls_gcm_update_ad(&gcm, plain + 20, 13), 0);
	for (size_t at = 0; at < 300; at += 75)
		assert_int_equal(mbedtls_gcm_update(&gcm, plain + at, 75, pieces + at, 75, &size), 0);
	assert_int_equal(mbedtls_gcm_update(&gcm, plain, 75, pieces, 74, &size),
	                 MBEDTLS_ERR_GCM_BUFFER_TOO_SMALL);
	assert_int_equal(mbedtls_gcm_finish(&gcm, NULL, 0, &size, tag, TAG_SIZE), 0);
	assert_memory_equal(pieces, whole, 300);
	assert_memory_equal(tag, whole_tag, TAG_SIZE);
	mbedtls_gcm_free(&gcm);

	mbedtls_chachapoly_init(&chacha);
	assert_int_equal(mbedtls_chachapoly_setkey(&chacha, plain), 0);
	assert_int_equal(
		mbedtls_chachapoly_encrypt_and_tag(&chacha, 300, nonce, plain, 33, plain, whole, whole_tag),
		0);
	assert_int_equal(mbedtls_chachapoly_starts(&chacha, nonce, MBEDTLS_CHACHAPOLY_ENCRYPT), 0);
	assert_int_equal(mbedtls_chachapoly_update_aad(&chacha, plain, 33), 0);
	for (size_t at = 0; at < 300; at += 75)
		assert_int_equal(mbedtls_chachapoly_update(&chacha, 75, plain + at, pieces + at), 0);
	assert_int_equal(mbedtls_chachapoly_finish(&chacha, tag), 0);
	assert_memory_equal(pieces, whole, 300);
	assert_memory_equal(tag, whole_tag, TAG_SIZE);
	mbedtls_chachapoly_free(&chacha);
}

#if defined(SALLYPORT_AEAD)

/* A random message; the first ones have each size around the blocks that code works on at once. */
struct message {
	unsigned char key[32];
	unsigned char iv[24];
	unsigned char ad[300];
	unsigned char text[SIZE_MAX_TESTED];
	unsigned key_bits;
	size_t iv_size;
	size_t ad_size;
	size_t size;
	size_t tag_size;
};

static void make_message(struct message *message, struct cases *cases, unsigned long number)
{
	static const unsigned bits[] = {128, 192, 256};

	cases_fill(cases, message->key, sizeof(message->key));
	cases_fill(cases, message->iv, sizeof(message->iv));
	message->key_bits = bits[cases_below(cases, ARRAY_LENGTH(bits))];
	message->iv_size = cases_below(cases, 8) == 0 ? 1 + cases_below(cases, 24) : 12;
	message->tag_size = cases_below(cases, 8) == 0 ? 4 + cases_below(cases, 13) : TAG_SIZE;
	message->ad_size = cases_below(cases, 4) == 0 ? cases_below(cases, sizeof(message->ad)) : 13;
	if (number < 1100)
		message->size = number;
	else if (number % 200 == 0)
		message->size = cases_below(cases, SIZE_MAX_TESTED);
	else
		message->size = cases_below(cases, 400);
	cases_fill(cases, message->ad, message->ad_size);
	cases_fill(cases, message->text, message->size);
	if (number % 16 == 0) { /* the largest counters carry */
		memset(message->iv, 0xff, sizeof(message->iv));
		memset(message->text, 0xff, message->size);
	}
}

static void test_gcm_is_the_librarys(void **state)
{
	unsigned long count = cases_wanted(100000);
	static struct message message;
	static unsigned char ours[SIZE_MAX_TESTED];
	static unsigned char theirs[SIZE_MAX_TESTED];
	unsigned char our_tag[TAG_SIZE];
	unsigned char their_tag[TAG_SIZE];
	mbedtls_gcm_context gcm;
	struct builtin_gcm_context *builtin = builtin_gcm_new();
	struct cases cases;

	(void)state;
	assert_non_null(builtin);
	cases_init(&cases, 2);
	mbedtls_gcm_init(&gcm);
	for (unsigned long i = 0; i < count; i++) {
		make_message(&message, &cases, i);
		memcpy(ours, message.text, message.size);
		assert_int_equal(
			mbedtls_gcm_setkey(&gcm, MBEDTLS_CIPHER_ID_AES, message.key, message.key_bits), 0);
		assert_int_equal(
			builtin_gcm_setkey(builtin, MBEDTLS_CIPHER_ID_AES, message.key, message.key_bits), 0);
		/* In place, and into other memory. */
		assert_int_equal(mbedtls_gcm_crypt_and_tag(
							 &gcm, MBEDTLS_GCM_ENCRYPT, message.size, message.iv, message.iv_size,
							 message.ad, message.ad_size, ours, ours, message.tag_size, our_tag),
		                 0);
		assert_int_equal(builtin_gcm_crypt_and_tag(builtin, MBEDTLS_GCM_ENCRYPT, message.size,
		                                           message.iv, message.iv_size, message.ad,
		                                           message.ad_size, message.text, theirs,
		                                           message.tag_size, their_tag),
		                 0);
		assert_memory_equal(ours, theirs, message.size);
		assert_memory_equal(our_tag, their_tag, message.tag_size);

		bool is_forged = i % 4 == 3;

		if (is_forged)
			our_tag[cases_below(&cases, message.tag_size)] ^= 0x10;
		assert_int_equal(mbedtls_gcm_auth_decrypt(&gcm, message.size, message.iv, message.iv_size,
		                                          message.ad, message.ad_size, our_tag,
		                                          message.tag_size, theirs, ours),
		                 is_forged ? MBEDTLS_ERR_GCM_AUTH_FAILED : 0);
		if (!is_forged)
			assert_memory_equal(ours, message.text, message.size);
	}
	mbedtls_gcm_free(&gcm);
	builtin_gcm_delete(builtin);
}

static void test_chachapoly_is_the_librarys(void **state)
{
	unsigned long count = cases_wanted(100000);
	static struct message message;
	static unsigned char ours[SIZE_MAX_TESTED];
	static unsigned char theirs[SIZE_MAX_TESTED];
	unsigned char our_tag[TAG_SIZE];
	unsigned char their_tag[TAG_SIZE];
	mbedtls_chachapoly_context chacha;
	struct builtin_chachapoly_context *builtin = builtin_chachapoly_new();
	struct cases cases;

	(void)state;
	assert_non_null(builtin);
	cases_init(&cases, 3);
	mbedtls_chachapoly_init(&chacha);
	for (unsigned long i = 0; i < count; i++) {
		make_message(&message, &cases, i);
		memcpy(ours, message.text, message.size);
		assert_int_equal(mbedtls_chachapoly_setkey(&chacha, message.key), 0);
		assert_int_equal(builtin_chachapoly_setkey(builtin, message.key), 0);
		assert_int_equal(mbedtls_chachapoly_encrypt_and_tag(&chacha, message.size, message.iv,
		                                                    message.ad, message.ad_size, ours, ours,
		                                                    our_tag),
		                 0);
		assert_int_equal(builtin_chachapoly_encrypt_and_tag(builtin, message.size, message.iv,
		                                                    message.ad, message.ad_size,
		                                                    message.text, theirs, their_tag),
		                 0);
		assert_memory_equal(ours, theirs, message.size);
		assert_memory_equal(our_tag, their_tag, TAG_SIZE);

		bool is_forged = i % 4 == 3;

		if (is_forged)
			our_tag[cases_below(&cases, TAG_SIZE)] ^= 0x10;
		assert_int_equal(mbedtls_chachapoly_auth_decrypt(&chacha, message.size, message.iv,
		                                                 message.ad, message.ad_size, our_tag,
		                                                 theirs, ours),
		                 is_forged ? MBEDTLS_ERR_CHACHAPOLY_AUTH_FAILED : 0);
		if (!is_forged)
			assert_memory_equal(ours, message.text, message.size);
	}
	mbedtls_chachapoly_free(&chacha);
	builtin_chachapoly_delete(builtin);
}

/* Two contexts per connection: they decide what an idle one costs. */
static void test_contexts_are_small(void **state)
{
	(void)state;
	assert_true(sizeof(mbedtls_gcm_context) <= 48);
	assert_true(sizeof(mbedtls_chachapoly_context) <= 48);
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gcm_vectors),
		cmocka_unit_test(test_forgeries_are_refused),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_pieces),
#if defined(SALLYPORT_AEAD)
		cmocka_unit_test(test_gcm_is_the_librarys),
		cmocka_unit_test(test_chachapoly_is_the_librarys),
		cmocka_unit_test(test_contexts_are_small),
#endif
	};

	int failed = cmocka_run_group_tests(tests, cases_open, NULL);

#if defined(SALLYPORT_LIBCRYPTO)
	/* All again on libcrypto, which comes second where ipsec-mb is. */
	failed += cmocka_run_group_tests_name("on libcrypto", tests, cases_open_on_libcrypto, NULL);
#endif
	return failed;
}
