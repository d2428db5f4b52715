#include "crypto/signing_key.h"

#include <openssl/core_names.h>
#include <openssl/params.h>
#include <string.h>

#include "base/check.h"
#include "base/memory.h"
#include "base/secret.h"
#include "crypto/libcrypto.h"

void signing_key_free(struct signing_key *key)
{
	if (!key)
		return;
	EVP_PKEY_CTX_free(atomic_load(&key->idle));
	EVP_PKEY_free(key->key); /* wipes the private numbers */
	memory_free(key);
}

static struct signing_key *make(const char *kind, OSSL_PARAM *numbers, bool is_private)
{
	struct signing_key *key = memory_new(1, sizeof(*key));
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(libcrypto.context, kind, NULL);

	if (is_private)
		secret_begin();
	if (key && context && EVP_PKEY_fromdata_init(context) == 1)
		(void)EVP_PKEY_fromdata(context, &key->key,
		                        is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, numbers);
	if (is_private)
		secret_end();
	EVP_PKEY_CTX_free(context);
	if (key && key->key) {
		key->is_private = is_private;
		return key;
	}
	memory_free(key);
	libcrypto_forget_errors();
	return NULL;
}

/* Puts the key where all find it, unless another thread was faster: then that one's is good. */
static struct signing_key *publish(struct signing_key *_Atomic *slot, struct signing_key *key)
{
	struct signing_key *found = NULL;

	if (!key || atomic_compare_exchange_strong(slot, &found, key))
		return key;
	signing_key_free(key);
	return found;
}

/* --- RSA ------------------------------------------------------------------------------------- */

/* The numbers of a key in the order of `rsa_names`. */
enum { RSA_N, RSA_E, RSA_D, RSA_P, RSA_Q, RSA_DP, RSA_DQ, RSA_QP, RSA_COUNT };

static const char *const rsa_names[RSA_COUNT] = {
	[RSA_N] = OSSL_PKEY_PARAM_RSA_N,          [RSA_E] = OSSL_PKEY_PARAM_RSA_E,
	[RSA_D] = OSSL_PKEY_PARAM_RSA_D,          [RSA_P] = OSSL_PKEY_PARAM_RSA_FACTOR1,
	[RSA_Q] = OSSL_PKEY_PARAM_RSA_FACTOR2,    [RSA_DP] = OSSL_PKEY_PARAM_RSA_EXPONENT1,
	[RSA_DQ] = OSSL_PKEY_PARAM_RSA_EXPONENT2, [RSA_QP] = OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
};

static int export_rsa(const mbedtls_rsa_context *rsa, mbedtls_mpi *numbers, size_t *ret_count)
{
	size_t count = RSA_COUNT;
	int code = mbedtls_rsa_export(rsa, &numbers[RSA_N], &numbers[RSA_P], &numbers[RSA_Q],
	                              &numbers[RSA_D], &numbers[RSA_E]);

	if (code == 0) {
		code = mbedtls_rsa_export_crt(rsa, &numbers[RSA_DP], &numbers[RSA_DQ], &numbers[RSA_QP]);
	} else if (code == MBEDTLS_ERR_RSA_BAD_INPUT_DATA) { /* a public key */
		code = mbedtls_rsa_export(rsa, &numbers[RSA_N], NULL, NULL, NULL, &numbers[RSA_E]);
		count = RSA_E + 1;
	}
	if (code == 0)
		*ret_count = count;
	return code;
}

static struct signing_key *make_rsa(const mbedtls_mpi *numbers, size_t count)
{
	/* libcrypto wants its numbers in the machine's order of bytes. */
	unsigned char bytes[RSA_COUNT][SIGNING_RSA_SIZE_MAX];
	OSSL_PARAM parameters[RSA_COUNT + 1];
	struct signing_key *key = NULL;
	int code = 0;

	for (size_t i = 0; i < count && code == 0; i++) {
		size_t size = mbedtls_mpi_size(&numbers[i]);

		if (size > sizeof(bytes[i]))
			code = MBEDTLS_ERR_RSA_BAD_INPUT_DATA;
		else if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
			code = mbedtls_mpi_write_binary_le(&numbers[i], bytes[i], size);
		else
			code = mbedtls_mpi_write_binary(&numbers[i], bytes[i], size);
		parameters[i] = OSSL_PARAM_construct_BN(rsa_names[i], bytes[i], size);
	}
	parameters[count] = OSSL_PARAM_construct_end();
	if (code == 0)
		key = make("RSA", parameters, count == RSA_COUNT);
	memory_wipe(bytes, sizeof(bytes));
	return key;
}

struct signing_key *signing_key_of_rsa(mbedtls_rsa_context *rsa)
{
	struct hooks_rsa_key *holder = (struct hooks_rsa_key *)rsa;
	struct signing_key *key = atomic_load(&holder->accelerated);

	_Static_assert(offsetof(struct hooks_rsa_key, rsa) == 0, "the library sees the first member");
	if (key || !libcrypto.is_usable || mbedtls_rsa_get_len(rsa) > SIGNING_RSA_SIZE_MAX)
		return key;

	mbedtls_mpi numbers[RSA_COUNT];
	size_t count = 0;

	for (size_t i = 0; i < RSA_COUNT; i++)
		mbedtls_mpi_init(&numbers[i]);
	if (export_rsa(rsa, numbers, &count) == 0)
		key = publish(&holder->accelerated, make_rsa(numbers, count));
	for (size_t i = 0; i < RSA_COUNT; i++)
		mbedtls_mpi_free(&numbers[i]); /* wipes */
	return key;
}

/* --- Elliptic curves ------------------------------------------------------------------------- */

static struct signing_key *make_ec(const struct libcrypto_curve *curve,
                                   const mbedtls_ecp_group *group, const mbedtls_mpi *number,
                                   const mbedtls_ecp_point *point)
{
	unsigned char point_bytes[LIBCRYPTO_POINT_MAX];
	unsigned char number_bytes[LIBCRYPTO_COORDINATE_MAX];
	char name[32];
	OSSL_PARAM parameters[4];
	size_t number_size = mbedtls_mpi_size(&group->N);
	size_t size = 0;
	bool is_private = mbedtls_mpi_cmp_int(number, 0) != 0;
	struct signing_key *key = NULL;

	if (mbedtls_ecp_point_write_binary(group, point, MBEDTLS_ECP_PF_UNCOMPRESSED, &size,
	                                   point_bytes, sizeof(point_bytes)) != 0)
		return NULL;

	int code = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	               ? mbedtls_mpi_write_binary_le(number, number_bytes, number_size)
	               : mbedtls_mpi_write_binary(number, number_bytes, number_size);

	memcpy(name, curve->name, strlen(curve->name) + 1);
	parameters[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0);
	parameters[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point_bytes, size);
	parameters[2] =
		is_private ? OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, number_bytes, number_size)
				   : OSSL_PARAM_construct_end();
	parameters[3] = OSSL_PARAM_construct_end();
	if (code == 0)
		key = make("EC", parameters, is_private);
	memory_wipe(number_bytes, sizeof(number_bytes));
	return key;
}

struct signing_key *signing_key_of_ec(mbedtls_ecp_keypair *pair)
{
	struct hooks_ec_key *holder = (struct hooks_ec_key *)pair;
	struct signing_key *key = atomic_load(&holder->accelerated);
	const struct libcrypto_curve *curve = libcrypto_curve(mbedtls_ecp_keypair_get_group_id(pair));

	_Static_assert(offsetof(struct hooks_ec_key, pair) == 0, "the library sees the first member");
	if (key || !curve)
		return key;

	mbedtls_ecp_group group;
	mbedtls_ecp_point point;
	mbedtls_mpi number;

	mbedtls_ecp_group_init(&group);
	mbedtls_ecp_point_init(&point);
	mbedtls_mpi_init(&number);
	if (mbedtls_ecp_export(pair, &group, &number, &point) == 0)
		key = publish(&holder->accelerated, make_ec(curve, &group, &number, &point));
	mbedtls_mpi_free(&number); /* wipes */
	mbedtls_ecp_point_free(&point);
	mbedtls_ecp_group_free(&group);
	return key;
}
