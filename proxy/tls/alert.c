#include "tls/alert.h"

#include <mbedtls/ssl.h>
#include <string.h>

static const struct alert {
	int number;
	const char *name;
	bool is_of_certificate;
	const char *meaning;
	const char *advice;
} alerts[] = {
#define TLS_ALERT_ROW(name, number, words, is_of_certificate, meaning, advice) \
	{number, words, is_of_certificate, meaning, advice},
	TLS_ALERT_TABLE(TLS_ALERT_ROW)
#undef TLS_ALERT_ROW
};

static const struct alert *find(int number)
{
	static const struct alert unknown = {
		.name = "unknown",
		.meaning = "no alert that we know has this number",
		.advice = "look at the log of the client",
	};

	for (size_t i = 0; i < ARRAY_LENGTH(alerts); i++)
		if (alerts[i].number == number)
			return &alerts[i];
	return &unknown;
}

const char *tls_alert_name(int alert)
{
	return find(alert)->name;
}

const char *tls_alert_meaning(int alert)
{
	return find(alert)->meaning;
}

const char *tls_alert_advice(int alert)
{
	return find(alert)->advice;
}

bool tls_alert_is_of_certificate(int alert)
{
	return find(alert)->is_of_certificate;
}

int tls_alert_in(const char *line)
{
	static const char words[] = "is a fatal alert message (msg ";
	const char *digit = strstr(line, words);
	int number = 0;

	if (!digit)
		return -1;
	for (digit += sizeof(words) - 1; *digit >= '0' && *digit <= '9' && number < 256; digit++)
		number = 10 * number + (*digit - '0');
	return number;
}

int tls_alert_for(int code)
{
	switch (code) {
	case MBEDTLS_ERR_SSL_UNEXPECTED_MESSAGE:
	case MBEDTLS_ERR_SSL_UNEXPECTED_RECORD:
		return TLS_ALERT_UNEXPECTED_MESSAGE;
	case MBEDTLS_ERR_SSL_INVALID_MAC:
		return TLS_ALERT_BAD_RECORD_MAC;
	case MBEDTLS_ERR_SSL_HANDSHAKE_FAILURE:
		return TLS_ALERT_HANDSHAKE_FAILURE;
	case MBEDTLS_ERR_SSL_ILLEGAL_PARAMETER:
		return TLS_ALERT_ILLEGAL_PARAMETER;
	case MBEDTLS_ERR_SSL_DECODE_ERROR:
	case MBEDTLS_ERR_SSL_INVALID_RECORD:
	case MBEDTLS_ERR_SSL_BAD_INPUT_DATA:
		return TLS_ALERT_DECODE_ERROR;
	case MBEDTLS_ERR_SSL_BAD_PROTOCOL_VERSION:
		return TLS_ALERT_PROTOCOL_VERSION;
	case MBEDTLS_ERR_SSL_UNSUPPORTED_EXTENSION:
		return TLS_ALERT_UNSUPPORTED_EXTENSION;
	case MBEDTLS_ERR_SSL_UNRECOGNIZED_NAME:
		return TLS_ALERT_UNRECOGNIZED_NAME;
	case MBEDTLS_ERR_SSL_NO_APPLICATION_PROTOCOL:
		return TLS_ALERT_NO_APPLICATION_PROTOCOL;
	default:
		return TLS_ALERT_INTERNAL_ERROR;
	}
}

bool tls_alert_put(struct buffer *wire_out, int alert)
{
	char record[] = {21, 3, 3, 0, 2, MBEDTLS_SSL_ALERT_LEVEL_FATAL, (char)alert};

	if (buffer_room(wire_out) < sizeof(record))
		return false;
	(void)buffer_put(wire_out, span_of(record, sizeof(record)));
	return true;
}
