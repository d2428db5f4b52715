#include "tls/certificate.h"

#include <mbedtls/x509_crt.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/secret.h"
#include "tls/compat.h"
#include "tls/name.h"
#include "tls/pem.h"
#include "tls/random.h"

enum {
	FINGERPRINT_SIZE = 32,
	KEY_DER_SIZE_MAX = 8192, /* RSA 8192 has 4.7 KB */
	DNS_NAME = 0x82,         /* context-specific tag of dNSName (RFC 5280 §4.2.1.6) */
	WORDS_SIZE = 128,
};

struct tls_certificate {
	atomic_uint references;
	mbedtls_x509_crt chain;
	unsigned char *key; /* DER, with the public part, so that parsing it costs little */
	size_t key_size;
	struct span *names;
	char *name_bytes;
	char fingerprint[2 * FINGERPRINT_SIZE + 1];
	char serial[2 * TLS_CERTIFICATE_SERIAL_SIZE_MAX + 1];
	struct tls_certificate_facts facts;
};

/* What loading needs beside the certificate itself. */
struct loading {
	struct tls_certificate *certificate;
	struct tls_random *random;
	mbedtls_pk_context key;
	struct text *why;
};

static const struct {
	const char *name;
	unsigned bits; /* 0: any */
} kinds[TLS_KEY_KIND_COUNT] = {
	[TLS_KEY_RSA] = {"RSA", 0},
	[TLS_KEY_ECDSA_P256] = {"ECDSA P-256", 256},
	[TLS_KEY_ECDSA_P384] = {"ECDSA P-384", 384},
	[TLS_KEY_ECDSA_P521] = {"ECDSA P-521", 521},
};

const char *tls_key_kind_name(enum tls_key_kind kind)
{
	check(kind < TLS_KEY_KIND_COUNT);
	return kinds[kind].name;
}

static void warn(struct text *why, const char *words)
{
	if (why->size > 0)
		text_put_string(why, "; ");
	text_put_string(why, words);
}

/* The library's error as ours, with its words; running out of memory is nobody's fault. */
static enum error library_failure(int code, enum error error, struct text *why)
{
	char words[WORDS_SIZE];

	if (tls_library_starved())
		return ERROR_OUT_OF_MEMORY;
	compat_error_words(code, words, sizeof(words));
	text_printf(why, " (%s)", words);
	return error;
}

/* --- The chain ---------------------------------------------------------------------------- */

static enum error add_to_chain(struct loading *loading, const struct tls_pem_block *block,
                               size_t number)
{
	unsigned char *copy = NULL;
	enum error error = tls_pem_copy(block->whole, &copy);

	if (error)
		return error;

	int code = mbedtls_x509_crt_parse(&loading->certificate->chain, copy, block->whole.size + 1);

	memory_free(copy);
	if (code == 0)
		return OK;
	if (tls_library_starved())
		return ERROR_OUT_OF_MEMORY;

	const char *name = tls_pem_unsupported(block);

	text_printf(loading->why, "certificate %zu of the chain can not be used", number);
	if (name) {
		text_printf(loading->why, ": %s is not supported", name);
		return ERROR_TLS_CERTIFICATE;
	}
	return library_failure(code, ERROR_TLS_CERTIFICATE, loading->why);
}

static enum error load_chain(struct loading *loading, struct span pem)
{
	struct tls_pem_block block;
	size_t count = 0;
	bool has_key = false;

	while (tls_pem_next(&pem, &block)) {
		has_key = has_key || span_ends_with_nocase(block.label, SPAN("PRIVATE KEY"));
		if (!span_equal(block.label, SPAN("CERTIFICATE")))
			continue;
		if (++count > TLS_CERTIFICATE_CHAIN_MAX) {
			text_printf(loading->why, "the chain has more than %d certificates",
			            TLS_CERTIFICATE_CHAIN_MAX);
			return ERROR_TLS_CERTIFICATE;
		}

		enum error error = add_to_chain(loading, &block, count);

		if (error)
			return error;
	}
	if (count > 0) {
		loading->certificate->facts.chain_count = count;
		return OK;
	}
	text_put_string(loading->why, has_key ? "it holds a private key but no certificate"
	                                      : "no PEM certificate (BEGIN CERTIFICATE) in it");
	return ERROR_TLS_CERTIFICATE;
}

/* A signature with a hash that can be forged. Public keys of RSA with it, and ECDSA. */
static const char *weak_signature(const mbedtls_x509_crt *crt)
{
	static const struct {
		struct span oid;
		const char *name;
	} weak[] = {
		{{"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x04", 9}, "MD5"},
		{{"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05", 9}, "SHA-1"},
		{{"\x2a\x86\x48\xce\x3d\x04\x01", 7}, "SHA-1"},
	};
	struct span oid = span_of((const char *)crt->sig_oid.p, crt->sig_oid.len);

	for (size_t i = 0; i < ARRAY_LENGTH(weak); i++)
		if (span_equal(oid, weak[i].oid))
			return weak[i].name;
	return NULL;
}

static bool is_issued_by(const mbedtls_x509_crt *crt, const mbedtls_x509_crt *issuer)
{
	return crt->issuer_raw.len == issuer->subject_raw.len &&
	       memcmp(crt->issuer_raw.p, issuer->subject_raw.p, issuer->subject_raw.len) == 0;
}

static enum error check_chain(struct loading *loading)
{
	const mbedtls_x509_crt *chain = &loading->certificate->chain;
	size_t size = 0;
	size_t number = 0;

	loading->certificate->facts.in_order = true;
	for (const mbedtls_x509_crt *crt = chain; crt; crt = crt->next) {
		const char *weak = weak_signature(crt);
		bool is_root = is_issued_by(crt, crt);

		number++;
		size += crt->raw.len + 5; /* length and extensions of an entry (RFC 8446 §4.4.2) */
		if (weak && !is_root) {
			text_printf(loading->why, "certificate %zu of the chain is signed with %s", number,
			            weak);
			return ERROR_TLS_CERTIFICATE;
		}
		if (crt->next && !is_issued_by(crt, crt->next))
			loading->certificate->facts.in_order = false;
		if (crt->next && !is_issued_by(crt, crt->next) && number == 1)
			warn(loading->why, "the second certificate is not the issuer of the first");
		else if (crt->next && !is_issued_by(crt, crt->next))
			warn(loading->why, "the intermediate certificates are not in order");
		if (is_root && number > 1)
			warn(loading->why, "the root is sent along, which clients do not need");
	}
	if (size > TLS_CERTIFICATE_CHAIN_SIZE_MAX) {
		text_clear(loading->why);
		text_printf(loading->why, "the chain has %zu bytes, more than the %d that can be sent",
		            size, TLS_CERTIFICATE_CHAIN_SIZE_MAX);
		return ERROR_TLS_CERTIFICATE;
	}
	return OK;
}

/* --- The server's own certificate --------------------------------------------------------- */

static int64_t seconds_of(const mbedtls_x509_time *time)
{
	struct tm parts = {
		.tm_year = time->year - 1900,
		.tm_mon = time->mon - 1,
		.tm_mday = time->day,
		.tm_hour = time->hour,
		.tm_min = time->min,
		.tm_sec = time->sec,
	};

	return (int64_t)timegm(&parts);
}

static enum error check_time(struct loading *loading)
{
	struct tls_certificate_facts *facts = &loading->certificate->facts;
	const mbedtls_x509_time *from = &loading->certificate->chain.valid_from;
	const mbedtls_x509_time *to = &loading->certificate->chain.valid_to;
	int64_t now_s = (int64_t)(clock_wall_us() / 1000000);
	char words[WORDS_SIZE];

	facts->not_before_s = seconds_of(from);
	facts->not_after_s = seconds_of(to);
	if (facts->not_after_s < now_s) {
		text_clear(loading->why);
		text_printf(loading->why, "the certificate expired on %04d-%02d-%02d", to->year, to->mon,
		            to->day);
		return ERROR_TLS_CERTIFICATE;
	}
	if (facts->not_before_s > now_s) {
		(void)snprintf(words, sizeof(words), "the certificate is not valid before %04d-%02d-%02d",
		               from->year, from->mon, from->day);
		warn(loading->why, words);
	}
	return OK;
}

static enum error check_usage(struct loading *loading)
{
	static const char server_auth[] = "\x2b\x06\x01\x05\x05\x07\x03\x01"; /* id-kp-serverAuth */
	const mbedtls_x509_crt *crt = &loading->certificate->chain;

	if (mbedtls_x509_crt_check_key_usage(crt, MBEDTLS_X509_KU_DIGITAL_SIGNATURE) == 0 &&
	    mbedtls_x509_crt_check_extended_key_usage(crt, server_auth, sizeof(server_auth) - 1) == 0)
		return OK;
	text_clear(loading->why);
	text_put_string(loading->why, "the certificate's key usage does not allow a TLS server");
	return ERROR_TLS_CERTIFICATE;
}

/* `what`: "certificate", "private key". */
static enum error find_kind(const mbedtls_pk_context *key, const char *what, struct text *why,
                            enum tls_key_kind *ret_kind, unsigned *ret_bits)
{
	psa_key_type_t type = compat_key_type(key);
	unsigned bits = (unsigned)compat_key_bits(key);

	if (type == PSA_KEY_TYPE_RSA_KEY_PAIR) {
		*ret_kind = TLS_KEY_RSA;
		*ret_bits = bits;
		if (bits >= TLS_CERTIFICATE_RSA_BITS_MIN && bits <= TLS_CERTIFICATE_RSA_BITS_MAX)
			return OK;
		text_clear(why);
		text_printf(why, "the %s has an RSA key of %u bits; %d to %d are allowed", what, bits,
		            TLS_CERTIFICATE_RSA_BITS_MIN, TLS_CERTIFICATE_RSA_BITS_MAX);
		return ERROR_INVALID;
	}
	for (unsigned kind = 0; type != PSA_KEY_TYPE_NONE && kind < TLS_KEY_KIND_COUNT; kind++)
		if (kinds[kind].bits == bits) {
			*ret_kind = (enum tls_key_kind)kind;
			*ret_bits = bits;
			return OK;
		}
	text_clear(why);
	text_printf(why,
	            "the %s is of a kind that is not supported; RSA and ECDSA on P-256, P-384 and "
	            "P-521 are",
	            what);
	return ERROR_INVALID;
}

static void put_hex(const unsigned char *bytes, size_t size, char *ret_text)
{
	for (size_t i = 0; i < size; i++)
		(void)snprintf(ret_text + 2 * i, 3, "%02x", bytes[i]);
}

/* A serial number that is longer than any may be is cut. */
static void keep_serial(struct tls_certificate *certificate)
{
	const mbedtls_x509_buf *serial = &certificate->chain.serial;
	size_t zeros = 0;
	size_t size;

	while (zeros + 1 < serial->len && serial->p[zeros] == 0)
		zeros++;
	size = serial->len - zeros;
	put_hex(serial->p + zeros,
	        size < TLS_CERTIFICATE_SERIAL_SIZE_MAX ? size : TLS_CERTIFICATE_SERIAL_SIZE_MAX,
	        certificate->serial);
	certificate->facts.serial = certificate->serial;
}

static enum error compute_fingerprint(struct tls_certificate *certificate)
{
	unsigned char hash[FINGERPRINT_SIZE];
	size_t size = 0;
	const mbedtls_x509_buf *raw = &certificate->chain.raw;

	if (psa_hash_compute(PSA_ALG_SHA_256, raw->p, raw->len, hash, sizeof(hash), &size) !=
	    PSA_SUCCESS)
		return tls_library_failure();
	put_hex(hash, sizeof(hash), certificate->fingerprint);
	certificate->facts.fingerprint = certificate->fingerprint;
	return OK;
}

/* --- Names -------------------------------------------------------------------------------- */

struct name_list {
	struct span *names;
	char *bytes;
	size_t count;
	size_t size;
};

/* Adds a name if it is one of a host; without memory it only counts, generously. */
static void add_name(struct name_list *list, const unsigned char *data, size_t size)
{
	char name[TLS_NAME_SIZE_MAX];

	if (!list->names) {
		list->count++;
		list->size += size;
		return;
	}
	size = tls_name_normalize_pattern(span_of((const char *)data, size), name);
	if (size == 0)
		return;
	memcpy(list->bytes + list->size, name, size);
	list->names[list->count++] = span_of(list->bytes + list->size, size);
	list->size += size;
}

static void collect_names(const mbedtls_x509_crt *crt, struct name_list *list)
{
	bool has_alternative = crt->subject_alt_names.buf.p != NULL;

	for (const mbedtls_x509_sequence *at = &crt->subject_alt_names; has_alternative && at;
	     at = at->next)
		if (at->buf.tag == DNS_NAME)
			add_name(list, at->buf.p, at->buf.len);
	for (const mbedtls_x509_name *at = &crt->subject; !has_alternative && at; at = at->next)
		if (at->oid.len == 3 && memcmp(at->oid.p, "\x55\x04\x03", 3) == 0) /* id-at-commonName */
			add_name(list, at->val.p, at->val.len);
}

static enum error load_names(struct loading *loading)
{
	struct tls_certificate *certificate = loading->certificate;
	struct name_list list = {0};

	collect_names(&certificate->chain, &list);
	if (list.count > TLS_CERTIFICATE_NAMES_MAX) {
		text_clear(loading->why);
		text_printf(loading->why, "the certificate has more than %d names",
		            TLS_CERTIFICATE_NAMES_MAX);
		return ERROR_TLS_CERTIFICATE;
	}
	certificate->names = memory_new(list.count + 1, sizeof(*certificate->names));
	certificate->name_bytes = memory_new(list.size + 1, 1);
	if (!certificate->names || !certificate->name_bytes)
		return ERROR_OUT_OF_MEMORY;
	list = (struct name_list){.names = certificate->names, .bytes = certificate->name_bytes};
	collect_names(&certificate->chain, &list);
	certificate->facts.names = list.names;
	certificate->facts.name_count = list.count;
	if (list.count == 0)
		warn(loading->why, "the certificate names no host");
	return OK;
}

/* --- The private key ---------------------------------------------------------------------- */

static bool find_key(struct span pem, struct tls_pem_block *ret_block)
{
	while (tls_pem_next(&pem, ret_block))
		if (span_ends_with_nocase(ret_block->label, SPAN("PRIVATE KEY")))
			return true;
	return false;
}

static enum error read_key(struct loading *loading, struct span pem)
{
	struct tls_pem_block block;

	if (!find_key(pem, &block)) {
		text_put_string(loading->why, "no PEM private key in it");
		return ERROR_TLS_KEY;
	}
	if (span_equal(block.label, SPAN("ENCRYPTED PRIVATE KEY")) ||
	    memmem(block.body.data, block.body.size, "ENCRYPTED", strlen("ENCRYPTED"))) {
		text_put_string(loading->why, "the private key is encrypted, which is not supported; "
		                              "decrypt it with `openssl pkey`");
		return ERROR_TLS_KEY;
	}

	/* The library wants PEM to end in a NUL. */
	unsigned char *copy = secret_new(1, block.whole.size + 1);

	if (!copy)
		return ERROR_OUT_OF_MEMORY;
	memcpy(copy, block.whole.data, block.whole.size);
	secret_begin();

	int code =
		compat_parse_key(&loading->key, copy, block.whole.size + 1, &loading->random->source);

	secret_end();
	secret_free(copy);
	if (code == 0)
		return OK;
	if (tls_library_starved())
		return ERROR_OUT_OF_MEMORY;

	const char *name = tls_pem_unsupported(&block);

	text_put_string(loading->why, "the private key can not be read");
	if (!name)
		return library_failure(code, ERROR_TLS_KEY, loading->why);
	text_printf(loading->why, ": %s is not supported", name);
	return ERROR_TLS_KEY;
}

static enum error check_match(struct loading *loading)
{
	size_t number = 0;

	for (mbedtls_x509_crt *crt = &loading->certificate->chain; crt; crt = crt->next) {
		int code = compat_check_pair(&crt->pk, &loading->key, &loading->random->source);

		number++;
		if (tls_library_starved())
			return ERROR_OUT_OF_MEMORY;
		if (code == 0 && number == 1)
			return OK;
		if (code == 0) {
			text_clear(loading->why);
			text_printf(loading->why,
			            "the key belongs to certificate %zu of the chain; the server's "
			            "own must stand first",
			            number);
			return ERROR_TLS_KEY_MISMATCH;
		}
	}
	text_clear(loading->why);
	text_put_string(loading->why, "the key does not belong to the certificate");
	return ERROR_TLS_KEY_MISMATCH;
}

/* Keeps the key as DER, which workers read again. */
static enum error keep_key(struct loading *loading)
{
	struct tls_certificate *certificate = loading->certificate;
	unsigned char *der = secret_new(1, KEY_DER_SIZE_MAX);
	enum error error = ERROR_OUT_OF_MEMORY;

	if (!der)
		return error;

	int size = mbedtls_pk_write_key_der(&loading->key, der, KEY_DER_SIZE_MAX);

	if (size > 0) {
		certificate->key = secret_new(1, (size_t)size);
		if (certificate->key) {
			/* The library writes to the end of the space. */
			memcpy(certificate->key, der + KEY_DER_SIZE_MAX - size, (size_t)size);
			certificate->key_size = (size_t)size;
			error = OK;
		}
	} else {
		error = tls_library_failure();
	}
	secret_free(der);
	return error;
}

/* --- The whole ---------------------------------------------------------------------------- */

static enum error load(struct loading *loading, struct span chain_pem, struct span key_pem)
{
	struct tls_certificate *certificate = loading->certificate;
	struct tls_certificate_facts *facts = &certificate->facts;
	enum tls_key_kind kind = TLS_KEY_RSA;
	unsigned bits = 0;
	enum error error = load_chain(loading, chain_pem);

	if (error)
		return error;
	error = find_kind(&certificate->chain.pk, "certificate", loading->why, &facts->kind,
	                  &facts->key_bits);
	if (error)
		return ERROR_TLS_CERTIFICATE;
	error = read_key(loading, key_pem);
	if (error)
		return error;
	if (find_kind(&loading->key, "private key", loading->why, &kind, &bits) != OK)
		return ERROR_TLS_KEY;
	error = check_match(loading);
	if (!error)
		error = check_chain(loading);
	if (!error)
		error = check_time(loading);
	if (!error)
		error = check_usage(loading);
	if (!error)
		error = load_names(loading);
	if (!error) {
		keep_serial(certificate);
		error = compute_fingerprint(certificate);
	}
	if (!error)
		error = keep_key(loading);
	return error;
}

enum error tls_certificate_load(struct span chain_pem, struct span key_pem,
                                struct tls_certificate **ret_certificate, struct text *why)
{
	struct loading loading = {.why = why};
	struct tls_certificate *certificate = memory_new(1, sizeof(*certificate));

	(void)tls_library_starved();

	if (!certificate)
		return ERROR_OUT_OF_MEMORY;
	atomic_init(&certificate->references, 1);
	mbedtls_x509_crt_init(&certificate->chain);
	mbedtls_pk_init(&loading.key);
	loading.certificate = certificate;

	enum error error = tls_random_new(&loading.random);

	if (!error)
		error = load(&loading, chain_pem, key_pem);
	mbedtls_pk_free(&loading.key);
	tls_random_free(loading.random);
	if (error) {
		tls_certificate_unref(certificate);
		return error;
	}
	*ret_certificate = certificate;
	return OK;
}

struct tls_certificate *tls_certificate_ref(struct tls_certificate *certificate)
{
	(void)atomic_fetch_add_explicit(&certificate->references, 1, memory_order_relaxed);
	return certificate;
}

void tls_certificate_unref(struct tls_certificate *certificate)
{
	if (!certificate ||
	    atomic_fetch_sub_explicit(&certificate->references, 1, memory_order_acq_rel) > 1)
		return;
	mbedtls_x509_crt_free(&certificate->chain);
	secret_free(certificate->key);
	memory_free(certificate->names);
	memory_free(certificate->name_bytes);
	memory_free(certificate);
}

const struct tls_certificate_facts *tls_certificate_facts(const struct tls_certificate *certificate)
{
	return &certificate->facts;
}

bool tls_certificate_matches(const struct tls_certificate *certificate, struct span server_name)
{
	char bytes[TLS_NAME_SIZE_MAX];
	struct span name = span_of(bytes, tls_name_normalize(server_name, bytes));

	for (size_t i = 0; i < certificate->facts.name_count && name.size > 0; i++)
		if (tls_name_matches(certificate->facts.names[i], name))
			return true;
	return false;
}

struct mbedtls_x509_crt *tls_certificate_chain(struct tls_certificate *certificate)
{
	return &certificate->chain;
}

struct span tls_certificate_key(const struct tls_certificate *certificate)
{
	return span_of((const char *)certificate->key, certificate->key_size);
}
