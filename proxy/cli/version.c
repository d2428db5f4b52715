#include "cli/version.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/document.h"
#include "crypto/start.h"
#include "net/loop.h"
#include "password/password.h"
#include "sandbox/sandbox.h"
#include "tls/library.h"

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED "yes"
#else
#define SANITIZED "no"
#endif

/* A line for each library that computes something, with what it computes. */
static void print_providers(void)
{
	for (enum crypto_primitive i = 0; i < CRYPTO_PRIMITIVE_COUNT; i++) {
		const char *provider = crypto_provider(i);
		bool is_last =
			i + 1 == CRYPTO_PRIMITIVE_COUNT || strcmp(provider, crypto_provider(i + 1)) != 0;

		(void)printf("%s%s", crypto_primitive_name(i), is_last ? ": " : ", ");
		if (is_last)
			(void)printf("%s\n", provider);
	}
}

/* What this machine lets us confine ourselves with. */
static void print_sandbox(void)
{
	struct text text;

	text_init(&text, 256);
	sandbox_describe_machine(&text);
	(void)printf("sandbox: %s\n", text_string(&text));
	text_done(&text);
}

void version_print(void)
{
	(void)printf("sallyport %s\n", SALLYPORT_VERSION);
	(void)printf("libraries: %s, libuv %s, libyaml %s, libxcrypt %s\n", tls_library_version(),
	             loop_library_version(), document_library_version(), password_library_version());
	(void)printf("built with: %s, checks %s, sanitizers %s\n", COMPILER,
	             SALLYPORT_CHECKS ? "on" : "off", SANITIZED);
	print_providers();
	print_sandbox();
	(void)printf("TLS: 1.3 and 1.2, ECDHE with AEAD ciphers only\n");
}
