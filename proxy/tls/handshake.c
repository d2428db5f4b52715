#include "tls/handshake.h"

#include <string.h>

#include "base/memory.h"
#include "tls/fault.h"

void tls_handshake_init(struct tls_handshake *handshake, struct tls_server *server)
{
	*handshake = (struct tls_handshake){.server = server, .certificate = -1, .alert = -1};
	tls_observer_init(&handshake->observer);
}

void tls_handshake_done(struct tls_handshake *handshake)
{
	tls_client_auth_done(&handshake->client);
	memory_free(handshake->message);
	handshake->message = NULL;
	tls_traffic_done(&handshake->traffic);
}

enum error tls_handshake_read(struct tls_handshake *handshake, const struct tls_hello_scan *scan,
                              struct span wire)
{
	struct tls_hello *hello = &handshake->hello;
	struct tls_fault fault;

	handshake->message = memory_new(1, scan->message_size);
	if (!handshake->message)
		return ERROR_OUT_OF_MEMORY;
	tls_hello_assemble(scan, wire, handshake->message);
	if (tls_fault_find(span_of(handshake->message, scan->message_size), &fault)) {
		handshake->error = ERROR_TLS_HELLO_MALFORMED;
		handshake->alert = fault.alert;
		tls_handshake_note(handshake, fault.words);
	}
	if (!tls_hello_read(span_of(handshake->message, scan->message_size), hello))
		return OK;
	handshake->is_read = true;
	handshake->name_size = tls_name_normalize(hello->server_name, handshake->name);
	return OK;
}

enum error tls_handshake_check_client(struct tls_handshake *handshake,
                                      struct mbedtls_ssl_context *ssl)
{
	int alert = -1;
	enum error error = tls_client_auth_check(&handshake->client, ssl, &alert);

	if (error) {
		handshake->error = error;
		handshake->alert = alert;
	}
	return error;
}

struct span tls_handshake_name(const struct tls_handshake *handshake)
{
	return span_of(handshake->name, handshake->name_size);
}

bool tls_handshake_is_hopeless(const struct tls_handshake *handshake)
{
	return handshake->is_read && handshake->decision.step != TLS_STEP_DONE;
}

void tls_handshake_note(struct tls_handshake *handshake, const char *line)
{
	/* With threads, the library begins a line with an address: "0x55d0: ". */
	if (strncmp(line, "0x", 2) == 0 && strstr(line, ": "))
		line = strstr(line, ": ") + 2;

	size_t size = strcspn(line, "\n");

	if (strstr(line, "() returned "))
		return; /* an error on its way up; the words came before it */
	if (size >= sizeof(handshake->reason))
		size = sizeof(handshake->reason) - 1;
	memcpy(handshake->reason, line, size);
	handshake->reason[size] = '\0';
}
