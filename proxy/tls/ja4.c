#include "tls/ja4.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "tls/bytes.h"
#include "tls/digest.h"
#include "tls/iana.h"

enum {
	PART_SIZE = 12, /* digits of each hash */
	COUNT_MAX = 99,
	NUMBER_SIZE = 5, /* "c02b," */
	EXTENSION_SERVER_NAME = 0,
	EXTENSION_PROTOCOLS = 16,
};

/* The numbers that one hash is made of, without GREASE. Owner: the function that fills it. */
struct numbers {
	uint16_t *items;
	size_t count;
};

static int compare(const void *a, const void *b)
{
	return (int)*(const uint16_t *)a - (int)*(const uint16_t *)b;
}

static void put_numbers(const struct numbers *numbers, struct text *text)
{
	for (size_t i = 0; i < numbers->count; i++)
		text_printf(text, "%s%04x", i > 0 ? "," : "", (unsigned)numbers->items[i]);
}

static enum error put_hash(const struct text *text, char *ret_part)
{
	unsigned char hash[TLS_SHA256_SIZE];
	char digits[PART_SIZE + 1];

	if (text->cut)
		return ERROR_OUT_OF_MEMORY;

	enum error error = tls_sha256(text_span(text), hash);

	if (error)
		return error;
	for (size_t i = 0; i < PART_SIZE / 2; i++)
		(void)snprintf(digits + 2 * i, 3, "%02x", (unsigned)hash[i]);
	if (text->size == 0)
		memset(digits, '0', PART_SIZE);
	memcpy(ret_part, digits, PART_SIZE);
	return OK;
}

static unsigned limited(size_t count)
{
	return count < COUNT_MAX ? (unsigned)count : COUNT_MAX;
}

static enum error put_suites(const struct tls_hello *hello, char *ret_part, unsigned *ret_count)
{
	struct tls_bytes bytes = {.left = hello->suites};
	struct numbers numbers = {memory_new(hello->suites.size / 2 + 1, sizeof(uint16_t)), 0};
	struct text text;

	if (!numbers.items)
		return ERROR_OUT_OF_MEMORY;
	while (bytes.left.size >= 2) {
		unsigned suite = tls_bytes_number(&bytes, 2);

		if (!tls_is_grease(suite))
			numbers.items[numbers.count++] = (uint16_t)suite;
	}
	qsort(numbers.items, numbers.count, sizeof(*numbers.items), compare);
	text_init(&text, NUMBER_SIZE * numbers.count);
	put_numbers(&numbers, &text);

	enum error error = put_hash(&text, ret_part);

	*ret_count = limited(numbers.count);
	text_done(&text);
	memory_free(numbers.items);
	return error;
}

/* The signature algorithms keep the client's order. */
static void put_signatures(const struct tls_hello *hello, struct text *text)
{
	struct tls_bytes bytes = {.left = hello->signatures};
	char separator = '_';

	while (bytes.left.size >= 2) {
		unsigned signature = tls_bytes_number(&bytes, 2);

		if (tls_is_grease(signature))
			continue;
		text_printf(text, "%c%04x", separator, signature);
		separator = ',';
	}
}

static enum error put_extensions(const struct tls_hello *hello, char *ret_part, unsigned *ret_count)
{
	struct numbers numbers = {memory_new(hello->extensions.size / 4 + 1, sizeof(uint16_t)), 0};
	struct span rest = hello->extensions;
	struct span content;
	struct text text;
	unsigned type;
	size_t count = 0;

	if (!numbers.items)
		return ERROR_OUT_OF_MEMORY;
	while (tls_hello_next_extension(&rest, &type, &content)) {
		if (tls_is_grease(type))
			continue;
		count++;
		if (type != EXTENSION_SERVER_NAME && type != EXTENSION_PROTOCOLS)
			numbers.items[numbers.count++] = (uint16_t)type;
	}
	qsort(numbers.items, numbers.count, sizeof(*numbers.items), compare);
	text_init(&text, NUMBER_SIZE * (numbers.count + hello->signatures.size / 2));
	put_numbers(&numbers, &text);
	put_signatures(hello, &text);

	enum error error = put_hash(&text, ret_part);

	*ret_count = limited(count);
	text_done(&text);
	memory_free(numbers.items);
	return error;
}

static const char *version_digits(const struct tls_hello *hello)
{
	static const char *const digits[] = {"s3", "10", "11", "12", "13"};
	struct tls_bytes bytes = {.left = hello->versions};
	unsigned newest = hello->versions.size > 0 ? 0 : hello->version;

	while (bytes.left.size >= 2) {
		unsigned version = tls_bytes_number(&bytes, 2);

		if (!tls_is_grease(version) && version > newest)
			newest = version;
	}
	if (newest < 0x0300 || newest - 0x0300 >= ARRAY_LENGTH(digits))
		return newest == 0x0002 ? "s2" : "00";
	return digits[newest - 0x0300];
}

static bool is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
}

/* Of a protocol that is not text, the first and the last hexadecimal digit. */
static void put_protocol(const struct tls_hello *hello, char ret_two[2])
{
	static const char hex[] = "0123456789abcdef";
	struct span rest = hello->protocols;
	struct span first;

	memcpy(ret_two, "00", 2);
	if (!tls_hello_next_protocol(&rest, &first) || first.size == 0)
		return;
	ret_two[0] = first.data[0];
	ret_two[1] = first.data[first.size - 1];
	if (is_alphanumeric(ret_two[0]) && is_alphanumeric(ret_two[1]))
		return;
	ret_two[0] = hex[(unsigned char)ret_two[0] >> 4];
	ret_two[1] = hex[(unsigned char)ret_two[1] & 15];
}

enum error tls_ja4(const struct tls_hello *hello, char ret_ja4[TLS_JA4_SIZE])
{
	char suites[PART_SIZE + 1] = "";
	char extensions[PART_SIZE + 1] = "";
	char protocol[3] = "";
	unsigned suite_count = 0;
	unsigned extension_count = 0;
	enum error error = put_suites(hello, suites, &suite_count);

	if (!error)
		error = put_extensions(hello, extensions, &extension_count);
	if (error)
		return error;
	put_protocol(hello, protocol);
	(void)snprintf(ret_ja4, TLS_JA4_SIZE, "t%s%c%02u%02u%s_%s_%s", version_digits(hello),
	               hello->server_name.size > 0 ? 'd' : 'i', suite_count, extension_count, protocol,
	               suites, extensions);
	return OK;
}
