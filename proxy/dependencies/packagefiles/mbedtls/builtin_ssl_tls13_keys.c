/*
 * The key schedule of TLS 1.3, with the library's own HKDF (mbedtls/hkdf.h) in the place of PSA's,
 * which allocates, copies and looks up for each of the two dozen secrets more than it computes.
 */
#include "common.h"

#include <mbedtls/hkdf.h>
#include <mbedtls/md.h>
#include <mbedtls/platform.h>
#include <mbedtls/psa_util.h>
#include <psa/crypto.h>

#include "ssl_misc.h"

/* What the schedule has given so far. Borrows: both; they stay until the output is taken. */
struct hkdf {
	psa_algorithm_t kind;
	const unsigned char *secret;
	size_t secret_size;
	const unsigned char *other; /* salt of Extract, info of Expand */
	size_t other_size;
};

static psa_status_t hkdf_setup(struct hkdf *hkdf, psa_algorithm_t kind)
{
	if (!PSA_ALG_IS_HKDF_EXTRACT(kind) && !PSA_ALG_IS_HKDF_EXPAND(kind))
		return PSA_ERROR_NOT_SUPPORTED;
	*hkdf = (struct hkdf){.kind = kind};
	return PSA_SUCCESS;
}

static psa_status_t hkdf_input(struct hkdf *hkdf, psa_key_derivation_step_t step,
                               const unsigned char *bytes, size_t size)
{
	if (step == PSA_KEY_DERIVATION_INPUT_SECRET) {
		hkdf->secret = bytes;
		hkdf->secret_size = size;
	} else {
		hkdf->other = bytes;
		hkdf->other_size = size;
	}
	return PSA_SUCCESS;
}

static psa_status_t hkdf_output(struct hkdf *hkdf, unsigned char *bytes, size_t size)
{
	const mbedtls_md_info_t *hash =
		mbedtls_md_info_from_type(mbedtls_md_type_from_psa_alg(PSA_ALG_HKDF_GET_HASH(hkdf->kind)));
	int code;

	if (!hash)
		return PSA_ERROR_NOT_SUPPORTED;
	if (PSA_ALG_IS_HKDF_EXPAND(hkdf->kind))
		code = mbedtls_hkdf_expand(hash, hkdf->secret, hkdf->secret_size, hkdf->other,
		                           hkdf->other_size, bytes, size);
	else if (size == mbedtls_md_get_size(hash))
		code = mbedtls_hkdf_extract(hash, hkdf->other, hkdf->other_size, hkdf->secret,
		                            hkdf->secret_size, bytes);
	else
		return PSA_ERROR_INVALID_ARGUMENT;
	if (code == MBEDTLS_ERR_MD_ALLOC_FAILED)
		return PSA_ERROR_INSUFFICIENT_MEMORY;
	return code == 0 ? PSA_SUCCESS : PSA_ERROR_GENERIC_ERROR;
}

static psa_status_t hkdf_abort(struct hkdf *hkdf)
{
	*hkdf = (struct hkdf){0};
	return PSA_SUCCESS;
}

#undef PSA_KEY_DERIVATION_OPERATION_INIT
#define PSA_KEY_DERIVATION_OPERATION_INIT \
	{                                     \
		0                                 \
	}
#define psa_key_derivation_operation_t  struct hkdf
#define psa_key_derivation_setup        hkdf_setup
#define psa_key_derivation_input_bytes  hkdf_input
#define psa_key_derivation_output_bytes hkdf_output
#define psa_key_derivation_abort        hkdf_abort

/*
 * Where memory runs out within a transform, the library frees it without what it has already: a
 * leak (3.6.7).
 */
static void free_transform(mbedtls_ssl_transform *transform)
{
	if (transform)
		mbedtls_ssl_transform_free(transform);
	mbedtls_free(transform);
}

#define mbedtls_free(memory) \
	_Generic((memory), mbedtls_ssl_transform *: free_transform, default: mbedtls_free)(memory)

#include "ssl_tls13_keys.c"
