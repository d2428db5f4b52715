/*
 * Who may use a route: by the client's address, and for a WebSocket by the page that opens it.
 */
#ifndef SALLYPORT_ROUTE_ACCESS_H
#define SALLYPORT_ROUTE_ACCESS_H

#include <stdbool.h>

#include "base/address.h"
#include "config/config_route.h"
#include "http/message.h"

/* Not in `deny`, and in `allow` if there is one. A client without an IP address (a unix socket) is
 * in no network: it may use the route if there is no `allow`. */
bool access_is_allowed(const struct config_route *route, const struct address *client);

/*
 * RFC 6455 §10.2: true unless the request asks for a WebSocket and the route has a list of origins
 * in which its one Origin is not; scheme and host in any case. A client without Origin is no
 * browser, and not on the list either.
 */
bool access_origin_is_allowed(const struct config_route *route, const struct message *request);

#endif
