#include "tls/distinguished_name.h"

#include <arpa/inet.h>
#include <mbedtls/asn1.h>
#include <mbedtls/x509_crt.h>
#include <stdint.h>
#include <string.h>

enum {
	PARTS_MAX = 64, /* of one name; real ones have less than ten */
	SEQUENCE = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE,
	SET = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SET,
};

/* RFC 4514 §3, and two that are common. */
static const struct {
	struct span oid;
	const char *name;
} types[] = {
	{{"\x55\x04\x03", 3}, "CN"},
	{{"\x55\x04\x07", 3}, "L"},
	{{"\x55\x04\x08", 3}, "ST"},
	{{"\x55\x04\x0a", 3}, "O"},
	{{"\x55\x04\x0b", 3}, "OU"},
	{{"\x55\x04\x06", 3}, "C"},
	{{"\x55\x04\x09", 3}, "STREET"},
	{{"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19", 10}, "DC"},
	{{"\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01", 10}, "UID"},
	{{"\x55\x04\x05", 3}, "serialNumber"},
	{{"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01", 9}, "emailAddress"},
};

/* The library's readers do not write, but their type says that they may. */
static unsigned char *writable(struct span bytes)
{
	return (unsigned char *)(uintptr_t)bytes.data;
}

static void put_hexadecimal(struct text *text, struct span bytes)
{
	for (size_t i = 0; i < bytes.size; i++)
		text_printf(text, "%02x", (unsigned char)bytes.data[i]);
}

/* `special`: what has to be escaped though it can be printed. */
static void put_escaped(struct text *text, struct span value, const char *special)
{
	for (size_t i = 0; i < value.size; i++) {
		char c = value.data[i];
		bool at_edge = i == 0 || i + 1 == value.size;

		if (c <= ' ' || c > '~')
			text_printf(text, c == ' ' && !at_edge ? " " : "\\%02x", (unsigned char)c);
		else if (strchr(special, c))
			text_printf(text, "\\%c", c);
		else
			text_put_char(text, c);
	}
}

/* Numbers with dots; each is a run of base-128 digits (X.690 §8.19). */
static void put_oid(struct text *text, struct span oid)
{
	unsigned long number = 0;
	bool is_first = true;

	for (size_t i = 0; i < oid.size; i++) {
		unsigned char byte = (unsigned char)oid.data[i];

		number = number << 7 | (byte & 0x7f);
		if (byte & 0x80)
			continue;
		if (is_first)
			text_printf(text, "%lu.%lu", number < 80 ? number / 40 : 2,
			            number < 80 ? number % 40 : number - 80);
		else
			text_printf(text, ".%lu", number);
		is_first = false;
		number = 0;
	}
}

static bool is_text(int tag)
{
	return tag == MBEDTLS_ASN1_UTF8_STRING || tag == MBEDTLS_ASN1_PRINTABLE_STRING ||
	       tag == MBEDTLS_ASN1_IA5_STRING || tag == MBEDTLS_ASN1_T61_STRING;
}

/* AttributeTypeAndValue: `at` is behind its header, `end` behind it. */
static bool put_attribute(struct text *text, unsigned char *at, const unsigned char *end)
{
	size_t size = 0;

	if (mbedtls_asn1_get_tag(&at, end, &size, MBEDTLS_ASN1_OID))
		return false;

	struct span oid = span_of((const char *)at, size);
	const char *name = NULL;
	unsigned char *value = at + size;
	struct span value_der = span_of((const char *)value, (size_t)(end - value));

	for (size_t i = 0; i < ARRAY_LENGTH(types) && !name; i++)
		if (span_equal(oid, types[i].oid))
			name = types[i].name;
	at = value;
	if (at == end || mbedtls_asn1_get_tag(&at, end, &size, *value))
		return false;
	if (name)
		text_put_string(text, name);
	else
		put_oid(text, oid);
	text_put_char(text, '=');
	if (name && is_text(*value)) {
		struct span words = span_of((const char *)at, size);

		if (span_starts_with(words, SPAN("#")))
			text_put_char(text, '\\');
		put_escaped(text, words, "\"+,;<>\\");
	} else {
		text_put_char(text, '#');
		put_hexadecimal(text, value_der);
	}
	return true;
}

/* RelativeDistinguishedName: several attributes stand with `+` between them. */
static void put_part(struct text *text, struct span part)
{
	unsigned char *at = writable(part);
	const unsigned char *end = at + part.size;
	size_t size = 0;
	bool needs_plus = false;

	while (at < end && mbedtls_asn1_get_tag(&at, end, &size, SEQUENCE) == 0) {
		if (needs_plus)
			text_put_char(text, '+');
		needs_plus = put_attribute(text, at, at + size);
		at += size;
	}
}

void tls_distinguished_name_put(struct text *text, struct span der)
{
	struct span parts[PARTS_MAX];
	size_t count = 0;
	unsigned char *at = writable(der);
	const unsigned char *end = at + der.size;
	size_t size = 0;

	if (der.size == 0 || mbedtls_asn1_get_tag(&at, end, &size, SEQUENCE))
		return;
	end = at + size;
	while (count < PARTS_MAX && at < end && mbedtls_asn1_get_tag(&at, end, &size, SET) == 0) {
		parts[count++] = span_of((const char *)at, size);
		at += size;
	}
	while (count > 0) {
		put_part(text, parts[--count]);
		if (count > 0)
			text_put_char(text, ',');
	}
}

/* Context-specific tags of GeneralName (RFC 5280 §4.2.1.6). */
static const struct {
	int tag;
	const char *prefix;
	bool is_address;
} alternatives[] = {
	{0x81, "email:", false},
	{0x82, "DNS:", false},
	{0x86, "URI:", false},
	{0x87, "IP:", true},
};

static void put_address(struct text *text, struct span bytes)
{
	char words[INET6_ADDRSTRLEN];
	int family = bytes.size == 4 ? AF_INET : AF_INET6;

	if ((bytes.size == 4 || bytes.size == 16) &&
	    inet_ntop(family, bytes.data, words, sizeof(words))) {
		text_put_string(text, words);
		return;
	}
	text_put_char(text, '#');
	put_hexadecimal(text, bytes);
}

static bool put_alternative(struct text *text, const mbedtls_x509_buf *name)
{
	struct span value = span_of((const char *)name->p, name->len);

	for (size_t i = 0; i < ARRAY_LENGTH(alternatives); i++) {
		if (alternatives[i].tag != name->tag)
			continue;
		if (!alternatives[i].is_address && span_find(value, '\0') < value.size)
			return false;
		if (text->size > 0)
			text_put_char(text, ',');
		text_put_string(text, alternatives[i].prefix);
		if (alternatives[i].is_address)
			put_address(text, value);
		else
			put_escaped(text, value, "\",\\");
	}
	return true;
}

bool tls_alternative_names_put(struct text *text, const struct mbedtls_x509_crt *crt)
{
	bool is_there = crt->subject_alt_names.buf.p != NULL;

	for (const mbedtls_x509_sequence *at = &crt->subject_alt_names; is_there && at; at = at->next)
		if (!put_alternative(text, &at->buf))
			return false;
	return true;
}
