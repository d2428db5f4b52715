#include "tls/hello.h"

#include <string.h>

#include "tls/bytes.h"

enum {
	RECORD_HEADER_SIZE = 5,
	RECORD_SIZE_MAX = 16384,
	MESSAGE_HEADER_SIZE = 4,
	CONTENT_HANDSHAKE = 22,
	CLIENT_HELLO = 1,
	HOST_NAME = 0,
};

/* Extensions (IANA, TLS ExtensionType Values). */
enum {
	EXTENSION_SERVER_NAME = 0,
	EXTENSION_GROUPS = 10,
	EXTENSION_SIGNATURES = 13,
	EXTENSION_PROTOCOLS = 16,
	EXTENSION_TICKET = 35,
	EXTENSION_PSK = 41,
	EXTENSION_EARLY_DATA = 42,
	EXTENSION_VERSIONS = 43,
	EXTENSION_PSK_MODES = 45,
	EXTENSION_SIGNATURES_OF_CERTIFICATES = 50,
	EXTENSION_KEY_SHARES = 51,
};

/* --- Is it complete? ---------------------------------------------------------------------- */

/* A content type is 20 to 24, so that no letter can begin a record. */
static enum tls_hello_state scan_for_http(struct span wire)
{
	static const struct span methods[] = {
		{"GET ", 4},      {"HEAD ", 5},    {"POST ", 5},    {"PUT ", 4},
		{"DELETE ", 7},   {"CONNECT ", 8}, {"TRACE ", 6},   {"PATCH ", 6},
		{"PROPFIND ", 9}, {"PRI ", 4},     {"OPTIONS ", 8},
	};

	for (size_t i = 0; i < ARRAY_LENGTH(methods); i++) {
		if (span_starts_with(wire, methods[i]))
			return TLS_HELLO_PLAIN_HTTP;
		if (span_starts_with(methods[i], wire))
			return TLS_HELLO_MORE;
	}
	return TLS_HELLO_DOUBTFUL;
}

/* Checks as much of a record's header as there is. */
static bool is_handshake_record(struct span header)
{
	static const unsigned char begin[2] = {CONTENT_HANDSHAKE, 3};
	size_t size = header.size < sizeof(begin) ? header.size : sizeof(begin);

	return size == 0 || memcmp(header.data, begin, size) == 0;
}

/* Takes what a record has of the message's own header; false if it is not that of a ClientHello. */
static bool read_head(struct tls_hello_scan *scan, struct span fragment)
{
	for (size_t i = 0; i < fragment.size && scan->message_have + i < MESSAGE_HEADER_SIZE; i++)
		scan->head[scan->message_have + i] = (unsigned char)fragment.data[i];
	if (scan->message_have + fragment.size < MESSAGE_HEADER_SIZE || scan->message_size > 0)
		return scan->message_have + fragment.size == 0 || scan->head[0] == CLIENT_HELLO;
	scan->message_size = MESSAGE_HEADER_SIZE + ((size_t)scan->head[1] << 16) +
	                     ((size_t)scan->head[2] << 8) + scan->head[3];
	return scan->head[0] == CLIENT_HELLO && scan->message_size <= TLS_HELLO_MESSAGE_MAX;
}

/* One record; COMPLETE means that the record is, so that the scan goes on. */
static enum tls_hello_state scan_record(struct tls_hello_scan *scan, struct span wire)
{
	struct tls_bytes bytes = {.left = span_from(wire, scan->at)};

	if (!is_handshake_record(bytes.left))
		return TLS_HELLO_DOUBTFUL;
	if (bytes.left.size < RECORD_HEADER_SIZE)
		return TLS_HELLO_MORE;
	(void)tls_bytes_take(&bytes, 1);

	unsigned version = tls_bytes_number(&bytes, 2);
	size_t size = tls_bytes_number(&bytes, 2);

	if (scan->at == 0)
		scan->record_version = version;
	scan->has_overflow = size > RECORD_SIZE_MAX;
	if (size == 0 || scan->has_overflow)
		return TLS_HELLO_DOUBTFUL;
	if (!read_head(scan, span_cut(bytes.left, 0, size)))
		return TLS_HELLO_DOUBTFUL;
	if (bytes.left.size < size)
		return TLS_HELLO_MORE;
	scan->at += RECORD_HEADER_SIZE + size;
	scan->message_have += size;
	return TLS_HELLO_COMPLETE;
}

enum tls_hello_state tls_hello_scan(struct tls_hello_scan *scan, struct span wire)
{
	if (wire.size == 0)
		return TLS_HELLO_MORE;
	if (wire.data[0] >= 'A' && wire.data[0] <= 'Z')
		return scan_for_http(wire);
	while (scan->message_size == 0 || scan->message_have < scan->message_size) {
		enum tls_hello_state state = scan_record(scan, wire);

		if (state != TLS_HELLO_COMPLETE)
			return state;
	}
	/* RFC 8446 §5.1: nothing may follow a ClientHello in its record. */
	return scan->message_have == scan->message_size ? TLS_HELLO_COMPLETE : TLS_HELLO_DOUBTFUL;
}

void tls_hello_assemble(const struct tls_hello_scan *scan, struct span wire, char *ret_message)
{
	struct tls_bytes bytes = {.left = wire};
	size_t at = 0;

	while (at < scan->message_size) {
		(void)tls_bytes_take(&bytes, 3);

		struct span fragment = tls_bytes_vector(&bytes, 2);

		check(!bytes.failed && fragment.size <= scan->message_size - at);
		if (bytes.failed || fragment.size == 0)
			break;
		memcpy(ret_message + at, fragment.data, fragment.size);
		at += fragment.size;
	}
}

/* --- What is in it? ----------------------------------------------------------------------- */

/* A vector that must fill all of `whole`; its length stands in `length_size` bytes. */
static struct span only_vector(struct span whole, size_t length_size, bool *failed)
{
	struct tls_bytes bytes = {.left = whole};
	struct span vector = tls_bytes_vector(&bytes, length_size);

	*failed = *failed || bytes.failed || bytes.left.size > 0;
	return vector;
}

static struct span number_list(struct span whole, size_t length_size, bool *failed)
{
	struct span list = only_vector(whole, length_size, failed);

	*failed = *failed || list.size == 0 || list.size % 2 != 0;
	return list;
}

/* The first host name of the list (RFC 6066 §3); the library takes the same. */
static struct span host_name(struct span extension, bool *failed)
{
	struct tls_bytes list = {.left = only_vector(extension, 2, failed)};
	struct span found = {0};

	while (list.left.size > 0 && !list.failed) {
		uint32_t type = tls_bytes_number(&list, 1);
		struct span name = tls_bytes_vector(&list, 2);

		if (type == HOST_NAME && found.size == 0)
			found = name;
	}
	*failed = *failed || list.failed || found.size == 0;
	return found;
}

static bool read_extension(struct tls_hello *hello, unsigned type, struct span content)
{
	bool failed = false;

	switch (type) {
	case EXTENSION_SERVER_NAME:
		hello->server_name = host_name(content, &failed);
		break;
	case EXTENSION_GROUPS:
		hello->groups = number_list(content, 2, &failed);
		break;
	case EXTENSION_SIGNATURES:
		hello->signatures = number_list(content, 2, &failed);
		break;
	case EXTENSION_PROTOCOLS:
		hello->protocols = only_vector(content, 2, &failed);
		break;
	case EXTENSION_TICKET:
		hello->ticket = content;
		hello->has_ticket = true;
		break;
	case EXTENSION_PSK:
		hello->has_psk = true;
		break;
	case EXTENSION_EARLY_DATA:
		hello->has_early_data = true;
		break;
	case EXTENSION_VERSIONS:
		hello->versions = number_list(content, 1, &failed);
		break;
	case EXTENSION_PSK_MODES:
		hello->psk_modes = only_vector(content, 1, &failed);
		break;
	case EXTENSION_SIGNATURES_OF_CERTIFICATES:
		hello->signatures_of_certificates = number_list(content, 2, &failed);
		break;
	case EXTENSION_KEY_SHARES:
		hello->key_shares = only_vector(content, 2, &failed);
		break;
	default:
		break;
	}
	return !failed;
}

bool tls_hello_next_extension(struct span *rest, unsigned *ret_type, struct span *ret_content)
{
	struct tls_bytes bytes = {.left = *rest};
	unsigned type = tls_bytes_number(&bytes, 2);
	struct span content = tls_bytes_vector(&bytes, 2);

	*rest = bytes.left;
	if (bytes.failed)
		return false;
	*ret_type = type;
	*ret_content = content;
	return true;
}

bool tls_hello_next_key_share(struct span *rest, unsigned *ret_group, struct span *ret_key)
{
	/* An entry has the form of an extension (RFC 8446 §4.2.8). */
	return tls_hello_next_extension(rest, ret_group, ret_key);
}

bool tls_hello_next_protocol(struct span *rest, struct span *ret_protocol)
{
	struct tls_bytes bytes = {.left = *rest};
	struct span protocol = tls_bytes_vector(&bytes, 1);

	*rest = bytes.left;
	if (bytes.failed)
		return false;
	*ret_protocol = protocol;
	return true;
}

static bool read_extensions(struct tls_hello *hello)
{
	struct span rest = hello->extensions;
	uint64_t seen = 0; /* of those that we read; their numbers are below 64 */

	while (rest.size > 0) {
		unsigned type;
		struct span content;

		if (!tls_hello_next_extension(&rest, &type, &content))
			return false;
		if (type < 64 && (seen & (uint64_t)1 << type) != 0)
			return false;
		if (type < 64)
			seen |= (uint64_t)1 << type;
		if (!read_extension(hello, type, content))
			return false;
	}
	return true;
}

bool tls_hello_read(struct span message, struct tls_hello *ret_hello)
{
	struct tls_bytes bytes = {.left = message};
	struct tls_hello hello = {0};

	if (tls_bytes_number(&bytes, 1) != CLIENT_HELLO ||
	    tls_bytes_number(&bytes, 3) != bytes.left.size)
		return false;
	hello.version = tls_bytes_number(&bytes, 2);
	(void)tls_bytes_take(&bytes, 32); /* random */
	hello.session_id = tls_bytes_vector(&bytes, 1);
	hello.suites = tls_bytes_vector(&bytes, 2);
	hello.compressions = tls_bytes_vector(&bytes, 1);
	if (bytes.left.size > 0) /* extensions may be missing altogether in TLS 1.2 */
		hello.extensions = tls_bytes_vector(&bytes, 2);
	if (bytes.failed || bytes.left.size > 0 || hello.session_id.size > 32 ||
	    hello.suites.size == 0 || hello.suites.size % 2 != 0 || hello.compressions.size == 0)
		return false;
	if (!read_extensions(&hello))
		return false;
	*ret_hello = hello;
	return true;
}
