/*
 * TLS alerts (RFC 8446 §6, RFC 5246 §7.2): their numbers, their names, and which one is due for
 * which error of the library.
 */
#ifndef SALLYPORT_TLS_ALERT_H
#define SALLYPORT_TLS_ALERT_H

#include <stdbool.h>

#include "base/buffer.h"

/* Name in C, number, name in the RFCs. */
#define TLS_ALERT_TABLE(X)                                                     \
	X(CLOSE_NOTIFY, 0, "close_notify")                                         \
	X(UNEXPECTED_MESSAGE, 10, "unexpected_message")                            \
	X(BAD_RECORD_MAC, 20, "bad_record_mac")                                    \
	X(DECRYPTION_FAILED, 21, "decryption_failed")                              \
	X(RECORD_OVERFLOW, 22, "record_overflow")                                  \
	X(DECOMPRESSION_FAILURE, 30, "decompression_failure")                      \
	X(HANDSHAKE_FAILURE, 40, "handshake_failure")                              \
	X(NO_CERTIFICATE, 41, "no_certificate")                                    \
	X(BAD_CERTIFICATE, 42, "bad_certificate")                                  \
	X(UNSUPPORTED_CERTIFICATE, 43, "unsupported_certificate")                  \
	X(CERTIFICATE_REVOKED, 44, "certificate_revoked")                          \
	X(CERTIFICATE_EXPIRED, 45, "certificate_expired")                          \
	X(CERTIFICATE_UNKNOWN, 46, "certificate_unknown")                          \
	X(ILLEGAL_PARAMETER, 47, "illegal_parameter")                              \
	X(UNKNOWN_CA, 48, "unknown_ca")                                            \
	X(ACCESS_DENIED, 49, "access_denied")                                      \
	X(DECODE_ERROR, 50, "decode_error")                                        \
	X(DECRYPT_ERROR, 51, "decrypt_error")                                      \
	X(EXPORT_RESTRICTION, 60, "export_restriction")                            \
	X(PROTOCOL_VERSION, 70, "protocol_version")                                \
	X(INSUFFICIENT_SECURITY, 71, "insufficient_security")                      \
	X(INTERNAL_ERROR, 80, "internal_error")                                    \
	X(INAPPROPRIATE_FALLBACK, 86, "inappropriate_fallback")                    \
	X(USER_CANCELED, 90, "user_canceled")                                      \
	X(NO_RENEGOTIATION, 100, "no_renegotiation")                               \
	X(MISSING_EXTENSION, 109, "missing_extension")                             \
	X(UNSUPPORTED_EXTENSION, 110, "unsupported_extension")                     \
	X(CERTIFICATE_UNOBTAINABLE, 111, "certificate_unobtainable")               \
	X(UNRECOGNIZED_NAME, 112, "unrecognized_name")                             \
	X(BAD_CERTIFICATE_STATUS_RESPONSE, 113, "bad_certificate_status_response") \
	X(UNKNOWN_PSK_IDENTITY, 115, "unknown_psk_identity")                       \
	X(CERTIFICATE_REQUIRED, 116, "certificate_required")                       \
	X(NO_APPLICATION_PROTOCOL, 120, "no_application_protocol")                 \
	X(ECH_REQUIRED, 121, "ech_required")

enum {
#define TLS_ALERT_ENUM(name, number, words) TLS_ALERT_##name = (number),
	TLS_ALERT_TABLE(TLS_ALERT_ENUM)
#undef TLS_ALERT_ENUM
};

/* "handshake_failure", or "unknown". */
const char *tls_alert_name(int alert);

/* The fatal alert that a line of the library's debug output tells of; -1: none. The library of 3.6
 * has no other way to ask. */
int tls_alert_in(const char *line);

/* The alert for an error number of the library, where it has sent none itself. */
int tls_alert_for(int code);

/* Writes a fatal alert in plaintext, without the library; false if there is no room. */
MUST_CHECK bool tls_alert_put(struct buffer *wire_out, int alert);

#endif
