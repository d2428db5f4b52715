/*
 * Who the client is, when there are other proxies in front of us.
 *
 * Each proxy adds the address that it sees to the end of a list. So the list is read from its end:
 * our peer, if it is trusted, tells the last address; if that is a trusted proxy's too, it has told
 * the one before, and so on. The first address that is not trusted is the client's; what stands
 * before it is what that client says of itself, and counts for nothing.
 *
 * An element that is no IP address (`unknown`, a name, nothing, a malformed one) ends the walk: the
 * client is then the last proxy that told something. So does the HOPS_MAX-th.
 *
 * Elements of X-Forwarded-For are addresses, IPv6 also in brackets, perhaps with a port; those of
 * Forwarded are as in RFC 7239 §4 and §6.
 */
#ifndef SALLYPORT_ROUTE_HOPS_H
#define SALLYPORT_ROUTE_HOPS_H

#include <stdbool.h>

#include "base/address.h"
#include "config/config.h"
#include "http/message.h"

enum { HOPS_MAX = 32 };

/* True if the address is in config->trusted_proxies. */
bool hops_is_trusted(const struct config *config, const struct address *address);

/* The peer itself, unless it is in config->trusted_proxies. The port of an address that was told
 * without one is 0. */
void hops_client(const struct message *request, const struct address *peer,
                 const struct config *config, struct address *ret_client);

#endif
