#include "tls/client_ca.h"

#include <mbedtls/asn1.h>
#include <mbedtls/x509_crl.h>
#include <mbedtls/x509_crt.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "tls/certificate.h"
#include "tls/compat.h"
#include "tls/distinguished_name.h"
#include "tls/library.h"
#include "tls/pem.h"

enum { NAME_WORDS_MAX = 200 };

struct tls_client_ca {
	atomic_uint references;
	mbedtls_x509_crt chain;
	mbedtls_x509_crl crl;
	size_t ca_count;
	size_t crl_count;
	unsigned depth;
	bool tells_names;
	unsigned char digest[TLS_CLIENT_CA_DIGEST_SIZE];
};

static struct span span_of_buf(const mbedtls_x509_buf *buf)
{
	return span_of((const char *)buf->p, buf->len);
}

/* --- Words -------------------------------------------------------------------------------- */

static void begin_warning(struct text *why)
{
	if (why->size > 0)
		text_put_string(why, "; ");
}

/* Forgets warnings: there is an error to tell. */
static void begin_error(struct text *why)
{
	text_clear(why);
}

static void put_name(struct text *why, const mbedtls_x509_buf *name)
{
	struct text words;

	text_init(&words, NAME_WORDS_MAX);
	tls_distinguished_name_put(&words, span_of_buf(name));
	text_put(why, text_span(&words));
	text_done(&words);
}

/* "certificate 3 (CN=Example CA)" */
static void put_ca(struct text *why, size_t number, const mbedtls_x509_crt *crt)
{
	text_printf(why, "certificate %zu (", number);
	put_name(why, &crt->subject_raw);
	text_put_char(why, ')');
}

static void put_crl(struct text *why, size_t number, const mbedtls_x509_crl *crl)
{
	text_printf(why, "revocation list %zu (of ", number);
	put_name(why, &crl->issuer_raw);
	text_put_char(why, ')');
}

static void put_date(struct text *why, const mbedtls_x509_time *time)
{
	text_printf(why, "%04d-%02d-%02d", time->year, time->mon, time->day);
}

static void warn_of_time(struct text *why, const mbedtls_x509_time *from,
                         const mbedtls_x509_time *to)
{
	text_put_string(why, mbedtls_x509_time_is_past(to) ? " expired on " : " is not valid before ");
	put_date(why, mbedtls_x509_time_is_past(to) ? to : from);
}

/* --- Reading ------------------------------------------------------------------------------ */

/* What differs between the two kinds of blocks. */
struct kind {
	struct span label;
	const char *name;
	enum error error;
	int (*parse)(struct tls_client_ca *ca, const unsigned char *pem, size_t size);
};

static int parse_ca(struct tls_client_ca *ca, const unsigned char *pem, size_t size)
{
	return mbedtls_x509_crt_parse(&ca->chain, pem, size);
}

static int parse_crl(struct tls_client_ca *ca, const unsigned char *pem, size_t size)
{
	return mbedtls_x509_crl_parse(&ca->crl, pem, size);
}

static const struct kind ca_kind = {SPAN_INIT("CERTIFICATE"), "certificate", ERROR_TLS_CLIENT_CA,
                                    parse_ca};
static const struct kind crl_kind = {SPAN_INIT("X509 CRL"), "revocation list", ERROR_TLS_CRL,
                                     parse_crl};

static enum error read_block(struct tls_client_ca *ca, const struct kind *kind, size_t number,
                             const struct tls_pem_block *block, struct text *why)
{
	unsigned char *copy = NULL;
	enum error error = tls_pem_copy(block->whole, &copy);

	if (error)
		return error;

	int code = kind->parse(ca, copy, block->whole.size + 1);

	memory_free(copy);
	if (tls_library_starved())
		return ERROR_OUT_OF_MEMORY;
	if (code == 0)
		return OK;

	const char *unsupported = tls_pem_unsupported(block);
	char words[NAME_WORDS_MAX];

	compat_error_words(code, words, sizeof(words));
	begin_error(why);
	text_printf(why, "%s %zu can not be used: %s%s", kind->name, number,
	            unsupported ? unsupported : words, unsupported ? " is not supported" : "");
	return kind->error;
}

static enum error read_blocks(struct tls_client_ca *ca, const struct kind *kind, struct span pem,
                              size_t *ret_count, struct text *why)
{
	struct tls_pem_block block;
	size_t count = 0;

	while (tls_pem_next(&pem, &block)) {
		if (!span_equal(block.label, kind->label))
			continue;
		if (++count > TLS_CLIENT_CA_MAX) {
			begin_error(why);
			text_printf(why, "more than %d in it", TLS_CLIENT_CA_MAX);
			return kind->error;
		}

		enum error error = read_block(ca, kind, count, &block, why);

		if (error)
			return error;
	}
	if (count == 0) {
		begin_error(why);
		text_printf(why, "no PEM %s (BEGIN %.*s) in it", kind->name, (int)kind->label.size,
		            kind->label.data);
		return kind->error;
	}
	*ret_count = count;
	return OK;
}

/* --- CA certificates ---------------------------------------------------------------------- */

static const char *fault_of(const mbedtls_x509_crt *crt)
{
	if (mbedtls_x509_crt_get_ca_istrue(crt) != 1)
		return "is not a CA";
	if (mbedtls_x509_crt_check_key_usage(crt, MBEDTLS_X509_KU_KEY_CERT_SIGN) != 0)
		return "may not sign certificates, by its key usage";
	if (compat_key_type(&crt->pk) == PSA_KEY_TYPE_NONE)
		return "has a kind of key that is not supported";
	if (compat_key_type(&crt->pk) == PSA_KEY_TYPE_RSA_KEY_PAIR &&
	    compat_key_bits(&crt->pk) < TLS_CERTIFICATE_RSA_BITS_MIN)
		return "has an RSA key that is too short";
	return NULL;
}

static enum error check_cas(struct tls_client_ca *ca, struct text *why)
{
	size_t names_size = 0;
	size_t number = 0;

	for (const mbedtls_x509_crt *crt = &ca->chain; crt; crt = crt->next) {
		const char *fault = fault_of(crt);

		number++;
		if (tls_library_starved())
			return ERROR_OUT_OF_MEMORY;
		if (fault) {
			begin_error(why);
			put_ca(why, number, crt);
			text_printf(why, " %s", fault);
			return ERROR_TLS_CLIENT_CA;
		}
		if (mbedtls_x509_time_is_past(&crt->valid_to) ||
		    mbedtls_x509_time_is_future(&crt->valid_from)) {
			begin_warning(why);
			put_ca(why, number, crt);
			warn_of_time(why, &crt->valid_from, &crt->valid_to);
		}
		names_size += 2 + crt->subject_raw.len;
	}
	ca->tells_names = names_size <= TLS_CLIENT_CA_NAMES_SIZE_MAX;
	return OK;
}

/* --- Revocation lists --------------------------------------------------------------------- */

static const struct {
	struct span oid;
	mbedtls_md_type_t md;
	psa_algorithm_t hash;
} signatures[] = {
	{{"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", 9}, MBEDTLS_MD_SHA256, PSA_ALG_SHA_256},
	{{"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0c", 9}, MBEDTLS_MD_SHA384, PSA_ALG_SHA_384},
	{{"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0d", 9}, MBEDTLS_MD_SHA512, PSA_ALG_SHA_512},
	{{"\x2a\x86\x48\xce\x3d\x04\x03\x02", 8}, MBEDTLS_MD_SHA256, PSA_ALG_SHA_256},
	{{"\x2a\x86\x48\xce\x3d\x04\x03\x03", 8}, MBEDTLS_MD_SHA384, PSA_ALG_SHA_384},
	{{"\x2a\x86\x48\xce\x3d\x04\x03\x04", 8}, MBEDTLS_MD_SHA512, PSA_ALG_SHA_512},
};

/* The signature at the end of CertificateList (RFC 5280 §5.1), which the library keeps to itself.
 * False: not there. */
static bool find_signature(const mbedtls_x509_crl *crl, const unsigned char **ret_bytes,
                           size_t *ret_size)
{
	unsigned char *at = crl->tbs.p + crl->tbs.len;
	const unsigned char *end = crl->raw.p + crl->raw.len;
	size_t size = 0;

	if (mbedtls_asn1_get_tag(&at, end, &size, MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE))
		return false;
	at += size;
	if (mbedtls_asn1_get_bitstring_null(&at, end, &size))
		return false;
	*ret_bytes = at;
	*ret_size = size;
	return true;
}

/* Whether the list was signed with this CA's key, and with a hash that can not be forged. */
static bool is_signed_by(const mbedtls_x509_crl *crl, mbedtls_x509_crt *crt)
{
	const unsigned char *signature = NULL;
	size_t signature_size = 0;
	unsigned char hash[PSA_HASH_MAX_SIZE];
	size_t size = 0;

	if (!find_signature(crl, &signature, &signature_size))
		return false;
	for (size_t i = 0; i < ARRAY_LENGTH(signatures); i++) {
		if (!span_equal(span_of_buf(&crl->sig_oid), signatures[i].oid))
			continue;
		return psa_hash_compute(signatures[i].hash, crl->tbs.p, crl->tbs.len, hash, sizeof(hash),
		                        &size) == PSA_SUCCESS &&
		       mbedtls_pk_verify(&crt->pk, signatures[i].md, hash, size, signature,
		                         signature_size) == 0;
	}
	return false;
}

/* The CA of the bundle that has signed the list. NULL: none; *ret_is_named says whether there is
 * one of that name nevertheless. */
static const mbedtls_x509_crt *issuer_of(struct tls_client_ca *ca, const mbedtls_x509_crl *crl,
                                         bool *ret_is_named)
{
	*ret_is_named = false;
	for (mbedtls_x509_crt *crt = &ca->chain; crt; crt = crt->next) {
		if (!span_equal(span_of_buf(&crt->subject_raw), span_of_buf(&crl->issuer_raw)))
			continue;
		*ret_is_named = true;
		if (is_signed_by(crl, crt))
			return crt;
	}
	return NULL;
}

static const char *crl_fault(struct tls_client_ca *ca, const mbedtls_x509_crl *crl,
                             const mbedtls_x509_crt *issuer, bool is_named)
{
	if (crl->next_update.year == 0)
		return "does not say when the next one comes (nextUpdate)";
	for (const mbedtls_x509_crl *at = &ca->crl; at != crl; at = at->next)
		if (span_equal(span_of_buf(&at->issuer_raw), span_of_buf(&crl->issuer_raw)))
			return "is the second one of this CA";
	if (!issuer && is_named)
		return "is not signed by the CA that it names, or not with SHA-256, SHA-384 or SHA-512";
	if (!issuer && ca->depth == 0)
		return "is not of a CA of the bundle";
	if (issuer && mbedtls_x509_crt_check_key_usage(issuer, MBEDTLS_X509_KU_CRL_SIGN) != 0)
		return "is of a CA that may not sign such lists, by its key usage";
	return NULL;
}

static enum error check_crls(struct tls_client_ca *ca, struct text *why)
{
	size_t number = 0;

	for (const mbedtls_x509_crl *crl = &ca->crl; crl; crl = crl->next) {
		bool is_named = false;
		const mbedtls_x509_crt *issuer = issuer_of(ca, crl, &is_named);
		const char *fault = crl_fault(ca, crl, issuer, is_named);

		number++;
		if (tls_library_starved())
			return ERROR_OUT_OF_MEMORY;
		if (fault) {
			begin_error(why);
			put_crl(why, number, crl);
			text_printf(why, " %s", fault);
			return ERROR_TLS_CRL;
		}
		if (mbedtls_x509_time_is_past(&crl->next_update) ||
		    mbedtls_x509_time_is_future(&crl->this_update)) {
			begin_warning(why);
			put_crl(why, number, crl);
			warn_of_time(why, &crl->this_update, &crl->next_update);
			text_put_string(why, ": what this CA has certified is refused");
		}
		if (!issuer) {
			begin_warning(why);
			put_crl(why, number, crl);
			text_put_string(why, " is not of a CA of the bundle; it counts for intermediate "
			                     "certificates that clients send");
		}
	}
	return OK;
}

static void warn_of_missing_lists(const struct tls_client_ca *ca, struct text *why)
{
	size_t number = 0;

	for (const mbedtls_x509_crt *crt = &ca->chain; crt; crt = crt->next) {
		number++;
		if (tls_client_ca_lists(ca, span_of_buf(&crt->subject_raw)))
			continue;
		begin_warning(why);
		put_ca(why, number, crt);
		text_put_string(why, " has no revocation list: what this CA has certified is refused");
	}
}

/* --- The whole ---------------------------------------------------------------------------- */

static psa_status_t add_to_digest(psa_hash_operation_t *hash, const mbedtls_x509_buf *der)
{
	return psa_hash_update(hash, der->p, der->len); /* DER says its own length */
}

static enum error compute_digest(struct tls_client_ca *ca)
{
	psa_hash_operation_t hash = PSA_HASH_OPERATION_INIT;
	unsigned char numbers[] = {(unsigned char)ca->depth, ca->crl_count > 0};
	size_t size = 0;
	psa_status_t status = psa_hash_setup(&hash, PSA_ALG_SHA_256);

	if (status == PSA_SUCCESS)
		status = psa_hash_update(&hash, numbers, sizeof(numbers));
	for (const mbedtls_x509_crt *at = &ca->chain; at && status == PSA_SUCCESS; at = at->next)
		status = add_to_digest(&hash, &at->raw);
	for (const mbedtls_x509_crl *at = &ca->crl; ca->crl_count > 0 && at && status == PSA_SUCCESS;
	     at = at->next)
		status = add_to_digest(&hash, &at->raw);
	if (status == PSA_SUCCESS)
		status = psa_hash_finish(&hash, ca->digest, sizeof(ca->digest), &size);
	(void)psa_hash_abort(&hash);
	return status == PSA_SUCCESS ? OK : tls_library_failure();
}

static enum error load(struct tls_client_ca *ca, const struct tls_client_ca_source *source,
                       struct text *why)
{
	enum error error = read_blocks(ca, &ca_kind, source->ca_pem, &ca->ca_count, why);

	if (!error)
		error = check_cas(ca, why);
	if (!error && source->crl_pem.data) {
		error = read_blocks(ca, &crl_kind, source->crl_pem, &ca->crl_count, why);
		if (!error)
			error = check_crls(ca, why);
		if (!error)
			warn_of_missing_lists(ca, why);
	}
	return error ? error : compute_digest(ca);
}

enum error tls_client_ca_load(const struct tls_client_ca_source *source,
                              struct tls_client_ca **ret_ca, struct text *why)
{
	check(source->depth <= TLS_CLIENT_CA_DEPTH_MAX);

	struct tls_client_ca *ca = memory_new(1, sizeof(*ca));

	if (!ca)
		return ERROR_OUT_OF_MEMORY;
	atomic_init(&ca->references, 1);
	mbedtls_x509_crt_init(&ca->chain);
	mbedtls_x509_crl_init(&ca->crl);
	ca->depth = source->depth;
	(void)tls_library_starved();

	enum error error = load(ca, source, why);

	if (error) {
		tls_client_ca_unref(ca);
		return error;
	}
	*ret_ca = ca;
	return OK;
}

struct tls_client_ca *tls_client_ca_ref(struct tls_client_ca *ca)
{
	(void)atomic_fetch_add_explicit(&ca->references, 1, memory_order_relaxed);
	return ca;
}

void tls_client_ca_unref(struct tls_client_ca *ca)
{
	if (!ca || atomic_fetch_sub_explicit(&ca->references, 1, memory_order_acq_rel) > 1)
		return;
	mbedtls_x509_crt_free(&ca->chain);
	mbedtls_x509_crl_free(&ca->crl);
	memory_free(ca);
}

const unsigned char *tls_client_ca_digest(const struct tls_client_ca *ca)
{
	return ca->digest;
}

unsigned tls_client_ca_depth(const struct tls_client_ca *ca)
{
	return ca->depth;
}

size_t tls_client_ca_count(const struct tls_client_ca *ca)
{
	return ca->ca_count;
}

bool tls_client_ca_has_crl(const struct tls_client_ca *ca)
{
	return ca->crl_count > 0;
}

struct mbedtls_x509_crt *tls_client_ca_chain(struct tls_client_ca *ca)
{
	return &ca->chain;
}

struct mbedtls_x509_crl *tls_client_ca_crl(struct tls_client_ca *ca)
{
	return ca->crl_count > 0 ? &ca->crl : NULL;
}

bool tls_client_ca_lists(const struct tls_client_ca *ca, struct span issuer)
{
	for (const mbedtls_x509_crl *crl = &ca->crl; ca->crl_count > 0 && crl; crl = crl->next)
		if (span_equal(span_of_buf(&crl->issuer_raw), issuer))
			return true;
	return false;
}

bool tls_client_ca_tells_names(const struct tls_client_ca *ca)
{
	return ca->tells_names;
}
