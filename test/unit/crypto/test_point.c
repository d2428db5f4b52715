/*
 * Points times numbers through Mbed TLS's functions: published vectors, what must be refused, and
 * random cases against the library's own code where libcrypto stands in its place.
 */
#include <builtin.h>
#include <mbedtls/ecdh.h>
#include <mbedtls/ecp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/check.h"
#include "unit/crypto/cases.h"

enum { POINT_MAX = 133 };

static const mbedtls_ecp_group_id ids[] = {MBEDTLS_ECP_DP_CURVE25519, MBEDTLS_ECP_DP_SECP256R1,
                                           MBEDTLS_ECP_DP_SECP384R1, MBEDTLS_ECP_DP_SECP521R1};

/* One multiplication: number × point = product. */
struct sum {
	struct cases cases;
	mbedtls_ecp_group group;
	mbedtls_mpi number;
	mbedtls_ecp_point point;
	mbedtls_ecp_point product;
};

static void sum_init(struct sum *sum, mbedtls_ecp_group_id id)
{
	cases_init(&sum->cases, 5);
	mbedtls_ecp_group_init(&sum->group);
	mbedtls_mpi_init(&sum->number);
	mbedtls_ecp_point_init(&sum->point);
	mbedtls_ecp_point_init(&sum->product);
	assert_int_equal(mbedtls_ecp_group_load(&sum->group, id), 0);
}

static void sum_done(struct sum *sum)
{
	mbedtls_ecp_point_free(&sum->product);
	mbedtls_ecp_point_free(&sum->point);
	mbedtls_mpi_free(&sum->number);
	mbedtls_ecp_group_free(&sum->group);
}

static int multiply(struct sum *sum, const mbedtls_ecp_point *point)
{
	return mbedtls_ecp_mul(&sum->group, &sum->product, &sum->number, point, cases_random,
	                       &sum->cases);
}

static size_t bytes_of(const struct sum *sum, const mbedtls_ecp_point *point,
                       unsigned char bytes[POINT_MAX])
{
	size_t size = 0;

	assert_int_equal(mbedtls_ecp_point_write_binary(&sum->group, point, MBEDTLS_ECP_PF_UNCOMPRESSED,
	                                                &size, bytes, POINT_MAX),
	                 0);
	return size;
}

static void set_point(struct sum *sum, const char *digits)
{
	unsigned char bytes[POINT_MAX];
	size_t size = cases_digits(digits, bytes, sizeof(bytes));

	assert_int_equal(mbedtls_ecp_point_read_binary(&sum->group, &sum->point, bytes, size), 0);
}

/* RFC 7748 §5.2: the first iterations of k, u = k × u, k. */
static void test_x25519_iterated(void **state)
{
	static const struct {
		int times;
		const char *digits;
	} rows[] = {
		{1, "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"},
		{1000, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"},
	};
	unsigned char k[32] = {9};
	unsigned char u[32] = {9};
	unsigned char product[POINT_MAX];
	struct sum sum;

	(void)state;
	sum_init(&sum, MBEDTLS_ECP_DP_CURVE25519);
	for (int i = 1, row = 0; i <= rows[ARRAY_LENGTH(rows) - 1].times; i++) {
		unsigned char clamped[32];

		memcpy(clamped, k, sizeof(clamped));
		clamped[0] &= 248;
		clamped[31] = (unsigned char)((clamped[31] & 127) | 64);
		assert_int_equal(mbedtls_mpi_read_binary_le(&sum.number, clamped, 32), 0);
		assert_int_equal(mbedtls_ecp_point_read_binary(&sum.group, &sum.point, u, 32), 0);
		assert_int_equal(multiply(&sum, &sum.point), 0);
		assert_int_equal(bytes_of(&sum, &sum.product, product), 32);
		memcpy(u, k, sizeof(u));
		memcpy(k, product, sizeof(k));
		if (i == rows[row].times)
			cases_assert_bytes(k, 32, rows[row++].digits);
	}
	sum_done(&sum);
}

/* NIST CAVP, KAS ECC CDH, the first of each curve: number, peer's point, x of the product. */
static void test_nist_vectors(void **state)
{
	static const struct {
		mbedtls_ecp_group_id id;
		const char *number, *point, *product;
	} rows[] = {
		{MBEDTLS_ECP_DP_SECP256R1,
	     "7d7dc5f71eb29ddaf80d6214632eeae03d9058af1fb6d22ed80badb62bc1a534",
	     "04700c48f77f56584c5cc632ca65640db91b6bacce3a4df6b42ce7cc838833d287"
	     "db71e509e3fd9b060ddb20ba5c51dcc5948d46fbf640dfe0441782cab85fa4ac",
	     "46fc62106420ff012e54a434fbdd2d25ccc5852060561e68040dd7778997bd7b"},
		{MBEDTLS_ECP_DP_SECP384R1,
	     "3cc3122a68f0d95027ad38c067916ba0eb8c38894d22e1b15618b6818a661774"
	     "ad463b205da88cf699ab4d43c9cf98a1",
	     "04a7c76b970c3b5fe8b05d2838ae04ab47697b9eaf52e764592efda27fe7513272"
	     "734466b400091adbf2d68c58e0c50066ac68f19f2e1cb879aed43a9969b91a0839"
	     "c4c38a49749b661efedf243451915ed0905a32b060992b468c64766fc8437a",
	     "5f9d29dc5e31a163060356213669c8ce132e22f57c9a04f40ba7fcead493b457"
	     "e5621e766c40a2e3d4d6a04b25e533f1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
		unsigned char bytes[POINT_MAX];
		struct sum sum;

		sum_init(&sum, rows[i].id);
		assert_int_equal(
			mbedtls_mpi_read_binary(&sum.number, bytes,
		                            cases_digits(rows[i].number, bytes, sizeof(bytes))),
			0);
		set_point(&sum, rows[i].point);
		assert_int_equal(multiply(&sum, &sum.point), 0);

		size_t size = bytes_of(&sum, &sum.product, bytes);

		cases_assert_bytes(bytes + 1, (size - 1) / 2, rows[i].product);
		sum_done(&sum);
	}
}

/* The points of low order and their spellings beyond the prime (RFC 7748 §6.1, §7). */
static void test_x25519_refuses_low_order(void **state)
{
	static const char *const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	struct sum sum;

	(void)state;
	sum_init(&sum, MBEDTLS_ECP_DP_CURVE25519);
	assert_int_equal(mbedtls_ecp_gen_privkey(&sum.group, &sum.number, cases_random, &sum.cases), 0);
	for (size_t i = 0; i < ARRAY_LENGTH(points); i++) {
		set_point(&sum, points[i]);
		assert_int_equal(multiply(&sum, &sum.point), MBEDTLS_ERR_ECP_INVALID_KEY);
	}
	/* Beyond the prime without low order is allowed. */
	set_point(&sum, "f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
	assert_int_equal(multiply(&sum, &sum.point), 0);
	sum_done(&sum);
}

static void test_bad_input_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(ids); i++) {
		struct sum sum;
		bool is_nist = ids[i] != MBEDTLS_ECP_DP_CURVE25519;

		sum_init(&sum, ids[i]);
		/* Numbers out of range: 0, the order, for X25519 one with low bits. */
		assert_int_equal(mbedtls_mpi_lset(&sum.number, 0), 0);
		assert_int_equal(multiply(&sum, &sum.group.G), MBEDTLS_ERR_ECP_INVALID_KEY);
		assert_int_equal(mbedtls_mpi_copy(&sum.number, &sum.group.N), 0);
		assert_int_equal(multiply(&sum, &sum.group.G), MBEDTLS_ERR_ECP_INVALID_KEY);
		assert_int_equal(mbedtls_ecp_gen_privkey(&sum.group, &sum.number, cases_random, &sum.cases),
		                 0);
		/* No random numbers for the blinding. */
		assert_int_equal(
			mbedtls_ecp_mul(&sum.group, &sum.product, &sum.number, &sum.group.G, NULL, NULL),
			MBEDTLS_ERR_ECP_BAD_INPUT_DATA);
		/* The point at infinity; off the curve by one bit. */
		assert_int_equal(mbedtls_ecp_set_zero(&sum.point), 0);
		assert_int_equal(multiply(&sum, &sum.point), MBEDTLS_ERR_ECP_INVALID_KEY);
		if (is_nist) {
			unsigned char bytes[POINT_MAX];
			size_t size = bytes_of(&sum, &sum.group.G, bytes);

			bytes[size - 1] ^= 1;
			assert_int_equal(mbedtls_ecp_point_read_binary(&sum.group, &sum.point, bytes, size), 0);
			assert_int_equal(multiply(&sum, &sum.point), MBEDTLS_ERR_ECP_INVALID_KEY);
			/* Coordinates not below the prime. */
			memset(bytes + 1, 0xff, size - 1);
			assert_int_equal(mbedtls_ecp_point_read_binary(&sum.group, &sum.point, bytes, size), 0);
			assert_int_equal(multiply(&sum, &sum.point), MBEDTLS_ERR_ECP_INVALID_KEY);
		}
		sum_done(&sum);
	}
}

/* The result may be written over the point. */
static void test_in_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(ids); i++) {
		struct sum sum;
		unsigned char apart[POINT_MAX];
		unsigned char in_place[POINT_MAX];

		sum_init(&sum, ids[i]);
		assert_int_equal(mbedtls_ecp_gen_privkey(&sum.group, &sum.number, cases_random, &sum.cases),
		                 0);
		assert_int_equal(multiply(&sum, &sum.group.G), 0);
		assert_int_equal(mbedtls_ecp_copy(&sum.point, &sum.product), 0);
		assert_int_equal(multiply(&sum, &sum.point), 0);

		size_t size = bytes_of(&sum, &sum.product, apart);

		assert_int_equal(mbedtls_ecp_mul(&sum.group, &sum.point, &sum.number, &sum.point,
		                                 cases_random, &sum.cases),
		                 0);
		assert_int_equal(bytes_of(&sum, &sum.point, in_place), size);
		assert_memory_equal(apart, in_place, size);
		sum_done(&sum);
	}
}

/* What the key exchange of TLS 1.2 calls gives both sides the same. */
static void test_key_exchange(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(ids); i++) {
		struct sum ours;
		struct sum theirs;
		mbedtls_mpi our_secret;
		mbedtls_mpi their_secret;

		sum_init(&ours, ids[i]);
		sum_init(&theirs, ids[i]);
		cases_init(&theirs.cases, 6);
		mbedtls_mpi_init(&our_secret);
		mbedtls_mpi_init(&their_secret);
		assert_int_equal(mbedtls_ecdh_gen_public(&ours.group, &ours.number, &ours.point,
		                                         cases_random, &ours.cases),
		                 0);
		assert_int_equal(mbedtls_ecdh_gen_public(&theirs.group, &theirs.number, &theirs.point,
		                                         cases_random, &theirs.cases),
		                 0);
		assert_int_equal(mbedtls_ecdh_compute_shared(&ours.group, &our_secret, &theirs.point,
		                                             &ours.number, cases_random, &ours.cases),
		                 0);
		assert_int_equal(mbedtls_ecdh_compute_shared(&theirs.group, &their_secret, &ours.point,
		                                             &theirs.number, cases_random, &theirs.cases),
		                 0);
		assert_int_equal(mbedtls_mpi_cmp_mpi(&our_secret, &their_secret), 0);
		assert_true(mbedtls_mpi_size(&our_secret) > 8);
		mbedtls_mpi_free(&our_secret);
		mbedtls_mpi_free(&their_secret);
		sum_done(&ours);
		sum_done(&theirs);
	}
}

#if defined(SALLYPORT_LIBCRYPTO)

/* Numbers at the ends of their range first, then random ones. */
static void choose_number(struct sum *sum, unsigned long i)
{
	bool is_nist = sum->group.id != MBEDTLS_ECP_DP_CURVE25519;

	if (is_nist && i < 3) {
		assert_int_equal(mbedtls_mpi_lset(&sum->number, (mbedtls_mpi_sint)i + 1), 0);
	} else if (is_nist && i < 6) {
		assert_int_equal(mbedtls_mpi_sub_int(&sum->number, &sum->group.N, (mbedtls_mpi_sint)i - 2),
		                 0);
	} else if (is_nist && i < 6 + sum->group.nbits - 1) {
		assert_int_equal(mbedtls_mpi_lset(&sum->number, 0), 0);
		assert_int_equal(mbedtls_mpi_set_bit(&sum->number, i - 6, 1), 0);
	} else {
		assert_int_equal(
			mbedtls_ecp_gen_privkey(&sum->group, &sum->number, cases_random, &sum->cases), 0);
	}
}

static void compare(struct sum *sum, const mbedtls_ecp_point *point)
{
	unsigned char ours[POINT_MAX];
	unsigned char theirs[POINT_MAX];
	size_t size;

	assert_int_equal(multiply(sum, point), 0);
	size = bytes_of(sum, &sum->product, ours);
	assert_int_equal(builtin_ecp_mul_restartable(&sum->group, &sum->product, &sum->number, point,
	                                             cases_random, &sum->cases, NULL),
	                 0);
	assert_int_equal(bytes_of(sum, &sum->product, theirs), size);
	assert_memory_equal(ours, theirs, size);
}

/* The base point and any other; X25519 also with u beyond the prime and on the twist. */
static void test_products_are_the_librarys(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LENGTH(ids); i++) {
		bool is_nist = ids[i] != MBEDTLS_ECP_DP_CURVE25519;
		unsigned long count = cases_wanted(ids[i] == MBEDTLS_ECP_DP_SECP256R1 ? 270 : 30);
		struct sum sum;

		sum_init(&sum, ids[i]);
		for (unsigned long j = 0; j < count; j++) {
			choose_number(&sum, j);
			compare(&sum, &sum.group.G);
			if (is_nist) {
				assert_int_equal(mbedtls_ecp_copy(&sum.point, &sum.product), 0);
				assert_int_equal(
					mbedtls_ecp_gen_privkey(&sum.group, &sum.number, cases_random, &sum.cases), 0);
			} else {
				unsigned char u[32];

				cases_fill(&sum.cases, u, sizeof(u));
				if (j % 8 == 0)
					memset(u + 1, 0xff, sizeof(u) - 1);
				assert_int_equal(mbedtls_ecp_point_read_binary(&sum.group, &sum.point, u, 32), 0);
			}
			/* Of the 256 values with all ones but the first byte, few are refused. */
			if (mbedtls_ecp_check_pubkey(&sum.group, &sum.point) == 0)
				compare(&sum, &sum.point);
		}
		sum_done(&sum);
	}
}

#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_x25519_iterated),
		cmocka_unit_test(test_nist_vectors),
		cmocka_unit_test(test_x25519_refuses_low_order),
		cmocka_unit_test(test_bad_input_is_refused),
		cmocka_unit_test(test_in_place),
		cmocka_unit_test(test_key_exchange),
#if defined(SALLYPORT_LIBCRYPTO)
		cmocka_unit_test(test_products_are_the_librarys),
#endif
	};

	return cmocka_run_group_tests(tests, cases_open, NULL);
}
