/*
 * Which requests the admin interface takes, apart from what they ask for.
 *
 * On a unix socket the file's mode has decided that already. On TCP, everybody on this host can
 * connect, and so can the pages in their browsers. Against those:
 *   - Host must be `localhost`, an address of 127.0.0.0/8 or [::1], so that a name that somebody
 *     points here (DNS rebinding) is of no use;
 *   - Origin, if there is one, must be http:// and that very Host, and Sec-Fetch-Site `same-origin`
 *     or `none`;
 *   - what changes something must have a field that a form can not send: `X-Requested-With`, or
 *     `Content-Type: application/json`. No answer has CORS fields, so a script can not, either.
 *
 * Pure.
 */
#ifndef SALLYPORT_ADMIN_GUARD_H
#define SALLYPORT_ADMIN_GUARD_H

#include "base/error.h"
#include "http/message.h"

/* ERROR_ADMIN_HOST, ERROR_ADMIN_ORIGIN. */
MUST_CHECK enum error guard_request(const struct message *request);
/* For one that changes something: also ERROR_ADMIN_FORM. */
MUST_CHECK enum error guard_change(const struct message *request);

#endif
