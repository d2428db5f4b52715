/*
 * Client profiles: what well-known TLS clients, old and new, offer in their ClientHello; a table.
 *
 * From a row a ClientHello is made as the client would send it, but for its random parts; reading
 * that back gives the offer, so that profiles, files and connections all go one way. The rows are
 * facts about programs: `source` says where each was learnt, and the captured ones are compared
 * with what the program sent (test/cases/client_hellos).
 *
 * Owner: nobody; all is static and immutable.
 */
#ifndef SALLYPORT_TLS_PROFILE_H
#define SALLYPORT_TLS_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* Numbers of IANA, as they stand on the wire; TLS_GREASE where the client puts one of RFC 8701. */
struct tls_numbers {
	const uint16_t *items;
	size_t count;
};

enum { TLS_GREASE = 0x0a0a };

struct tls_profile {
	const char *name;   /* "chrome-131" */
	const char *title;  /* "Chrome 131, with X25519MLKEM768" */
	const char *source; /* where the row is from */
	bool is_captured;   /* by us, from the program itself; else reported by the source */
	unsigned record_version;
	unsigned version; /* legacy_version */
	bool has_session_id;
	bool has_deflate; /* beside the null compression */
	struct tls_numbers suites;
	struct tls_numbers extensions; /* in order; their contents are the lists below */
	struct tls_numbers versions;   /* supported_versions */
	struct tls_numbers groups;
	struct tls_numbers key_shares;
	struct tls_numbers signatures;
	struct tls_numbers signatures_of_certificates;
	struct span psk_modes; /* empty: psk_dhe_ke alone */
	const char *protocols; /* ALPN, separated by spaces; NULL: none */
};

/* All of them, one by one; NULL at the end. */
const struct tls_profile *tls_profile_at(size_t index);
/* NULL: there is none of that name. */
const struct tls_profile *tls_profile_find(struct span name);

/* A ClientHello as on the wire with its record's header, whatever the name. */
enum { TLS_PROFILE_HELLO_SIZE_MAX = 4096 };

/*
 * Writes the profile's ClientHello for a server name in its normal form; empty: it names none.
 * Returns its size. Always the same bytes: the random is not, and the keys are the curves' base
 * points, so that nobody but a server can be spoken to with them.
 */
size_t tls_profile_write(const struct tls_profile *profile, struct span server_name,
                         char ret_wire[TLS_PROFILE_HELLO_SIZE_MAX]);

#endif
