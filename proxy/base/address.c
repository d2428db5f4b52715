#include "base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>

#include "base/number.h"

static const unsigned char mapped_prefix[12] = {[10] = 0xff, [11] = 0xff};

/* Copies into a string of `size` bytes; the text must fit. */
static void copy_host(char *to, size_t size, struct span text)
{
	check(text.size < size);
	if (text.size > 0)
		memcpy(to, text.data, text.size);
	to[text.size] = '\0';
}

/* Reads an IP address without port or brackets; `family` is AF_INET or AF_INET6. */
static bool read_ip(struct span text, int family, unsigned char bytes[16])
{
	char host[INET6_ADDRSTRLEN];

	/* inet_pton() would stop at a NUL and take the rest for nothing. */
	if (text.size >= sizeof(host) || span_find(text, '\0') < text.size)
		return false;
	copy_host(host, sizeof(host), text);
	memset(bytes, 0, 16);
	return inet_pton(family, host, bytes) == 1;
}

static void write_ip_host(struct address *address)
{
	int family = address->kind == ADDRESS_IPV4 ? AF_INET : AF_INET6;
	const char *written = inet_ntop(family, address->bytes, address->host, sizeof(address->host));

	check(written != NULL);
}

/* An IPv4-mapped IPv6 address becomes the IPv4 address. */
static void unmap(enum address_kind *kind, unsigned char bytes[16])
{
	if (*kind != ADDRESS_IPV6 || memcmp(bytes, mapped_prefix, sizeof(mapped_prefix)) != 0)
		return;
	*kind = ADDRESS_IPV4;
	memmove(bytes, bytes + 12, 4);
	memset(bytes + 4, 0, 12);
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A letter-digit-hyphen label, or one with `_`, as the names of containers often have. */
static bool is_label(struct span label)
{
	if (label.size == 0 || label.size > 63)
		return false;
	if (label.data[0] == '-' || label.data[label.size - 1] == '-')
		return false;
	for (size_t i = 0; i < label.size; i++) {
		char c = ascii_lower(label.data[i]);

		if (!is_digit(c) && !(c >= 'a' && c <= 'z') && c != '-' && c != '_')
			return false;
	}
	return true;
}

static bool is_number(struct span text)
{
	for (size_t i = 0; i < text.size; i++)
		if (!is_digit(text.data[i]))
			return false;
	return text.size > 0;
}

bool address_is_name(struct span text)
{
	if (text.size == 0 || text.size > ADDRESS_NAME_MAX)
		return false;
	for (;;) {
		size_t dot = span_find(text, '.');
		struct span label = span_cut(text, 0, dot);

		if (!is_label(label))
			return false;
		if (dot == text.size)
			return !is_number(label);
		text = span_from(text, dot + 1);
	}
}

static const char *read_unix(struct span path, struct address *address)
{
	if (path.size == 0 || path.data[0] != '/')
		return "unix: must be followed by an absolute path";
	if (path.size > ADDRESS_PATH_MAX)
		return "the path of a unix socket can have at most 107 bytes";
	if (span_find(path, '\0') < path.size)
		return "a path can not hold a NUL";
	address->kind = ADDRESS_UNIX;
	copy_host(address->host, sizeof(address->host), path);
	return NULL;
}

static const char *read_port(struct span text, struct address *address)
{
	uint64_t port;

	if (text.size == 0)
		return "a port is missing";
	if (number_decimal(text, 65535, &port) || port == 0 || text.data[0] == '0')
		return "a port is a number from 1 to 65535";
	address->port = (uint16_t)port;
	return NULL;
}

static const char *read_ipv6(struct span text, struct address *address)
{
	size_t end = span_find(text, ']');

	if (end == text.size)
		return "a ']' is missing";
	if (!read_ip(span_cut(text, 1, end), AF_INET6, address->bytes))
		return "between [ and ] there must be an IPv6 address";
	address->kind = ADDRESS_IPV6;
	write_ip_host(address);
	text = span_from(text, end + 1);
	if (text.size == 0)
		return "a port is missing";
	if (text.data[0] != ':')
		return "after ']' there must be a ':' and a port";
	return read_port(span_from(text, 1), address);
}

/* Why a host that is neither an IPv4 address nor a name is refused. */
static const char *host_problem(struct span host, bool has_port)
{
	if (host.size == 0 || (is_number(host) && !has_port))
		return "a host is missing";
	if (host.data[0] == '/')
		return "the path of a unix socket begins with unix:";
	return "neither an IP address nor a host name (letters, digits, '-') stands before the port";
}

static const char *read_ipv4_or_name(struct span text, struct address *address)
{
	size_t colon = span_find(text, ':');
	struct span host = span_cut(text, 0, colon);
	struct span port = span_from(text, colon + 1);

	if (span_starts_with(port, SPAN("//")))
		return "an address has no scheme such as http://";
	if (span_find(port, ':') < port.size)
		return "an IPv6 address must stand in brackets, as in [::1]:80";
	if (read_ip(host, AF_INET, address->bytes)) {
		address->kind = ADDRESS_IPV4;
		write_ip_host(address);
	} else if (address_is_name(host)) {
		address->kind = ADDRESS_NAME;
		memset(address->bytes, 0, sizeof(address->bytes));
		copy_host(address->host, sizeof(address->host), host);
		for (char *c = address->host; *c; c++)
			*c = ascii_lower(*c);
	} else {
		return host_problem(host, colon < text.size);
	}
	if (colon == text.size)
		return "a port is missing";
	return read_port(port, address);
}

/* Returns the problem, or NULL. */
static const char *read_address(struct span text, struct address *address)
{
	*address = (struct address){.kind = ADDRESS_IPV4};
	if (text.size == 0)
		return "it is empty";
	if (span_starts_with(text, SPAN("unix:")))
		return read_unix(span_from(text, 5), address);
	if (text.data[0] == '[')
		return read_ipv6(text, address);
	return read_ipv4_or_name(text, address);
}

enum error address_parse(struct span text, struct address *ret_address)
{
	struct address address;

	if (read_address(text, &address))
		return ERROR_ADDRESS_INVALID;
	*ret_address = address;
	return OK;
}

const char *address_problem(struct span text)
{
	struct address address;

	return read_address(text, &address);
}

/* Adds what fits to the string of `size` bytes at `*at`. */
static void append(char *to, size_t size, size_t *at, struct span text)
{
	for (size_t i = 0; i < text.size && *at + 1 < size; i++)
		to[(*at)++] = text.data[i];
	to[*at] = '\0';
}

static void append_port(char *to, size_t size, size_t *at, uint16_t port)
{
	char digits[6];
	size_t from = sizeof(digits);

	do {
		digits[--from] = (char)('0' + port % 10);
		port = (uint16_t)(port / 10);
	} while (port > 0);
	digits[--from] = ':';
	append(to, size, at, span_of(digits + from, sizeof(digits) - from));
}

void address_format(const struct address *address, char *ret_text, size_t size)
{
	struct span host = span_of_string(address->host);
	size_t at = 0;

	if (size == 0)
		return;
	switch (address->kind) {
	case ADDRESS_UNIX:
		append(ret_text, size, &at, SPAN("unix:"));
		append(ret_text, size, &at, host);
		return;
	case ADDRESS_IPV6:
		append(ret_text, size, &at, SPAN("["));
		append(ret_text, size, &at, host);
		append(ret_text, size, &at, SPAN("]"));
		break;
	case ADDRESS_IPV4:
	case ADDRESS_NAME:
	case ADDRESS_KIND_COUNT:
		append(ret_text, size, &at, host);
		break;
	}
	append_port(ret_text, size, &at, address->port);
}

bool address_equal(const struct address *a, const struct address *b)
{
	enum address_kind a_kind = a->kind;
	enum address_kind b_kind = b->kind;
	unsigned char a_bytes[16];
	unsigned char b_bytes[16];

	memcpy(a_bytes, a->bytes, sizeof(a_bytes));
	memcpy(b_bytes, b->bytes, sizeof(b_bytes));
	unmap(&a_kind, a_bytes);
	unmap(&b_kind, b_bytes);
	if (a_kind != b_kind || a->port != b->port)
		return false;
	if (a_kind == ADDRESS_IPV4 || a_kind == ADDRESS_IPV6)
		return memcmp(a_bytes, b_bytes, sizeof(a_bytes)) == 0;
	return strcmp(a->host, b->host) == 0;
}

socklen_t address_to_socket(const struct address *address, struct sockaddr_storage *ret_socket)
{
	memset(ret_socket, 0, sizeof(*ret_socket));
	switch (address->kind) {
	case ADDRESS_IPV4: {
		struct sockaddr_in *in = (struct sockaddr_in *)ret_socket;

		in->sin_family = AF_INET;
		in->sin_port = htons(address->port);
		memcpy(&in->sin_addr, address->bytes, sizeof(in->sin_addr));
		return sizeof(*in);
	}
	case ADDRESS_IPV6: {
		struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret_socket;

		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(address->port);
		memcpy(&in6->sin6_addr, address->bytes, sizeof(in6->sin6_addr));
		return sizeof(*in6);
	}
	case ADDRESS_UNIX: {
		struct sockaddr_un *un = (struct sockaddr_un *)ret_socket;
		struct span path = span_of_string(address->host);

		un->sun_family = AF_UNIX;
		copy_host(un->sun_path, sizeof(un->sun_path), path);
		return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.size + 1);
	}
	case ADDRESS_NAME:
	case ADDRESS_KIND_COUNT:
		break;
	}
	return 0;
}

static void read_unix_socket(const struct sockaddr *socket, socklen_t length,
                             struct address *address)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	memcpy(&un, socket, length < sizeof(un) ? length : sizeof(un));
	address->kind = ADDRESS_UNIX;
	/* An abstract name begins with a NUL and is shown as unnamed. */
	copy_host(address->host, sizeof(address->host),
	          span_of(un.sun_path, strnlen(un.sun_path, sizeof(un.sun_path))));
}

enum error address_from_socket(const struct sockaddr *socket, socklen_t length,
                               struct address *ret_address)
{
	struct address address = {.kind = ADDRESS_IPV4};
	struct sockaddr_in in;
	struct sockaddr_in6 in6;

	if (length < offsetof(struct sockaddr, sa_data))
		return ERROR_ADDRESS_INVALID;
	if (socket->sa_family == AF_UNIX) {
		read_unix_socket(socket, length, &address);
		*ret_address = address;
		return OK;
	}
	if (socket->sa_family == AF_INET && length >= sizeof(in)) {
		memcpy(&in, socket, sizeof(in));
		address.port = ntohs(in.sin_port);
		memcpy(address.bytes, &in.sin_addr, sizeof(in.sin_addr));
	} else if (socket->sa_family == AF_INET6 && length >= sizeof(in6)) {
		memcpy(&in6, socket, sizeof(in6));
		address.kind = ADDRESS_IPV6;
		address.port = ntohs(in6.sin6_port);
		memcpy(address.bytes, &in6.sin6_addr, sizeof(in6.sin6_addr));
		unmap(&address.kind, address.bytes);
	} else {
		return ERROR_ADDRESS_INVALID;
	}
	write_ip_host(&address);
	*ret_address = address;
	return OK;
}

/* True if the first `prefix` bits of both are the same. */
static bool same_bits(const unsigned char *a, const unsigned char *b, unsigned prefix)
{
	unsigned whole = prefix / 8;
	unsigned rest = prefix % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static bool has_bits_after(const unsigned char *bytes, unsigned prefix, unsigned bits)
{
	for (unsigned bit = prefix; bit < bits; bit++)
		if (bytes[bit / 8] & (0x80u >> bit % 8))
			return true;
	return false;
}

/* Returns the problem, or NULL. */
static const char *read_block(struct span text, struct address_block *block)
{
	size_t slash = span_find(text, '/');
	struct span host = span_cut(text, 0, slash);
	uint64_t prefix;

	*block = (struct address_block){.kind = ADDRESS_IPV4};
	if (!read_ip(host, AF_INET, block->bytes)) {
		block->kind = ADDRESS_IPV6;
		if (!read_ip(host, AF_INET6, block->bytes))
			return "it is not an IP address, and names are not looked up here";
	}

	unsigned bits = block->kind == ADDRESS_IPV4 ? 32 : 128;

	block->prefix = bits;
	if (slash < text.size) {
		struct span digits = span_from(text, slash + 1);

		if (number_decimal(digits, bits, &prefix) || (digits.size > 1 && digits.data[0] == '0'))
			return bits == 32 ? "after '/' there must be a number from 0 to 32"
			                  : "after '/' there must be a number from 0 to 128";
		block->prefix = (unsigned)prefix;
	}
	if (has_bits_after(block->bytes, block->prefix, bits))
		return "bits of the address are set after the prefix";
	if (block->kind == ADDRESS_IPV6 && block->prefix >= 96) {
		unmap(&block->kind, block->bytes);
		if (block->kind == ADDRESS_IPV4)
			block->prefix -= 96;
	}
	return NULL;
}

enum error address_block_parse(struct span text, struct address_block *ret_block)
{
	struct address_block block;

	if (read_block(text, &block))
		return ERROR_ADDRESS_INVALID;
	*ret_block = block;
	return OK;
}

const char *address_block_problem(struct span text)
{
	struct address_block block;

	return read_block(text, &block);
}

bool address_block_contains(const struct address_block *block, const struct address *address)
{
	enum address_kind kind = address->kind;
	unsigned char bytes[16];

	memcpy(bytes, address->bytes, sizeof(bytes));
	unmap(&kind, bytes);
	return kind == block->kind && same_bits(bytes, block->bytes, block->prefix);
}
