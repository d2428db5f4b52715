/*
 * TLS alerts (RFC 8446 §6, RFC 5246 §7.2): their numbers, names and meanings, and which one is due
 * for which error of the library.
 */
#ifndef SALLYPORT_TLS_ALERT_H
#define SALLYPORT_TLS_ALERT_H

#include <stdbool.h>

#include "base/buffer.h"

/*
 * Name in C · number · name in the RFCs · whether a client that sends it means our
 * certificate · its meaning · where it likely comes from, if a client sends it, and what to do.
 * Numbers up to 121 of RFC 8446 §6, RFC 5246 §7.2, RFC 6066 §9, RFC 7507, RFC 9849, and those that
 * only older versions had.
 */
/* clang-format off */
#define TLS_ALERT_TABLE(X) \
	X(CLOSE_NOTIFY, 0, "close_notify", false, \
	  "the connection ends here", \
	  "it went away without an error") \
	X(UNEXPECTED_MESSAGE, 10, "unexpected_message", false, \
	  "a message came out of turn", \
	  "one of the two sides does not follow the protocol, or something between them " \
	  "changes it; compare with another client") \
	X(BAD_RECORD_MAC, 20, "bad_record_mac", false, \
	  "a record could not be decrypted", \
	  "something between the two sides changes bytes, or a middlebox speaks TLS itself") \
	X(DECRYPTION_FAILED, 21, "decryption_failed", false, \
	  "a record could not be decrypted (an alert of old versions)", \
	  "something between the two sides changes bytes") \
	X(RECORD_OVERFLOW, 22, "record_overflow", false, \
	  "a record was longer than 16 KiB", \
	  "something between the two sides changes bytes, or it is not TLS") \
	X(DECOMPRESSION_FAILURE, 30, "decompression_failure", false, \
	  "compressed data was not well formed (an alert of old versions)", \
	  "update the client") \
	X(HANDSHAKE_FAILURE, 40, "handshake_failure", false, \
	  "no set of parameters is acceptable", \
	  "what was chosen or asked of it is not what it can do; compare its settings with " \
	  "the policy") \
	X(NO_CERTIFICATE, 41, "no_certificate", false, \
	  "there is no certificate to send (an alert of SSL 3.0)", \
	  "give the client a certificate, or do not ask for one") \
	X(BAD_CERTIFICATE, 42, "bad_certificate", true, \
	  "the certificate is corrupt, or not for this name", \
	  "it was asked for by another name, or is signed in a way that the client does " \
	  "not accept; look at the names and the signature") \
	X(UNSUPPORTED_CERTIFICATE, 43, "unsupported_certificate", true, \
	  "the certificate is of a kind that is not supported", \
	  "its key or its use is not one that the client has; add a certificate with " \
	  "another kind of key") \
	X(CERTIFICATE_REVOKED, 44, "certificate_revoked", true, \
	  "the certificate was revoked by its issuer", \
	  "replace the certificate") \
	X(CERTIFICATE_EXPIRED, 45, "certificate_expired", true, \
	  "the certificate has expired or is not valid yet", \
	  "renew the certificate; if its dates are right, the clock of the client is wrong") \
	X(CERTIFICATE_UNKNOWN, 46, "certificate_unknown", true, \
	  "the certificate is not acceptable for some other reason", \
	  "often an issuer that the client does not know, or a user who declined; look at the chain") \
	X(ILLEGAL_PARAMETER, 47, "illegal_parameter", false, \
	  "a field of a message was out of range or contradicts another", \
	  "one of the two sides does not follow the protocol, or something between them changes it") \
	X(UNKNOWN_CA, 48, "unknown_ca", true, \
	  "the issuer of the certificate is not known", \
	  "it does not know the root of the chain, or an intermediate certificate is " \
	  "missing; send the whole chain, or install the root in the client") \
	X(ACCESS_DENIED, 49, "access_denied", false, \
	  "the certificate is valid, but access is denied", \
	  "the client decided so; look at its own log") \
	X(DECODE_ERROR, 50, "decode_error", false, \
	  "a message could not be decoded", \
	  "one of the two sides does not follow the protocol, or something between them changes it") \
	X(DECRYPT_ERROR, 51, "decrypt_error", false, \
	  "a signature or a Finished message could not be verified", \
	  "the handshakes that the two sides saw differ: something between them changes " \
	  "it, or one computes wrongly") \
	X(EXPORT_RESTRICTION, 60, "export_restriction", false, \
	  "export rules forbid it (an alert of TLS 1.0)", \
	  "update the client") \
	X(PROTOCOL_VERSION, 70, "protocol_version", false, \
	  "the version is known but not supported", \
	  "the client does not have the version that was chosen; compare its settings with " \
	  "the policy") \
	X(INSUFFICIENT_SECURITY, 71, "insufficient_security", false, \
	  "what is offered is not secure enough", \
	  "the client asks for stronger cipher suites than were chosen") \
	X(INTERNAL_ERROR, 80, "internal_error", false, \
	  "an error that has nothing to do with the peer", \
	  "look at the log of the side that sent it") \
	X(INAPPROPRIATE_FALLBACK, 86, "inappropriate_fallback", false, \
	  "the peer tried again with an older version although both have a newer one", \
	  "an earlier attempt was broken off; look for what interferes with the newer version") \
	X(USER_CANCELED, 90, "user_canceled", false, \
	  "the handshake was cancelled", \
	  "a user or the program gave up; nothing is wrong with TLS") \
	X(NO_RENEGOTIATION, 100, "no_renegotiation", false, \
	  "a new handshake on this connection is refused", \
	  "nothing to do: it is never done here") \
	X(MISSING_EXTENSION, 109, "missing_extension", false, \
	  "an extension that must be there is not", \
	  "one of the two sides does not follow the protocol") \
	X(UNSUPPORTED_EXTENSION, 110, "unsupported_extension", false, \
	  "an extension was answered that was not offered", \
	  "one of the two sides does not follow the protocol, or something between them changes it") \
	X(CERTIFICATE_UNOBTAINABLE, 111, "certificate_unobtainable", false, \
	  "a certificate could not be fetched from its URL", \
	  "nothing to do: it is never used here") \
	X(UNRECOGNIZED_NAME, 112, "unrecognized_name", false, \
	  "no server of that name is known", \
	  "the client connects to the wrong address, or the name lacks a certificate") \
	X(BAD_CERTIFICATE_STATUS_RESPONSE, 113, "bad_certificate_status_response", true, \
	  "the OCSP response is missing or not acceptable", \
	  "the certificate demands stapling (must-staple), which is not supported here; " \
	  "use one without") \
	X(UNKNOWN_PSK_IDENTITY, 115, "unknown_psk_identity", false, \
	  "no such pre-shared key is known", \
	  "nothing to do: pre-shared keys are not used here") \
	X(CERTIFICATE_REQUIRED, 116, "certificate_required", false, \
	  "a client certificate is required and was not sent", \
	  "give the client a certificate") \
	X(NO_APPLICATION_PROTOCOL, 120, "no_application_protocol", false, \
	  "no ALPN protocol is common to both", \
	  "let the client offer http/1.1") \
	X(ECH_REQUIRED, 121, "ech_required", false, \
	  "Encrypted ClientHello is required", \
	  "the client found another ECH configuration for this name in DNS; remove it, it " \
	  "is not supported here")
/* clang-format on */

enum {
#define TLS_ALERT_ENUM(name, number, words, is_of_certificate, meaning, advice) \
	TLS_ALERT_##name = (number),
	TLS_ALERT_TABLE(TLS_ALERT_ENUM)
#undef TLS_ALERT_ENUM
};

/* "handshake_failure", or "unknown". */
const char *tls_alert_name(int alert);
/* One clause in words. */
const char *tls_alert_meaning(int alert);
/* Of an alert that a client sent: where it most likely comes from, and what to do. */
const char *tls_alert_advice(int alert);
/* Whether a client that sends it speaks of our certificate. */
bool tls_alert_is_of_certificate(int alert);

/* The fatal alert that a line of the library's debug output tells of; -1: none. The library of 3.6
 * has no other way to ask. */
int tls_alert_in(const char *line);

/* The alert for an error number of the library, where it has sent none itself. */
int tls_alert_for(int code);

/* Writes a fatal alert in plaintext, without the library; false if there is no room. */
MUST_CHECK bool tls_alert_put(struct buffer *wire_out, int alert);

#endif
