/*
 * A table of clients by address, shared by all workers: how often each has asked lately, or how
 * many requests of each run now.
 *
 * An IPv6 client counts as its network of 64 bits, of which one client has all addresses; clients
 * of unix sockets count as one.
 *
 * The table has a fixed size: sets of CLIENTS_WAYS entries, found by a hash with a random seed, so
 * that nobody can choose addresses that meet in one set. Each set is guarded by one of a few locks,
 * held for some nanoseconds. Where a set is full, the two uses differ; see below.
 *
 * Owner: whoever holds a reference: the rules of a route, and those of the same route after a
 * reload. Threads: any.
 */
#ifndef SALLYPORT_ROUTE_CLIENTS_H
#define SALLYPORT_ROUTE_CLIENTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/error.h"

enum { CLIENTS_WAYS = 8 };

struct clients;

/* Room for `count` clients, rounded up to a power of two. Holds one reference.
 * ERROR_OUT_OF_MEMORY, ERROR_SYSTEM (no random seed). */
MUST_CHECK enum error clients_new(size_t count, struct clients **ret_clients);
struct clients *clients_ref(struct clients *clients);
/* For how many there is room. */
size_t clients_room(const struct clients *clients);
/* NULL is allowed. */
void clients_unref(struct clients *clients);

/*
 * A token bucket: takes one of `burst` tokens, of which one comes back each `interval_us`.
 * ERROR_RATE_LIMITED: there is none; *ret_wait_us says how long until there is.
 * A full set forgets the client that is nearest to a full bucket: it may then ask somewhat sooner
 * than it should. Nobody is refused for want of room.
 */
MUST_CHECK enum error clients_take(struct clients *clients, const struct address *client,
                                   uint64_t now_us, uint64_t interval_us, uint64_t burst,
                                   uint64_t *ret_wait_us);

/*
 * Counts a request of the client, until clients_leave(). ERROR_CLIENT_BUSY: there are
 * `requests_max` already. ERROR_ROUTE_BUSY: no room for another client in its set; a client that
 * is not counted could have any number.
 */
MUST_CHECK enum error clients_enter(struct clients *clients, const struct address *client,
                                    uint64_t requests_max);
void clients_leave(struct clients *clients, const struct address *client);

#endif
