#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "cli/explain.h"

enum { CONTENT_HANDSHAKE = 22, CLIENT_HELLO = 1 };

/* --- Hexadecimal digits ------------------------------------------------------------------- */

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_between(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ':';
}

/* In place. False if there is anything else, or half a byte; the bytes may be spoilt then. */
static bool decode_hex(struct text *bytes)
{
	size_t digits = 0;

	for (size_t i = 0; i < bytes->size; i++)
		if (digit_of(bytes->data[i]) < 0 && !is_between(bytes->data[i]))
			return false;
	for (size_t i = 0; i < bytes->size; i++) {
		int digit = digit_of(bytes->data[i]);

		if (digit < 0)
			continue;
		if (digits % 2 == 0)
			bytes->data[digits / 2] = (char)(digit << 4);
		else
			bytes->data[digits / 2] = (char)(bytes->data[digits / 2] | digit);
		digits++;
	}
	bytes->size = digits / 2;
	return digits % 2 == 0;
}

/* --- The message -------------------------------------------------------------------------- */

/* Records as on the wire; what follows the ClientHello does not matter. */
static bool assemble(struct span wire, struct explanation *explanation, size_t *ret_size,
                     struct text *why)
{
	struct tls_hello_scan scan = {0};

	switch (tls_hello_scan(&scan, wire)) {
	case TLS_HELLO_COMPLETE:
		break;
	case TLS_HELLO_MORE:
		text_put_string(why, "the ClientHello is not complete");
		return false;
	case TLS_HELLO_PLAIN_HTTP:
		text_put_string(why, "this is HTTP, not TLS");
		return false;
	default:
		text_put_string(why, "it does not begin with a ClientHello");
		return false;
	}
	explanation->message = memory_new(1, scan.message_size);
	if (!explanation->message) {
		text_put_string(why, error_words(ERROR_OUT_OF_MEMORY));
		return false;
	}
	tls_hello_assemble(&scan, wire, explanation->message);
	explanation->record_version = scan.record_version;
	*ret_size = scan.message_size;
	return true;
}

bool explain_read_bytes(struct span bytes, struct explanation *explanation, struct text *why)
{
	size_t size = bytes.size;

	if (bytes.size > 0 && bytes.data[0] == CLIENT_HELLO) {
		explanation->message = memory_new(1, bytes.size);
		if (explanation->message)
			memcpy(explanation->message, bytes.data, bytes.size);
		else
			text_put_string(why, error_words(ERROR_OUT_OF_MEMORY));
		if (!explanation->message)
			return false;
	} else if (!assemble(bytes, explanation, &size, why)) {
		return false;
	}
	explanation->has_fault =
		tls_fault_find(span_of(explanation->message, size), &explanation->fault);
	if (explanation->has_fault)
		return true;
	if (!tls_hello_read(span_of(explanation->message, size), &explanation->hello)) {
		text_put_string(why, "the ClientHello is malformed; the proxy would answer it with an "
		                     "alert");
		return false;
	}
	return true;
}

static bool read_all(FILE *file, struct text *bytes, struct text *why)
{
	char part[4096];
	size_t size;

	while ((size = fread(part, 1, sizeof(part), file)) > 0)
		text_put(bytes, span_of(part, size));
	if (ferror(file) != 0)
		text_put_string(why, strerror(errno));
	else if (bytes->cut)
		text_printf(why, "it is larger than %d KiB", EXPLAIN_FILE_SIZE_MAX / 1024);
	else if (bytes->size == 0)
		text_put_string(why, "it is empty");
	return why->size == 0;
}

bool explain_read_file(const char *path, struct explanation *explanation, struct text *why)
{
	bool is_input = strcmp(path, "-") == 0;
	FILE *file = is_input ? stdin : fopen(path, "rbe");
	struct text bytes;
	bool is_good;

	if (!file) {
		text_put_string(why, strerror(errno));
		return false;
	}
	text_init(&bytes, EXPLAIN_FILE_SIZE_MAX);
	is_good = read_all(file, &bytes, why);
	if (is_good && digit_of(bytes.data[0]) >= 0 && !decode_hex(&bytes)) {
		text_put_string(why, "it is neither a ClientHello's bytes nor hexadecimal digits");
		is_good = false;
	}
	is_good = is_good && explain_read_bytes(text_span(&bytes), explanation, why);
	text_done(&bytes);
	if (!is_input)
		(void)fclose(file);
	return is_good;
}
