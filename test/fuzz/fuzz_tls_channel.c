/*
 * A connection after its handshake. The first byte chooses the suite and how large the buffers are;
 * then come commands of two bytes, and what they speak of: records sealed as the client would, of
 * any type and size; bytes as they are; data of ours; room made; the end.
 *
 * All that we write must open with the client's keys, one record after another; data comes out of
 * either end as it went in; nothing follows close_notify or a fatal alert.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls/alert.h"
#include "tls/channel.h"
#include "tls/library.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { WIRE_SIZE = 40960, OUT_SIZE = 2048, COMMANDS = 6, KEY_UPDATE = 24 };

static const unsigned suites[] = {0x1301, 0x1302, 0x1303, 0xc02f, 0xc030, 0xcca8};

/* A channel, its client, and what each direction must bring next. */
struct scene {
	struct tls_channel channel;
	struct tls_record_keys in; /* the client's */
	struct tls_record_keys out;
	struct buffer wire_in, wire_out, plain_in;
	unsigned char sent; /* data is 0, 1, 2 … each way, whatever the records */
	unsigned char received;
	unsigned char said;
	unsigned char heard;
	bool is_raw; /* bytes that no client seals: nothing opens from there on */
	bool has_closed;
	enum error error;
};

static void expect(bool condition, const char *what)
{
	if (condition)
		return;
	(void)fprintf(stderr, "broken: %s\n", what);
	abort();
}

static struct tls_record_keys make_keys(unsigned suite, bool seals, int fill)
{
	const struct tls_protection *protection = tls_protection_find(suite);
	struct tls_record_keys keys = {0};
	unsigned char bytes[TLS_RECORD_SECRET_MAX];
	enum error error;

	memset(bytes, fill, sizeof(bytes));
	if (tls_protection_has_key_update(protection))
		error = tls_record_keys_derive(&keys, protection, seals,
		                               span_of((char *)bytes, suite == 0x1302 ? 48 : 32), 0);
	else
		error = tls_record_keys_init(&keys, protection, seals, bytes, bytes, 1);
	expect(error == OK, "keys");
	return keys;
}

static struct buffer make_buffer(size_t size)
{
	return (struct buffer){.data = malloc(size), .capacity = size};
}

static void open_scene(struct scene *scene, unsigned char choice)
{
	static const size_t plain_sizes[] = {1, 100, 4096, 20480};
	unsigned suite = suites[choice % ARRAY_LENGTH(suites)];
	struct tls_record_keys in = make_keys(suite, false, 'c');
	struct tls_record_keys out = make_keys(suite, true, 's');

	*scene = (struct scene){0};
	tls_channel_init(&scene->channel, &in, &out, choice & 0x80 ? 20 : 0);
	scene->in = make_keys(suite, false, 's');
	scene->out = make_keys(suite, true, 'c');
	scene->wire_in = make_buffer(WIRE_SIZE);
	scene->wire_out = make_buffer(OUT_SIZE);
	scene->plain_in = make_buffer(plain_sizes[choice / 8 % ARRAY_LENGTH(plain_sizes)]);
}

static void close_scene(struct scene *scene)
{
	tls_channel_done(&scene->channel);
	tls_record_keys_done(&scene->in);
	tls_record_keys_done(&scene->out);
	free(scene->wire_in.data);
	free(scene->wire_out.data);
	free(scene->plain_in.data);
}

/* --- The client --------------------------------------------------------------------------- */

static void client_seals(struct scene *scene, enum tls_content type, struct span content)
{
	size_t size;

	if (buffer_room(&scene->wire_in) < content.size + TLS_RECORD_OVERHEAD_MAX)
		return;
	expect(tls_record_seal(&scene->out, type, content, buffer_room_at(&scene->wire_in), &size) ==
	           OK,
	       "the client seals");
	buffer_filled(&scene->wire_in, size);
	if (type == TLS_CONTENT_HANDSHAKE && content.size == 5 && content.data[0] == KEY_UPDATE &&
	    tls_protection_has_key_update(scene->out.protection))
		expect(tls_record_keys_update(&scene->out) == OK, "the client's next keys");
}

static void client_sends_data(struct scene *scene, size_t size)
{
	static char bytes[TLS_RECORD_CONTENT_MAX];

	if (buffer_room(&scene->wire_in) < size + TLS_RECORD_OVERHEAD_MAX)
		return;
	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)scene->sent++;
	client_seals(scene, TLS_CONTENT_APPLICATION, span_of(bytes, size));
}

/* One record of ours. */
static void client_opens(struct scene *scene, struct span record)
{
	static char content[TLS_RECORD_SIZE_MAX];
	enum tls_content type;
	size_t size;
	int alert;

	expect(tls_record_open(&scene->in, record, content, &size, &type, &alert) == OK,
	       "a record of ours opens");
	expect(!scene->has_closed, "nothing comes after the last alert");
	if (type == TLS_CONTENT_APPLICATION)
		for (size_t i = 0; i < size; i++)
			expect((unsigned char)content[i] == scene->heard++, "data of ours is in order");
	else if (type == TLS_CONTENT_HANDSHAKE)
		expect(tls_record_keys_update(&scene->in) == OK, "our next keys");
	else if (content[0] == 2 || content[1] == 0)
		scene->has_closed = true;
}

static void client_takes(struct scene *scene)
{
	while (buffer_size(&scene->wire_out) > 0) {
		struct span wire = buffer_content(&scene->wire_out);
		size_t size = tls_record_size(wire);

		expect(size > 0 && size <= wire.size, "records of ours are whole");
		client_opens(scene, span_cut(wire, 0, size));
		buffer_taken(&scene->wire_out, size);
	}
}

/* --- Our side ----------------------------------------------------------------------------- */

static void session_reads(struct scene *scene)
{
	struct span plain;

	if (scene->error || scene->channel.has_ended)
		return;
	scene->error =
		tls_channel_read(&scene->channel, &scene->wire_in, &scene->wire_out, &scene->plain_in);
	plain = buffer_content(&scene->plain_in);
	for (size_t i = 0; i < plain.size; i++)
		expect((unsigned char)plain.data[i] == scene->received++, "data of the client is in order");
	buffer_taken(&scene->plain_in, plain.size);
	expect(scene->channel.held <= buffer_size(&scene->wire_in), "what is held is there");
	expect(scene->is_raw || scene->channel.alert_sent != TLS_ALERT_BAD_RECORD_MAC,
	       "a client's records open");
}

static void session_says(struct scene *scene, size_t size)
{
	static char bytes[2 * TLS_RECORD_CONTENT_MAX];
	size_t taken = 0;

	if (scene->error)
		return;
	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(scene->said + i);
	scene->error =
		tls_channel_write(&scene->channel, span_of(bytes, size), &scene->wire_out, &taken);
	expect(taken <= size, "no more is taken than there is");
	scene->said = (unsigned char)(scene->said + taken);
}

/* Does one command; returns how many bytes of `rest` it took. */
static size_t command(struct scene *scene, unsigned number, size_t size, struct span rest)
{
	struct span bytes = span_cut(rest, 0, size);

	switch (number % COMMANDS) {
	case 0:
		client_sends_data(scene, size * 65 < TLS_RECORD_CONTENT_MAX ? size * 65 : size);
		return 0;
	case 1: /* any type but data, whose order is known */
		if (number / COMMANDS + 20 != TLS_CONTENT_APPLICATION)
			client_seals(scene, (enum tls_content)(number / COMMANDS + 20), bytes);
		return bytes.size;
	case 2:
		scene->is_raw |= bytes.size > 0;
		(void)buffer_put(&scene->wire_in, bytes);
		return bytes.size;
	case 3:
		session_says(scene, size * 65);
		return 0;
	case 4:
		client_takes(scene);
		return 0;
	default:
		if (!scene->error && size == 255)
			expect(tls_channel_close(&scene->channel, &scene->wire_out) ==
			           scene->channel.has_closed,
			       "it tells whether it has closed");
		return 0;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of((const char *)data, size);
	struct scene scene;

	if (size < 1)
		return 0;
	open_scene(&scene, data[0]);
	rest = span_from(rest, 1);
	while (rest.size >= 2) {
		unsigned number = (unsigned char)rest.data[0];
		size_t amount = (unsigned char)rest.data[1];

		rest = span_from(rest, 2);
		rest = span_from(rest, command(&scene, number, amount, rest));
		session_reads(&scene);
	}
	client_takes(&scene);
	session_reads(&scene);
	client_takes(&scene);
	close_scene(&scene);
	return 0;
}
