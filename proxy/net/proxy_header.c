#include "net/proxy_header.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"

enum {
	LINE_SIZE_MAX = 107, /* of version 1, with CR LF */
	FIXED_SIZE = 16,
	COMMAND_AT = 12,
	FAMILY_AT = 13,
	LENGTH_AT = 14,
	TLV_HEAD_SIZE = 3,
	VALUE_MAX = 255, /* of a TLV that we write */
};

/* The byte at COMMAND_AT. */
enum { VERSION_2_LOCAL = 0x20, VERSION_2_PROXY = 0x21 };

/* The byte at FAMILY_AT: stream sockets only. Datagrams do not come over a connection. */
enum { FAMILY_NONE = 0x00, FAMILY_TCP4 = 0x11, FAMILY_TCP6 = 0x21, FAMILY_UNIX = 0x31 };

/* Types of TLVs, and what is in that of TLS. */
enum {
	TLV_ALPN = 0x01,
	TLV_AUTHORITY = 0x02,
	TLV_SSL = 0x20,
	TLV_SSL_VERSION = 0x21,
	TLV_SSL_CIPHER = 0x23,
	SSL_HEAD_SIZE = 5,
	SSL_CLIENT_SPOKE_TLS = 1,
};

static const char signature[] = "\r\n\r\n\0\r\nQUIT\n";
static const char line_start[] = "PROXY ";

static struct span signature_span(void)
{
	return span_of(signature, sizeof(signature) - 1);
}

/* As far as they go, the bytes are those of `start`. */
static bool may_become(struct span in, struct span start)
{
	size_t size = in.size < start.size ? in.size : start.size;

	return span_equal(span_cut(in, 0, size), span_cut(start, 0, size));
}

/* An address and a port in network order, of one of the families with ports. */
static enum error make_address(bool is_ipv6, const char *bytes, const char *port,
                               struct address *ret_address)
{
	union {
		struct sockaddr any;
		struct sockaddr_in ipv4;
		struct sockaddr_in6 ipv6;
	} socket = {.any = {.sa_family = is_ipv6 ? AF_INET6 : AF_INET}};

	if (is_ipv6) {
		memcpy(&socket.ipv6.sin6_addr, bytes, sizeof(socket.ipv6.sin6_addr));
		memcpy(&socket.ipv6.sin6_port, port, sizeof(socket.ipv6.sin6_port));
	} else {
		memcpy(&socket.ipv4.sin_addr, bytes, sizeof(socket.ipv4.sin_addr));
		memcpy(&socket.ipv4.sin_port, port, sizeof(socket.ipv4.sin_port));
	}
	return address_from_socket(&socket.any, is_ipv6 ? sizeof(socket.ipv6) : sizeof(socket.ipv4),
	                           ret_address);
}

/* `192.0.2.1` and `443`, as they stand in a line. */
static enum error read_text_address(bool is_ipv6, struct span host, struct span port,
                                    struct address *ret_address)
{
	char text[INET6_ADDRSTRLEN];
	char bytes[sizeof(struct in6_addr)];
	uint64_t number;

	if (host.size == 0 || host.size >= sizeof(text) || memchr(host.data, '\0', host.size) ||
	    (port.size > 1 && port.data[0] == '0') || number_decimal(port, UINT16_MAX, &number))
		return ERROR_PROXY_HEADER_MALFORMED;
	memcpy(text, host.data, host.size);
	text[host.size] = '\0';
	if (inet_pton(is_ipv6 ? AF_INET6 : AF_INET, text, bytes) != 1)
		return ERROR_PROXY_HEADER_MALFORMED;

	uint16_t order = htons((uint16_t)number);
	char port_bytes[sizeof(order)];

	memcpy(port_bytes, &order, sizeof(order));
	return make_address(is_ipv6, bytes, port_bytes, ret_address);
}

/* Takes the word up to the next space, or all that is left. */
static struct span take_word(struct span *rest)
{
	size_t end = span_find(*rest, ' ');
	struct span word = span_cut(*rest, 0, end);

	*rest = end < rest->size ? span_from(*rest, end + 1) : span_of(NULL, 0);
	return word;
}

/* `TCP4 source destination source-port destination-port`, or `UNKNOWN` and anything. */
static enum error read_words(struct span line, struct proxy_header *header)
{
	struct span rest = line;
	struct span family = take_word(&rest);
	bool is_ipv6 = span_equal(family, SPAN("TCP6"));

	if (span_equal(family, SPAN("UNKNOWN")))
		return OK;
	if (!is_ipv6 && !span_equal(family, SPAN("TCP4")))
		return ERROR_PROXY_HEADER_MALFORMED;

	struct span source = take_word(&rest);
	struct span destination = take_word(&rest);
	struct span source_port = take_word(&rest);
	enum error error = read_text_address(is_ipv6, source, source_port, &header->source);

	if (!error)
		error = read_text_address(is_ipv6, destination, rest, &header->destination);
	header->has_addresses = !error;
	return error;
}

static enum error read_line(struct span in, struct proxy_header *header, size_t *ret_size)
{
	struct span allowed = span_cut(in, 0, LINE_SIZE_MAX);
	size_t end = 0;

	while (end < allowed.size && allowed.data[end] >= ' ' && allowed.data[end] <= '~')
		end++;
	if (end + 1 >= allowed.size && allowed.size < LINE_SIZE_MAX &&
	    (end == allowed.size || allowed.data[end] == '\r'))
		return OK; /* more is needed */
	if (!span_starts_with(span_from(allowed, end), SPAN("\r\n")))
		return ERROR_PROXY_HEADER_MALFORMED;

	enum error error = read_words(span_cut(in, sizeof(line_start) - 1, end), header);

	if (!error)
		*ret_size = end + 2;
	return error;
}

static size_t big_endian_16(const char *bytes)
{
	return (size_t)(unsigned char)bytes[0] << 8 | (unsigned char)bytes[1];
}

/* What follows the addresses: parts of type, length and value that fit exactly. */
static enum error check_parts(struct span parts)
{
	while (parts.size >= TLV_HEAD_SIZE) {
		size_t size = TLV_HEAD_SIZE + big_endian_16(parts.data + 1);

		if (size > parts.size)
			return ERROR_PROXY_HEADER_MALFORMED;
		parts = span_from(parts, size);
	}
	return parts.size == 0 ? OK : ERROR_PROXY_HEADER_MALFORMED;
}

static enum error read_addresses(unsigned char family, struct span block,
                                 struct proxy_header *header)
{
	const size_t ports = 4;
	const size_t unix_size = 216;
	bool is_ipv6 = family == FAMILY_TCP6;
	size_t host = is_ipv6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
	size_t size = family == FAMILY_UNIX ? unix_size : 2 * host + ports;

	if (block.size < size || check_parts(span_from(block, size)))
		return ERROR_PROXY_HEADER_MALFORMED;
	header->has_addresses = true;
	if (family == FAMILY_UNIX) {
		/* Its path is of another machine, if it has one. */
		header->source = (struct address){.kind = ADDRESS_UNIX};
		header->destination = header->source;
		return OK;
	}

	const char *port = block.data + 2 * host;
	enum error error = make_address(is_ipv6, block.data, port, &header->source);

	return error ? error
	             : make_address(is_ipv6, block.data + host, port + ports / 2, &header->destination);
}

static enum error read_binary(struct span in, size_t size_max, struct proxy_header *header,
                              size_t *ret_size)
{
	if (in.size > COMMAND_AT && in.data[COMMAND_AT] != VERSION_2_LOCAL &&
	    in.data[COMMAND_AT] != VERSION_2_PROXY)
		return ERROR_PROXY_HEADER_MALFORMED;
	if (in.size < FIXED_SIZE)
		return OK;

	unsigned char family = (unsigned char)in.data[FAMILY_AT];
	bool is_local = in.data[COMMAND_AT] == VERSION_2_LOCAL;
	size_t size = FIXED_SIZE + big_endian_16(in.data + LENGTH_AT);
	enum error error = OK;

	/* Of LOCAL everything but the length is to be ignored. */
	if (size > size_max || (!is_local && family != FAMILY_NONE && family != FAMILY_TCP4 &&
	                        family != FAMILY_TCP6 && family != FAMILY_UNIX))
		return ERROR_PROXY_HEADER_MALFORMED;
	if (in.size < size)
		return OK;
	if (!is_local && family != FAMILY_NONE)
		error = read_addresses(family, span_cut(in, FIXED_SIZE, size), header);
	if (!error)
		*ret_size = size;
	return error;
}

enum error proxy_header_read(struct span in, size_t size_max, struct proxy_header *ret_header,
                             size_t *ret_size)
{
	struct proxy_header header = {.has_addresses = false};
	struct span start = span_of(line_start, sizeof(line_start) - 1);
	size_t size = 0;
	enum error error = OK;

	if (in.size > 0 && in.data[0] == line_start[0])
		error =
			may_become(in, start) ? read_line(in, &header, &size) : ERROR_PROXY_HEADER_MALFORMED;
	else
		error = may_become(in, signature_span()) ? read_binary(in, size_max, &header, &size)
		                                         : ERROR_PROXY_HEADER_MALFORMED;
	if (error)
		return error;
	if (size > 0)
		*ret_header = header;
	*ret_size = size;
	return OK;
}

/* Both of one IP version, so that they can be told. */
static bool can_tell(const struct proxy_header *header)
{
	enum address_kind kind = header->source.kind;

	return header->has_addresses && kind == header->destination.kind &&
	       (kind == ADDRESS_IPV4 || kind == ADDRESS_IPV6);
}

static size_t write_line(const struct proxy_header *header, char *bytes)
{
	int size;

	if (!can_tell(header))
		size = snprintf(bytes, PROXY_HEADER_WRITTEN_MAX, "PROXY UNKNOWN\r\n");
	else
		size = snprintf(bytes, PROXY_HEADER_WRITTEN_MAX, "PROXY TCP%d %s %s %u %u\r\n",
		                header->source.kind == ADDRESS_IPV6 ? 6 : 4, header->source.host,
		                header->destination.host, (unsigned)header->source.port,
		                (unsigned)header->destination.port);
	return (size_t)size;
}

static size_t put(char *bytes, size_t at, const void *data, size_t size)
{
	if (size > 0)
		memcpy(bytes + at, data, size);
	return at + size;
}

static size_t put_16(char *bytes, size_t at, size_t number)
{
	const char both[2] = {(char)(number >> 8), (char)number};

	return put(bytes, at, both, sizeof(both));
}

/* A part of type, length and value; none if the value is empty, or too long to be what it says. */
static size_t put_part(char *bytes, size_t at, unsigned char type, struct span value)
{
	if (value.size == 0 || value.size > VALUE_MAX)
		return at;
	at = put(bytes, at, &type, sizeof(type));
	at = put_16(bytes, at, value.size);
	return put(bytes, at, value.data, value.size);
}

/* The part of TLS: what the client spoke, that it showed no valid certificate, and in it the names
 * of version and suite. */
static size_t put_tls(char *bytes, size_t at, const struct proxy_tls *tls)
{
	const unsigned char head[SSL_HEAD_SIZE] = {SSL_CLIENT_SPOKE_TLS, 0, 0, 0, 1};
	const unsigned char type = TLV_SSL;
	size_t end = put_part(bytes, at, TLV_ALPN, tls->protocol);

	end = put_part(bytes, end, TLV_AUTHORITY, tls->server_name);
	end = put(bytes, end, &type, sizeof(type));

	size_t length_at = end;

	end = put_16(bytes, end, 0);
	end = put(bytes, end, head, sizeof(head));
	end = put_part(bytes, end, TLV_SSL_VERSION, tls->version);
	end = put_part(bytes, end, TLV_SSL_CIPHER, tls->suite);
	(void)put_16(bytes, length_at, end - length_at - 2);
	return end;
}

static size_t write_binary(const struct proxy_header *header, const struct proxy_tls *tls,
                           char *bytes)
{
	bool tells = can_tell(header);
	bool is_ipv6 = header->source.kind == ADDRESS_IPV6;
	size_t host = is_ipv6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
	const unsigned char kinds[] = {
		VERSION_2_PROXY,
		!tells    ? FAMILY_NONE
		: is_ipv6 ? FAMILY_TCP6
				  : FAMILY_TCP4,
	};
	size_t at = put(bytes, 0, signature, sizeof(signature) - 1);

	at = put(bytes, at, kinds, sizeof(kinds));
	at = put_16(bytes, at, 0);
	if (tells) {
		at = put(bytes, at, header->source.bytes, host);
		at = put(bytes, at, header->destination.bytes, host);
		at = put_16(bytes, at, header->source.port);
		at = put_16(bytes, at, header->destination.port);
	}
	if (tls)
		at = put_tls(bytes, at, tls);
	(void)put_16(bytes, LENGTH_AT, at - FIXED_SIZE);
	return at;
}

size_t proxy_header_write(enum proxy_version version, const struct proxy_header *header,
                          const struct proxy_tls *tls, char ret_bytes[PROXY_HEADER_WRITTEN_MAX])
{
	return version == PROXY_VERSION_1 ? write_line(header, ret_bytes)
	                                  : write_binary(header, tls, ret_bytes);
}
