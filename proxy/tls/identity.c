#include "tls/identity.h"

#include <mbedtls/base64.h>
#include <mbedtls/x509_crt.h>
#include <psa/crypto.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "tls/distinguished_name.h"
#include "tls/library.h"

enum { HASH_SIZE = 32 };

/* The values one after the other, and where each ends. */
struct draft {
	struct text text;
	size_t subject_end, san_end, fingerprint_end, certificate_end;
};

/* A byte sequence of a structured field (RFC 8941 §3.3.5). */
static enum error put_bytes(struct text *text, const mbedtls_x509_buf *der)
{
	size_t capacity = (der->len + 2) / 3 * 4 + 1;
	unsigned char *encoded = memory_new(1, capacity);
	size_t size = 0;
	enum error error = OK;

	if (!encoded)
		return ERROR_OUT_OF_MEMORY;
	if (mbedtls_base64_encode(encoded, capacity, &size, der->p, der->len) != 0)
		error = tls_library_failure();
	text_put_char(text, ':');
	text_put(text, span_of((const char *)encoded, size));
	text_put_char(text, ':');
	memory_free(encoded);
	return error;
}

static enum error put_fingerprint(struct text *text, const mbedtls_x509_buf *der)
{
	unsigned char hash[HASH_SIZE];
	size_t size = 0;

	if (psa_hash_compute(PSA_ALG_SHA_256, der->p, der->len, hash, sizeof(hash), &size) !=
	    PSA_SUCCESS)
		return tls_library_failure();
	for (size_t i = 0; i < sizeof(hash); i++)
		text_printf(text, "%02x", hash[i]);
	return OK;
}

static enum error write_own(struct draft *draft, const mbedtls_x509_crt *crt)
{
	struct text *text = &draft->text;
	struct text san;

	tls_distinguished_name_put(text,
	                           span_of((const char *)crt->subject_raw.p, crt->subject_raw.len));
	draft->subject_end = text->size;
	text_init(&san, text->max);

	bool is_sound = tls_alternative_names_put(&san, crt);

	text_put(text, text_span(&san));
	text->cut = text->cut || san.cut;
	text_done(&san);
	if (!is_sound)
		return ERROR_INVALID;
	draft->san_end = text->size;

	enum error error = put_fingerprint(text, &crt->raw);

	draft->fingerprint_end = text->size;
	if (!error)
		error = put_bytes(text, &crt->raw);
	draft->certificate_end = text->size;
	return error;
}

static enum error write_chain(struct draft *draft, const struct mbedtls_x509_crt *const *path,
                              size_t path_count)
{
	enum error error = OK;

	for (size_t i = 1; i < path_count && !error; i++) {
		if (i > 1)
			text_put_string(&draft->text, ", ");
		error = put_bytes(&draft->text, &path[i]->raw);
	}
	return error;
}

/* A text that is cut has met its limit, or memory is used up. */
static enum error cut_error(const struct text *text)
{
	return text->size >= text->max ? ERROR_TOO_LARGE : ERROR_OUT_OF_MEMORY;
}

static enum error keep(const struct draft *draft, size_t size, bool lacks_chain,
                       struct tls_identity **ret_identity)
{
	struct tls_identity *identity = memory_new(1, sizeof(*identity) + size);

	if (!identity)
		return ERROR_OUT_OF_MEMORY;

	char *bytes = (char *)(identity + 1);
	struct span all = span_of(bytes, size);

	memcpy(bytes, text_string(&draft->text), size);
	*identity = (struct tls_identity){
		.subject = span_cut(all, 0, draft->subject_end),
		.san = span_cut(all, draft->subject_end, draft->san_end),
		.fingerprint = span_cut(all, draft->san_end, draft->fingerprint_end),
		.certificate = span_cut(all, draft->fingerprint_end, draft->certificate_end),
		.chain = span_from(all, draft->certificate_end),
		.lacks_chain = lacks_chain,
		.size = sizeof(*identity) + size,
	};
	*ret_identity = identity;
	return OK;
}

static enum error write_all(struct draft *draft, const struct mbedtls_x509_crt *const *path,
                            size_t path_count, struct tls_identity **ret_identity)
{
	enum error error = write_own(draft, path[0]);

	if (!error && draft->text.cut)
		error = cut_error(&draft->text);
	if (!error)
		error = write_chain(draft, path, path_count);
	if (!error && draft->text.cut && cut_error(&draft->text) != ERROR_TOO_LARGE)
		error = ERROR_OUT_OF_MEMORY;
	if (error)
		return error;
	return keep(draft, draft->text.cut ? draft->certificate_end : draft->text.size, draft->text.cut,
	            ret_identity);
}

enum error tls_identity_new(const struct mbedtls_x509_crt *const *path, size_t path_count,
                            size_t size_max, struct tls_identity **ret_identity)
{
	struct draft draft = {0};

	check(path_count > 0);
	text_init(&draft.text, size_max);

	enum error error = write_all(&draft, path, path_count, ret_identity);

	text_done(&draft.text);
	return error;
}

void tls_identity_free(struct tls_identity *identity)
{
	memory_free(identity);
}
