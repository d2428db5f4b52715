#include "tls/handshake.h"

#include <string.h>

#include "base/memory.h"

void tls_handshake_init(struct tls_handshake *handshake, struct tls_server *server)
{
	*handshake = (struct tls_handshake){.server = server, .certificate = -1, .alert = -1};
	tls_observer_init(&handshake->observer);
}

void tls_handshake_done(struct tls_handshake *handshake)
{
	memory_free(handshake->message);
	handshake->message = NULL;
}

enum error tls_handshake_read(struct tls_handshake *handshake, const struct tls_hello_scan *scan,
                              struct span wire)
{
	struct tls_hello *hello = &handshake->hello;

	handshake->message = memory_new(1, scan->message_size);
	if (!handshake->message)
		return ERROR_OUT_OF_MEMORY;
	tls_hello_assemble(scan, wire, handshake->message);
	if (!tls_hello_read(span_of(handshake->message, scan->message_size), hello))
		return OK;
	handshake->is_read = true;
	handshake->name_size = tls_name_normalize(hello->server_name, handshake->name);
	return OK;
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
