#include "tls/handshake.h"

#include <string.h>

#include "base/memory.h"
#include "tls/bytes.h"

enum { VERSION_1_3 = 0x0304 };

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

static bool has_any(struct span list, const uint16_t *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (tls_list_has(list, numbers[i]))
			return true;
	return false;
}

/* RFC 8446 §4.2.3: there, a signature algorithm means one curve. */
static void find_kinds_1_3(bool kinds[TLS_KEY_KIND_COUNT], struct span signatures)
{
	static const uint16_t pss[] = {0x0804, 0x0805, 0x0806};

	kinds[TLS_KEY_ECDSA_P256] = tls_list_has(signatures, 0x0403);
	kinds[TLS_KEY_ECDSA_P384] = tls_list_has(signatures, 0x0503);
	kinds[TLS_KEY_ECDSA_P521] = tls_list_has(signatures, 0x0603);
	kinds[TLS_KEY_RSA] = has_any(signatures, pss, ARRAY_LENGTH(pss));
}

/* RFC 5246 §7.4.1.4.1, RFC 8422 §5.1: hash and curve go apart; the suite names the key's kind. */
static void find_kinds_1_2(bool kinds[TLS_KEY_KIND_COUNT], const struct tls_hello *hello)
{
	static const uint16_t ecdsa[] = {0x0403, 0x0503, 0x0603};
	static const uint16_t rsa[] = {0x0401, 0x0501, 0x0601};
	static const uint16_t ecdsa_suites[] = {0xc02c, 0xcca9, 0xc02b};
	static const uint16_t rsa_suites[] = {0xc030, 0xcca8, 0xc02f};
	bool has_ecdsa = has_any(hello->signatures, ecdsa, ARRAY_LENGTH(ecdsa)) &&
	                 has_any(hello->suites, ecdsa_suites, ARRAY_LENGTH(ecdsa_suites));

	kinds[TLS_KEY_ECDSA_P256] = has_ecdsa && tls_list_has(hello->groups, 23);
	kinds[TLS_KEY_ECDSA_P384] = has_ecdsa && tls_list_has(hello->groups, 24);
	kinds[TLS_KEY_ECDSA_P521] = has_ecdsa && tls_list_has(hello->groups, 25);
	kinds[TLS_KEY_RSA] = has_any(hello->signatures, rsa, ARRAY_LENGTH(rsa)) &&
	                     has_any(hello->suites, rsa_suites, ARRAY_LENGTH(rsa_suites));
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
	handshake->offers_1_3 = tls_list_has(hello->versions, VERSION_1_3);
	handshake->name_size = tls_name_normalize(hello->server_name, handshake->name);
	if (handshake->offers_1_3)
		find_kinds_1_3(handshake->kinds, hello->signatures);
	else
		find_kinds_1_2(handshake->kinds, hello);
	return OK;
}

struct span tls_handshake_name(const struct tls_handshake *handshake)
{
	return span_of(handshake->name, handshake->name_size);
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
