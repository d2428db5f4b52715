#include "tls/record.h"

#include <mbedtls/chachapoly.h>
#include <mbedtls/gcm.h>
#include <mbedtls/hkdf.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "crypto/typed.h"
#include "tls/alert.h"
#include "tls/library.h"
#include "tls/policy.h"

enum {
	TAG_SIZE = 16,
	EXPLICIT_NONCE_SIZE = 8, /* RFC 5288 §3 */
	LEGACY_VERSION = 0x0303,
	ADDITIONAL_MAX = 13,
	SECRET_LABEL_MAX = 32,
};

/* --- Ciphers ------------------------------------------------------------------------------ */

/* One record for an AEAD. Borrows: all. */
struct message {
	unsigned char nonce[TLS_RECORD_IV_SIZE];
	unsigned char additional[ADDITIONAL_MAX];
	size_t additional_size;
	const unsigned char *in;
	size_t size;
	unsigned char *out;
};

/* An AEAD of the library. The functions return its error numbers. */
struct aead {
	size_t context_size;
	void (*init)(void *context);
	void (*done)(void *context);
	int (*set_key)(void *context, const unsigned char *key, size_t size);
	/* With the inner type of TLS 1.3 behind the content (-1: none), and the tag behind both. */
	int (*seal)(void *context, const struct message *message, int type);
	/* The tag stands behind the ciphertext. On an error nothing is let out. */
	int (*open)(void *context, const struct message *message);
};

static void gcm_init(void *context)
{
	mbedtls_gcm_init(context);
}

static void gcm_done(void *context)
{
	mbedtls_gcm_free(context);
}

static int gcm_set_key(void *context, const unsigned char *key, size_t size)
{
	return mbedtls_gcm_setkey(context, MBEDTLS_CIPHER_ID_AES, key, (unsigned)size * 8);
}

static struct typed_message typed(const struct message *message, unsigned char type)
{
	return (struct typed_message){
		.nonce = message->nonce,
		.ad = message->additional,
		.ad_size = message->additional_size,
		.input = message->in,
		.size = message->size,
		.type = type,
		.output = message->out,
	};
}

/* The library's way, in pieces. */
static int gcm_seal_typed(mbedtls_gcm_context *context, const struct message *message,
                          unsigned char type)
{
	unsigned char *out = message->out;
	size_t written = 0;
	int code = mbedtls_gcm_starts(context, MBEDTLS_GCM_ENCRYPT, message->nonce, TLS_RECORD_IV_SIZE);

	if (code == 0)
		code = mbedtls_gcm_update_ad(context, message->additional, message->additional_size);
	if (code == 0 && message->size > 0)
		code =
			mbedtls_gcm_update(context, message->in, message->size, out, message->size, &written);
	out += message->size;
	if (code == 0)
		code = mbedtls_gcm_update(context, &type, 1, out, 1, &written);
	return code ? code : mbedtls_gcm_finish(context, NULL, 0, &written, out + 1, TAG_SIZE);
}

static int gcm_seal(void *context, const struct message *message, int type)
{
	if (type >= 0) {
		struct typed_message with_type = typed(message, (unsigned char)type);

		if (typed_gcm_seal(context, &with_type))
			return 0;
		return gcm_seal_typed(context, message, (unsigned char)type);
	}
	return mbedtls_gcm_crypt_and_tag(context, MBEDTLS_GCM_ENCRYPT, message->size, message->nonce,
	                                 TLS_RECORD_IV_SIZE, message->additional,
	                                 message->additional_size, message->in, message->out, TAG_SIZE,
	                                 message->out + message->size);
}

static int gcm_open(void *context, const struct message *message)
{
	return mbedtls_gcm_auth_decrypt(
		context, message->size, message->nonce, TLS_RECORD_IV_SIZE, message->additional,
		message->additional_size, message->in + message->size, TAG_SIZE, message->in, message->out);
}

static void chacha_init(void *context)
{
	mbedtls_chachapoly_init(context);
}

static void chacha_done(void *context)
{
	mbedtls_chachapoly_free(context);
}

static int chacha_set_key(void *context, const unsigned char *key, size_t size)
{
	check(size == TLS_RECORD_KEY_MAX);
	return mbedtls_chachapoly_setkey(context, key);
}

static int chacha_seal_typed(mbedtls_chachapoly_context *context, const struct message *message,
                             unsigned char type)
{
	unsigned char *out = message->out;
	int code = mbedtls_chachapoly_starts(context, message->nonce, MBEDTLS_CHACHAPOLY_ENCRYPT);

	if (code == 0)
		code =
			mbedtls_chachapoly_update_aad(context, message->additional, message->additional_size);
	if (code == 0)
		code = mbedtls_chachapoly_update(context, message->size, message->in, out);
	out += message->size;
	if (code == 0)
		code = mbedtls_chachapoly_update(context, 1, &type, out);
	return code ? code : mbedtls_chachapoly_finish(context, out + 1);
}

static int chacha_seal(void *context, const struct message *message, int type)
{
	if (type >= 0) {
		struct typed_message with_type = typed(message, (unsigned char)type);

		if (typed_chachapoly_seal(context, &with_type))
			return 0;
		return chacha_seal_typed(context, message, (unsigned char)type);
	}
	return mbedtls_chachapoly_encrypt_and_tag(
		context, message->size, message->nonce, message->additional, message->additional_size,
		message->in, message->out, message->out + message->size);
}

static int chacha_open(void *context, const struct message *message)
{
	return mbedtls_chachapoly_auth_decrypt(context, message->size, message->nonce,
	                                       message->additional, message->additional_size,
	                                       message->in + message->size, message->in, message->out);
}

static const struct aead gcm = {
	sizeof(mbedtls_gcm_context), gcm_init, gcm_done, gcm_set_key, gcm_seal, gcm_open,
};
static const struct aead chacha = {
	sizeof(mbedtls_chachapoly_context),
	chacha_init,
	chacha_done,
	chacha_set_key,
	chacha_seal,
	chacha_open,
};

/* --- Suites ------------------------------------------------------------------------------- */

struct tls_protection {
	unsigned suite;
	unsigned version;
	const struct aead *aead;
	size_t key_size;
	bool has_explicit_nonce;
	mbedtls_md_type_t hash; /* of the key schedule; NONE: TLS 1.2 */
	uint64_t records_max;
};

/* RFC 8446 §5.5: 2^24.5 records of full size for AES-GCM; ChaCha20-Poly1305 has no limit that
 * matters. */
#define GCM_RECORDS_MAX 23726566u

static const struct tls_protection protections[] = {
	{0x1301, TLS_VERSION_1_3, &gcm, 16, false, MBEDTLS_MD_SHA256, GCM_RECORDS_MAX},
	{0x1302, TLS_VERSION_1_3, &gcm, 32, false, MBEDTLS_MD_SHA384, GCM_RECORDS_MAX},
	{0x1303, TLS_VERSION_1_3, &chacha, 32, false, MBEDTLS_MD_SHA256, UINT64_MAX},
	{0xc02b, TLS_VERSION_1_2, &gcm, 16, true, MBEDTLS_MD_NONE, GCM_RECORDS_MAX},
	{0xc02f, TLS_VERSION_1_2, &gcm, 16, true, MBEDTLS_MD_NONE, GCM_RECORDS_MAX},
	{0xc02c, TLS_VERSION_1_2, &gcm, 32, true, MBEDTLS_MD_NONE, GCM_RECORDS_MAX},
	{0xc030, TLS_VERSION_1_2, &gcm, 32, true, MBEDTLS_MD_NONE, GCM_RECORDS_MAX},
	{0xcca8, TLS_VERSION_1_2, &chacha, 32, false, MBEDTLS_MD_NONE, UINT64_MAX},
	{0xcca9, TLS_VERSION_1_2, &chacha, 32, false, MBEDTLS_MD_NONE, UINT64_MAX},
};

const struct tls_protection *tls_protection_find(unsigned suite)
{
	for (size_t i = 0; i < ARRAY_LENGTH(protections); i++)
		if (protections[i].suite == suite)
			return &protections[i];
	return NULL;
}

size_t tls_protection_key_size(const struct tls_protection *protection)
{
	return protection->key_size;
}

size_t tls_protection_iv_size(const struct tls_protection *protection)
{
	return TLS_RECORD_IV_SIZE - (protection->has_explicit_nonce ? EXPLICIT_NONCE_SIZE : 0);
}

static bool is_tls_1_3(const struct tls_protection *protection)
{
	return protection->version == TLS_VERSION_1_3;
}

/* Between the header and the ciphertext. */
static size_t nonce_on_wire(const struct tls_protection *protection)
{
	return protection->has_explicit_nonce ? EXPLICIT_NONCE_SIZE : 0;
}

size_t tls_protection_overhead(const struct tls_protection *protection)
{
	return TLS_RECORD_HEADER + nonce_on_wire(protection) + (is_tls_1_3(protection) ? 1 : 0) +
	       TAG_SIZE;
}

size_t tls_protection_content_at(const struct tls_protection *protection)
{
	return TLS_RECORD_HEADER + nonce_on_wire(protection);
}

uint64_t tls_protection_records_max(const struct tls_protection *protection)
{
	return protection->records_max;
}

bool tls_protection_has_key_update(const struct tls_protection *protection)
{
	return is_tls_1_3(protection);
}

/* --- Keys --------------------------------------------------------------------------------- */

enum error tls_record_keys_init(struct tls_record_keys *keys,
                                const struct tls_protection *protection, bool seals,
                                const unsigned char *key, const unsigned char *iv,
                                uint64_t sequence)
{
	void *cipher = memory_new(1, protection->aead->context_size);

	if (!cipher)
		return ERROR_OUT_OF_MEMORY;
	protection->aead->init(cipher);
	if (protection->aead->set_key(cipher, key, protection->key_size) != 0) {
		protection->aead->done(cipher);
		memory_free(cipher);
		return tls_library_failure();
	}
	tls_record_keys_done(keys);
	keys->protection = protection;
	keys->cipher = cipher;
	keys->sequence = sequence;
	keys->seals = seals;
	memcpy(keys->iv, iv, tls_protection_iv_size(protection));
	return OK;
}

/* HKDF-Expand-Label with an empty context (RFC 8446 §7.1). */
static int expand_label(const struct tls_protection *protection, const unsigned char *secret,
                        const char *label, unsigned char *ret_bytes, size_t size)
{
	const mbedtls_md_info_t *hash = mbedtls_md_info_from_type(protection->hash);
	unsigned char form[SECRET_LABEL_MAX];
	size_t label_size = strlen(label);
	size_t at = 0;

	check(4 + 6 + label_size <= sizeof(form));
	form[at++] = (unsigned char)(size >> 8);
	form[at++] = (unsigned char)size;
	form[at++] = (unsigned char)(6 + label_size);
	memcpy(form + at, "tls13 ", 6);
	memcpy(form + at + 6, label, label_size);
	at += 6 + label_size;
	form[at++] = 0;
	return mbedtls_hkdf_expand(hash, secret, mbedtls_md_get_size(hash), form, at, ret_bytes, size);
}

enum error tls_record_keys_derive(struct tls_record_keys *keys,
                                  const struct tls_protection *protection, bool seals,
                                  struct span secret, uint64_t sequence)
{
	struct {
		unsigned char key[TLS_RECORD_KEY_MAX];
		unsigned char iv[TLS_RECORD_IV_SIZE];
		unsigned char secret[TLS_RECORD_SECRET_MAX];
	} made = {0};
	enum error error;

	check(is_tls_1_3(protection));
	if (secret.size != mbedtls_md_get_size(mbedtls_md_info_from_type(protection->hash)))
		return ERROR_TLS_INTERNAL;
	memcpy(made.secret, secret.data, secret.size);
	if (expand_label(protection, made.secret, "key", made.key, protection->key_size) != 0 ||
	    expand_label(protection, made.secret, "iv", made.iv, sizeof(made.iv)) != 0)
		error = tls_library_failure();
	else
		error = tls_record_keys_init(keys, protection, seals, made.key, made.iv, sequence);
	if (!error)
		memcpy(keys->secret, made.secret, sizeof(keys->secret));
	memory_wipe(&made, sizeof(made));
	return error;
}

enum error tls_record_keys_next(const struct tls_record_keys *keys,
                                struct tls_record_keys *ret_next)
{
	const struct tls_protection *protection = keys->protection;
	unsigned char next[TLS_RECORD_SECRET_MAX];
	size_t size = mbedtls_md_get_size(mbedtls_md_info_from_type(protection->hash));
	enum error error;

	if (expand_label(protection, keys->secret, "traffic upd", next, size) != 0)
		error = tls_library_failure();
	else
		error = tls_record_keys_derive(ret_next, protection, keys->seals,
		                               span_of((const char *)next, size), 0);
	memory_wipe(next, sizeof(next));
	return error;
}

enum error tls_record_keys_update(struct tls_record_keys *keys)
{
	return tls_record_keys_next(keys, keys);
}

void tls_record_keys_done(struct tls_record_keys *keys)
{
	if (keys->cipher) {
		keys->protection->aead->done(keys->cipher);
		memory_free(keys->cipher);
	}
	memory_wipe(keys, sizeof(*keys));
}

/* --- Records ------------------------------------------------------------------------------ */

static void put_number(unsigned char *to, uint64_t number, size_t size)
{
	for (size_t i = size; i-- > 0; number >>= 8)
		to[i] = (unsigned char)number;
}

/* RFC 8446 §5.3, RFC 7905 §2: the IV with the sequence over its end; RFC 5288 §3: beside it. */
static void make_nonce(const struct tls_record_keys *keys, const unsigned char *explicit_nonce,
                       unsigned char ret_nonce[TLS_RECORD_IV_SIZE])
{
	unsigned char sequence[8];

	memcpy(ret_nonce, keys->iv, TLS_RECORD_IV_SIZE);
	if (explicit_nonce) {
		memcpy(ret_nonce + 4, explicit_nonce, EXPLICIT_NONCE_SIZE);
		return;
	}
	put_number(sequence, keys->sequence, sizeof(sequence));
	for (size_t i = 0; i < sizeof(sequence); i++)
		ret_nonce[4 + i] ^= sequence[i];
}

/* RFC 8446 §5.2: the record's header; RFC 5246 §6.2.3.3: sequence, and header of the plaintext. */
static void make_additional(const struct tls_record_keys *keys, const unsigned char *header,
                            struct message *message)
{
	unsigned char *additional = message->additional;

	if (is_tls_1_3(keys->protection)) {
		memcpy(additional, header, TLS_RECORD_HEADER);
		message->additional_size = TLS_RECORD_HEADER;
		return;
	}
	put_number(additional, keys->sequence, 8);
	memcpy(additional + 8, header, 3);
	put_number(additional + 11, message->size, 2);
	message->additional_size = ADDITIONAL_MAX;
}

/* All but where the bytes are. `header`: of the record, with the explicit nonce behind it. */
static struct message make_message(const struct tls_record_keys *keys, const unsigned char *header,
                                   size_t size)
{
	struct message message = {.size = size};

	make_nonce(keys, keys->protection->has_explicit_nonce ? header + TLS_RECORD_HEADER : NULL,
	           message.nonce);
	make_additional(keys, header, &message);
	return message;
}

enum error tls_record_seal(struct tls_record_keys *keys, enum tls_content type, struct span content,
                           char *ret_record, size_t *ret_size)
{
	const struct tls_protection *protection = keys->protection;
	bool hides_type = is_tls_1_3(protection);
	unsigned char *header = (unsigned char *)ret_record;
	size_t whole = content.size + tls_protection_overhead(protection);

	check(content.size <= TLS_RECORD_CONTENT_MAX && keys->seals);
	header[0] = hides_type ? TLS_CONTENT_APPLICATION : (unsigned char)type;
	put_number(header + 1, LEGACY_VERSION, 2);
	put_number(header + 3, whole - TLS_RECORD_HEADER, 2);
	if (protection->has_explicit_nonce)
		put_number(header + TLS_RECORD_HEADER, keys->sequence, EXPLICIT_NONCE_SIZE);

	struct message message = make_message(keys, header, content.size);

	message.in = (const unsigned char *)content.data;
	message.out = header + tls_protection_content_at(protection);
	if (protection->aead->seal(keys->cipher, &message, hides_type ? (int)type : -1) != 0)
		return tls_library_failure();
	keys->sequence++;
	*ret_size = whole;
	return OK;
}

size_t tls_record_size(struct span wire)
{
	const unsigned char *bytes = (const unsigned char *)wire.data;

	if (wire.size < TLS_RECORD_HEADER)
		return 0;
	return TLS_RECORD_HEADER + ((size_t)bytes[3] << 8 | bytes[4]);
}

int tls_record_header_alert(const struct tls_protection *protection, struct span wire)
{
	const unsigned char *bytes = (const unsigned char *)wire.data;
	bool hides_type = is_tls_1_3(protection);

	if (wire.size < TLS_RECORD_HEADER)
		return -1;
	if (bytes[0] < TLS_CONTENT_CHANGE_CIPHER_SPEC || bytes[0] > TLS_CONTENT_APPLICATION ||
	    (hides_type && bytes[0] != TLS_CONTENT_APPLICATION))
		return TLS_ALERT_UNEXPECTED_MESSAGE;
	if (bytes[1] != LEGACY_VERSION >> 8 || (!hides_type && bytes[2] != (LEGACY_VERSION & 0xff)))
		return TLS_ALERT_PROTOCOL_VERSION;
	return tls_record_size(wire) > TLS_RECORD_SIZE_MAX ? TLS_ALERT_RECORD_OVERFLOW : -1;
}

static enum error refuse(int alert, int *ret_alert)
{
	*ret_alert = alert;
	return ERROR_TLS_RECORD;
}

/* The real type stands after the content, before the padding (RFC 8446 §5.4). False: there is
 * none. */
static bool find_type(const char *content, size_t *size, enum tls_content *ret_type)
{
	size_t end = *size;

	while (end > 0 && content[end - 1] == 0)
		end--;
	if (end == 0)
		return false;
	*ret_type = (enum tls_content)(unsigned char)content[end - 1];
	*size = end - 1;
	return true;
}

enum error tls_record_open(struct tls_record_keys *keys, struct span record, char *ret_content,
                           size_t *ret_size, enum tls_content *ret_type, int *ret_alert)
{
	const struct tls_protection *protection = keys->protection;
	const unsigned char *bytes = (const unsigned char *)record.data;
	size_t beside = tls_protection_content_at(protection) + TAG_SIZE;
	bool hides_type = is_tls_1_3(protection);

	check(record.size == tls_record_size(record) && !keys->seals);
	*ret_alert = tls_record_header_alert(protection, record);
	if (*ret_alert >= 0)
		return ERROR_TLS_RECORD;
	if (record.size < beside + (hides_type ? 1 : 0))
		return refuse(TLS_ALERT_BAD_RECORD_MAC, ret_alert);

	size_t size = record.size - beside;
	enum tls_content type = (enum tls_content)bytes[0];

	struct message message = make_message(keys, bytes, size);

	message.in = bytes + tls_protection_content_at(protection);
	message.out = (unsigned char *)ret_content;
	if (protection->aead->open(keys->cipher, &message) != 0)
		return refuse(TLS_ALERT_BAD_RECORD_MAC, ret_alert);
	if (hides_type && size > TLS_RECORD_CONTENT_MAX + 1)
		return refuse(TLS_ALERT_RECORD_OVERFLOW, ret_alert);
	if (hides_type && !find_type(ret_content, &size, &type))
		return refuse(TLS_ALERT_UNEXPECTED_MESSAGE, ret_alert);
	if (size > TLS_RECORD_CONTENT_MAX)
		return refuse(TLS_ALERT_RECORD_OVERFLOW, ret_alert);
	keys->sequence++;
	*ret_size = size;
	*ret_type = type;
	return OK;
}
