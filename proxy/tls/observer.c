#include "tls/observer.h"

#include <string.h>

#include "tls/bytes.h"

/* Content types and handshake types (RFC 8446 §5.1, §4; RFC 5246 §7.4). */
enum {
	CONTENT_CHANGE_CIPHER_SPEC = 20,
	CONTENT_ALERT = 21,
	CONTENT_HANDSHAKE = 22,
	CONTENT_APPLICATION_DATA = 23,
	SERVER_HELLO = 2,
	CERTIFICATE = 11,
	SERVER_KEY_EXCHANGE = 12,
	EXTENSION_PSK = 41,
	EXTENSION_VERSIONS = 43,
	EXTENSION_KEY_SHARE = 51,
	CURVE_TYPE_NAMED = 3,
	ALERT_FATAL = 2,
	ALERT_CLOSE_NOTIFY = 0,
	/* An encrypted alert in TLS 1.3: two bytes, the content type, a tag of 16. */
	ENCRYPTED_ALERT_SIZE = 19,
};

/* SHA-256 of "HelloRetryRequest" (RFC 8446 §4.1.3). */
static const unsigned char retry_random[32] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
	0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

void tls_observer_init(struct tls_observer *observer)
{
	*observer = (struct tls_observer){.alert_received = -1, .alert_sent = -1};
}

bool tls_observer_is_resumed(const struct tls_observer *observer)
{
	if (observer->version == 0x0304)
		return observer->has_psk;
	return observer->has_change_cipher_spec && !observer->has_certificate;
}

/* --- Messages of the server --------------------------------------------------------------- */

static void read_server_hello(struct tls_observer *observer, struct tls_bytes bytes)
{
	unsigned version = tls_bytes_number(&bytes, 2);
	struct span random = tls_bytes_take(&bytes, 32);

	(void)tls_bytes_vector(&bytes, 1); /* session id */

	unsigned suite = tls_bytes_number(&bytes, 2);

	(void)tls_bytes_take(&bytes, 1); /* compression */
	if (bytes.failed)
		return;
	(void)tls_bytes_number(&bytes, 2); /* length of the extensions */
	while (bytes.left.size > 0 && !bytes.failed) {
		unsigned type = tls_bytes_number(&bytes, 2);
		struct tls_bytes content = {.left = tls_bytes_vector(&bytes, 2)};

		if (type == EXTENSION_VERSIONS)
			version = tls_bytes_number(&content, 2);
		else if (type == EXTENSION_KEY_SHARE)
			observer->group = tls_bytes_number(&content, 2);
		else if (type == EXTENSION_PSK)
			observer->has_psk = true;
	}
	observer->version = version;
	observer->suite = suite;
	if (memcmp(random.data, retry_random, sizeof(retry_random)) == 0) {
		observer->has_retry = true;
		return;
	}
	observer->has_server_hello = true;
	if (version == 0x0304)
		observer->sent.encrypted = true;
}

static void read_server_message(struct tls_observer *observer)
{
	unsigned char type = observer->sent.message_header[0];
	struct tls_bytes bytes = {.left = span_of((const char *)observer->kept, observer->kept_size)};

	if (type == SERVER_HELLO) {
		read_server_hello(observer, bytes);
	} else if (type == CERTIFICATE) {
		observer->has_certificate = true;
	} else if (type == SERVER_KEY_EXCHANGE) {
		if (tls_bytes_number(&bytes, 1) == CURVE_TYPE_NAMED)
			observer->group = tls_bytes_number(&bytes, 2);
	}
}

static void read_handshake(struct tls_observer *observer, struct span bytes)
{
	struct tls_observed_side *sent = &observer->sent;

	while (bytes.size > 0) {
		if (sent->message_header_size < sizeof(sent->message_header)) {
			sent->message_header[sent->message_header_size++] = (unsigned char)bytes.data[0];
			bytes = span_from(bytes, 1);
			if (sent->message_header_size < sizeof(sent->message_header))
				continue;
			sent->message_left = (uint32_t)sent->message_header[1] << 16 |
			                     (uint32_t)sent->message_header[2] << 8 | sent->message_header[3];
			observer->kept_size = 0;
		}

		struct span part = span_cut(bytes, 0, sent->message_left);
		struct span keep = span_cut(part, 0, TLS_OBSERVER_KEPT_MAX - observer->kept_size);

		if (keep.size > 0)
			memcpy(observer->kept + observer->kept_size, keep.data, keep.size);
		observer->kept_size += keep.size;
		sent->message_left -= (uint32_t)part.size;
		bytes = span_from(bytes, part.size);
		if (sent->message_left > 0)
			continue;
		read_server_message(observer);
		sent->message_header_size = 0;
	}
}

/* --- Records ------------------------------------------------------------------------------ */

/* An alert in plaintext: a record of two bytes, told by whoever has the second one. */
static void read_alert(struct tls_observed_side *side, struct span bytes, int *alert)
{
	/* The level is kept where handshake messages have their type. */
	for (size_t i = 0; i < bytes.size && side->record_size == 2; i++) {
		if (side->record_left + bytes.size - i == 2)
			side->message_header[0] = (unsigned char)bytes.data[i];
		else if (side->message_header[0] == ALERT_FATAL)
			*alert = (unsigned char)bytes.data[i];
	}
}

static void read_content(struct tls_observer *observer, struct tls_observed_side *side,
                         struct span bytes)
{
	bool is_sent = side == &observer->sent;

	if (side->encrypted)
		return;
	switch (side->record_header[0]) {
	case CONTENT_ALERT:
		read_alert(side, bytes, is_sent ? &observer->alert_sent : &observer->alert_received);
		break;
	case CONTENT_HANDSHAKE:
		if (is_sent)
			read_handshake(observer, bytes);
		break;
	case CONTENT_CHANGE_CIPHER_SPEC:
		/* In TLS 1.3 it means nothing (RFC 8446 §5). */
		if (observer->version == 0x0303)
			side->encrypted = true;
		if (is_sent && observer->version == 0x0303)
			observer->has_change_cipher_spec = true;
		break;
	default:
		side->encrypted = true;
		break;
	}
}

static void begin_record(struct tls_observer *observer, struct tls_observed_side *side)
{
	const unsigned char *header = side->record_header;

	side->record_size = (uint16_t)(header[3] << 8 | header[4]);
	side->record_left = side->record_size;
	if (side->record_left == 0)
		side->record_header_size = 0;
	if (side != &observer->sent)
		return;
	if (header[0] == CONTENT_ALERT ||
	    (header[0] == CONTENT_APPLICATION_DATA && side->record_size == ENCRYPTED_ALERT_SIZE))
		observer->has_sent_alert = true;
}

static void observe(struct tls_observer *observer, struct tls_observed_side *side,
                    struct span bytes)
{
	side->bytes += bytes.size;
	while (bytes.size > 0) {
		if (side->record_header_size < TLS_RECORD_HEADER) {
			side->record_header[side->record_header_size++] = (unsigned char)bytes.data[0];
			bytes = span_from(bytes, 1);
			if (side->record_header_size == TLS_RECORD_HEADER)
				begin_record(observer, side);
			continue;
		}

		struct span part = span_cut(bytes, 0, side->record_left);

		side->record_left = (uint16_t)(side->record_left - part.size);
		read_content(observer, side, part);
		bytes = span_from(bytes, part.size);
		if (side->record_left == 0)
			side->record_header_size = 0;
	}
}

void tls_observer_received(struct tls_observer *observer, struct span bytes)
{
	observe(observer, &observer->received, bytes);
}

void tls_observer_sent(struct tls_observer *observer, struct span bytes)
{
	observe(observer, &observer->sent, bytes);
}
