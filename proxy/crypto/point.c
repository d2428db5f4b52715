/*
 * Points times numbers, for the key exchange of both TLS versions, on libcrypto and, for X25519,
 * on what crypto/x25519 has: mbedtls_ecp_mul() and mbedtls_ecp_mul_restartable(), as
 * <mbedtls/ecp.h> documents them.
 *
 * What may be multiplied is for the library's own checks to say, so they run first: the number in
 * its range, the point on the curve, none of X25519's points of low order. What they do not cover
 * or fail at goes to the library's own code.
 */
#include <mbedtls/ecp.h>
#include <openssl/bn.h>

#include "base/memory.h"
#include "crypto/libcrypto.h"
#include "crypto/x25519.h"
#include <builtin.h>

/* --- NIST curves ----------------------------------------------------------------------------- */

/* What one multiplication needs. Owner: nist_times(). */
struct nist {
	BN_CTX *context;
	BIGNUM *number;
	EC_POINT *point;
	EC_POINT *product;
};

static void nist_done(struct nist *nist)
{
	BN_clear_free(nist->number);
	EC_POINT_clear_free(nist->point);
	EC_POINT_clear_free(nist->product);
	BN_CTX_free(nist->context);
}

static bool nist_init(struct nist *nist, const EC_GROUP *group)
{
	nist->context = BN_CTX_new_ex(libcrypto.context);
	nist->number = BN_new();
	nist->point = EC_POINT_new(group);
	nist->product = EC_POINT_new(group);
	return nist->context && nist->number && nist->point && nist->product;
}

/* `point`: NULL for the base point. 0: libcrypto failed; else the size of what is in `product`. */
static size_t nist_times(const EC_GROUP *group, const unsigned char *number, size_t number_size,
                         const unsigned char *point, size_t point_size,
                         unsigned char product[LIBCRYPTO_POINT_MAX])
{
	struct nist nist;
	size_t size = 0;

	if (!nist_init(&nist, group) || !BN_bin2bn(number, (int)number_size, nist.number))
		goto done;
	BN_set_flags(nist.number, BN_FLG_CONSTTIME);
	if (point && !EC_POINT_oct2point(group, nist.point, point, point_size, nist.context))
		goto done;
	if (!EC_POINT_mul(group, nist.product, point ? NULL : nist.number, point ? nist.point : NULL,
	                  point ? nist.number : NULL, nist.context))
		goto done;
	size = EC_POINT_point2oct(group, nist.product, POINT_CONVERSION_UNCOMPRESSED, product,
	                          LIBCRYPTO_POINT_MAX, nist.context);
done:
	nist_done(&nist);
	return size;
}

static int multiply_nist(const struct libcrypto_curve *curve, mbedtls_ecp_group *group,
                         mbedtls_ecp_point *ret_point, const mbedtls_mpi *number,
                         const mbedtls_ecp_point *point, bool is_base)
{
	unsigned char bytes[LIBCRYPTO_POINT_MAX];
	unsigned char number_bytes[LIBCRYPTO_COORDINATE_MAX];
	unsigned char product[LIBCRYPTO_POINT_MAX];
	size_t number_size = mbedtls_mpi_size(&group->N);
	size_t size = 0;
	int code = mbedtls_mpi_write_binary(number, number_bytes, number_size);

	if (code == 0 && !is_base)
		code = mbedtls_ecp_point_write_binary(group, point, MBEDTLS_ECP_PF_UNCOMPRESSED, &size,
		                                      bytes, sizeof(bytes));
	if (code == 0) {
		size = nist_times(curve->group, number_bytes, number_size, is_base ? NULL : bytes, size,
		                  product);
		code = size > 0 ? mbedtls_ecp_point_read_binary(group, ret_point, product, size)
		                : MBEDTLS_ERR_ECP_FEATURE_UNAVAILABLE;
	}
	memory_wipe(number_bytes, sizeof(number_bytes));
	memory_wipe(product, sizeof(product));
	return code;
}

/* --- X25519 ---------------------------------------------------------------------------------- */

static int multiply_x25519(mbedtls_ecp_group *group, mbedtls_ecp_point *ret_point,
                           const mbedtls_mpi *number, const mbedtls_ecp_point *point, bool is_base)
{
	unsigned char number_bytes[X25519_SIZE];
	unsigned char bytes[X25519_SIZE];
	unsigned char product[X25519_SIZE];
	size_t size = 0;
	bool is_done = false;
	int code = mbedtls_mpi_write_binary_le(number, number_bytes, sizeof(number_bytes));

	if (code == 0)
		code = mbedtls_ecp_point_write_binary(group, point, MBEDTLS_ECP_PF_UNCOMPRESSED, &size,
		                                      bytes, sizeof(bytes));
	if (code == 0) {
		is_done = is_base ? x25519_base_times(number_bytes, product)
		                  : x25519_times(number_bytes, bytes, product);
		code = is_done ? mbedtls_ecp_point_read_binary(group, ret_point, product, sizeof(product))
		               : MBEDTLS_ERR_ECP_FEATURE_UNAVAILABLE;
	}
	memory_wipe(number_bytes, sizeof(number_bytes));
	memory_wipe(product, sizeof(product));
	return code;
}

/* --- For the library ------------------------------------------------------------------------- */

/* MBEDTLS_ERR_ECP_FEATURE_UNAVAILABLE: not covered, or libcrypto failed. */
static int multiply(mbedtls_ecp_group *group, mbedtls_ecp_point *ret_point,
                    const mbedtls_mpi *number, const mbedtls_ecp_point *point)
{
	const struct libcrypto_curve *curve = libcrypto_curve(group->id);
	bool is_base = point == &group->G || mbedtls_ecp_point_cmp(point, &group->G) == 0;

	if (!libcrypto.is_usable || (curve && curve->base_is_slow && is_base) ||
	    (!curve && (group->id != MBEDTLS_ECP_DP_CURVE25519 || !libcrypto.has_x25519)))
		return MBEDTLS_ERR_ECP_FEATURE_UNAVAILABLE;

	int code = mbedtls_ecp_check_privkey(group, number);

	if (code == 0)
		code = mbedtls_ecp_check_pubkey(group, point);
	if (code != 0)
		return code;
	if (curve)
		code = multiply_nist(curve, group, ret_point, number, point, is_base);
	else
		code = multiply_x25519(group, ret_point, number, point, is_base);
	if (code == MBEDTLS_ERR_ECP_FEATURE_UNAVAILABLE)
		libcrypto_forget_errors();
	return code;
}

int mbedtls_ecp_mul_restartable(mbedtls_ecp_group *group, mbedtls_ecp_point *ret_point,
                                const mbedtls_mpi *number, const mbedtls_ecp_point *point,
                                int (*f_rng)(void *, unsigned char *, size_t), void *p_rng,
                                mbedtls_ecp_restart_ctx *restart)
{
	int code = MBEDTLS_ERR_ECP_FEATURE_UNAVAILABLE;

	/* Without random numbers for its blinding the library refuses. */
	if (f_rng)
		code = multiply(group, ret_point, number, point);
	if (code != MBEDTLS_ERR_ECP_FEATURE_UNAVAILABLE)
		return code;
	return builtin_ecp_mul_restartable(group, ret_point, number, point, f_rng, p_rng, restart);
}

int mbedtls_ecp_mul(mbedtls_ecp_group *group, mbedtls_ecp_point *ret_point,
                    const mbedtls_mpi *number, const mbedtls_ecp_point *point,
                    int (*f_rng)(void *, unsigned char *, size_t), void *p_rng)
{
	return mbedtls_ecp_mul_restartable(group, ret_point, number, point, f_rng, p_rng, NULL);
}
