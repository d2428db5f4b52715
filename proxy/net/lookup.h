/*
 * Looking up a host name's addresses with the system's resolver, off the loop's thread.
 *
 * Owner: whoever started it, until it has called back or was cancelled.
 */
#ifndef SALLYPORT_NET_LOOKUP_H
#define SALLYPORT_NET_LOOKUP_H

#include <stddef.h>

#include "base/address.h"
#include "base/error.h"

struct loop;
struct lookup;

enum { LOOKUP_ADDRESSES_MAX = 8 };

/* OK and 1 to LOOKUP_ADDRESSES_MAX addresses, or ERROR_NAME_UNRESOLVED and none. */
typedef void lookup_done(void *owner, enum error error, const struct address *addresses,
                         size_t address_count);

/* `address` must be a name with its port. ERROR_OUT_OF_MEMORY, ERROR_SYSTEM. */
MUST_CHECK enum error lookup_start(struct loop *loop, const struct address *address,
                                   lookup_done *on_done, void *owner, struct lookup **ret_lookup);
/* It will not call back any more. NULL is allowed. */
void lookup_cancel(struct lookup *lookup);

#endif
