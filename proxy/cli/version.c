#include "cli/version.h"

#include <stdio.h>

#include "base/check.h"
#include "config/document.h"
#include "net/loop.h"
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

void version_print(void)
{
	(void)printf("sallyport %s\n", SALLYPORT_VERSION);
	(void)printf("libraries: %s, libuv %s, libyaml %s\n", tls_library_version(),
	             loop_library_version(), document_library_version());
	(void)printf("built with: %s, checks %s, sanitizers %s\n", COMPILER,
	             SALLYPORT_CHECKS ? "on" : "off", SANITIZED);
	(void)printf("TLS: 1.3 and 1.2, ECDHE with AEAD ciphers only\n");
}
