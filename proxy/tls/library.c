#include "tls/library.h"

#include <mbedtls/debug.h>
#include <mbedtls/platform.h>
#include <mbedtls/platform_time.h>
#include <stdint.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/secret.h"
#include "crypto/start.h"
#include "tls/compat.h"
#include "tls/random.h"

/* The library calls it for the age of tickets. Wall time, so that a ticket is good on another
 * machine with the same keys, and after a reboot. */
mbedtls_ms_time_t mbedtls_ms_time(void)
{
	return (mbedtls_ms_time_t)(clock_wall_us() / 1000);
}

static _Thread_local bool starved;

static void *allocate(size_t count, size_t size)
{
	void *memory = secret_is_wanted() ? secret_new(count, size) : memory_new(count, size);

	starved = starved || !memory;
	return memory;
}

static void release(void *memory)
{
	if (secret_holds(memory))
		secret_free(memory);
	else
		memory_free(memory);
}

bool tls_library_starved(void)
{
	bool was_starved = starved;

	starved = false;
	return was_starved;
}

enum error tls_library_failure(void)
{
	return tls_library_starved() ? ERROR_OUT_OF_MEMORY : ERROR_TLS_INTERNAL;
}

static const char *broken;

const char *tls_library_broken_primitive(void)
{
	return broken;
}

enum error tls_library_open(void)
{
	enum crypto_primitive failed;

	if (mbedtls_platform_set_calloc_free(allocate, release) != 0)
		return ERROR_TLS_INTERNAL;
	if (crypto_start(&failed)) {
		broken = crypto_primitive_name(failed);
		crypto_stop();
		return ERROR_CRYPTO;
	}
	/* Level 1 is the reason for a failed handshake, in words; see tls/handshake.h. */
	mbedtls_debug_set_threshold(1);
	/* Its first call fills a table without a lock. */
	(void)mbedtls_ssl_list_ciphersuites();
	if (psa_crypto_init() != PSA_SUCCESS)
		return ERROR_TLS_INTERNAL;
	return OK;
}

void tls_library_close(void)
{
	mbedtls_psa_crypto_free();
	crypto_stop();
}

const char *tls_library_version(void)
{
	static _Thread_local char text[sizeof("Mbed TLS 255.255.255")];
	unsigned number = (unsigned)mbedtls_version_get_number();

	(void)snprintf(text, sizeof(text), "Mbed TLS %u.%u.%u", number >> 24, number >> 16 & 0xff,
	               number >> 8 & 0xff);
	return text;
}

enum error tls_random_new(struct tls_random **ret_random)
{
	struct tls_random *random = memory_new(1, sizeof(*random));

	if (!random)
		return ERROR_OUT_OF_MEMORY;
	starved = false;
	if (compat_random_init(&random->source) != 0) {
		tls_random_free(random);
		return tls_library_failure();
	}
	*ret_random = random;
	return OK;
}

void tls_random_free(struct tls_random *random)
{
	if (!random)
		return;
	compat_random_done(&random->source);
	memory_wipe(random, sizeof(*random));
	memory_free(random);
}

enum error tls_random_bytes(struct tls_random *random, void *bytes, size_t size)
{
	unsigned char *at = bytes;

	while (size > 0) {
		size_t part = size < COMPAT_RANDOM_REQUEST_MAX ? size : COMPAT_RANDOM_REQUEST_MAX;

		if (compat_random_bytes(&random->source, at, part) != 0)
			return ERROR_TLS_INTERNAL;
		at += part;
		size -= part;
	}
	return OK;
}
