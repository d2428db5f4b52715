/*
 * The connection after its handshake: application data both ways, alerts, KeyUpdate. It takes the
 * place of the library, whose buffers alone are four times what an idle connection may cost.
 *
 *     wire_in ──▶ tls_channel_read() ──▶ plain_in       plain ──▶ tls_channel_write() ──▶ wire_out
 *
 * The keys are those that the library's handshake ended with (tls/traffic.h).
 *
 * TLS 1.3: KeyUpdate of the client is answered, and ours is sent when our key has protected half
 * of what it may (RFC 8446 §4.6.3, §5.5). Any other message after the handshake is refused. TLS
 * 1.2: renegotiation is declined with a warning (RFC 5246 §7.2.2); a worn key ends the connection.
 *
 * Owner: a tls_session. Borrows: the buffers, during a call only. Threads: one worker.
 */
#ifndef SALLYPORT_TLS_CHANNEL_H
#define SALLYPORT_TLS_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/error.h"
#include "base/span.h"
#include "tls/record.h"

enum {
	/* Records in a row that carry no application data: empty ones, KeyUpdates, warnings. None is
	 * needed; without a limit they would be work for nothing. */
	TLS_CHANNEL_IDLE_RECORDS_MAX = 32,
	/* So many records after tls_channel_begin_small() fit one segment each, header, tag and
	 * TCP's options included: as many as a peer may be sent at first (RFC 6928). */
	TLS_CHANNEL_SMALL_RECORDS = 10,
	TLS_CHANNEL_SMALL_SIZE = 1378,
	/* Room in wire_out that only our alerts and KeyUpdates may take. */
	TLS_CHANNEL_RESERVE = 128,
};

struct tls_channel {
	struct tls_record_keys in;
	struct tls_record_keys out;
	uint64_t records_max;  /* that one key may protect */
	unsigned idle_records; /* in a row */
	unsigned small_left;   /* records to be written that are to be small */
	/* A record that plain_in had no room for was opened in place: so many bytes of content stand
	 * at the front of wire_in, and after them so many that are to be dropped. */
	size_t held;
	size_t held_end;
	bool owes_key_update; /* the client has asked for ours */
	bool has_ended;       /* close_notify has come: nothing after it is read */
	bool has_closed;      /* close_notify, or a fatal alert, is written */
	int alert_received;   /* fatal; -1: none */
	int alert_sent;       /* -1: none */
};

/* Takes over both keys. `records_max`: 0: what the protection allows. */
void tls_channel_init(struct tls_channel *channel, const struct tls_record_keys *in,
                      const struct tls_record_keys *out, uint64_t records_max);
/* Wipes the keys. */
void tls_channel_done(struct tls_channel *channel);

/*
 * Opens records while wire_in holds a whole one, plain_in has room, and wire_out has room for the
 * reserve. wire_in must be able to hold a record (TLS_RECORD_SIZE_MAX), and nobody else may take
 * from it. ERROR_TLS_RECORD: damaged, or not allowed here; the alert is in wire_out.
 * ERROR_TLS_ALERT: the client's, fatal. ERROR_TLS_KEY_LIMIT, ERROR_OUT_OF_MEMORY,
 * ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error tls_channel_read(struct tls_channel *channel, struct buffer *wire_in,
                                       struct buffer *wire_out, struct buffer *plain_in);

/* Whether wire_in has something that tls_channel_read() can take, now or once there is room. */
bool tls_channel_can_read(const struct tls_channel *channel, const struct buffer *wire_in);

/*
 * Seals bytes of `plain` into whole records, each as large as there is room for, and tells how many
 * bytes were taken. A record that is cut short by lack of room is written only if at least a
 * quarter of wire_out is free. ERROR_TLS_KEY_LIMIT, ERROR_OUT_OF_MEMORY, ERROR_TLS_INTERNAL.
 */
MUST_CHECK enum error tls_channel_write(struct tls_channel *channel, struct span plain,
                                        struct buffer *wire_out, size_t *ret_taken);

/*
 * The next records are small, so that the peer can open the first before it has all: while little
 * may be under way, a record of 16 KiB is complete only after a second round trip.
 */
void tls_channel_begin_small(struct tls_channel *channel);

/* Writes close_notify; false if there is no room. */
MUST_CHECK bool tls_channel_close(struct tls_channel *channel, struct buffer *wire_out);

/* From half of the records that a key may protect on, if we can not replace it: in TLS 1.2, and the
 * client's own. */
bool tls_channel_is_worn(const struct tls_channel *channel);

#endif
