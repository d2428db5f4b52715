#include "tls/profile.h"

#include <string.h>

#include "base/check.h"
#include "tls/profile_table.h"

enum {
	RECORD_HEADER_SIZE = 5,
	CONTENT_HANDSHAKE = 22,
	CLIENT_HELLO = 1,
	RANDOM_SIZE = 32,
	PSK_DHE_KE = 1,
	/* Servers of old choke on a ClientHello of 256 to 511 bytes: RFC 7685. */
	PADDED_MIN = 256,
	PADDED_SIZE = 512,
	EXTENSION_HEADER_SIZE = 4,
};

/* --- The tables --------------------------------------------------------------------------- */

static const struct tls_profile *const tables[] = {
	tls_profiles_browsers,
	tls_profiles_devices,
	tls_profiles_libraries,
};

const struct tls_profile *tls_profile_at(size_t index)
{
	for (size_t i = 0; i < ARRAY_LENGTH(tables); i++)
		for (const struct tls_profile *profile = tables[i]; profile->name; profile++)
			if (index-- == 0)
				return profile;
	return NULL;
}

const struct tls_profile *tls_profile_find(struct span name)
{
	const struct tls_profile *profile;

	for (size_t i = 0; (profile = tls_profile_at(i)) != NULL; i++)
		if (span_equal_nocase(name, span_of_string(profile->name)))
			return profile;
	return NULL;
}

/* --- Writing ------------------------------------------------------------------------------ */

struct writer {
	char *data;
	size_t size;
};

static void put(struct writer *writer, const void *bytes, size_t size)
{
	check(size <= TLS_PROFILE_HELLO_SIZE_MAX - writer->size);
	if (size > TLS_PROFILE_HELLO_SIZE_MAX - writer->size)
		return;
	memcpy(writer->data + writer->size, bytes, size);
	writer->size += size;
}

static void put_number(struct writer *writer, size_t number, size_t size)
{
	char bytes[4];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(number >> 8 * (size - 1 - i));
	put(writer, bytes, size);
}

static void put_zeros(struct writer *writer, size_t count)
{
	while (count-- > 0)
		put_number(writer, 0, 1);
}

/* Leaves room for a vector's length; end_vector() sets it. */
static size_t begin_vector(struct writer *writer, size_t length_size)
{
	put_zeros(writer, length_size);
	return writer->size;
}

static void end_vector(struct writer *writer, size_t begin, size_t length_size)
{
	size_t end = writer->size;

	writer->size = begin - length_size;
	put_number(writer, end - begin, length_size);
	writer->size = end;
}

static void put_numbers(struct writer *writer, const struct tls_numbers *numbers,
                        size_t length_size)
{
	size_t begin = begin_vector(writer, length_size);

	for (size_t i = 0; i < numbers->count; i++)
		put_number(writer, numbers->items[i], 2);
	end_vector(writer, begin, length_size);
}

/* --- Extensions with contents of their own ------------------------------------------------ */

static void put_server_name(struct writer *writer, struct span name)
{
	size_t list = begin_vector(writer, 2);

	put_number(writer, 0, 1); /* host_name */
	put_number(writer, name.size, 2);
	put(writer, name.data, name.size);
	end_vector(writer, list, 2);
}

static void put_protocols(struct writer *writer, const struct tls_profile *profile)
{
	struct span rest = span_of_string(profile->protocols);
	struct span protocol;
	size_t list = begin_vector(writer, 2);

	while (span_next(&rest, ' ', &protocol)) {
		put_number(writer, protocol.size, 1);
		put(writer, protocol.data, protocol.size);
	}
	end_vector(writer, list, 2);
}

/* The base points of x25519, secp256r1 and secp384r1 (RFC 7748 §4.1, SEC 2 §2.4 and §2.5). */
static const unsigned char x25519_key[32] = {9};
static const unsigned char p256_key[65] = {
	0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5,
	0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4,
	0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a,
	0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33,
	0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
};
static const unsigned char p384_key[97] = {
	0x04, 0xaa, 0x87, 0xca, 0x22, 0xbe, 0x8b, 0x05, 0x37, 0x8e, 0xb1, 0xc7, 0x1e, 0xf3,
	0x20, 0xad, 0x74, 0x6e, 0x1d, 0x3b, 0x62, 0x8b, 0xa7, 0x9b, 0x98, 0x59, 0xf7, 0x41,
	0xe0, 0x82, 0x54, 0x2a, 0x38, 0x55, 0x02, 0xf2, 0x5d, 0xbf, 0x55, 0x29, 0x6c, 0x3a,
	0x54, 0x5e, 0x38, 0x72, 0x76, 0x0a, 0xb7, 0x36, 0x17, 0xde, 0x4a, 0x96, 0x26, 0x2c,
	0x6f, 0x5d, 0x9e, 0x98, 0xbf, 0x92, 0x92, 0xdc, 0x29, 0xf8, 0xf4, 0x1d, 0xbd, 0x28,
	0x9a, 0x14, 0x7c, 0xe9, 0xda, 0x31, 0x13, 0xb5, 0xf0, 0xb8, 0xc0, 0x0a, 0x60, 0xb1,
	0xce, 0x1d, 0x7e, 0x81, 0x9d, 0x7a, 0x43, 0x1d, 0x7c, 0x90, 0xea, 0x0e, 0x5f,
};

static const struct key {
	unsigned group;
	const unsigned char *bytes; /* NULL: zeros; no server of ours can choose it */
	size_t size;
} keys[] = {
	{29, x25519_key, sizeof(x25519_key)},
	{23, p256_key, sizeof(p256_key)},
	{24, p384_key, sizeof(p384_key)},
	{4588, NULL, 1216},  /* X25519MLKEM768 */
	{25497, NULL, 1216}, /* X25519Kyber768Draft00 */
	{TLS_GREASE, NULL, 1},
};

static void put_key_shares(struct writer *writer, const struct tls_profile *profile)
{
	size_t list = begin_vector(writer, 2);

	for (size_t i = 0; i < profile->key_shares.count; i++) {
		const struct key *key = keys;

		while (key->group != profile->key_shares.items[i] && key + 1 < keys + ARRAY_LENGTH(keys))
			key++;
		check(key->group == profile->key_shares.items[i]);
		put_number(writer, key->group, 2);
		put_number(writer, key->size, 2);
		if (key->bytes)
			put(writer, key->bytes, key->size);
		else
			put_zeros(writer, key->size);
	}
	end_vector(writer, list, 2);
}

static void put_psk_modes(struct writer *writer, const struct tls_profile *profile)
{
	static const char usual[] = {PSK_DHE_KE};
	struct span modes = profile->psk_modes;

	if (modes.size == 0)
		modes = span_of(usual, sizeof(usual));
	put_number(writer, modes.size, 1);
	put(writer, modes.data, modes.size);
}

/* Up to where the whole message has PADDED_SIZE bytes; the extension's header is written. */
static void put_padding(struct writer *writer)
{
	size_t size = writer->size - RECORD_HEADER_SIZE;

	if (size < PADDED_SIZE)
		put_zeros(writer, PADDED_SIZE - size);
}

/* What is the same in every client, or does not matter to a server. */
static const struct content {
	unsigned extension;
	struct span bytes;
} contents[] = {
	{5, SPAN_INIT("\x01\x00\x00\x00\x00")},                         /* status_request */
	{11, SPAN_INIT("\x01\x00")},                                    /* ec_point_formats */
	{15, SPAN_INIT("\x01")},                                        /* heartbeat */
	{17, SPAN_INIT("\x00\x07\x02\x00\x04\x00\x00\x00\x00")},        /* status_request_v2 */
	{24, SPAN_INIT("\x00\x0a\x03\x02\x01\x00")},                    /* token_binding */
	{27, SPAN_INIT("\x02\x00\x02")},                                /* compress_certificate */
	{28, SPAN_INIT("\x40\x01")},                                    /* record_size_limit */
	{34, SPAN_INIT("\x00\x08\x04\x03\x05\x03\x06\x03\x02\x03")},    /* delegated_credential */
	{17513, SPAN_INIT("\x00\x03\x02h2")},                           /* ALPS, old number */
	{17613, SPAN_INIT("\x00\x03\x02h2")},                           /* ALPS */
	{65037, SPAN_INIT("\x00\x00\x01\x00\x01\x00\x00\x00\x00\x00")}, /* ECH, GREASE */
	{65281, SPAN_INIT("\x00")},                                     /* renegotiation_info */
};

static void put_other(struct writer *writer, unsigned extension)
{
	for (size_t i = 0; i < ARRAY_LENGTH(contents); i++)
		if (contents[i].extension == extension)
			put(writer, contents[i].bytes.data, contents[i].bytes.size);
}

static void put_content(struct writer *writer, const struct tls_profile *profile,
                        unsigned extension, struct span server_name)
{
	switch (extension) {
	case 0:
		put_server_name(writer, server_name);
		break;
	case 10:
		put_numbers(writer, &profile->groups, 2);
		break;
	case 13:
		put_numbers(writer, &profile->signatures, 2);
		break;
	case 16:
		put_protocols(writer, profile);
		break;
	case 21:
		put_padding(writer);
		break;
	case 43:
		put_numbers(writer, &profile->versions, 1);
		break;
	case 45:
		put_psk_modes(writer, profile);
		break;
	case 50:
		put_numbers(writer, &profile->signatures_of_certificates, 2);
		break;
	case 51:
		put_key_shares(writer, profile);
		break;
	default:
		put_other(writer, extension);
		break;
	}
}

/* Whether the client leaves the extension out this time. */
static bool is_left_out(const struct writer *writer, unsigned extension, struct span server_name)
{
	size_t size = writer->size - RECORD_HEADER_SIZE;

	if (extension == 21)
		return size < PADDED_MIN || size + EXTENSION_HEADER_SIZE >= PADDED_SIZE;
	return extension == 0 && server_name.size == 0;
}

static void put_extensions(struct writer *writer, const struct tls_profile *profile,
                           struct span server_name)
{
	unsigned grease = TLS_GREASE;
	size_t all = begin_vector(writer, 2);

	for (size_t i = 0; i < profile->extensions.count; i++) {
		unsigned extension = profile->extensions.items[i];

		if (is_left_out(writer, extension, server_name))
			continue;
		put_number(writer, extension == TLS_GREASE ? grease : extension, 2);
		if (extension == TLS_GREASE)
			grease += 0x1010; /* no extension may stand there twice */

		size_t content = begin_vector(writer, 2);

		put_content(writer, profile, extension, server_name);
		end_vector(writer, content, 2);
	}
	end_vector(writer, all, 2);
}

size_t tls_profile_write(const struct tls_profile *profile, struct span server_name,
                         /* NOLINTNEXTLINE(readability-non-const-parameter): the writer writes */
                         char ret_wire[TLS_PROFILE_HELLO_SIZE_MAX])
{
	struct writer writer = {ret_wire, 0};

	put_number(&writer, CONTENT_HANDSHAKE, 1);
	put_number(&writer, profile->record_version, 2);

	size_t record = begin_vector(&writer, 2);

	put_number(&writer, CLIENT_HELLO, 1);

	size_t message = begin_vector(&writer, 3);

	put_number(&writer, profile->version, 2);
	put_zeros(&writer, RANDOM_SIZE);
	put_number(&writer, profile->has_session_id ? RANDOM_SIZE : 0, 1);
	put_zeros(&writer, profile->has_session_id ? RANDOM_SIZE : 0);
	put_numbers(&writer, &profile->suites, 2);
	put_number(&writer, profile->has_deflate ? 2 : 1, 1);
	put_number(&writer, profile->has_deflate ? 0x0100 : 0, profile->has_deflate ? 2 : 1);
	if (profile->extensions.count > 0)
		put_extensions(&writer, profile, server_name);
	end_vector(&writer, message, 3);
	end_vector(&writer, record, 2);
	return writer.size;
}
