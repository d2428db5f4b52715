#include "unit/tls/pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/tls/link.h"

static size_t secret_size(unsigned suite)
{
	return suite == 0x1302 ? 48 : 32;
}

static struct tls_record_keys make_keys(unsigned suite, bool seals, char fill)
{
	const struct tls_protection *protection = tls_protection_find(suite);
	struct tls_record_keys keys = {0};
	unsigned char bytes[TLS_RECORD_SECRET_MAX];

	assert_non_null(protection);
	memset(bytes, fill, sizeof(bytes));
	if (tls_protection_has_key_update(protection))
		assert_int_equal(tls_record_keys_derive(&keys, protection, seals,
		                                        span_of((char *)bytes, secret_size(suite)), 1),
		                 OK);
	else
		assert_int_equal(tls_record_keys_init(&keys, protection, seals, bytes, bytes, 1), OK);
	return keys;
}

void pair_open(struct pair *pair, unsigned suite, uint64_t records_max)
{
	struct tls_record_keys in = make_keys(suite, false, 'c');
	struct tls_record_keys out = make_keys(suite, true, 's');

	memset(pair, 0, sizeof(*pair));
	tls_channel_init(&pair->channel, &in, &out, records_max);
	pair->in = make_keys(suite, false, 's');
	pair->out = make_keys(suite, true, 'c');
	link_resize(&pair->wire_in, 65536);
	link_resize(&pair->wire_out, 65536);
	link_resize(&pair->plain_in, 65536);
}

void pair_close(struct pair *pair)
{
	tls_channel_done(&pair->channel);
	tls_record_keys_done(&pair->in);
	tls_record_keys_done(&pair->out);
	free(pair->wire_in.data);
	free(pair->wire_out.data);
	free(pair->plain_in.data);
}

/* The client sends a record. */
void client_sends(struct pair *pair, enum tls_content type, const void *bytes, size_t size)
{
	size_t written = 0;

	assert_true(buffer_room(&pair->wire_in) >= size + TLS_RECORD_OVERHEAD_MAX);
	assert_int_equal(tls_record_seal(&pair->out, type, span_of(bytes, size),
	                                 buffer_room_at(&pair->wire_in), &written),
	                 OK);
	buffer_filled(&pair->wire_in, written);
}

/* The client takes a record of ours. */
enum tls_content client_takes(struct pair *pair, char *ret_bytes, size_t *ret_size)
{
	struct span wire = buffer_content(&pair->wire_out);
	size_t size = tls_record_size(wire);
	enum tls_content type;
	int alert;

	assert_true(size > 0 && size <= wire.size);
	assert_int_equal(
		tls_record_open(&pair->in, span_cut(wire, 0, size), ret_bytes, ret_size, &type, &alert),
		OK);
	buffer_taken(&pair->wire_out, size);
	return type;
}

void assert_client_gets(struct pair *pair, enum tls_content type, const void *bytes, size_t size)
{
	static char content[TLS_RECORD_SIZE_MAX];
	size_t got = 0;

	assert_int_equal(client_takes(pair, content, &got), type);
	assert_int_equal(got, size);
	assert_memory_equal(content, bytes, size);
}

void assert_client_gets_alert(struct pair *pair, int level, int alert)
{
	char content[2] = {(char)level, (char)alert};

	assert_client_gets(pair, TLS_CONTENT_ALERT, content, 2);
	assert_int_equal(pair->channel.alert_sent, alert);
}

enum error read_all(struct pair *pair)
{
	return tls_channel_read(&pair->channel, &pair->wire_in, &pair->wire_out, &pair->plain_in);
}

void assert_session_gets(struct pair *pair, const void *bytes, size_t size)
{
	assert_int_equal(read_all(pair), OK);
	assert_int_equal(buffer_size(&pair->plain_in), size);
	assert_memory_equal(buffer_content(&pair->plain_in).data, bytes, size);
	buffer_taken(&pair->plain_in, size);
}

void say(struct pair *pair, const char *text)
{
	size_t taken = 0;

	assert_int_equal(
		tls_channel_write(&pair->channel, span_of_string(text), &pair->wire_out, &taken), OK);
	assert_int_equal(taken, strlen(text));
}
