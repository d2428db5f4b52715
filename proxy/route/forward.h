/*
 * What changes in a message on its way through us (RFC 9110 §7.6).
 *
 * To the backend:
 *   - fields that Connection lists are removed, then all hop-by-hop fields, whatever it lists; what
 *     is end to end (FIELD_END_TO_END: Authorization, Cookie …) can not be removed by listing it;
 *   - aliases of fields that we set (`X_Forwarded_For`), and `Proxy`, are removed;
 *   - Forwarded, X-Forwarded-*, X-Real-IP, X-Request-Id of the client are removed or, if the peer
 *     is trusted, kept and added to;
 *   - Client-Cert* and X-Client-Cert* are removed, whoever sent them: only a handshake with us
 *     proves what they say;
 *   - then ours are added: X-Forwarded-For, -Proto, -Host, Forwarded (RFC 7239), X-Request-Id;
 *     where clients are asked for a certificate also X-Client-Cert-Verify and, if there is one,
 *     Client-Cert, Client-Cert-Chain (RFC 9440), X-Client-Cert-Subject, -San, -Fingerprint;
 *   - Host is the authority that the client meant: the absolute form's, else Host's, as given, else
 *     facts->host_default; the target is written in origin form, unchanged otherwise;
 *   - `Expect: 100-continue` is forwarded if expects_continue (RFC 9110 §10.1.1); a caller who
 *     answers 100 itself clears it in the copy;
 *   - Upgrade only if it is `websocket`; TE and Trailer never: trailers are dropped.
 *   - Via is not added (a choice: backends change their behaviour on it).
 *
 * To the client: hop-by-hop and listed fields removed, and the framing chosen anew. All else, Date
 * and Server too, stays.
 *
 * Does not: decide whether the connection stays open, or whom to trust.
 */
#ifndef SALLYPORT_ROUTE_FORWARD_H
#define SALLYPORT_ROUTE_FORWARD_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/span.h"
#include "http/message.h"

/* What a client was asked to prove. Values as they go into the fields; empty: no such field. */
struct forward_proof {
	bool is_given; /* a certificate was shown and verified */
	struct span certificate;
	struct span chain;
	struct span subject;
	struct span san;
	struct span fingerprint;
};

/* What the session knows about the client's side. Borrows: all spans, as long as the result. */
struct forward_facts {
	struct span client_address; /* text without port and brackets; empty (unix socket): unknown */
	struct span scheme;         /* `http` or `https`: how the client reached us */
	struct span host_default;   /* for a request without host; never empty */
	struct span request_id;     /* see forward_request_id() */
	bool peer_trusted;          /* the peer's address is in trusted_proxies */
	/* NULL: the client was not asked for a certificate. Borrows: as long as the call. */
	const struct forward_proof *proof;
};

/*
 * The id of this exchange: the one that a trusted peer sent in X-Request-Id, if it is 1 to 128
 * letters, digits and `-_.:=+/@`, else `own`.
 */
struct span forward_request_id(const struct message *request, bool peer_trusted, struct span own);

/*
 * The message for the backend. `keep_alive`: whether its connection may be kept after this.
 * The fields are new; names and values borrow from `request` and `facts`.
 * ERROR_OUT_OF_MEMORY; ERROR_INVALID if a fact can not stand in a field.
 */
MUST_CHECK enum error forward_request(const struct message *request,
                                      const struct forward_facts *facts, bool keep_alive,
                                      struct arena *arena, struct message *ret_request);

/*
 * The message for the client who sent `request`. `keep_alive`: whether we want to keep its
 * connection; the result's keep_alive says whether that can be: not if the body ends with it.
 *
 * Framing: none stays none (HEAD and 304 keep their Content-Length, 204 and 1xx have none); a known
 * length stays; an unknown one becomes chunked, or until close for an HTTP/1.0 client.
 * A 1xx must not go to an HTTP/1.0 client at all (RFC 9110 §15.2): the caller drops it.
 * Upgrade and `Connection: upgrade` only in a 101, which the caller has checked.
 * ERROR_OUT_OF_MEMORY.
 */
MUST_CHECK enum error forward_response(const struct message *response,
                                       const struct message *request, bool keep_alive,
                                       struct arena *arena, struct message *ret_response);

#endif
