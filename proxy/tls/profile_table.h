/*
 * The rows of tls/profile.h: what they are written with, and their tables, each with an empty row
 * at the end. Only for tls/profile*.c.
 *
 * To add a client: `sallyport explain --client-hello FILE --json` tells what a hello offers.
 */
#ifndef SALLYPORT_TLS_PROFILE_TABLE_H
#define SALLYPORT_TLS_PROFILE_TABLE_H

#include "tls/profile.h"

#define LIST(...)                                                      \
	{                                                                  \
		(const uint16_t[]){__VA_ARGS__},                               \
			sizeof((const uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t) \
	}
#define GREASE TLS_GREASE

#define CAPTURED  "captured from the program"
#define SSL_LABS  "Qualys SSL Labs' list of clients, as in testssl.sh 3.0"
#define TESTSSL   "testssl.sh 3.0's list of clients, its own captures"
#define IMITATION "captured from curl_cffi 0.16, which imitates it"
#define SCHANNEL  "Windows' defaults: SSL Labs' Internet Explorer there, without ALPN"

extern const struct tls_profile tls_profiles_browsers[];
extern const struct tls_profile tls_profiles_devices[];
extern const struct tls_profile tls_profiles_libraries[];

#endif
