/*
 * How many TLS handshakes go on, in total and for each address: so that a flood of connections
 * that do not finish theirs takes neither all memory nor the places of others.
 *
 * An address is an IPv4 address, or the first 64 bits of an IPv6 one, since whoever has one of
 * these has them all (RFC 6177 §2). Only addresses with a handshake are kept, so there are never
 * more than handshakes; all memory is taken before, about 40 bytes for each.
 *
 * Owner: the server. Threads: shared by all workers; a lock is held for a look-up.
 */
#ifndef SALLYPORT_SESSION_HALF_OPEN_H
#define SALLYPORT_SESSION_HALF_OPEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/error.h"

struct half_open;

enum half_open_answer {
	HALF_OPEN_ENTERED,
	HALF_OPEN_TOTAL_REACHED,
	HALF_OPEN_ADDRESS_REACHED,
	HALF_OPEN_ANSWER_COUNT
};

/* ERROR_OUT_OF_MEMORY, ERROR_SYSTEM. */
MUST_CHECK enum error half_open_new(size_t total_max, size_t per_address_max,
                                    struct half_open **ret_half_open);
/* NULL is allowed. */
void half_open_free(struct half_open *half_open);

/* Makes room for as many, so that half_open_limit() may set that. ERROR_OUT_OF_MEMORY: nothing has
 * changed. From one thread only. */
MUST_CHECK enum error half_open_reserve(struct half_open *half_open, size_t total_max);
/* Other limits. What has entered stays, also if it is more than that; memory is not given back. */
void half_open_limit(struct half_open *half_open, size_t total_max, size_t per_address_max);

/* One more, if the limits allow it. `by_address`: its address counts; never for unix sockets.
 * *ret_place: what to leave with; set only if it has entered. */
MUST_CHECK enum half_open_answer half_open_enter(struct half_open *half_open,
                                                 const struct address *peer, bool by_address,
                                                 uint32_t *ret_place);
/* One that has entered is over. */
void half_open_leave(struct half_open *half_open, uint32_t place);

/* How many there are now. */
size_t half_open_count(struct half_open *half_open);

#endif
