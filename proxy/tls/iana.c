#include "tls/iana.h"

#include <stddef.h>

#include "base/check.h"

struct row {
	unsigned number;
	const char *name;
};

static const struct row versions[] = {
	{0x0301, "TLSv1"},
	{0x0302, "TLSv1.1"},
	{0x0303, "TLSv1.2"},
	{0x0304, "TLSv1.3"},
};

static const struct row suites[] = {
	{0x1301, "TLS_AES_128_GCM_SHA256"},
	{0x1302, "TLS_AES_256_GCM_SHA384"},
	{0x1303, "TLS_CHACHA20_POLY1305_SHA256"},
	{0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
	{0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
	{0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
	{0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
	{0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
	{0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
};

static const struct row groups[] = {
	{23, "secp256r1"}, {24, "secp384r1"}, {25, "secp521r1"},
	{29, "x25519"},    {30, "x448"},      {4588, "X25519MLKEM768"},
};

static const char *find(const struct row *rows, size_t count, unsigned number)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].number == number)
			return rows[i].name;
	return NULL;
}

const char *tls_version_name(unsigned version)
{
	return find(versions, ARRAY_LENGTH(versions), version);
}

const char *tls_suite_name(unsigned suite)
{
	return find(suites, ARRAY_LENGTH(suites), suite);
}

const char *tls_group_name(unsigned group)
{
	return find(groups, ARRAY_LENGTH(groups), group);
}
