/*
 * Authentication that is bound to a connection: NTLM, and Negotiate with NTLM inside (RFC 4559 §6).
 *
 * Against RFC 9110 §11 and §3.3, which make each request stand for itself, the server remembers who
 * authenticated on a connection and takes all that follows on it for that user's. So such a
 * connection must never carry the request of another client.
 *
 * Pure. Does not: decode credentials.
 */
#ifndef SALLYPORT_HTTP_CHALLENGE_H
#define SALLYPORT_HTTP_CHALLENGE_H

#include <stdbool.h>

#include "http/message.h"

/*
 * A request with such credentials, or a response with such a challenge, alone or in a list
 * (RFC 9110 §11.6, §11.7; for the server or for a proxy, since a backend may say either).
 * On doubt, as with a list that can not be taken apart, true.
 */
bool challenge_binds(const struct message *message);

#endif
