#include "tls/client_auth.h"

#include <mbedtls/ssl.h>
#include <string.h>

#include "tls/alert.h"
#include "tls/compat.h"
#include "tls/distinguished_name.h"
#include "tls/library.h"

/* What the library does not look for; its own bits end at 0x080000. */
enum {
	FOUND_TOO_DEEP = 1 << 24,
	FOUND_NO_CRL = 1 << 25,
	FOUND_NUL = 1 << 26,
	FOUND_TOO_LARGE = 1 << 27,
	FOUND_TOO_LONG = 1 << 28,
};

/* What else a client sends after we asked: key exchange, signature, Finished, and their records. */
enum { FLIGHT_SIZE_MAX = 1536 };

/* The first one that was found is told. RFC 8446 §6.2 has the alerts. */
static const struct {
	uint32_t found;
	int alert;
	const char *words;
} findings[] = {
	{MBEDTLS_X509_BADCERT_NOT_TRUSTED, TLS_ALERT_UNKNOWN_CA,
     "no CA that is accepted for this name has certified it, or a certificate between is missing"},
	{FOUND_TOO_DEEP, TLS_ALERT_UNKNOWN_CA,
     "there are more intermediate certificates above it than `depth` allows"},
	{MBEDTLS_X509_BADCERT_EXPIRED, TLS_ALERT_CERTIFICATE_EXPIRED,
     "it, or a certificate above it, has expired"},
	{MBEDTLS_X509_BADCERT_FUTURE, TLS_ALERT_CERTIFICATE_UNKNOWN,
     "it, or a certificate above it, is not valid yet"},
	{MBEDTLS_X509_BADCERT_REVOKED, TLS_ALERT_CERTIFICATE_REVOKED,
     "it, or a certificate above it, is revoked"},
	{FOUND_NO_CRL, TLS_ALERT_CERTIFICATE_UNKNOWN,
     "there is no revocation list by its issuer, or by one above"},
	{MBEDTLS_X509_BADCRL_EXPIRED, TLS_ALERT_CERTIFICATE_UNKNOWN,
     "the revocation list of its issuer, or of one above, has expired"},
	{MBEDTLS_X509_BADCRL_FUTURE, TLS_ALERT_CERTIFICATE_UNKNOWN,
     "the revocation list of its issuer, or of one above, is not valid yet"},
	{MBEDTLS_X509_BADCRL_NOT_TRUSTED | MBEDTLS_X509_BADCRL_BAD_MD | MBEDTLS_X509_BADCRL_BAD_PK |
         MBEDTLS_X509_BADCRL_BAD_KEY,
     TLS_ALERT_CERTIFICATE_UNKNOWN, "the revocation list is not signed by the issuer it names"},
	{MBEDTLS_X509_BADCERT_KEY_USAGE | MBEDTLS_X509_BADCERT_EXT_KEY_USAGE |
         MBEDTLS_X509_BADCERT_NS_CERT_TYPE,
     TLS_ALERT_UNSUPPORTED_CERTIFICATE, "its key usage does not allow TLS clients"},
	{MBEDTLS_X509_BADCERT_BAD_MD | MBEDTLS_X509_BADCERT_BAD_PK, TLS_ALERT_UNSUPPORTED_CERTIFICATE,
     "it, or a certificate above it, is signed with an algorithm that is not accepted"},
	{MBEDTLS_X509_BADCERT_BAD_KEY, TLS_ALERT_UNSUPPORTED_CERTIFICATE,
     "its key, or that of a certificate above, is too short or on a curve that is not allowed"},
	{FOUND_NUL, TLS_ALERT_BAD_CERTIFICATE, "an alternative name in it holds a NUL byte"},
	{FOUND_TOO_LARGE, TLS_ALERT_BAD_CERTIFICATE,
     "it is too large to be handed to the backend: more than `fields_size`"},
	{FOUND_TOO_LONG, TLS_ALERT_BAD_CERTIFICATE, "the client sends more than `chain_size` allows"},
};

static const uint32_t library_bits = 0xfffff;

/* NULL: none of what we know; it counts all the same. */
static int finding_of(uint32_t found, const char **ret_words)
{
	for (size_t i = 0; i < ARRAY_LENGTH(findings); i++) {
		if ((findings[i].found & found) == 0)
			continue;
		*ret_words = findings[i].words;
		return findings[i].alert;
	}
	*ret_words = "it could not be verified";
	return TLS_ALERT_CERTIFICATE_UNKNOWN;
}

/* --- While the library verifies ------------------------------------------------------------ */

static bool has_crl(const struct tls_client_auth *auth, const mbedtls_x509_crt *crt)
{
	return !tls_client_ca_has_crl(auth->ca) ||
	       tls_client_ca_lists(auth->ca,
	                           span_of((const char *)crt->issuer_raw.p, crt->issuer_raw.len));
}

static void note_subject(struct tls_client_auth *auth, const mbedtls_x509_crt *crt)
{
	struct text text;

	text_init(&text, sizeof(auth->subject) - 1);
	tls_distinguished_name_put(&text,
	                           span_of((const char *)crt->subject_raw.p, crt->subject_raw.len));
	memcpy(auth->subject, text_string(&text), text.size + 1);
	text_done(&text);
}

/* The path is complete, and without fault so far. */
static int make_identity(struct tls_client_auth *auth, size_t path_count)
{
	/* The last one is the anchor, but for a client that shows a CA's own certificate. */
	size_t count = path_count > 1 ? path_count - 1 : 1;
	enum error error =
		tls_identity_new(auth->path, count, auth->identity_size_max, &auth->identity);

	if (error == ERROR_INVALID)
		auth->found |= FOUND_NUL;
	else if (error == ERROR_TOO_LARGE)
		auth->found |= FOUND_TOO_LARGE;
	else if (error)
		return MBEDTLS_ERR_X509_ALLOC_FAILED;
	return 0;
}

/* Called for each certificate of the path, from the anchor (or where the path breaks off) down to
 * the client's own, which has depth 0. `found`: what the library has found. */
static int on_verify(void *context, mbedtls_x509_crt *crt, int depth, uint32_t *found)
{
	struct tls_client_auth *auth = context;
	bool is_top = !auth->was_shown;
	int code = 0;

	if (is_top) {
		auth->was_shown = true;
		auth->path_count = (size_t)depth + 1;
	}
	auth->found |= *found;
	if (depth > (int)tls_client_ca_depth(auth->ca) + 1 || (size_t)depth >= ARRAY_LENGTH(auth->path))
		auth->found |= FOUND_TOO_DEEP;
	else
		auth->path[depth] = crt;
	if (!is_top && !has_crl(auth, crt))
		auth->found |= FOUND_NO_CRL;
	if (depth == 0) {
		note_subject(auth, crt);
		if (auth->found == 0)
			code = make_identity(auth, auth->path_count);
		memset(auth->path, 0, sizeof(auth->path)); /* they end with the verification */
	}
	/* So that the library's own result says so too, whoever asks it. */
	if ((auth->found & ~library_bits) != 0)
		*found |= MBEDTLS_X509_BADCERT_OTHER;
	return code;
}

/* --- Asking and judging --------------------------------------------------------------------- */

void tls_client_auth_begin(struct tls_client_auth *auth, mbedtls_ssl_context *ssl,
                           const struct tls_terms *terms)
{
	struct tls_client_ca *ca = terms->client_ca;
	/* A list without names: of any CA. The library only looks at its version. */
	static mbedtls_x509_crt no_names;

	auth->ca = ca;
	auth->is_required = terms->client_mode == TLS_CLIENT_REQUIRED;
	auth->chain_size_max = terms->client_chain_size_max;
	auth->identity_size_max = terms->identity_size_max;
	auth->received = 0;
	mbedtls_ssl_set_hs_authmode(ssl, ca ? MBEDTLS_SSL_VERIFY_OPTIONAL : MBEDTLS_SSL_VERIFY_NONE);
	if (!ca)
		return;
	mbedtls_ssl_set_verify(ssl, on_verify, auth);
	mbedtls_ssl_set_hs_ca_chain(ssl, tls_client_ca_chain(ca), tls_client_ca_crl(ca));
	if (!tls_client_ca_tells_names(ca))
		mbedtls_ssl_set_hs_dn_hints(ssl, &no_names);
}

void tls_client_auth_done(struct tls_client_auth *auth)
{
	tls_identity_free(auth->identity);
	auth->identity = NULL;
}

bool tls_client_auth_admits(struct tls_client_auth *auth, size_t size)
{
	auth->received += size;
	if (!auth->ca || auth->received <= auth->chain_size_max + FLIGHT_SIZE_MAX)
		return true;
	auth->found |= FOUND_TOO_LONG;
	return false;
}

/* The library looks at key usage and curves after it has called back. */
static uint32_t all_found(const struct tls_client_auth *auth, const mbedtls_ssl_context *ssl)
{
	return auth->found |
	       (mbedtls_ssl_get_verify_result(ssl) & ~(uint32_t)MBEDTLS_X509_BADCERT_OTHER);
}

enum error tls_client_auth_check(struct tls_client_auth *auth, mbedtls_ssl_context *ssl,
                                 int *ret_alert)
{
	bool is_1_3 = mbedtls_ssl_get_version_number(ssl) == MBEDTLS_SSL_VERSION_TLS1_3;
	bool is_over = mbedtls_ssl_is_handshake_over(ssl);

	if (!auth->ca || (is_1_3 && !is_over))
		return OK;
	if (auth->was_shown) {
		auth->found = all_found(auth, ssl);
		if (auth->found == 0 && auth->identity)
			return OK;
		*ret_alert = finding_of(auth->found, &auth->words);
		return ERROR_TLS_CLIENT_CERTIFICATE;
	}
	if (!auth->is_required)
		return OK;
	if (!is_over && mbedtls_ssl_get_verify_result(ssl) != MBEDTLS_X509_BADCERT_MISSING)
		return OK; /* it may still come */
	/* RFC 8446 §4.4.2.4, RFC 5246 §7.4.6. */
	*ret_alert = is_1_3 ? TLS_ALERT_CERTIFICATE_REQUIRED : TLS_ALERT_HANDSHAKE_FAILURE;
	return ERROR_TLS_CLIENT_CERTIFICATE_MISSING;
}

bool tls_client_auth_is_cause(struct tls_client_auth *auth, int code, int *ret_alert)
{
	/* The modules X.509 and PK have these numbers. */
	bool is_of_x509 = code <= MBEDTLS_ERR_X509_FEATURE_UNAVAILABLE &&
	                  code >= MBEDTLS_ERR_PK_BUFFER_TOO_SMALL - 0x7f;

	if (!auth->ca || (!is_of_x509 && code != MBEDTLS_ERR_SSL_BAD_CERTIFICATE))
		return false;
	if (code == MBEDTLS_ERR_X509_FATAL_ERROR)
		auth->found |= FOUND_TOO_DEEP;
	*ret_alert =
		code == MBEDTLS_ERR_X509_FATAL_ERROR ? TLS_ALERT_ACCESS_DENIED : TLS_ALERT_BAD_CERTIFICATE;
	if (auth->found != 0)
		(void)finding_of(auth->found, &auth->words);
	else
		auth->words = "it can not be read, or has a kind of key that is not supported";
	return true;
}

struct tls_identity *tls_client_auth_take(struct tls_client_auth *auth)
{
	struct tls_identity *identity = auth->identity;

	auth->identity = NULL;
	return identity;
}
