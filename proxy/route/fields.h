/*
 * Changes that a route makes in the fields of a message: removed, set, added, in this order.
 *
 * In a request a name stands for all its spellings that an application may take for the same:
 * bytes other than letters and digits count as `-`. So a field that is set or removed can not come
 * from the client in another guise (`X_Client` for X-Client). A field that is added stands beside
 * the client's own, but never beside another spelling of it.
 *
 * Framing, and what belongs to one connection or to the WebSocket handshake, can not be changed;
 * of these only Host, in a request, and only set.
 */
#ifndef SALLYPORT_ROUTE_FIELDS_H
#define SALLYPORT_ROUTE_FIELDS_H

#include "base/arena.h"
#include "base/error.h"
#include "config/config_route.h"
#include "http/message.h"
#include "route/values.h"

/*
 * Reports each field that can not be changed, and each value that no such field can have. `path`:
 * where the changes stand, such as `routes[0].request_headers`. `fields`: NULL for none.
 */
void fields_check(const struct config_fields *fields, enum message_kind kind, const char *path,
                  struct diagnostics *diagnostics);

/*
 * Changes a message that is to be written. `fields`: NULL for none. ERROR_OUT_OF_MEMORY;
 * ERROR_INVALID, ERROR_HOST_MALFORMED: a value that came out so that it can not stand there.
 */
MUST_CHECK enum error fields_change(const struct config_fields *fields, const struct values *values,
                                    struct arena *arena, struct message *message);

#endif
