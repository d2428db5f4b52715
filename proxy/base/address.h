/*
 * Where to listen, whom to connect to, who is asking: an address with its port, and blocks of
 * addresses.
 *
 * Texts: `1.2.3.4:80`, `[::1]:80` (RFC 3986 §3.2.2, without zones), `unix:/path`, `host.name:80` (a
 * name by RFC 1123 §2.1, `_` allowed too; it is not looked up here). Strict: no spaces, no service
 * names, a decimal port from 1 to 65535.
 *
 * An IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2) is the same as the IPv4 address in it.
 *
 * Owner: values without pointers; copy them freely.
 */
#ifndef SALLYPORT_BASE_ADDRESS_H
#define SALLYPORT_BASE_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/span.h"

enum address_kind {
	ADDRESS_IPV4,
	ADDRESS_IPV6,
	ADDRESS_NAME, /* to be resolved first */
	ADDRESS_UNIX,
	ADDRESS_KIND_COUNT
};

enum {
	ADDRESS_NAME_MAX = 253,          /* bytes, RFC 1035 §2.3.4 without the root's dot */
	ADDRESS_PATH_MAX = 107,          /* bytes of a unix socket's path; its NUL is the 108th */
	ADDRESS_HOST_SIZE = 256,         /* the longest host or path with its NUL */
	ADDRESS_TEXT_SIZE = 256 + 2 + 6, /* what address_format() needs at most, with its NUL */
};

struct address {
	enum address_kind kind;
	uint16_t port;           /* host byte order; 0 for ADDRESS_UNIX */
	unsigned char bytes[16]; /* network order: 4 for ADDRESS_IPV4, 16 for ADDRESS_IPV6, else 0 */
	char host[ADDRESS_HOST_SIZE]; /* NUL-terminated: the name in lower case, the path ("": unnamed),
	                                 or the IP address in its usual text */
};

/* A network such as 10.0.0.0/8; without a prefix length, one address. */
struct address_block {
	enum address_kind kind; /* ADDRESS_IPV4 or ADDRESS_IPV6 */
	unsigned prefix;        /* leading bits that count: up to 32 or 128 */
	unsigned char bytes[16];
};

/* ERROR_ADDRESS_INVALID; address_problem() tells people why. */
MUST_CHECK enum error address_parse(struct span text, struct address *ret_address);
/* One clause that tells why address_parse() refuses the text, such as "a port is missing"; NULL if
 * it does not. */
const char *address_problem(struct span text);

/* Writes the form that address_parse() reads, cut at `size` bytes with the NUL. */
void address_format(const struct address *address, char *ret_text, size_t size);
/* True if both lead to the same place: the same host and the same port. */
bool address_equal(const struct address *a, const struct address *b);
/* True for a host name by RFC 1123 §2.1, `_` allowed too, of at most ADDRESS_NAME_MAX bytes whose
 * last label is not a number, so that it is not taken for an IPv4 address. */
bool address_is_name(struct span text);

/* The address for bind(2) and connect(2) and its length; 0 for ADDRESS_NAME. */
socklen_t address_to_socket(const struct address *address, struct sockaddr_storage *ret_socket);
/* What accept(2) or getaddrinfo(3) gave; IPv4-mapped addresses become IPv4. A unix socket without
 * a path has the host "". ERROR_ADDRESS_INVALID: another family, or too short for its family. */
MUST_CHECK enum error address_from_socket(const struct sockaddr *socket, socklen_t length,
                                          struct address *ret_address);

/* `10.0.0.0/8`, `::1/128`, `10.1.2.3`. ERROR_ADDRESS_INVALID, also if a bit after the prefix is
 * set; address_block_problem() tells people why. */
MUST_CHECK enum error address_block_parse(struct span text, struct address_block *ret_block);
/* One clause that tells why address_block_parse() refuses the text; NULL if it does not. */
const char *address_block_problem(struct span text);
/* Names and unix sockets are in no block; ports do not matter. */
bool address_block_contains(const struct address_block *block, const struct address *address);

#endif
