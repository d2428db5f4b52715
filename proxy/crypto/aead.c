#include "crypto/aead.h"

#include <stdint.h>

bool aead_is_plain(const struct aead_message *message)
{
	uintptr_t input = (uintptr_t)message->input;
	uintptr_t output = (uintptr_t)message->output;
	uintptr_t apart = input < output ? output - input : input - output;

	return message->size <= AEAD_SIZE_MAX && message->ad_size <= AEAD_SIZE_MAX &&
	       (apart == 0 || apart >= message->size);
}
