/* Without ipsec-mb and libcrypto: the library's own functions do it all. */
#include "crypto/typed.h"

bool typed_gcm_seal(const void *context, const struct typed_message *message)
{
	(void)context;
	(void)message;
	return false;
}

bool typed_chachapoly_seal(const void *context, const struct typed_message *message)
{
	(void)context;
	(void)message;
	return false;
}
