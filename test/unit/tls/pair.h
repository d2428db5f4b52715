/*
 * A channel after its handshake, and its client, which is played with the same keys.
 */
#ifndef SALLYPORT_TEST_TLS_PAIR_H
#define SALLYPORT_TEST_TLS_PAIR_H

#include "base/buffer.h"
#include "tls/channel.h"

/* A channel of ours, and the keys of its client. */
struct pair {
	struct tls_channel channel;
	struct tls_record_keys in; /* the client's: what it opens */
	struct tls_record_keys out;
	struct buffer wire_in, wire_out, plain_in;
};

void pair_open(struct pair *pair, unsigned suite, uint64_t records_max);
void pair_close(struct pair *pair);
void client_sends(struct pair *pair, enum tls_content type, const void *bytes, size_t size);
enum tls_content client_takes(struct pair *pair, char *ret_bytes, size_t *ret_size);
void assert_client_gets(struct pair *pair, enum tls_content type, const void *bytes, size_t size);
void assert_client_gets_alert(struct pair *pair, int level, int alert);
enum error read_all(struct pair *pair);
void assert_session_gets(struct pair *pair, const void *bytes, size_t size);
void say(struct pair *pair, const char *text);

#endif
